"""Consent of many at once: what staff write down about a whole list, with the reason why.

A yes needs a source with its evidence, as everywhere; it never lifts what somebody took back themselves. A no is an
unsubscription like any other: in the list of blocked addresses and in the ledger, under the name of who wrote it down.
"""

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from consent import ledger, suppressions
from consent.models import SubscriptionType, SuppressionReason
from consent.suppressions import Block

SIZE = 5_000  # addresses a transaction holds the end of the ledger for


class NoReason(ValueError):
    """Consent of many is not changed without saying why; the message is fit to show a person."""


def give(
    addresses: Iterable[str],
    subscription_types: Sequence[SubscriptionType],
    *,
    source: str,
    evidence_on: dt.date | None,
    evidence: Mapping[str, Any],
    because: str,
    actor: str,
    box_ticked: bool = False,
    channel: str = "email",
    now: dt.datetime,
) -> ledger.Recorded:
    """Write down that these normalised addresses agreed to these types; give how much was new and how much known.

    Raises `NoReason`, and `ledger.NotEvidence` when the source never counts or its evidence is not complete: then
    nothing is written, because the first batch finds it out.
    """
    kept = dict(evidence) | {"because": _reason(because)}
    new = known = first = last = 0
    for some in itertools.batched(dict.fromkeys(addresses), SIZE, strict=False):
        entries = [
            ledger.Entry(
                address=address,
                channel=channel,
                purpose=one.purpose_id,
                subscription_type=one.pk,
                source=source,
                evidence_on=evidence_on,
                evidence=kept,
                box_ticked=box_ticked,
                actor=actor,
            )
            for address in some
            for one in subscription_types
        ]
        recorded = ledger.record(entries, now=now)
        new, known = new + recorded.new, known + recorded.known
        first, last = first or recorded.first, recorded.last or last
    return ledger.Recorded(new, known, first, last)


def refuse(
    addresses: Iterable[str],
    subscription_types: Sequence[SubscriptionType] | None,
    *,
    because: str,
    actor: str,
    channel: str = "email",
    now: dt.datetime,
) -> int:
    """Write down that these normalised addresses want these types (None: nothing) no more; give how many were new."""
    evidence = {"how": "bulk", "because": _reason(because)}
    types = [None] if subscription_types is None else [one.pk for one in subscription_types]
    new = 0
    for some in itertools.batched(dict.fromkeys(addresses), SIZE, strict=False):
        blocks = [
            Block(
                address=address,
                channel=channel,
                reason=SuppressionReason.UNSUBSCRIBED,
                subscription_type_id=one,
                evidence=evidence,
            )
            for address in some
            for one in types
        ]
        new += suppressions.add_many(blocks, actor=actor, now=now)
    return new


def _reason(because: str) -> str:
    if words := because.strip():
        return words[:1000]
    raise NoReason(_("Say why"))
