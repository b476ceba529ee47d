"""How the first rows would be taken over with the columns as they are chosen now. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recipients.imports import checks
from recipients.imports.checks import WARNINGS, Incoming
from recipients.imports.columns import Target
from recipients.imports.rows import Batch, column_name

ALWAYS_SHOWN = 8
MOST_SHOWN = 25
SAMPLES = 3


@dataclass(frozen=True)
class Row:
    """A row as it will be written, or the reason why not, and what deserves a word."""

    number: int
    person: Incoming | None
    reason: str = ""
    words: Sequence[str] = ()
    start: str = ""  # of a refused row, to recognise it by

    @property
    def name(self) -> str:
        if self.person is None:
            return ""
        return " ".join(filter(None, (self.person.first_name, self.person.middle_name, self.person.last_name)))


@dataclass(frozen=True)
class Preview:
    rows: list[Row]
    checked: int
    refused: int
    shown: list[Row] = field(default_factory=list)

    @property
    def good(self) -> int:
        return self.checked - self.refused


@dataclass(frozen=True)
class Column:
    """A column of the file: its name, or its letter when it has none, and what stands in it first."""

    index: int
    letter: str
    name: str
    samples: list[str]

    @property
    def title(self) -> str:
        return self.name or self.letter


def preview(head: Batch, mapping: Mapping[int, Target]) -> Preview:
    """Check the first rows; show the beginning and, after it, every row that has something to say."""
    checked = checks.check(head, mapping)
    people = {person.row: person for person in checked.people}
    refused = {row.row: row for row in checked.refused}
    words: dict[int, list[str]] = {}
    for warning, numbers in checked.warnings.items():
        for number in numbers:
            words.setdefault(number, []).append(str(WARNINGS[warning]))
    rows = [
        Row(number, people[number], words=words.get(number, ()))
        if number in people
        else Row(number, None, refused[number].reason, start=start_of(refused[number].cells))
        for number in head.numbers
    ]
    shown = [row for at, row in enumerate(rows) if at < ALWAYS_SHOWN or row.reason or row.words]
    return Preview(rows, len(rows), len(refused), shown[:MOST_SHOWN])


def start_of(cells: Sequence[str]) -> str:
    return " · ".join(cell for cell in cells if cell)[:120]


def columns(headers: Sequence[str], head: Batch, *, first_column: int) -> list[Column]:
    """List the columns that hold something."""
    width = max([len(headers), *map(len, head.rows)])
    found = []
    for index in range(width):
        cells = [row[index] for row in head.rows if index < len(row) and row[index]]
        name = headers[index] if index < len(headers) else ""
        if name or cells:
            letter = column_name(first_column + index)
            found.append(Column(index, letter, name, [cell[:60] for cell in dict.fromkeys(cells)][:SAMPLES]))
    return found
