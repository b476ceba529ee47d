"""The process that opens a stranger's file: limits first, then rows as lines of JSON on standard output.

It runs without Django, without our environment and with nothing to lose: when a file makes it grow or spin,
the operating system ends it and `rows` says so in words. The first line says what the file is, then come
`[numbers, rows]` lines; the last is `{"end": …}` or `{"error": code, …}`.
"""

import codecs
import csv
import datetime as dt
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

BATCH_ROWS = 1000
BATCH_CHARACTERS = 500_000
LONGEST_CELL = 5000  # longer than any field: what is cut here is refused later anyway
LONGEST_CSV_FIELD = 1 << 20
SAMPLE = 64 * 1024
SEPARATORS = ";,\t|"
ONE_COLUMN = "\x1f"

OLE2 = bytes.fromhex("d0cf11e0a1b11ae1")
ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")  # [MS-OFFCRYPTO] 2.3.4.4
FOREIGN = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"{\\rtf": "RTF",
    b"\x7fELF": "ELF",
}
MARKUP = re.compile(rb"\s*<(!doctype|html|\?xml|table|workbook)", re.IGNORECASE)
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

FORMULA_SIGNS = "=+-@"
INVISIBLE = re.compile("[\x00\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]|_x000D_")
SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
FAR_CELL = re.compile(rb'r="([A-Z]{1,3})([0-9]+)"')


class Problem(Exception):
    """A file that cannot be read: a code for the sentence in `rows.SENTENCES` and what it needs."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def main() -> None:
    """Answer one order: `{"do": "survey" | "read" | "stray", "path": …, "sheet": …, "limits": {…}}`."""
    order = json.loads(sys.argv[1])
    limits = order["limits"]
    confine(limits)
    actions = {"survey": survey, "read": read, "stray": stray}
    try:
        actions[order["do"]](Path(order["path"]), order["sheet"], limits)
    except Problem as problem:
        say({"error": problem.code, **problem.details})
    except MemoryError:
        say({"error": "too_large"})


def confine(limits: dict[str, int]) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["seconds"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def say(message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")


def survey(path: Path, sheet: str, limits: dict[str, int]) -> None:
    """Read all of it, show the first rows and count the others."""
    about, rows = opened(path, sheet, limits)
    say(about)
    total, width, characters = 0, 0, 0
    for total, (number, cells) in enumerate(rows, start=1):
        width = max(width, len(cells))
        if total <= limits["shown"] and characters <= limits["shown_characters"]:
            characters += sum(map(len, cells))
            say([[number], [cells]])
    say({"end": total, "width": width})


def read(path: Path, sheet: str, limits: dict[str, int]) -> None:
    """Give every row that holds something, in batches."""
    about, rows = opened(path, sheet, limits)
    say(about)
    total = 0
    for numbers, batch in batches(rows):
        total += len(numbers)
        say([numbers, batch])
    say({"end": total})


def batches(rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[list[int], list[list[str]]]]:
    numbers: list[int] = []
    batch: list[list[str]] = []
    size = 0
    for number, cells in rows:
        numbers.append(number)
        batch.append(cells)
        size += sum(map(len, cells))
        if len(numbers) >= BATCH_ROWS or size >= BATCH_CHARACTERS:
            yield numbers, batch
            numbers, batch, size = [], [], 0
    if numbers:
        yield numbers, batch


def opened(path: Path, sheet: str, limits: dict[str, int]) -> tuple[dict[str, Any], Iterator[tuple[int, list[str]]]]:
    """Say what the file is and give its rows, counted and kept within the limits."""
    size = path.stat().st_size
    if size == 0:
        raise Problem("empty")
    if size > limits["file"]:
        raise Problem("too_large")
    with path.open("rb") as file:
        start = file.read(4096)
    for magic, kind in FOREIGN.items():
        if start.startswith(magic):
            raise Problem("foreign", kind=kind)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        inspect_zip(path, size, limits)
        about, rows = workbook(path, sheet, limits)
    elif start.startswith(OLE2):
        if contains(path, ENCRYPTED_STREAM):
            raise Problem("encrypted")
        about, rows = workbook(path, sheet, limits)
    elif MARKUP.match(start):
        raise Problem("foreign", kind="HTML/XML")
    else:
        about, rows = text_table(path, limits)
    return about, within(rows, limits)


def within(rows: Iterable[tuple[int, list[str]]], limits: dict[str, int]) -> Iterator[tuple[int, list[str]]]:
    """Leave out blank rows; stop at the limits."""
    total = 0
    for number, cells in rows:
        if not any(cells):
            continue
        total += 1
        if total > limits["rows"] + 1:  # and a header
            raise Problem("too_many_rows", most=limits["rows"])
        if len(cells) > limits["columns"]:
            while cells and not cells[-1]:
                cells.pop()
            if len(cells) > limits["columns"]:
                raise Problem("too_many_columns", most=limits["columns"], row=number, found=len(cells))
        yield number, cells


# Workbooks


def inspect_zip(path: Path, size: int, limits: dict[str, int]) -> None:
    """Refuse what unpacks to far more than it weighs, before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, OverflowError) as error:
        raise Problem("corrupt") from error
    names = {entry.filename for entry in entries}
    if any(entry.flag_bits & 1 for entry in entries):
        raise Problem("encrypted")
    if not any(name.startswith("xl/") for name in names) and "content.xml" not in names:
        raise Problem("foreign", kind="ZIP")
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > limits["entries"] or unpacked > limits["unpacked"]:
        raise Problem("bomb", unpacked=unpacked, size=size)
    if unpacked > limits["unsuspicious"] and unpacked > limits["ratio"] * size:
        raise Problem("bomb", unpacked=unpacked, size=size)


