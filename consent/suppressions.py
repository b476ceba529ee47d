"""Addresses that may not be mailed: put on the list, taken off it where the law allows."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from consent import ledger, verdict
from consent.models import Purpose, SubscriptionType, Suppression, SuppressionReason

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


def add(
    channel: str,
    address: str,
    reason: str,
    *,
    subscription_type: SubscriptionType | None = None,
    evidence: Mapping[str, Any],
    actor: str,
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
    return add_many([block], actor=actor, now=now) == 1


def add_many(blocks: Iterable[Block], *, actor: str, now: dt.datetime) -> int:
    """Suppress many normalised addresses at once; give how many were not suppressed for that reason before.

    Whoever opts out (unsubscribed, objected, complained) also withdraws in the ledger, in the same transaction.
    """
    rows = [
        Suppression(
            channel=block.channel,
            address=block.address,
            subscription_type_id=block.subscription_type_id,
            reason=block.reason,
            evidence=dict(block.evidence),
            created_at=now,
            actor=actor,
        )
        for block in blocks
    ]
    with transaction.atomic():
        new = _without_known(rows)
        Suppression.objects.bulk_create(new, ignore_conflicts=True, batch_size=5000)
        ledger.record(list(_withdrawals(new, actor)), now=now)
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
        waiting = Suppression.objects.filter(pk=suppression.pk, released_at=None)
        if not waiting.update(released_at=now, released_by=by, released_because=because.strip()):
            return
        if suppression.reason == SuppressionReason.UNSUBSCRIBED:
            evidence = {"suppression": suppression.pk, "because": because.strip()}
            ledger.record(list(_acts([suppression], "restored", "staff", f"user:{by.pk}", evidence)), now=now)


def among(channel: str, addresses: Sequence[str]) -> dict[str, str]:
    """Give those of the addresses that are suppressed, for a type or for every mailing, with a reason. For imports."""
    with connection.cursor() as cursor:
        cursor.execute(AMONG, [channel, list(addresses)])
        return dict(cursor.fetchall())


# One array in place of thousands of parameters.
AMONG = """
SELECT address, min(reason) FROM consent_suppression
WHERE channel = %s AND released_at IS NULL AND address = ANY(%s) GROUP BY address
"""


def blocks_of(channel: str, address: str) -> list[verdict.Block]:
    """Give the active suppressions of one address, as `gate.judge` takes them."""
    return [
        verdict.Block(
            number=row.pk,
            address=row.address,
            channel=row.channel,
            subscription_type=row.subscription_type_id,
            reason=row.reason,
            created_at=row.created_at,
        )
        for row in Suppression.objects.filter(channel=channel, address=address, released_at=None)
    ]


def _without_known(rows: list[Suppression]) -> list[Suppression]:
    """Drop rows that the list already has, and twins; the unique constraint judges what comes in between."""
    active = Suppression.objects.filter(released_at=None, address__in={row.address for row in rows})
    seen: set[tuple[str, str, int | None, str]] = set(active.values_list("channel", "address", "subscription_type_id", "reason"))
    new = []
    for row in rows:
        key = (row.channel, row.address, row.subscription_type_id, row.reason)
        if key not in seen:
            seen.add(key)
            new.append(row)
    return new


def _withdrawals(rows: Iterable[Suppression], actor: str) -> Iterable[ledger.Entry]:
    leavers = [row for row in rows if row.reason in OPT_OUTS]
    return _acts(leavers, "withdrawn", "", actor, {}) if leavers else []


def _acts(
    rows: Iterable[Suppression], act: str, source: str, actor: str, evidence: Mapping[str, Any]
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
            )
