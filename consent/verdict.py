"""The judgement over one address, in plain values: no database, no clock.

The order is the reference's decision function: suppressions, class of address, opt-outs, best evidence that still
counts and that the law of the country accepts. The first refusal wins and unknown is no. `consent.gate` holds the same
rules for a million rows in SQL; a property test keeps the two together.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent import addresses
from consent.law import LACKING, SHIPPED, Cell, Demand, Law, Regime, clock_ends_at, regime_at

FOREVER = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)


class Call(StrEnum):
    ALLOW = "allow"
    VERIFY = "verify"
    REFUSE = "refuse"


class MessageClass(StrEnum):
    """What kind of message it is decides whether consent is asked for at all."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"  # about an order, an account, an agreement
    ONE_TO_ONE = "one_to_one"  # one recipient, written and sent by a named user
    FORM_RESPONSE = "form_response"  # the answer to what they just sent; with promotion in it, it is marketing


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who would get the message. `country` is a code (ISO 3166-1); unknown is empty."""

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
    evidence_on: dt.date | None = None
    is_soft: bool = False  # with the three conditions of soft opt-in

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

    @property
    def is_final(self) -> bool:
        """Whether no override passes over it."""
        return self.reason in FINAL or (self.reason == "unsubscribed" and self.subscription_type is None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """May we, and why: `reason` is empty when we may. `evidence` is the number of the ledger event it rests on."""

    verdict: Call
    reason: str = ""
    evidence: int | None = None
    until: dt.datetime | None = None  # for allow: from when on no longer; None: until withdrawn
    block: int | None = None  # number of the suppression that refused
    waived: str = ""  # the reason that an override passed over

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
    "soft_bounces": _("Mail to it kept coming back"),
    "blocked": _("Blocked by hand"),
    "paused": _("Asked for a pause"),
    "resting": _("Asked for less mail, and had some lately"),
    "invalid_address": _("Not a valid address"),
    "role_address": _("Address of a function, not of a person"),
    "withdrawn": _("Withdrew consent"),
    "confirm_needed": _("The law there asks for a confirmed yes"),
    "soft_opt_in": _("Soft opt-in is not complete"),
    "explicit_needed": _("The law there asks for an explicit yes"),
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
    ("soft_bounces", "soft_bounces"),  # for a while: mailings.returned
    ("manual", "blocked"),
    ("paused", "paused"),  # ends by itself: consent.preferences
    ("resting", "resting"),  # ends by itself: mailings.rests
)

# The suppressions that a class of message respects; all but marketing go without consent and to functions too.
RESPECTED: Mapping[MessageClass, frozenset[str]] = {
    MessageClass.MARKETING: frozenset(code for code, _reason in BLOCKS),
    MessageClass.TRANSACTIONAL: frozenset({"erased", "hard_bounce", "manual"}),
    MessageClass.ONE_TO_ONE: frozenset({"erased", "objection", "hard_bounce", "manual"}),
    MessageClass.FORM_RESPONSE: frozenset({"erased", "hard_bounce", "manual"}),
}


# What no override passes over; nor an unsubscription from everything. The rest is a matter of consent.
FINAL = frozenset({"erased", "objection", "complained", "hard_bounce", "manual"})


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when the question is asked: what the country's law has to say about this channel."""

    channel: str
    regime: Regime
    at: dt.datetime
    zone: dt.tzinfo
    law: Law

    @property
    def needs_no_consent(self) -> bool:
        return self.law.needs_no_consent(self.channel, self.regime)

    @property
    def must_be_confirmed(self) -> bool:
        return self.law.must_be_confirmed(self.channel, self.regime)

    def cell(self, source: str) -> Cell:
        return self.law.cell(self.channel, source, self.regime)

    def until(self, act: Evidence) -> dt.datetime:
        """Give the moment until which evidence counts: the table's or the law's own clock, whichever is earlier."""
        if act.kind == "explicit":
            return act.until
        return min(act.until, clock_ends_at(self.cell(act.source), act.evidence_on, self.zone) or FOREVER)

    def longest(self, acts: Sequence[Evidence]) -> Evidence | None:
        return max(acts, key=lambda act: (self.until(act), act.event), default=None)

    def lacks(self, act: Evidence) -> str:
        """Give the reason for which the law does not accept evidence that is not explicit; nothing if it does."""
        demand = self.cell(act.source).demand
        if demand is Demand.NOTHING or (demand is Demand.SOFT and act.is_soft):
            return ""
        return LACKING[demand]


