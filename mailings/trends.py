"""Across mailings: some beside each other, rates by month and subscription type, the hours at which people click.

Everything comes from the counters of the mailings, never from messages or events. A rate over several mailings is of the sums: a
mailing to a hundred thousand weighs more than one to ten.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from mailings.models import Counts, Mailing
from mailings.reports import Figures

MOST_COMPARED = 10
MONTHS = 12
FIRST = dt.timedelta(hours=48)
# The clicks and opens of the first two days, by day of the week and hour on the clock of the house.
WHEN = """
    SELECT extract(isodow FROM at_home)::int, extract(hour FROM at_home)::int, sum(human) FROM (
        SELECT counted.hour AT TIME ZONE %s AS at_home, counted.human FROM mailings_hourcount counted
        JOIN mailings_mailing mailing ON mailing.id = counted.mailing_id
        WHERE counted.kind = %s AND mailing.started_at > %s AND counted.hour < mailing.started_at + interval '48 hours'
    ) counted GROUP BY 1, 2
"""
SENT_WHEN = """
    SELECT extract(isodow FROM at_home)::int, extract(hour FROM at_home)::int, count(*), sum(delivered), sum(opened), sum(clicked)
    FROM (
        SELECT mailing.started_at AT TIME ZONE %s AS at_home, counts.delivered, counts.opened, counts.clicked
        FROM mailings_mailing mailing JOIN mailings_counts counts ON counts.mailing_id = mailing.id
        WHERE mailing.started_at > %s AND counts.delivered > 0
    ) sent GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """One mailing among others, and which of its rates is the best of them."""

    mailing: Mailing
    figures: Figures
    best: frozenset[str] = frozenset()


@dataclass(slots=True)
class Sums:
    """Sums over mailings, with the rates people know."""

    mailings: int = 0
    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    unsubscribed: int = 0
    complained: int = 0

    def add(self, counts: Counts) -> None:
        self.mailings += 1
        self.sent += int(counts.states.get("sent", 0))
        for name in ("delivered", "opened", "clicked", "bounced", "unsubscribed", "complained"):
            setattr(self, name, getattr(self, name) + getattr(counts, name))


@dataclass(frozen=True, slots=True)
class Month:
    first: dt.date
    sums: Sums


@dataclass(frozen=True, slots=True)
class Trend:
    """A subscription type over the months, the latest last."""

    name: str
    sums: Sums
    months: Sequence[Month]


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the week, and how much of the most it has: 0 to 5."""

    hour: int
    clicks: int
    strength: int


@dataclass(frozen=True, slots=True)
class Times:
    """A week of hours: seven rows of twenty-four."""

    days: Sequence[Sequence[Hour]] = field(default_factory=tuple)
    best: Sequence[tuple[int, int, int]] = ()  # day (1 is Monday), hour, clicks

    def __bool__(self) -> bool:
        return bool(self.best)


@dataclass(frozen=True, slots=True)
class Slot:
    """Mailings that were started at one hour of the week, and what came of them."""

    day: int
    hour: int
    mailings: int
    delivered: int
    opened: int
    clicked: int


def compare(numbers: Sequence[int]) -> list[Compared]:
    """Put mailings beside each other, in the order they were sent."""
    found = Mailing.objects.filter(pk__in=numbers[:MOST_COMPARED], started_at__isnull=False)
    rows = (
        found.select_related("counts", "subscription_type")
        .defer("content", "compiled", "compiled_unseen")
        .order_by("started_at", "pk")
    )
    pairs = [
        (mailing, Figures(mailing.counts if hasattr(mailing, "counts") else Counts(mailing=mailing)))
        for mailing in rows
    ]
    best = {
        name: max((_rate(getattr(figures, name), figures.delivered) for _m, figures in pairs), default=0)
        for name in ("opened", "clicked")
    }
    return [
        Compared(
            mailing,
            figures,
            frozenset(
                name for name, most in best.items() if most and _rate(getattr(figures, name), figures.delivered) == most
            )
            if len(pairs) > 1
            else frozenset(),
        )
        for mailing, figures in pairs
    ]


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def by_type(*, now: dt.datetime) -> list[Trend]:
    """The last twelve months per subscription type, the one with the most mail first."""
    since = _months_back(now, MONTHS - 1)
    rows = Counts.objects.filter(mailing__started_at__gte=since, mailing__started_at__lte=now)
    found: dict[str, dict[dt.date, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for counts in rows.select_related("mailing__subscription_type").defer(
        "mailing__content", "mailing__compiled", "mailing__compiled_unseen"
    ):
        started = timezone.localtime(counts.mailing.started_at).date().replace(day=1)
        kind = counts.mailing.subscription_type
        found[kind.name if kind else ""][started].add(counts)
    months = [_months_back(now, back).date() for back in range(MONTHS - 1, -1, -1)]
    trends = [
        Trend(name, _summed(by_month.values()), [Month(first, by_month.get(first, Sums())) for first in months])
        for name, by_month in found.items()
    ]
    return sorted(trends, key=lambda trend: -trend.sums.sent)


def _summed(parts: Iterable[Sums]) -> Sums:
    total = Sums()
    for part in parts:
        for name in Sums.__dataclass_fields__:
            setattr(total, name, getattr(total, name) + getattr(part, name))
    return total


def _months_back(now: dt.datetime, months: int) -> dt.datetime:
    local = timezone.localtime(now)
    number = local.year * 12 + local.month - 1 - months
    return local.replace(year=number // 12, month=number % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def times(*, now: dt.datetime, kind: str = "click", back: dt.timedelta = dt.timedelta(days=180)) -> Times:
    """At which hours of the week people click (or open) in the first two days after a mailing."""
    with connection.cursor() as cursor:
        cursor.execute(WHEN, [str(timezone.get_current_timezone()), kind, now - back])
        counted = {(day, hour): int(number) for day, hour, number in cursor.fetchall()}
    most = max(counted.values(), default=0)
    if not most:
        return Times()
    days = [
        [Hour(hour, clicks, -(-5 * clicks // most)) for hour in range(24) for clicks in [counted.get((day, hour), 0)]]
        for day in range(1, 8)
    ]
    best = sorted(((day, hour, clicks) for (day, hour), clicks in counted.items() if clicks), key=lambda one: -one[2])
    return Times(days, best[:3])


def slots(*, now: dt.datetime, back: dt.timedelta = dt.timedelta(days=365)) -> list[Slot]:
    """What came of mailings by the hour they were started, the most clicked first."""
    with connection.cursor() as cursor:
        cursor.execute(SENT_WHEN, [str(timezone.get_current_timezone()), now - back])
        found = [Slot(*(int(number) for number in row)) for row in cursor.fetchall()]
    return sorted(found, key=lambda slot: -_rate(slot.clicked, slot.delivered))[:8]
