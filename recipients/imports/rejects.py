"""The rows that were not taken over, given back as a workbook: the columns of the file, and one more with the reason."""

from typing import BinaryIO

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from recipients.imports.rows import column_name
from recipients.models import Import

LONGEST = 32_767  # characters in a cell, by the format
WIDTH = 22


def workbook(importing: Import, target: BinaryIO) -> None:
    """Write the rejected rows of an import. Every cell is typed as text, so that nothing in it becomes a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Rejected rows"))
    rejected = importing.rejected_rows.order_by("row")
    width = len(importing.headers) or max((len(row.cells) for row in rejected[:1000]), default=0)
    for column in range(1, width + 3):
        sheet.column_dimensions[get_column_letter(column)].width = WIDTH
    sheet.freeze_panes = "A2"
    names = importing.headers or [column_name(importing.first_column + column) for column in range(width)]
    headers = [*padded(names, width), _("Why this row was not taken over"), _("Row in the file")]
    sheet.append([text(sheet, header, bold=True) for header in headers])
    for row in rejected.iterator(chunk_size=2000):
        cells = [text(sheet, cell) for cell in padded(row.cells, width)]
        sheet.append([*cells, text(sheet, row.reason), row.row])
    book.save(target)


def padded(cells: list[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))][: max(width, len(cells))]


def text(sheet: WriteOnlyWorksheet, value: str, *, bold: bool = False) -> Cell:
    cell = WriteOnlyCell(sheet, value=None)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST]
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
