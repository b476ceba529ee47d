"""What if: the judgement over an imagined case, without anybody's data. Pure.

A case becomes the acts that the ledger would hold, and the gate's own `judge` decides about them; only what the
ledger would never take (a refused source, evidence that is not complete) is answered here.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import phonenumbers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent import addresses, gate, law, rules
from consent.verdict import Call, Evidence, MessageClass, Verdict

TYPE = 1  # the one purpose and subscription type of an imagined case
SOMEBODY = {"email": "somebody@example.org", "sms": "+31612345678", "letter": "Somebody"}

# What an imagined case can be told beside the gate's own reasons.
REASONS: dict[str, str | Promise] = {
    **gate.REASONS,
    "refused_source": _("This source never counts"),
    "no_evidence": _("The evidence is not complete"),
    # and why somebody may be mailed
    "confirmed": _("They agreed and confirmed it"),
    "explicit": _("They agreed by an act of their own"),
    "implicit": _("They gave the address for business with you"),
    "soft_opt_in_complete": _("They are a customer, and soft opt-in is complete"),
    "no_consent_needed": _("The law asks for no consent here, only that nobody objected"),
    "not_marketing": _("This is no marketing, so consent is not asked for"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An imagined case. `evidence_date`: the source's evidence is complete as of that day; None: it is not."""

    source: str = ""  # a code of the rule table; empty is unknown
    evidence_date: dt.date | None = None
    explicit: bool = False
    confirmed: bool = False
    soft_opt_in: bool = False
    address: str = ""  # empty: an ordinary address of a person
    country: str = ""
    channel: str = "email"
    message_class: MessageClass = MessageClass.MARKETING
    at: dt.datetime
    overlay: bool = True  # False: the rule table alone


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict over a case. `until`: from when on it is over; None: until withdrawn, or not allowed."""

    verdict: Call
    reason: str
    until: dt.datetime | None = None

    @property
    def words(self) -> str | Promise:
        return REASONS[self.reason]


def judge(
    case: Case,
    *,
    zone: dt.tzinfo,
    sources: Mapping[str, rules.SourceRule] = rules.SOURCES,
    matrix: law.Law = law.SHIPPED,
    roles: Collection[str] = addresses.ROLES,
) -> Answer:
    """Say what the gate would say. `zone` is the sender's time zone, in which days begin."""
    rule = sources[case.source or rules.UNKNOWN]
    matrix = matrix if case.overlay else law.NONE
    try:
        address = _address(case)
    except addresses.InvalidAddress:
        return Answer(Call.REFUSE, "invalid_address")
    acts = list(_acts(case, rule, address, zone))
    found = gate.judge(
        gate.Candidate(address, case.country),
        acts,
        purpose=TYPE,
        subscription_type=TYPE,
        channel=case.channel,
        message_class=case.message_class,
        at=case.at,
        zone=zone,
        law=matrix,
        roles=roles,
    )
    if case.message_class is not MessageClass.MARKETING or found.reason in ("invalid_address", "role_address"):
        return Answer(found.verdict, found.reason or "not_marketing")
    if rule.status is rules.Status.REFUSED and rule.code != rules.UNKNOWN:
        return Answer(Call.REFUSE, "role_address" if rule.code == "role_address" else "refused_source")
    regime = law.regime_at(case.country, case.channel, address)
    return _answer(found, rule, acts, matrix.cell(case.channel, rule.code, regime).demand)


def _address(case: Case) -> str:
    if not case.address:
        return SOMEBODY[case.channel]
    if case.channel == "email":
        return addresses.normalise(case.address)
    return _number(case) if case.channel == "sms" else case.address.strip()


def _number(case: Case) -> str:
    """Give a telephone number as E.164 has it; one without a country's digits is a number of the case's country."""
    region = {law.Regime.UK: "GB"}.get(law.regime_of(case.country), str(law.regime_of(case.country)))
    try:
        number = phonenumbers.parse(case.address, region)
    except phonenumbers.NumberParseException:
        return case.address
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _acts(case: Case, rule: rules.SourceRule, address: str, zone: dt.tzinfo) -> Iterator[Evidence]:
    """Give the acts that the ledger would hold: the source's own, the box that was ticked, the confirmation."""
    today = case.at.astimezone(zone).date()
    is_shown = case.evidence_date is not None and case.evidence_date <= today
    if rule.status is rules.Status.REFUSED:
        return

    def act(number: int, kind: rules.Kind, *, act: str = "given", expires_at: dt.datetime | None = None) -> Evidence:
        return Evidence(
            event=number,
            act=act,
            address=address,
            channel=case.channel,
            purpose=TYPE,
            subscription_type=TYPE,
            source=rule.code,
            kind=kind.value,
            acted_at=case.at,
            expires_at=expires_at,
            evidence_on=case.evidence_date,
            is_soft=case.soft_opt_in,
        )

    if rule.status is rules.Status.VERIFY:
        yield act(1, rules.Kind.NONE)
    elif is_shown and case.evidence_date:
        yield act(1, rule.kind, expires_at=rules.expires_at(rule, case.evidence_date, zone))
        if case.explicit and rule.kind is not rules.Kind.EXPLICIT:
            yield act(2, rules.Kind.EXPLICIT)
    if case.confirmed and (is_shown or case.evidence_date is None):
        yield act(3, rules.Kind.EXPLICIT, act="confirmed")


def _answer(found: Verdict, rule: rules.SourceRule, acts: list[Evidence], demand: law.Demand) -> Answer:
    if found.reason == "no_consent" and rule.status is rules.Status.ALLOWED:
        return Answer(found.verdict, "no_evidence")
    if found.verdict is not Call.ALLOW:
        return Answer(found.verdict, found.reason)
    basis = next((act for act in acts if act.event == found.evidence), None)
    if basis is None:
        return Answer(Call.ALLOW, "no_consent_needed")
    if basis.act == "confirmed":
        return Answer(Call.ALLOW, "confirmed")
    if basis.kind == "implicit" and demand is law.Demand.SOFT:
        return Answer(Call.ALLOW, "soft_opt_in_complete", found.until)
    return Answer(Call.ALLOW, basis.kind, found.until)
