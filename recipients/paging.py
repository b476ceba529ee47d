"""Pages by key: the next page starts after the last row of this one, so page 10,000 costs as much as page 1."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db import connection
from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.utils.formats import number_format
from django.utils.translation import gettext as _

SIZE = 50
COUNTED = 10_000  # beyond this many rows a count is "more than"


@dataclass(frozen=True)
class Order:
    """Columns that together are unique, served by an index in this order."""

    columns: tuple[str, ...]
    descending: bool = False

    def backwards(self) -> "Order":
        return Order(self.columns, descending=not self.descending)


@dataclass(frozen=True)
class Page[M: Model]:
    rows: list[M]
    start: int
    previous: str  # address of the page before, or nothing
    next: str

    @property
    def end(self) -> int:
        return self.start + len(self.rows) - 1


@dataclass(frozen=True)
class Total:
    """How many rows there are: exact, or a number that is near enough to know."""

    number: int
    exact: bool = True


def page[M: Model](rows: QuerySet[M], order: Order, asked: Mapping[str, str], *, size: int = SIZE) -> Page[M]:
    """Cut the page that `asked` (the query string: after, before, at) points at."""
    after, before, start = _number(asked, "after"), _number(asked, "before"), max(1, _number(asked, "at") or 1)
    kept = {key: value for key, value in asked.items() if key not in ("after", "before", "at") and value}
    anchor = after or before
    place = rows.model._default_manager.filter(pk=anchor).values_list(*order.columns).first() if anchor else None
    if place is None:
        after, before, start = None, None, 1
    way = order.backwards() if before else order
    found = list(_beyond(rows, way, place).order_by(*_ordering(way))[: size + 1])
    more, found = len(found) > size, found[:size]
    if before:
        found.reverse()
    first, last = (found[0].pk, found[-1].pk) if found else (None, None)
    has_previous, has_next = (more, True) if before else (after is not None, more)
    if before and not has_previous:
        start = 1
    return Page(
        rows=found,
        start=start,
        previous=f"?{urlencode({**kept, 'before': first, 'at': max(1, start - size)})}"
        if has_previous and first
        else "",
        next=f"?{urlencode({**kept, 'after': last, 'at': start + len(found)})}" if has_next and last else "",
    )


def total[M: Model](rows: QuerySet[M], *, everything: bool = False) -> Total:
    """Count rows, without reading millions of them: the planner's figure for a whole table, else up to a limit."""
    if everything and (known := _known_size(rows.model)) > COUNTED:
        return Total(known, exact=False)
    counted = rows.order_by()[: COUNTED + 1].count()
    return Total(min(counted, COUNTED), exact=counted <= COUNTED)


def said[M: Model](page: Page[M], total: Total) -> str:
    """Say where we are: "51 to 100 of 6,607"."""
    if not page.rows:
        return _("Nobody")
    words = {
        "start": number_format(page.start, force_grouping=True),
        "end": number_format(page.end, force_grouping=True),
        "total": number_format(total.number, force_grouping=True),
    }
    if total.exact:
        return _("%(start)s to %(end)s of %(total)s") % words
    if total.number > COUNTED:
        return _("%(start)s to %(end)s of about %(total)s") % words
    return _("%(start)s to %(end)s of more than %(total)s") % words


def _known_size(model: type[Model]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _beyond[M: Model](rows: QuerySet[M], order: Order, place: tuple[object, ...] | None) -> QuerySet[M]:
    if place is None:
        return rows
    here = Tuple(*(F(column) for column in order.columns))
    lookup = TupleLessThan if order.descending else TupleGreaterThan
    return rows.filter(lookup(here, place))


def _ordering(order: Order) -> list[str]:
    return [f"-{column}" if order.descending else column for column in order.columns]


def _number(asked: Mapping[str, str], key: str) -> int | None:
    text = asked.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
