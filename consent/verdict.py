"""The judgement over one address, in plain values: no database, no clock.

The order is the reference's decision function: suppressions, class of address, opt-outs, best evidence that still
counts. The first refusal wins and unknown is no. `consent.gate` holds the same rules for a million rows in SQL;
a property test keeps the two together.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent import addresses

FOREVER = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)


class Call(StrEnum):
    ALLOW = "allow"
    VERIFY = "verify"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who would get the mail. `country` waits for the overlay of country law; unknown is empty."""

    address: str
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One act of the ledger, as far as the judgement needs it. `event` is its number and its place in the order."""

    event: int
    act: str  # given, confirmed, withdrawn, restored
    address: str
    channel: str = "email"
    purpose: int
    subscription_type: int | None = None  # None: the purpose as a whole
    source: str = ""
    kind: str = "none"
    actor: str = "self"
    acted_at: dt.datetime
    expires_at: dt.datetime | None = None

    @property
    def until(self) -> dt.datetime:
        return self.expires_at or FOREVER

    @property
    def is_own(self) -> bool:
        """Whether the person agreed by an act of their own: the only thing that beats an earlier opt-out."""
        return self.act in GIVING and self.kind == "explicit" and self.actor == "self"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An active suppression."""

    number: int
    address: str
    channel: str = "email"
    subscription_type: int | None = None  # None: every mailing
    reason: str
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """May we, and why: `reason` is empty when we may. `evidence` is the number of the ledger event it rests on."""

    verdict: Call
    reason: str = ""
    evidence: int | None = None
    until: dt.datetime | None = None  # for allow: from when on no longer; None: until withdrawn
    block: int | None = None  # number of the suppression that refused

    @property
    def words(self) -> str | Promise:
        """The reason in words."""
        return REASONS.get(self.reason, "")


GIVING = ("given", "confirmed")
NOBODYS_OPINION = Verdict(Call.REFUSE, "no_consent")

# What the gate says, in words that stand alone in a list. Audience and delivery add their own codes to theirs.
REASONS: dict[str, str | Promise] = {
    "erased": _("Asked to be erased"),
    "objection": _("Objected to marketing"),
    "unsubscribed": _("Unsubscribed"),
    "complained": _("Reported us as spam"),
    "hard_bounce": _("Address does not exist"),
    "blocked": _("Blocked by hand"),
    "invalid_address": _("Not a valid address"),
    "role_address": _("Address of a function, not of a person"),
    "withdrawn": _("Withdrew consent"),
    "verify_first": _("Must confirm first"),
    "expired": _("Consent has expired"),
    "no_consent": _("No consent"),
}

# Suppressions in the order in which they refuse; the code of the suppression, the code of the gate.
BLOCKS: tuple[tuple[str, str], ...] = (
    ("erased", "erased"),
    ("objection", "objection"),
    ("unsubscribed", "unsubscribed"),
    ("complained", "complained"),
    ("hard_bounce", "hard_bounce"),
    ("manual", "blocked"),
)


def judge(
    candidate: Candidate,
    evidence: Iterable[Evidence],
    blocks: Iterable[Block] = (),
    *,
    purpose: int,
    subscription_type: int | None,
    channel: str = "email",
    at: dt.datetime,
) -> Verdict:
    """Say whether this address may get marketing mail of this type, and why. Touches no database.

    Evidence and blocks of other addresses, channels, purposes and types are ignored: consent is bound to the exact
    address (HubSpot, double opt-in help). Evidence without a type speaks for every type of its purpose.
    """
    acts = [
        act
        for act in evidence
        if (act.address, act.channel, act.purpose) == (candidate.address, channel, purpose)
        and act.subscription_type in (None, subscription_type)
    ]
    own = max((act for act in acts if act.is_own), key=lambda act: act.event, default=None)
    standing = [
        block
        for block in blocks
        if (block.address, block.channel) == (candidate.address, channel)
        and block.subscription_type in (None, subscription_type)
        and not (block.reason == "unsubscribed" and _is_newer(own, block.created_at, at))
    ]
    return _blocked(standing) or _unsuitable(candidate.address) or _weigh(acts, own, at)


def _is_newer(own: Evidence | None, than: dt.datetime, at: dt.datetime) -> bool:
    """Say whether the person's last own yes came after an opt-out and still counts."""
    return own is not None and own.acted_at > than and own.until > at


def _blocked(blocks: Sequence[Block]) -> Verdict | None:
    for code, reason in BLOCKS:
        numbers = [block.number for block in blocks if block.reason == code]
        if numbers:
            return Verdict(Call.REFUSE, reason, block=min(numbers))
    return None


def _unsuitable(address: str) -> Verdict | None:
    if not addresses.has_shape(address):
        return Verdict(Call.REFUSE, "invalid_address")
    if addresses.is_role(address):
        return Verdict(Call.REFUSE, "role_address")
    return None


def _weigh(acts: Sequence[Evidence], own: Evidence | None, at: dt.datetime) -> Verdict:
    """Weigh opt-outs against evidence. After an opt-out only the person's own, later yes counts."""
    if no := _opted_out(acts):
        if own and own.event > no.event and _is_newer(own, no.acted_at, at):
            return Verdict(Call.ALLOW, evidence=own.event, until=own.expires_at)
        return Verdict(Call.REFUSE, "withdrawn", no.event)
    given = [act for act in acts if act.act in GIVING]
    for kind in ("explicit", "implicit"):
        best = _longest([act for act in given if act.kind == kind])
        if best and best.until > at:
            return Verdict(Call.ALLOW, evidence=best.event, until=best.expires_at)
    unconfirmed = [act for act in given if act.kind == "none"]
    if unconfirmed:
        return Verdict(Call.VERIFY, "verify_first", max(act.event for act in unconfirmed))
    if last := _longest(given):
        return Verdict(Call.REFUSE, "expired", last.event)
    return NOBODYS_OPINION


@dataclass(frozen=True, slots=True)
class _OptOut:
    event: int
    acted_at: dt.datetime


def _opted_out(acts: Sequence[Evidence]) -> _OptOut | None:
    """Find the opt-outs that still stand; one for all mailings is taken back for all, one for a type for that type.

    The moment and the place in the ledger are each the latest: in doubt (a clock stepped back) it is no.
    """
    standing: list[_OptOut] = []
    for scope in {act.subscription_type for act in acts}:
        noes = [act for act in acts if act.act == "withdrawn" and act.subscription_type == scope]
        undone = max((a.event for a in acts if a.act == "restored" and a.subscription_type == scope), default=0)
        if noes and max(no.event for no in noes) > undone:
            standing.append(_OptOut(max(no.event for no in noes), max(no.acted_at for no in noes)))
    if not standing:
        return None
    return _OptOut(max(no.event for no in standing), max(no.acted_at for no in standing))


def _longest(acts: Sequence[Evidence]) -> Evidence | None:
    return max(acts, key=lambda act: (act.until, act.event), default=None)
