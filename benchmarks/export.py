"""Exporting a list of people to a workbook, with everything we know of each; beside openpyxl writing the same rows."""

import io
from collections.abc import Iterator

import openpyxl

from benchmarks.frame import Figure, Scale, interleaved, rate
from benchmarks.generate import a_house
from consent import export
from recipients import tables
from recipients.models import Person


def figures(scale: Scale) -> Iterator[Figure]:
    size = scale.pick(100_000, 4_000)
    a_house(size)
    table = tables.people(Person.objects.all(), what="people", name="People", asked={})
    rows = [tuple(map(plain, row)) for row in table.rows()]
    assert len(rows) == size
    medians = interleaved(
        {
            "ours": lambda: rate(size, lambda: export.workbook(table, table.rows(), io.BytesIO())),
            "bare": lambda: rate(size, lambda: bare(table, rows)),
        }
    )
    yield Figure("export.rows", medians["ours"], "rows/s", medians["bare"], "openpyxl write-only alone, the same rows")


def plain(value: object) -> object:
    """As openpyxl takes it: without a time zone."""
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value  # type: ignore[attr-defined]


def bare(table: export.Table, rows: list[tuple[object, ...]]) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("People")
    sheet.append([str(header) for header in table.headers])
    for row in rows:
        sheet.append(row)
    book.save(io.BytesIO())
