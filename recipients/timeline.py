"""The time line: everything that happened to a person, or about a company, newest first, a page at a time.

Open: an app above adds a `Source` to `sources` in its AppConfig.ready(). Each gives its own newest entries beyond a
place; they are put together here, so a page costs as much as its sources and not as much as the life before it.
"""

import datetime as dt
import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise

from recipients.models import Company, Person

SIZE = 20

type Words = str | Promise
type Who = Person | Company


@dataclass(frozen=True)
class Entry:
    """Something that happened: when, what in words, and where to read more. `lines` are (label, old, new)."""

    at: dt.datetime
    number: int  # orders what one source saw at one moment
    text: str
    icon: str = "circle"
    tone: str = ""
    detail: str = ""
    url: str = ""
    by: str = ""
    lines: Sequence[Any] = ()
    code: str = ""  # of its source


@dataclass(frozen=True)
class Place:
    """Where a page ends: the entries beyond it come next."""

    at: dt.datetime
    code: str
    number: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.code}~{self.number}"


@dataclass(frozen=True)
class Beyond:
    """The part of one source that comes after a place: up to a moment, and at that moment below a number."""

    at: dt.datetime | None = None
    number: int | None = None  # None: nothing of that very moment

    def rows[M: Model](self, rows: QuerySet[M], moment: str, *, number: str = "pk") -> QuerySet[M]:
        """Cut a queryset, and order it as the time line is."""
        ordered = rows.order_by(f"-{moment}", f"-{number}")
        if self.at is None:
            return ordered
        asked = Q(**{f"{moment}__lt": self.at})
        if self.number is not None:
            asked |= Q(**{moment: self.at, f"{number}__lt": self.number})
        return ordered.filter(asked)

    def sql(self, moment: str, number: str) -> tuple[str, dict[str, Any]]:
        """Give the same as a condition, with its parameters."""
        if self.at is None:
            return "true", {}
        below = -1 if self.number is None else self.number
        return f"({moment}, {number}) < (%(beyond_at)s, %(beyond_number)s)", {
            "beyond_at": self.at,
            "beyond_number": below,
        }


@dataclass(frozen=True)
class Source:
    """One kind of happenings. `entries` gives at most `limit` of them beyond a place, newest first."""

    code: str
    label: Words
    entries: Callable[[Who, Beyond, int], Iterable[Entry]]
    companies: bool = False  # whether it knows companies, too


@dataclass(frozen=True)
class Page:
    entries: Sequence[Entry]
    next: str  # the place to ask for the next page with; empty on the last one


sources: list[Source] = []


def of(who: Who) -> list[Source]:
    """Give the sources that know such a one."""
    return [source for source in sources if isinstance(who, Person) or source.companies]


def page(who: Who, *, only: str = "", after: str = "", size: int = SIZE) -> Page:
    """Give a page; `only` is the code of one source, `after` the place of the page before."""
    place = _place(after)
    asked = [source for source in of(who) if not only or source.code == only]
    runs = [_coded(source, who, place, size + 1) for source in asked]
    merged = heapq.merge(*runs, key=_order, reverse=True)
    found = list(itertools.islice(merged, size + 1))
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], str(Place(last.at, last.code, last.number)) if last else "")


def _coded(source: Source, who: Who, place: Place | None, limit: int) -> list[Entry]:
    entries = source.entries(who, _beyond(source, place), limit)
    return sorted((replace(entry, code=source.code) for entry in entries), key=_order, reverse=True)


def _order(entry: Entry) -> tuple[dt.datetime, str, int]:
    return entry.at, entry.code, entry.number


def _beyond(source: Source, place: Place | None) -> Beyond:
    """Entries of one moment stand in the order of their sources' codes, so of some sources the moment is still to come."""
    if place is None:
        return Beyond()
    if source.code == place.code:
        return Beyond(place.at, place.number)
    return Beyond(place.at, 2**62) if source.code < place.code else Beyond(place.at)


def _place(text: str) -> Place | None:
    """Read a place as an address holds it; whoever invents one begins at the top."""
    moment, _tilde, rest = text.partition("~")
    code, _tilde, number = rest.partition("~")
    try:
        at = dt.datetime.fromisoformat(moment)
        found = Place(at, code, int(number))
    except ValueError:
        return None
    return found if at.tzinfo is not None and abs(found.number) < 2**62 else None


def known(who: Who) -> Mapping[str, Words]:
    """Give the names of the kinds, for the filter."""
    return {source.code: source.label for source in of(who)}
