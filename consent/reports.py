"""What happened to consent: how much came in from where, what runs out soon, and why people leave."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone

from consent import gate, overview
from consent.models import SubscriptionType

MONTHS = 12
WINDOWS = (30, 60, 90)  # days


@dataclass(frozen=True)
class Month:
    """What came in and what was taken back in one month of the sender's calendar."""

    first: dt.date
    by_source: Mapping[str, int] = field(default_factory=dict)
    withdrawn: int = 0

    @property
    def given(self) -> int:
        return sum(self.by_source.values())

    @property
    def code(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True)
class Expiring:
    """One type of mail: how many may be mailed now and no longer so many days from now."""

    subscription_type: SubscriptionType
    by_window: Mapping[int, int]


def months(*, at: dt.datetime) -> list[Month]:
    """Count acts of the last twelve months by month and source, the oldest month first."""
    today = timezone.localdate(at)
    firsts = [_months_before(today.replace(day=1), back) for back in reversed(range(MONTHS))]
    start = timezone.make_aware(dt.datetime.combine(firsts[0], dt.time.min), timezone.get_default_timezone())
    given: dict[dt.date, dict[str, int]] = {first: {} for first in firsts}
    withdrawn = dict.fromkeys(firsts, 0)
    for first, act, source, count in _rows(ACTS, {"start": start, "zone": timezone.get_default_timezone_name()}):
        if first not in given:  # a clock that ran ahead
            continue
        if act == "withdrawn":
            withdrawn[first] += count
        else:
            given[first][source] = given[first].get(source, 0) + count
    return [Month(first, given[first], withdrawn[first]) for first in firsts]


def expiring(*, at: dt.datetime) -> list[Expiring]:
    """Count for each type in use whose evidence runs out within 30, 60 and 90 days, as the gate will say then."""
    types = SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk")
    return [Expiring(one, {days: _count_expiring(one, days, at) for days in WINDOWS}) for one in types]


def expiring_people(
    subscription_type: SubscriptionType, days: int, *, at: dt.datetime, after: str = "", limit: int = 50
) -> list[tuple[str, int]]:
    """List the addresses behind such a number, with the entry on which they rest now; alphabetically, behind `after`."""
    query = f"{_expiring_sql()} AND soon.address > %(after)s ORDER BY soon.address LIMIT %(limit)s"
    return [
        (address, event)
        for address, event in _rows(query, _window(subscription_type, days, at) | {"after": after, "limit": limit})
    ]


def reasons(*, at: dt.datetime) -> list[tuple[str, int]]:
    """Count why people left in the last twelve months, as far as they told; "" is those who did not."""
    start = at - dt.timedelta(days=365)
    return [(why, count) for why, count in _rows(WHYS, {"start": start})]


def ways(*, at: dt.datetime) -> list[tuple[str, int]]:
    """Count how people left in the last twelve months: by one click, on the page, by mail."""
    return [(how, count) for how, count in _rows(HOWS, {"start": at - dt.timedelta(days=365)})]


def _count_expiring(subscription_type: SubscriptionType, days: int, at: dt.datetime) -> int:
    query = f"SELECT count(*) FROM ({_expiring_sql()}) behind"  # noqa: S608 - our own text
    ((count,),) = _rows(query, _window(subscription_type, days, at))
    return int(count)


def _window(subscription_type: SubscriptionType, days: int, at: dt.datetime) -> dict[str, Any]:
    return gate.parameters("email", subscription_type.pk, at=at) | {"gate_later": at + dt.timedelta(days=days)}


def _expiring_sql() -> str:
    """Who has evidence that ends in the window, may be mailed now, and may not at its end."""
    now = gate.verdicts_sql("near")
    later = gate.verdicts_sql("near").replace("%(gate_at)s", "%(gate_later)s")
    return f"""
        WITH ending AS (
            SELECT address FROM consent_ground
            WHERE channel = 'email' AND until > %(gate_at)s AND until <= %(gate_later)s
            UNION SELECT address FROM consent_standing
            WHERE channel = 'email' AND explicit_until > %(gate_at)s AND explicit_until <= %(gate_later)s
        ), near AS MATERIALIZED (
            SELECT everybody.address, everybody.country FROM ({overview.everybody()}) everybody
            WHERE everybody.address IN (SELECT address FROM ending)
        ), now AS ({now}), later AS ({later})
        SELECT soon.address, soon.evidence FROM now soon JOIN later ON later.address = soon.address
        WHERE soon.verdict = 'allow' AND later.verdict <> 'allow'
    """  # noqa: S608 - our own text


def _months_before(first: dt.date, back: int) -> dt.date:
    years, month = divmod(first.year * 12 + first.month - 1 - back, 12)
    return dt.date(years, month + 1, 1)


def _rows(query: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, dict(values))
        return list(cursor.fetchall())


ACTS = """
SELECT date_trunc('month', acted_at AT TIME ZONE %(zone)s)::date, act, source, count(*)
FROM consent_consentevent
WHERE acted_at >= %(start)s AND act IN ('given', 'confirmed', 'withdrawn') GROUP BY 1, 2, 3
"""
WHYS = """
SELECT coalesce(evidence->>'why', ''), count(*) FROM consent_suppression
WHERE reason = 'unsubscribed' AND actor = 'self' AND created_at >= %(start)s GROUP BY 1 ORDER BY 2 DESC, 1
"""
HOWS = """
SELECT coalesce(evidence->>'how', ''), count(*) FROM consent_suppression
WHERE reason = 'unsubscribed' AND actor = 'self' AND created_at >= %(start)s GROUP BY 1 ORDER BY 2 DESC, 1
"""
