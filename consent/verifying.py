"""The people who must confirm first: where they come from, what helps, and asking those we may ask."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from consent import double_opt_in, gate, overview, remedies
from consent.double_opt_in import Outcome, Request
from consent.models import ConsentDetail, SubscriptionType
from consent.remedies import Remedy

AT_ONCE = 500  # confirmations for one press of the button
# SELECTs of address and language; apps above add theirs in AppConfig.ready().
languages: list[str] = [
    "SELECT address, language FROM consent_optoutkey WHERE channel = 'email' AND language <> ''",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """What decides about the remedy of a person."""

    source: str
    country: str
    is_explicit: bool
    is_fresh: bool  # the evidence is younger than `remedies.JUST_NOW`

    @property
    def remedy(self) -> Remedy:
        age = dt.timedelta() if self.is_fresh else dt.timedelta.max
        return remedies.of(self.source, self.country, is_explicit=self.is_explicit, age=age)


@dataclass(frozen=True, slots=True)
class Group:
    """People from one source with one remedy; `open` of them were asked and may still answer."""

    source: str
    remedy: Remedy
    people: int
    open: int

    @property
    def askable(self) -> int:
        return self.people - self.open if self.remedy is Remedy.CONFIRM else 0


@dataclass(frozen=True, slots=True)
class Someone:
    """One person of the queue. `event` is the entry of the ledger that is to be confirmed."""

    address: str
    kind: Kind
    event: int
    is_open: bool


def groups(subscription_type: SubscriptionType, *, at: dt.datetime) -> list[Group]:
    """Count those who must confirm before they get mail of this type, by source and remedy."""
    people: Counter[tuple[str, Remedy]] = Counter()
    waiting: Counter[tuple[str, Remedy]] = Counter()
    for source, country, explicit, fresh, is_open, count in _rows(COUNT, subscription_type, at):
        key = (source, Kind(source, country, explicit, fresh).remedy)
        people[key] += count
        waiting[key] += count if is_open else 0
    found = [Group(source, remedy, count, waiting[source, remedy]) for (source, remedy), count in people.items()]
    return sorted(found, key=lambda group: (list(Remedy).index(group.remedy), -group.people, group.source))


def people(
    subscription_type: SubscriptionType, *, at: dt.datetime, sources: Sequence[str], after: str = "", limit: int = 50
) -> list[Someone]:
    """List people of the queue by address, as far as they came from these sources."""
    asked = {"sources": list(sources), "after": after, "limit": limit}
    rows = _rows(LIST, subscription_type, at, asked)
    return [
        Someone(address, Kind(source, country, explicit, fresh), event, is_open)
        for address, event, source, country, explicit, fresh, is_open in rows
    ]


def ask(subscription_type: SubscriptionType, *, actor: str, now: dt.datetime, most: int = AT_ONCE) -> dict[str, int]:
    """Ask everybody of the queue whom we may ask by mail and have not asked; give how many came to which outcome."""
    outcomes: Counter[str] = Counter()
    for some in _batches(subscription_type, now):
        chosen = [one for one in some if one.kind.remedy is Remedy.CONFIRM and not one.is_open]
        spoken = _languages([one.address for one in chosen])
        proofs = ConsentDetail.objects.in_bulk([one.event for one in chosen])
        for one in chosen:
            language = spoken.get(one.address, settings.LANGUAGE_CODE)
            request = _request(one, proofs[one.event], subscription_type, language, actor)
            outcomes[double_opt_in.ask(request, now=now)] += 1
            if outcomes[Outcome.ASKED] >= most:
                return dict(outcomes)
    return dict(outcomes)


def _batches(subscription_type: SubscriptionType, at: dt.datetime, size: int = 1000) -> Iterable[list[Someone]]:
    after, sources = "", [group.source for group in groups(subscription_type, at=at) if group.askable]
    while some := people(subscription_type, at=at, sources=sources, after=after, limit=size):
        yield some
        after = some[-1].address


def _request(
    one: Someone, proof: ConsentDetail, subscription_type: SubscriptionType, language: str, actor: str
) -> Request:
    return Request(
        address=one.address,
        subscription_types=[subscription_type],
        source=one.kind.source,
        evidence=proof.evidence,
        wording=proof.wording,
        language=language,
        original=one.event,
        actor=actor,
    )


def spoken(address: str) -> str:
    """Give the language of an address; the house's own when nobody knows."""
    return _languages([address]).get(address, settings.LANGUAGE_CODE)


def _languages(addresses: Sequence[str]) -> dict[str, str]:
    """The language of each address, as far as anybody knows it; what the person chose goes first."""
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        for part in reversed(languages):
            cursor.execute(f"SELECT address, language FROM ({part}) part WHERE address = ANY(%s)", [list(addresses)])  # noqa: S608
            found |= {address: language for address, language in cursor.fetchall() if language}
    return found


def _rows(query: str, subscription_type: SubscriptionType, at: dt.datetime, asked: Any = None) -> list[Any]:
    sql = QUEUE.replace("{populations}", overview.everybody()).replace("{judged}", gate.verdicts_sql()) + query
    values = gate.parameters("email", subscription_type.pk, at=at) | (asked or {})
    with connection.cursor() as cursor:
        cursor.execute(sql, values | {"queue_at": at, "queue_fresh": (at - remedies.JUST_NOW).date()})
        return list(cursor.fetchall())


QUEUE = """
WITH candidate AS ({populations}), judged AS ({judged}), queue AS (
    SELECT j.address, e.id AS event, e.source, j.country, e.kind = 'explicit' AS is_explicit,
        coalesce(e.evidence_on, e.acted_at::date) >= %(queue_fresh)s AS is_fresh,
        EXISTS (SELECT FROM consent_confirmation c WHERE c.address = j.address AND c.channel = 'email'
            AND (c.closed_at IS NULL AND c.expires_at > %(queue_at)s
                OR c.declined AND c.closed_at > %(queue_at)s - interval '30 days')) AS is_open
    FROM judged j JOIN consent_consentevent e ON e.id = j.evidence
    WHERE j.verdict = 'verify'
)
"""
COUNT = """
SELECT source, country, is_explicit, is_fresh, is_open, count(*) FROM queue
GROUP BY source, country, is_explicit, is_fresh, is_open
"""
LIST = """
SELECT address, event, source, country, is_explicit, is_fresh, is_open FROM queue
WHERE address > %(after)s AND source = ANY(%(sources)s) ORDER BY address LIMIT %(limit)s
"""
