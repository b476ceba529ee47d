"""Addresses that may not be mailed: put on the list, taken off it where the law allows."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from consent import ledger, pseudonyms, verdict
from consent.models import Purpose, SubscriptionType, Suppression, SuppressionReason
from consent.seen import NOTHING, Seen

# What only the person can take back; nobody else lifts it.
FINAL = frozenset({SuppressionReason.COMPLAINED, SuppressionReason.OBJECTION, SuppressionReason.ERASED})
OPT_OUTS = frozenset({SuppressionReason.UNSUBSCRIBED, SuppressionReason.OBJECTION, SuppressionReason.COMPLAINED})


class MayNotRelease(Exception):
    """This suppression cannot be released; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One address to be suppressed; `evidence` is JSON (the bounce's words, the mailing's number)."""

    address: str
    reason: str
    channel: str = "email"
    subscription_type_id: int | None = None  # None: every mailing
    evidence: Mapping[str, Any] = field(default_factory=dict)
    until: dt.datetime | None = None  # when it is over by itself


def add(
    channel: str,
    address: str,
    reason: str,
    *,
    subscription_type: SubscriptionType | None = None,
    evidence: Mapping[str, Any],
    actor: str,
    seen: Seen = NOTHING,
    now: dt.datetime,
) -> bool:
    """Suppress one normalised address, for one type or (None) for every mailing. False: it already was."""
    block = Block(
        channel=channel,
        address=address,
        reason=reason,
        subscription_type_id=subscription_type.pk if subscription_type else None,
        evidence=evidence,
    )
    return add_many([block], actor=actor, seen=seen, now=now) == 1


def add_many(blocks: Iterable[Block], *, actor: str, seen: Seen = NOTHING, now: dt.datetime) -> int:
    """Suppress many normalised addresses at once; give how many were not suppressed for that reason before.

    Whoever opts out (unsubscribed, objected, complained) also withdraws in the ledger, in the same transaction.
    """
    rows = sorted(blocks, key=lambda block: block.address)  # one order for all, so that nobody waits in a circle
    with transaction.atomic():
        new = _insert(rows, actor, now)
        ledger.record(list(_withdrawals(new, actor, seen)), now=now)
    return len(new)


def release(suppression: Suppression, *, by: Any, because: str, now: dt.datetime) -> None:
    """Take a suppression off the list, with a reason, on behalf of a user.

    Refuses what only the person can take back (`MayNotRelease`). An unsubscription is restored in the ledger too,
    under the user's name: it is never lifted silently.
    """
    if suppression.reason in FINAL:
        raise MayNotRelease(_("Only the person can take this back"))
    if not because.strip():
        raise MayNotRelease(_("Say why"))
    with transaction.atomic():
        ledger.lock()  # before the row, as an own yes that releases it would take them
        waiting = Suppression.objects.filter(pk=suppression.pk, released_at=None)
        if not waiting.update(released_at=now, released_by=by, released_because=because.strip()):
            return
        if suppression.reason == SuppressionReason.UNSUBSCRIBED:
            evidence = {"suppression": suppression.pk, "because": because.strip()}
            ledger.record(list(_acts([suppression], "restored", "staff", f"user:{by.pk}", evidence)), now=now)


def let_back(channel: str, address: str, types: Iterable[SubscriptionType], *, entry: int, now: dt.datetime) -> int:
    """Lift what holds an erased address back, because its owner confirmed anew (the ledger's `entry`); give how many.

    An unsubscription from before the erasure is lifted for the types that they confirmed; an objection stays.
    """
    hashed = Q(reason=SuppressionReason.ERASED)
    hashed |= Q(reason=SuppressionReason.UNSUBSCRIBED) & (Q(subscription_type=None) | Q(subscription_type__in=types))
    held_back = rows_of(channel, address).filter(hashed, released_at=None, created_at__lt=now).exclude(hashed_with="")
    return held_back.update(released_at=now, released_because=f"ledger:{entry}")


def came_back(pseudonym: str, *, since: dt.datetime) -> bool:
    """Say whether the owner of an erased address confirmed anew after it was erased."""
    return Suppression.objects.filter(
        address=pseudonym,
        reason=SuppressionReason.ERASED,
        released_at__gte=since,
        released_because__startswith="ledger:",
    ).exists()


def end_due(reason: str, *, now: dt.datetime) -> int:
    """Lift the suppressions for this reason whose time is over; give how many."""
    over = Suppression.objects.filter(reason=reason, released_at=None, until__lte=now)
    return over.update(released_at=now, released_because="over")


def among(channel: str, addresses: Sequence[str]) -> dict[str, str]:
    """Give those of the addresses that are suppressed, for a type or for every mailing, with a reason. For imports."""
    with connection.cursor() as cursor:
        if _somebody_is_erased():
            cursor.execute(AMONG, _asked(channel, addresses))
        else:
            cursor.execute(AMONG_NAMED, {"channel": channel, "addresses": "\x1f".join(addresses)})
        return dict(cursor.fetchall())


def erased_among(channel: str, addresses: Iterable[str]) -> set[str]:
    """Give those of the addresses whose owner asked to be erased: they are not to be written down again."""
    if not _somebody_is_erased():
        return set()
    with connection.cursor() as cursor:
        cursor.execute(ERASED, _asked(channel, addresses))
        return {address for (address,) in cursor.fetchall()}


def _somebody_is_erased() -> bool:
    """Most houses have nobody to compare with, and need no pseudonyms."""
    return Suppression.objects.exclude(hashed_with="").exists()


def _asked(channel: str, addresses: Iterable[str]) -> dict[str, Any]:
    return {"gate_channel": channel, "addresses": list(addresses), **pseudonyms.parameters()}


# (One text: psycopg takes longer to write a list of thousands than PostgreSQL to look them up.)
AMONG_NAMED = """
SELECT address, min(s.reason)
FROM unnest(string_to_array(%(addresses)s, chr(31))) asked(address) JOIN consent_suppression s USING (address)
WHERE s.channel = %(channel)s AND s.released_at IS NULL GROUP BY address
"""
# One array in place of thousands of parameters.
AMONG = f"""
WITH asked AS (SELECT unnest(%(addresses)s::text[]) AS address)
SELECT address, min(reason) FROM (
    SELECT s.address, s.reason FROM consent_suppression s
    WHERE s.channel = %(gate_channel)s AND s.released_at IS NULL AND s.address = ANY(%(addresses)s)
    UNION ALL
    SELECT named.address, s.reason
    FROM ({pseudonyms.named_sql("asked")}) named JOIN consent_suppression s ON s.address = named.pseudonym
    WHERE s.channel = %(gate_channel)s AND s.released_at IS NULL
) found GROUP BY address
"""  # noqa: S608 - our own text
ERASED = f"""
WITH asked AS (SELECT unnest(%(addresses)s::text[]) AS address)
SELECT DISTINCT named.address
FROM ({pseudonyms.named_sql("asked")}) named JOIN consent_suppression s ON s.address = named.pseudonym
WHERE s.channel = %(gate_channel)s AND s.released_at IS NULL AND s.reason = 'erased'
"""  # noqa: S608 - our own text


def blocks_of(channel: str, address: str) -> list[verdict.Block]:
    """Give the active suppressions of one address, as `gate.judge` takes them."""
    return [
        verdict.Block(
            number=row.pk,
            address=address,
            channel=row.channel,
            subscription_type=row.subscription_type_id,
            reason=row.reason,
            created_at=row.created_at,
        )
        for row in rows_of(channel, address).filter(released_at=None)
    ]


def rows_of(channel: str, address: str) -> QuerySet[Suppression]:
    """Give the suppressions of an address, also those that know it by its pseudonym only."""
    return Suppression.objects.filter(channel=channel, address__in=[address, *pseudonyms.every(channel, address)])


def _insert(blocks: Sequence[Block], actor: str, now: dt.datetime) -> list[Suppression]:
    """Write what the list does not have yet; the unique constraint is the judge, also of twins and of a race."""
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            {
                "channels": [block.channel for block in blocks],
                "addresses": [block.address for block in blocks],
                "types": [block.subscription_type_id for block in blocks],
                "reasons": [str(block.reason) for block in blocks],
                "evidence": [json.dumps(dict(block.evidence)) for block in blocks],
                "untils": [block.until for block in blocks],
                "now": now,
                "actor": actor,
            },
        )
        numbers = [row[0] for row in cursor.fetchall()]
    return list(Suppression.objects.filter(pk__in=numbers).order_by("pk"))


def _withdrawals(rows: Iterable[Suppression], actor: str, seen: Seen) -> Iterable[ledger.Entry]:
    leavers = [row for row in rows if row.reason in OPT_OUTS]
    return _acts(leavers, "withdrawn", "", actor, {}, seen) if leavers else []


def _acts(
    rows: Iterable[Suppression],
    act: str,
    source: str,
    actor: str,
    evidence: Mapping[str, Any],
    seen: Seen = NOTHING,
) -> Iterable[ledger.Entry]:
    """One act per purpose that the suppression covers: that of its type, or every purpose there is."""
    purposes = dict(SubscriptionType.objects.values_list("pk", "purpose_id"))
    every = list(Purpose.objects.order_by("pk").values_list("pk", flat=True))
    for row in rows:
        for purpose in every if row.subscription_type_id is None else [purposes[row.subscription_type_id]]:
            yield ledger.Entry(
                address=row.address,
                channel=row.channel,
                purpose=purpose,
                subscription_type=row.subscription_type_id,
                act=act,
                source=source or row.reason,
                evidence=evidence or row.evidence,
                actor=actor,
                wording=seen.wording,
                language=seen.language,
                url=seen.url,
                ip=seen.ip,
                user_agent=seen.user_agent,
            )


INSERT = """
INSERT INTO consent_suppression (channel, address, subscription_type_id, reason, evidence, created_at, actor,
    released_because, until)
SELECT channel, address, type, reason, evidence::jsonb, %(now)s, %(actor)s, '', until
FROM unnest(%(channels)s::text[], %(addresses)s::text[], %(types)s::bigint[], %(reasons)s::text[],
    %(evidence)s::text[], %(untils)s::timestamptz[]) AS row (channel, address, type, reason, evidence, until)
ON CONFLICT DO NOTHING
RETURNING id
"""