def judge(
    candidate: Candidate,
    evidence: Iterable[Evidence],
    blocks: Iterable[Block] = (),
    *,
    purpose: int,
    subscription_type: int | None,
    channel: str = "email",
    message_class: MessageClass = MessageClass.MARKETING,
    override: bool = False,
    at: dt.datetime,
    zone: dt.tzinfo,
    law: Law = SHIPPED,
    roles: Collection[str] = addresses.ROLES,
) -> Verdict:
    """Say whether this address may get a message of this type, and why. Touches no database.

    Evidence and blocks of other addresses, channels, purposes and types are ignored: consent is bound to the exact
    address (HubSpot, double opt-in help). Evidence without a type speaks for every type of its purpose. `zone` is the
    sender's time zone, in which days begin. `override`: two people decided that this message goes out without consent.
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
        and block.reason in RESPECTED[message_class]
        and not (block.reason == "unsubscribed" and _is_newer(own, block.created_at, at))
    ]
    where = Setting(channel, regime_at(candidate.country, channel, candidate.address), at, zone, law)
    found = _decide(candidate, acts, own, standing, message_class, roles, where)
    return _overridden(found, standing) if override else found


def _decide(
    candidate: Candidate,
    acts: Sequence[Evidence],
    own: Evidence | None,
    standing: Sequence[Block],
    message_class: MessageClass,
    roles: Collection[str],
    where: Setting,
) -> Verdict:
    if refused := _blocked(standing) or _unsuitable(candidate.address, where.channel, message_class, roles):
        return refused
    if message_class is not MessageClass.MARKETING:
        return Verdict(Call.ALLOW)
    return _weigh(acts, own, where)


def _overridden(found: Verdict, standing: Sequence[Block]) -> Verdict:
    """Let the message through in spite of its reason, unless the reason is final."""
    if refused := _blocked([block for block in standing if block.is_final]):
        return refused
    if found.verdict is Call.ALLOW or found.reason == "invalid_address":
        return found
    return replace(found, verdict=Call.ALLOW, reason="", until=None, waived=found.reason)


def _is_newer(own: Evidence | None, than: dt.datetime, at: dt.datetime) -> bool:
    """Say whether the person's last own yes came after an opt-out and still counts."""
    return own is not None and own.acted_at > than and own.until > at


def _blocked(blocks: Sequence[Block]) -> Verdict | None:
    for code, reason in BLOCKS:
        numbers = [block.number for block in blocks if block.reason == code]
        if numbers:
            return Verdict(Call.REFUSE, reason, block=min(numbers))
    return None


def _unsuitable(address: str, channel: str, message_class: MessageClass, roles: Collection[str]) -> Verdict | None:
    if not addresses.has_shape(address, channel):
        return Verdict(Call.REFUSE, "invalid_address")
    if channel == "email" and message_class is MessageClass.MARKETING and addresses.is_role(address, roles):
        return Verdict(Call.REFUSE, "role_address")
    return None


def _weigh(acts: Sequence[Evidence], own: Evidence | None, where: Setting) -> Verdict:
    """Weigh opt-outs against evidence. After an opt-out only the person's own, later yes counts."""
    if no := _opted_out(acts):
        return _weigh_again(acts, own, no, where)
    if where.needs_no_consent:
        return Verdict(Call.ALLOW)
    given = [act for act in acts if act.act in GIVING]
    return _explicit(given, where) or _implicit(given, where) or _not_yet(given, where)


def _weigh_again(acts: Sequence[Evidence], own: Evidence | None, no: "_OptOut", where: Setting) -> Verdict:
    if own is None or not _answers(own, no, where.at):
        return Verdict(Call.REFUSE, "withdrawn", no.event)
    if not where.must_be_confirmed:
        return Verdict(Call.ALLOW, evidence=own.event, until=own.expires_at)
    confirmations = [act for act in acts if act.is_own and act.act == "confirmed"]
    confirmed = max(confirmations, key=lambda act: act.event, default=None)
    if confirmed and _answers(confirmed, no, where.at):
        return Verdict(Call.ALLOW, evidence=confirmed.event, until=confirmed.expires_at)
    return Verdict(Call.VERIFY, "confirm_needed", own.event)


def _answers(own: Evidence, no: "_OptOut", at: dt.datetime) -> bool:
    return own.event > no.event and _is_newer(own, no.acted_at, at)


def _explicit(given: Sequence[Evidence], where: Setting) -> Verdict | None:
    enough = [
        act for act in given if act.kind == "explicit" and (act.act == "confirmed" or not where.must_be_confirmed)
    ]
    best = where.longest(enough)
    if best and best.until > where.at:
        return Verdict(Call.ALLOW, evidence=best.event, until=best.expires_at)
    return None


def _implicit(given: Sequence[Evidence], where: Setting) -> Verdict | None:
    enough = [act for act in given if act.kind == "implicit" and not where.lacks(act)]
    best = where.longest(enough)
    if best and where.until(best) > where.at:
        until = where.until(best)
        return Verdict(Call.ALLOW, evidence=best.event, until=None if until == FOREVER else until)
    return None


def _not_yet(given: Sequence[Evidence], where: Setting) -> Verdict:
    """Say what is missing: a yes that the law accepts, a confirmation, fresher evidence, or all of it."""
    explicit = where.longest([act for act in given if act.kind == "explicit"])
    if explicit and explicit.until > where.at:  # explicit, and yet not enough
        return Verdict(Call.VERIFY, "confirm_needed", explicit.event)
    short = where.longest([act for act in given if act.kind == "implicit" and where.lacks(act)])
    if short and where.until(short) > where.at:
        return Verdict(Call.VERIFY, where.lacks(short), short.event)
    if unconfirmed := [act.event for act in given if act.kind == "none"]:
        return Verdict(Call.VERIFY, "verify_first", max(unconfirmed))
    if last := where.longest(given):
        return Verdict(Call.REFUSE, "expired", last.event, where.until(last))
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
