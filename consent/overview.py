"""The whole of consent in numbers: of every address we know, which may get what, and why the others may not."""

import datetime as dt
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db import connection

from consent import gate
from consent.models import SubscriptionType
from consent.verdict import Call, Verdict

# SELECTs of the addresses we know and their country, empty when unknown; apps above add theirs in AppConfig.ready().
populations: list[str] = [
    "SELECT address, '' AS country FROM consent_standing WHERE channel = 'email'",
    (
        "SELECT address, '' AS country FROM consent_suppression"
        " WHERE channel = 'email' AND released_at IS NULL AND hashed_with = ''"
    ),
]
SLOW = 0.5  # seconds after which a count is kept for a minute
BATCHES = (500, 20_000, 1_000_000_000)


@dataclass(frozen=True)
class Counts:
    """One subscription type over all addresses we know."""

    subscription_type: SubscriptionType
    by_reason: Mapping[str, int] = field(default_factory=dict)  # "" is: may mail

    @property
    def total(self) -> int:
        return sum(self.by_reason.values())

    @property
    def may(self) -> int:
        return self.by_reason.get("", 0)

    @property
    def verify(self) -> int:
        return self.by_reason.get("verify_first", 0)

    @property
    def may_not(self) -> int:
        return self.total - self.may - self.verify


@dataclass(frozen=True)
class Found:
    address: str
    verdict: Verdict


@dataclass(frozen=True)
class Page:
    rows: Sequence[Found]
    after: str = ""  # the address behind which the next page begins; empty on the last


def counts(*, at: dt.datetime) -> list[Counts]:
    """Count every type in use; a count that took long is kept for a minute."""
    types = SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk")
    return [Counts(one, _by_reason(one, at)) for one in types]


def country_of(address: str) -> str:
    """Give the country of an address as the apps above know it; empty when nobody does."""
    parts = (f"SELECT country FROM ({part}) part WHERE address = %(address)s" for part in populations)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(country) FROM ({' UNION ALL '.join(parts)}) every", {"address": address})  # noqa: S608
        (country,) = cursor.fetchone()
    return str(country or "")


def page(
    subscription_type: SubscriptionType,
    *,
    at: dt.datetime,
    verdict: str = "",
    reason: str = "",
    words: str = "",
    after: str = "",
    limit: int = 50,
) -> Page:
    """List addresses in alphabetical order with their verdict, narrowed to a verdict, a reason or words."""
    found: list[Found] = []
    for size in BATCHES:
        some = _judged(subscription_type, _some(), at=at, words=words, after=after, size=size)
        found += [row for row in some if _fits(row.verdict, verdict, reason)]
        if len(found) > limit:
            return Page(found[:limit], found[limit - 1].address)
        if len(some) < size:
            break
        after = some[-1].address
    return Page(found)


def _fits(found: Verdict, verdict: str, reason: str) -> bool:
    return (not verdict or found.verdict == verdict) and (not reason or found.reason == reason)


def _by_reason(subscription_type: SubscriptionType, at: dt.datetime) -> Mapping[str, int]:
    key = f"consent:overview:{subscription_type.pk}"
    if kept := cache.get(key):
        return dict(kept)
    started = time.perf_counter()
    query = (
        f"WITH candidate AS ({everybody()}), judged AS ({gate.verdicts_sql()}) "  # noqa: S608
        "SELECT reason, count(*) FROM judged GROUP BY reason"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, gate.parameters("email", subscription_type.pk, at=at))
        result = dict(cursor.fetchall())
    if time.perf_counter() - started > SLOW:
        cache.set(key, result, 60)
    return result


def _some() -> str:
    """The next few addresses, each population giving its own few: an index serves each of them."""
    few = (
        f"(SELECT address, country FROM ({part}) part WHERE address > %(after)s AND address LIKE %(like)s "  # noqa: S608
        "ORDER BY address LIMIT %(size)s)"
        for part in populations
    )
    return f"{_once(few)} ORDER BY address LIMIT %(size)s"


def everybody() -> str:
    """Give a SELECT of all addresses we know, each once, with its country if anybody knows it."""
    return _once(populations)


def _once(parts: Iterable[str]) -> str:
    """Each address once, with its country if anybody knows it."""
    return f"SELECT address, max(country) AS country FROM ({' UNION ALL '.join(parts)}) every GROUP BY address"  # noqa: S608


def _judged(
    subscription_type: SubscriptionType, candidates: str, *, at: dt.datetime, words: str, after: str, size: int
) -> list[Found]:
    query = (
        f"WITH candidate AS MATERIALIZED ({candidates}), judged AS ({gate.verdicts_sql()}) "  # noqa: S608
        "SELECT address, verdict, reason, evidence, block FROM judged ORDER BY address"
    )
    escaped = words.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    asked: dict[str, Any] = {"after": after, "like": f"%{escaped}%", "size": size}
    with connection.cursor() as cursor:
        cursor.execute(query, gate.parameters("email", subscription_type.pk, at=at) | asked)
        return [
            Found(address, Verdict(Call(verdict), reason, evidence, None, block))
            for address, verdict, reason, evidence, block in cursor.fetchall()
        ]
