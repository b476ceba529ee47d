"""Everything we keep about one person: an open registry of tables, to give them a copy and to forget them.

Each app registers its tables in `AppConfig.ready()`: how the rows of a person are found, and what an erasure does to
them. Apps above come later and are asked first, because they know a person by rows of the apps below.
"""

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import BinaryField, Model, QuerySet


@dataclass(frozen=True, slots=True)
class Subject:
    """One human being, by all that rows about them are found by. Addresses are normalised."""

    emails: frozenset[str]
    phones: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()  # of persons; consent knows no person model

    @property
    def words(self) -> list[str]:
        """The texts that tell who it is, as an erasure looks for them."""
        return sorted(self.emails | self.phones)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One table with rows about people.

    `rows` finds them, `erase` forgets them and gives how many (rows that totals rest on stay, without the person).
    `hidden` are columns that nobody is shown: keys of links, salts.
    """

    name: str  # of the part in the export: "messages"
    rows: Callable[[Subject], QuerySet[Any]]
    erase: Callable[[Subject, dt.datetime], int]
    hidden: frozenset[str] = frozenset()


# Widen what is known of somebody: an address leads to a person, a person to their other addresses.
type Finder = Callable[[Subject], Subject]
finders: list[Finder] = []
holdings: list[Holding] = []
# SELECTs of every e-mail address that is kept anywhere: what a replay of erasures compares.
address_books: list[str] = []


def of(address: str) -> Subject:
    """Find out who is behind an address, and under what else we know them."""
    known = Subject(frozenset({address}))
    while (wider := _widened(known)) != known:
        known = wider
    return known


def tables(subject: Subject) -> dict[str, list[dict[str, Any]]]:
    """Give every row about somebody, table by table, as it is kept."""
    return {one.name: [_plain(one, row) for row in one.rows(subject).order_by("pk")] for one in holdings}


def as_json(subject: Subject, *, at: dt.datetime) -> bytes:
    """Write the copy that somebody has a right to (GDPR Art. 15 and 20), for machines and people."""
    everything = {"about": subject.words, "made_at": at, "data": tables(subject)}
    return json.dumps(everything, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1).encode()


def as_csv(subject: Subject) -> bytes:
    """Write the same as an archive of CSV files, one for each table that has rows."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in tables(subject).items():
            if rows:
                archive.writestr(f"{name}.csv", _sheet(rows))
    return packed.getvalue()


def widen(
    subject: Subject, *, emails: Iterable[str] = (), phones: Iterable[str] = (), numbers: Iterable[int] = ()
) -> Subject:
    """Add to what is known of somebody; for finders."""
    return replace(
        subject,
        emails=subject.emails | {one for one in emails if one},
        phones=subject.phones | {one for one in phones if one},
        numbers=subject.numbers | set(numbers),
    )


def _widened(subject: Subject) -> Subject:
    for find in finders:
        subject = find(subject)
    return subject


def _plain(holding: Holding, row: Model) -> dict[str, Any]:
    return {name: value for name, value in _columns(row) if name not in holding.hidden}


def _columns(row: Model) -> Iterator[tuple[str, Any]]:
    for field in row._meta.concrete_fields:
        value = field.value_from_object(row)
        if isinstance(field, BinaryField):
            value = bytes(value).decode(errors="replace") if value is not None else None
        elif hasattr(value, "name") and hasattr(value, "storage"):  # a file: where it is, not what is in it
            value = value.name
        yield field.attname, value


def _sheet(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows([{name: _cell(value) for name, value in row.items()} for row in rows])
    return "\ufeff" + text.getvalue()


def _cell(value: object) -> str:
    """Write a cell; text that a spreadsheet would take for a formula gets an apostrophe (OWASP)."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    is_number = isinstance(value, int | float)
    return f"'{text}" if not is_number and text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text
