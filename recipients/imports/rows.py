"""Rows of a stranger's file (.xlsx, .xls, .ods, .csv), read in a child process that may be sacrificed.

`survey` reads all of it once and shows the beginning; `read` gives batches. Both raise `Unreadable`, whose
text says what is wrong, where, and what to do. Nothing here knows people, models or the database.
"""

import contextlib
import fcntl
import json
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MB = 1024 * 1024
PIPE = MB
CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class Limits:
    """What a file may cost. A real workbook of 1,000,000 people is 40 MB and unpacks to 400 MB, ten to one."""

    file: int = 64 * MB
    unpacked: int = 512 * MB
    ratio: int = 100  # unpacked to packed, for files that unpack to more than `unsuspicious`
    unsuspicious: int = 10 * MB
    entries: int = 10_000
    rows: int = 1_000_000
    columns: int = 1_000
    spread: int = 20_000_000  # cells between A1 and the farthest one
    memory: int = 1280 * MB
    seconds: int = 90  # of processor time
    shown: int = 100  # rows at the beginning, and at most so many characters of them
    shown_characters: int = 300_000


SENTENCES: dict[str, Promise] = {
    "empty": _("The file is empty. Save the list again and choose that file."),
    "encrypted": _("The file is protected with a password. Open it, remove the password, save it and import that."),
    "corrupt": _(
        "The file is damaged: its contents cannot be read. Open it in Excel or LibreOffice and save it again."
    ),
    "foreign": _(
        "This is not a spreadsheet (it looks like %(kind)s). Save the list as .xlsx or .csv and choose that file."
    ),
    "not_a_table": _("This is not a table of text. Save the list as .xlsx or .csv and choose that file."),
    "too_large": _(
        "The file is too large to read. Remove what is not needed, or cut the list into parts of at most %(rows)s rows."
    ),
    "bomb": _(
        "The file weighs %(size_mb)s MB and unpacks to %(unpacked_mb)s MB. That is how damaged and hostile files look, "
        "so we did not open it. Copy the list into a new workbook and import that."
    ),
    "spread": _(
        "A stray cell at %(cell)s makes the sheet too large to read. Delete that cell (or copy only the list "
        "into a new workbook), save it and import that."
    ),
    "no_rows": _("There is nothing in the sheets of this workbook. Choose the file that holds the list."),
    "only_headers": _("There are only column names in the list, and no rows below them."),
    "too_many_rows": _("The list has more than %(most)s rows. Cut it into parts and import them one after the other."),
    "too_many_columns": _(
        "The list is %(found)s columns wide; at most %(most)s can be read. Delete the columns to the right of the list."
    ),
    "broken_quotes": _(
        "From row %(row)s on the file cannot be cut into cells: a quotation mark is opened and never closed, "
        "or a cell holds more than a million characters. "
        "Repair that row, or save the list as .xlsx."
    ),
    "died": _(
        "The file could not be read within the memory and time it may take. Copy the list into a new workbook, "
        "without formulas and formatting, and import that."
    ),
    "gone": _("The uploaded file is no longer there. Upload it again."),
}


class Unreadable(Exception):
    """A file that cannot be imported; its text is fit to show to the person who chose it."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def __str__(self) -> str:
        shown = {name: number_format(value, force_grouping=True) if isinstance(value, int) else value
                 for name, value in self.details.items()}  # fmt: skip
        for name in ("unpacked", "size"):
            shown[f"{name}_mb"] = number_format(max(1, round(self.details.get(name, 0) / MB)), force_grouping=True)
        shown.setdefault("rows", number_format(100_000, force_grouping=True))
        return str(SENTENCES[self.code]) % shown


@dataclass(frozen=True)
class Batch:
    """Rows with the numbers that the spreadsheet shows beside them."""

    numbers: list[int]
    rows: list[list[str]]

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True)
class Survey:
    """What a file is, its first rows, and how many rows hold something."""

    kind: str  # "workbook" or "text"
    sheets: list[str]
    sheet: str
    first_column: int
    head: Batch
    total: int
    width: int


def survey(path: Path, sheet: str = "", *, limits: Limits | None = None) -> Survey:
    """Read the whole file once, so that nothing later can fail for what stands in it."""
    head = Batch([], [])
    limits = limits or Limits()
    with closing(messages("survey", path, sheet, limits)) as answers:
        about = next(answers)
        for answer in answers:
            if isinstance(answer, dict):
                return Survey(
                    kind=about["kind"],
                    sheets=about["sheets"],
                    sheet=about["sheet"],
                    first_column=about["first_column"],
                    head=head,
                    total=answer["end"],
                    width=answer["width"],
                )
            head.numbers.extend(answer[0])
            head.rows.extend(answer[1])
    raise Unreadable("died")


def read(path: Path, sheet: str = "", *, limits: Limits | None = None) -> Generator[Batch]:
    """Give all rows that hold something, in order, in batches of at most 1,000."""
    with closing(messages("read", path, sheet, limits or Limits())) as answers:
        next(answers)
        for answer in answers:
            if isinstance(answer, list):
                yield Batch(*answer)


def messages(do: str, path: Path, sheet: str, limits: Limits) -> Generator[Any]:
    """Run the child and give its lines; it ends when the caller stops listening."""
    if not path.is_file():
        raise Unreadable("gone")
    order = json.dumps({"do": do, "path": str(path), "sheet": sheet, "limits": asdict(limits)})
    child = subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", str(CHILD), order],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
    )
    assert child.stdout is not None  # noqa: S101 - asked for above
    widen(child.stdout)
    try:
        for line in child.stdout:
            answer = json.loads(line)
            if isinstance(answer, dict) and "error" in answer:
                raise Unreadable(answer.pop("error"), **answer)
            yield answer
            if isinstance(answer, dict) and "end" in answer:
                return
        code = child.wait()
    finally:
        child.kill()
        child.stdout.close()
        child.wait()
    raise reason_of_death(do, path, limits, code)


def widen(pipe: IO[bytes]) -> None:
    """Let the child read on while a batch is written; where the system allows no wider pipe, a narrow one will do."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)


def reason_of_death(do: str, path: Path, limits: Limits, code: int) -> Unreadable:
    """A child that ran out of memory leaves no words; look for the cell that made the sheet so large."""
    if do == "stray" or code not in (-signal.SIGABRT, -signal.SIGKILL, 1):
        return Unreadable("died")
    try:
        for _nothing in messages("stray", path, "", limits):
            pass
    except Unreadable as reason:
        return reason
    return Unreadable("died")


def column_name(index: int) -> str:
    """0 is A, 26 is AA."""
    name = ""
    while index >= 0:
        index, letter = divmod(index, 26)
        name = chr(65 + letter) + name
        index -= 1
    return name
