"""A month of mailings: what was sent, what is planned, day by day."""

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailings.models import Mailing

MOST = 500  # mailings of one month that are shown
PLANNED = (Mailing.Status.SCHEDULED, Mailing.Status.APPROVAL)


@dataclass
class Day:
    """One day; `mailings` in the order of their hours."""

    date: dt.date
    is_here: bool  # of this month, not of its neighbours
    mailings: list[Mailing] = field(default_factory=list)


@dataclass(frozen=True)
class Month:
    first: dt.date
    weeks: Sequence[Sequence[Day]]

    @property
    def before(self) -> dt.date:
        return (self.first - dt.timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> dt.date:
        return (self.first + dt.timedelta(days=32)).replace(day=1)

    @property
    def full_days(self) -> Sequence[Day]:
        return [day for week in self.weeks for day in week if day.mailings and day.is_here]


def read(text: str, *, today: dt.date) -> dt.date:
    """Read "2026-11" as the first of that month; anything else is this month."""
    try:
        first = dt.datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 a month has no zone
    except ValueError:
        return today.replace(day=1)
    return first if 2000 <= first.year <= 2100 else today.replace(day=1)


def of(first: dt.date) -> Month:
    """Give the month that begins with this day, in whole weeks from Monday, by the clock of the house."""
    weeks = [
        [Day(date, date.month == first.month) for date in week]
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    ]
    days = {day.date: day for week in weeks for day in week}
    begin, end = _midnight(weeks[0][0].date), _midnight(weeks[-1][-1].date + dt.timedelta(days=1))
    planned = Q(status__in=PLANNED, send_at__gte=begin, send_at__lt=end)
    found = Mailing.objects.filter(planned | Q(started_at__gte=begin, started_at__lt=end), archived_at=None)
    kept = found.annotate(at=Coalesce("started_at", "send_at")).only("name", "status", "type", "started_at", "send_at")
    for mailing in kept.order_by("at", "pk")[:MOST]:
        if day := days.get(timezone.localtime(mailing.at).date()):
            day.mailings.append(mailing)
    return Month(first, weeks)


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
