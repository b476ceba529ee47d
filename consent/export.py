"""A list as a file: .xlsx with typed columns or .csv, row by row; nothing in it is ever a formula, and who took it is written down.

The apps above describe their lists as a `Table`; this knows nothing of them.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, BinaryIO

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import get_valid_filename
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from consent.models import Export

MOST_ROWS = 1_048_575  # of a sheet, by the format, below its headers
LONGEST = 32_767  # characters in a cell, by the format
CHUNK = 2_000
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # Excel reads the wide ones too
NOT_IN_A_SHEET_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


class Format(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"


CONTENT_TYPES = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
}


@dataclass(frozen=True)
class Table:
    """A list to export. Each row has a value per header: text, a number, a date, a moment, true or false, or None."""

    what: str  # "people", "suppressions": for the log
    name: str  # of the list, as its page says
    headers: Sequence[str | Promise]
    rows: Callable[[], Iterable[Sequence[Any]]]
    asked: Mapping[str, Any] = field(default_factory=dict)  # number of the list, words searched: for the log

    def file_name(self, form: Format) -> str:
        return f"{get_valid_filename(self.name or self.what)[:100]}.{form.value}"


class TooLong(Exception):
    """A sheet cannot hold so many rows; fit to show."""

    def __init__(self) -> None:
        super().__init__(_("A sheet of Excel holds at most 1,048,575 people. Choose .csv for this list."))


def written_down(table: Table, form: Format, *, by: User | None, now: dt.datetime) -> Export:
    """Keep who took which list, before the first row leaves."""
    return Export.objects.create(
        by=by, at=now, what=table.what, name=table.name[:200], form=form.value, asked=dict(table.asked)
    )


def counted(rows: Iterable[Sequence[Any]], export: Export) -> Iterator[Sequence[Any]]:
    """Give the rows, and write down how many there were; also when whoever reads them leaves early."""
    taken = 0
    try:
        for row in rows:
            taken += 1
            yield row
    finally:
        Export.objects.filter(pk=export.pk).update(rows=taken)


# .csv -------------------------------------------------------------------------------------------------------------------


def csv_lines(table: Table, rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Give the lines as Excel reads them: UTF-8 with its mark, a semicolon where a comma is the decimal sign."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";" if (get_language() or "").startswith("nl") else ",")
    buffer.write("\ufeff")
    writer.writerow([inert(str(header)) for header in table.headers])
    for number, row in enumerate(rows, start=1):
        writer.writerow([plain(value) for value in row])
        if number % 500 == 0:
            yield flushed(buffer)
    yield flushed(buffer)


def flushed(buffer: io.StringIO) -> bytes:
    block = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return block


def plain(value: object) -> object:
    """Give a value as text; what a spreadsheet would take for a formula gets the mark of text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return value
    if isinstance(value, dt.datetime):
        return local(value).isoformat(" ", "seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    return inert(str(value))


def inert(text: str) -> str:
    """No formula, no broken line: an apostrophe before what begins like one, as OWASP advises."""
    text = ILLEGAL.sub("", text)
    return f"'{text}" if text.lstrip().startswith(BEGINS_FORMULA) else text


# .xlsx ------------------------------------------------------------------------------------------------------------------


def workbook(table: Table, rows: Iterable[Sequence[Any]], target: BinaryIO) -> None:
    """Write a workbook: headers that stay in sight, dates as dates, numbers as numbers, everything else as text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(sheet_name(table.name))
    for column in range(1, len(table.headers) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 22
    sheet.freeze_panes = "A2"
    sheet.append([text_cell(sheet, str(header), bold=True) for header in table.headers])
    for number, row in enumerate(rows, start=1):
        if number > MOST_ROWS:
            raise TooLong
        sheet.append([typed(sheet, value) for value in row])
    book.save(target)


def typed(sheet: WriteOnlyWorksheet, value: Any) -> Any:
    if value.__class__ is str:
        # quick where the library takes it for text by itself
        quick = value.isprintable() and len(value) <= LONGEST and not value.startswith(("=", "#"))
        return value if quick else text_cell(sheet, value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, dt.datetime):
        return local(value).replace(microsecond=0)
    if isinstance(value, dt.date):
        return value
    return text_cell(sheet, str(value))


def text_cell(sheet: WriteOnlyWorksheet, value: str, *, bold: bool = False) -> Cell:
    """A cell that is text by its type, whatever it begins with."""
    cell = WriteOnlyCell(sheet, value=None)
    cell.value = ILLEGAL.sub("", value)[:LONGEST]
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def sheet_name(name: str) -> str:
    """At most 31 characters, without those the format forbids, and nothing that begins a formula."""
    return NOT_IN_A_SHEET_NAME.sub(" ", name).strip(" '=+-@")[:31].strip(" '") or _("List")


def local(moment: dt.datetime) -> dt.datetime:
    """On the clock of the house, without its zone: a spreadsheet knows none."""
    return timezone.localtime(moment).replace(tzinfo=None) if timezone.is_aware(moment) else moment
