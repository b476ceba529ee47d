"""Double opt-in: somebody is asked by mail, and only their own answer by POST makes it consent.

Nothing reaches the ledger before the confirmation, so nothing that is switched on or off later can make somebody
mailable who never answered. One address has one open request, and gets one mail a day at most, however often and
wherever it is typed in.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import addresses, ledger, overview, privacy_mail, suppressions
from consent.models import Confirmation, SubscriptionType
from consent.seen import NOTHING, Seen

A_DAY = dt.timedelta(days=1)
QUIET = dt.timedelta(days=30)  # after somebody said "this was not me"
MAILS = 3  # of one request
# Who is on the list for one of these is not written to, not even to ask.
NEVER_ASKED = frozenset({"objection", "complained", "hard_bounce", "manual"})
ONLY_THEMSELVES = frozenset({"unsubscribed", "paused", "erased"})  # what only the person's own act gets round


class State(StrEnum):
    WAITING = "waiting"  # the mail is not out yet
    ASKED = "asked"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    DECLINED = "declined"
    REPLACED = "replaced"  # by a newer request
    FAILED = "failed"  # the mail could not be handed over


class Outcome(StrEnum):
    ASKED = "asked"
    ALREADY = "already"  # asked within a day, or told us to leave them alone
    NEVER = "never"  # this address is not to be asked


OUTCOMES: dict[str, str | Promise] = {
    "asked": gettext_lazy("Asked"),
    "already": gettext_lazy("Was asked within a day, or said it was not them"),
    "never": gettext_lazy("May not be asked: blocked, or an address of a function"),
}


class CannotResend(ValueError):
    """The mail is not sent again; the message says why, fit to show a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who is to be asked for what, and how we came by the address.

    `evidence` holds what the source's rule names; `wording` is what they read when they gave the address; `original`
    is the entry of the ledger that waits to be confirmed; `actor` "self" when the person typed it in.
    """

    address: str
    subscription_types: Collection[SubscriptionType]
    source: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    wording: str = ""
    language: str = "en"
    original: int | None = None
    actor: str = "self"
    ip: str | None = None
    channel: str = "email"


def ask(request: Request, *, now: dt.datetime) -> Outcome:
    """Have a mail sent that asks for confirmation, unless the address was asked within a day or must not be asked."""
    if not request.subscription_types or not may_be_asked(request):
        return Outcome.NEVER
    who = {"channel": request.channel, "address": request.address}
    mine = Confirmation.objects.filter(**who)
    with transaction.atomic():
        opened = mine.select_for_update().filter(closed_at=None).first()
        if opened and opened.asked_at > now - A_DAY:
            return Outcome.ALREADY
        if mine.filter(declined=True, closed_at__gt=now - QUIET).exists():
            return Outcome.ALREADY
        if opened:
            opened.closed_at, opened.not_before = now, None
            opened.save(update_fields=["closed_at", "not_before"])
        made, is_new = Confirmation.objects.get_or_create(**who, closed_at=None, defaults=_columns(request, now))
        if is_new:
            made.subscription_types.set(request.subscription_types)
    return Outcome.ASKED if is_new else Outcome.ALREADY


def may_be_asked(request: Request) -> bool:
    """Say whether a mail may go there at all. Who left, or was erased, may come back; nobody else asks for them."""
    if addresses.is_role(request.address) or not addresses.has_shape(request.address):
        return False
    types = {one.pk for one in request.subscription_types}
    reasons = {
        block.reason
        for block in suppressions.blocks_of(request.channel, request.address)
        if block.subscription_type is None or block.subscription_type in types
    }
    forbidden = NEVER_ASKED if request.actor == "self" else NEVER_ASKED | ONLY_THEMSELVES
    return not reasons & forbidden


def path(key: str) -> str:
    """Give the path of the page on which somebody confirms."""
    return reverse("consent:confirm", args=[key])


def find(key: str) -> Confirmation | None:
    """Find the request that a link belongs to."""
    return Confirmation.objects.filter(key=key).first() if len(key) == 22 and key.isascii() else None


def state(asked: Confirmation, *, at: dt.datetime) -> State:
    """Say how a request stands."""
    if asked.confirmed_at:
        return State.CONFIRMED
    if asked.closed_at:
        return State.DECLINED if asked.declined else State.REPLACED
    if asked.expires_at <= at:
        return State.EXPIRED
    if asked.not_before:
        return State.WAITING
    return State.ASKED if asked.sent_at else State.FAILED


def confirm(asked: Confirmation, *, seen: Seen = NOTHING, now: dt.datetime) -> State:
    """Take the person's yes: an own, confirmed act in the ledger for each type, tied to the original evidence.

    The same click again changes nothing; what expired, was declined or replaced stays as it is. Somebody who was
    erased is back with it: nobody but the owner of the mailbox could answer.
    """
    with transaction.atomic():
        locked = Confirmation.objects.select_for_update().get(pk=asked.pk)
        if (stands := state(locked, at=now)) not in (State.ASKED, State.WAITING, State.FAILED):
            return stands
        locked.confirmed_at = locked.closed_at = now
        locked.not_before = None
        locked.save(update_fields=["confirmed_at", "closed_at", "not_before"])
        types = list(locked.subscription_types.order_by("pk"))
        recorded = ledger.record([_yes(locked, one, seen, now) for one in types], now=now)
        suppressions.let_back(locked.channel, locked.address, types, entry=recorded.first, now=now)
    privacy_mail.welcome(locked.address, language=locked.language, actor="system", now=now)
    return State.CONFIRMED


def decline(asked: Confirmation, *, now: dt.datetime) -> None:
    """Take "this was not me": nobody asks this address again for a month."""
    Confirmation.objects.filter(pk=asked.pk, closed_at=None).update(closed_at=now, declined=True, not_before=None)


def resend(asked: Confirmation, *, now: dt.datetime) -> None:
    """Have the mail sent once more, with the same link and all its days anew. Raises CannotResend."""
    with transaction.atomic():
        locked = Confirmation.objects.select_for_update().get(pk=asked.pk)
        if locked.closed_at:
            raise CannotResend(_("This request is closed"))
        if locked.mails >= MAILS:
            raise CannotResend(_("We asked three times; that is enough"))
        if locked.not_before or max(locked.asked_at, locked.sent_at or locked.asked_at) > now - A_DAY:
            raise CannotResend(_("At most one mail a day goes to an address"))
        if not may_be_asked(_request(locked)):
            raise CannotResend(_("This address may not be asked: it is blocked"))
        locked.not_before, locked.expires_at, locked.attempts, locked.problem = now, now + _life(), 0, ""
        locked.save(update_fields=["not_before", "expires_at", "attempts", "problem"])


def _columns(request: Request, now: dt.datetime) -> dict[str, Any]:
    return {
        "language": request.language,
        "wording": request.wording,
        "source": request.source,
        "evidence": dict(request.evidence),
        "original": request.original,
        "actor": request.actor,
        "ip": request.ip,
        "asked_at": now,
        "expires_at": now + _life(),
        "not_before": now,
    }


def _request(asked: Confirmation) -> Request:
    return Request(
        address=asked.address,
        channel=asked.channel,
        subscription_types=list(asked.subscription_types.all()),
        source=asked.source,
        actor=asked.actor,
    )


def _life() -> dt.timedelta:
    return dt.timedelta(days=settings.DOUBLE_OPT_IN_DAYS)


def _yes(asked: Confirmation, subscription_type: SubscriptionType, seen: Seen, now: dt.datetime) -> ledger.Entry:
    proof = {
        "asked_at": asked.asked_at.isoformat(),
        "mailed_at": asked.sent_at.isoformat() if asked.sent_at else "",
        "message_id": asked.message_id,
        "wording_before": asked.wording,
        "original": asked.original or 0,
    }
    entry = ledger.Entry(
        address=asked.address,
        channel=asked.channel,
        purpose=subscription_type.purpose_id,
        subscription_type=subscription_type.pk,
        act="confirmed",
        source=asked.source,
        evidence_on=timezone.localdate(now),
        evidence={**asked.evidence, **{key: value for key, value in proof.items() if value}},
        actor="self",
        country=overview.country_of(asked.address),
        wording=seen.wording or asked.wording,
        language=seen.language or asked.language,
        url=seen.url,
        ip=seen.ip,
        user_agent=seen.user_agent,
    )
    return replace(entry, url=entry.url or path("…"))