def workbook(path: Path, sheet: str, limits: dict[str, int]) -> tuple[dict[str, Any], Iterator[tuple[int, list[str]]]]:
    # calamine is loaded only here: a CSV file does not need it
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_path(path)
        names = [
            each.name
            for each in book.sheets_metadata
            if each.typ is SheetTypeEnum.WorkSheet and each.visible is SheetVisibleEnum.Visible
        ]
        chosen = first_filled(book, [sheet] if sheet in names else names)
    except PasswordError as error:
        raise Problem("encrypted") from error
    except (CalamineError, OSError, ValueError, OverflowError) as error:
        raise Problem("corrupt") from error
    if chosen is None or chosen.start is None:
        raise Problem("no_rows")
    if chosen.width > limits["columns"]:
        raise Problem("too_many_columns", most=limits["columns"], row=0, found=chosen.width)
    about = {"kind": "workbook", "sheets": names, "sheet": chosen.name, "first_column": chosen.start[1]}
    return about, ((number, [*map(text, row)]) for number, row in enumerate(chosen.iter_rows(), start=1))


def first_filled(book: Any, names: list[str]) -> Any:
    for name in names:
        sheet = book.get_sheet_by_name(name)
        if sheet.start is not None:
            return sheet
    return None


def text(cell: object) -> str:
    """What stands in a cell, as one clean line."""
    if cell.__class__ is str:
        if cell[:1] == "'" and cell[1:2] in FORMULA_SIGNS and cell[1:]:
            cell = cell[1:]  # the mark of text, as an export writes it
        return cell if cell.isprintable() and len(cell) <= LONGEST_CELL and cell.strip() == cell else clean(cell)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return clean(str(cell))


def clean(value: str) -> str:
    """Line breaks and control characters become spaces; invisible marks, NULs and halves of characters go."""
    return SPACES.sub(" ", INVISIBLE.sub(lambda mark: " " if len(mark[0]) > 1 else "", value[: 2 * LONGEST_CELL]))[
        :LONGEST_CELL
    ].strip()


# Text


def text_table(path: Path, limits: dict[str, int]) -> tuple[dict[str, Any], Iterator[tuple[int, list[str]]]]:
    encoding = encoding_of(path)
    csv.field_size_limit(LONGEST_CSV_FIELD)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(SAMPLE)
    if looks_binary(sample):
        raise Problem("not_a_table")
    separator = separator_of(sample, whole=len(sample) < SAMPLE)
    about = {"kind": "text", "encoding": encoding, "separator": separator, "sheets": [], "sheet": "", "first_column": 0}
    return about, text_rows(path, encoding, separator)


def text_rows(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        if file.read(4) == "sep=":  # Excel's own hint, e.g. "sep=;"
            file.readline()
        else:
            file.seek(0)
        number = 0
        try:
            for number, row in enumerate(csv.reader(file, delimiter=separator), start=1):
                yield number, [*map(text, row)]
        except csv.Error as error:
            raise Problem("broken_quotes", row=number + 1) from error


def encoding_of(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4096)
        for bom, encoding in BOMS:
            if start.startswith(bom):
                return encoding
        if start[1::2].count(0) > len(start) // 4:
            return "utf-16-le"
        if start[::2].count(0) > len(start) // 4:
            return "utf-16-be"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while start:
                decoder.decode(start)
                start = file.read(1 << 20)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def looks_binary(sample: str) -> bool:
    strange = sum(sample.count(chr(code)) for code in range(1, 32) if code not in (9, 10, 11, 12, 13, 26, 31))
    return strange + sample.count("�") // 4 > len(sample) // 50


def separator_of(sample: str, *, whole: bool) -> str:
    """The separator that cuts the first lines into the same number of cells, and into the most."""
    if sample.startswith("sep=") and len(sample) > 4 and sample[4] in SEPARATORS:
        return sample[4]
    lines = sample.splitlines(keepends=True)[:50]
    if not whole and len(lines) > 1:
        lines.pop()
    best, most = ONE_COLUMN, 0.0
    for separator in SEPARATORS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=separator) if any(row)]
        except csv.Error:
            continue
        cut = [width for width in widths if width > 1]
        if not cut:
            continue
        usual = max(set(cut), key=cut.count)
        score = (len(cut) + cut.count(usual)) / len(widths) * (1 + min(usual, 20) / 100)
        if score > most:
            best, most = separator, score
    return best


def contains(path: Path, wanted: bytes) -> bool:
    with path.open("rb") as file:
        tail = b""
        while block := file.read(1 << 20):
            if wanted in tail + block:
                return True
            tail = block[-len(wanted) :]
    return False


def stray(path: Path, _sheet: str, limits: dict[str, int]) -> None:
    """After a workbook did not fit: name its cell that is farthest away, for that is usually the reason."""
    farthest, name = 0, ""
    with zipfile.ZipFile(path) as archive:
        sheets = [
            entry for entry in archive.namelist() if entry.startswith("xl/worksheets/") and entry.endswith(".xml")
        ]
        for sheet in sheets:
            for letters, row in far_cells(archive, sheet):
                distance = column_number(letters) * int(row)
                if distance > farthest:
                    farthest, name = distance, (letters + row).decode()
    if farthest <= limits["spread"]:
        raise Problem("too_large")
    raise Problem("spread", cell=name)


def far_cells(archive: zipfile.ZipFile, sheet: str) -> Iterator[tuple[bytes, bytes]]:
    with archive.open(sheet) as file:
        tail = b""
        while block := file.read(1 << 20):
            tail += block
            for found in FAR_CELL.finditer(tail):
                yield found[1], found[2]
            tail = tail[-32:]


def column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


if __name__ == "__main__":
    main()
