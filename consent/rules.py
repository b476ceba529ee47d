"""The rule table: where an address may come from, what that is worth, and for how long.

Pure data and arithmetic. The source of every row is HubSpot's opt-in policy as written down in the reference
(consent rule table): allowed, needs verification, refused; implicit (given for some business purpose) or explicit
(asked and agreed by an act of one's own). Country law comes on top of it, never in its place.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

type Text = str | Promise


DATE = _("Date")


YEARS = range(1900, 3000)  # of a date that somebody types


class Status(StrEnum):
    ALLOWED = "allowed"  # with its evidence it may be mailed
    VERIFY = "verify"  # the person must confirm first
    REFUSED = "refused"  # never, whatever was promised


class Kind(StrEnum):
    EXPLICIT = "explicit"
    IMPLICIT = "implicit"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Field:
    """One piece of evidence: its key in `ConsentDetail.evidence`, its label, and whether it may be left out."""

    key: str
    label: Text
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRule:
    """A row of the table. `months` of validity count from the evidence date; 0 means until withdrawn."""

    code: str
    name: Text
    explanation: Text
    status: Status
    kind: Kind = Kind.NONE
    may_be_explicit: bool = False  # an unticked box that the person ticked makes it explicit
    may_be_soft: bool = False  # where the law knows soft opt-in, its three conditions can be shown (consent.law)
    date_label: Text = DATE
    evidence_fields: tuple[Field, ...] = ()
    months: int = 0
    remedy: Text = ""

    @property
    def expiry(self) -> Text:
        """How long it counts, in words."""
        if self.status is Status.REFUSED:
            return _("never counts")
        if self.months:
            return EXPIRIES.get(self.months) or ngettext("%(months)s month", "%(months)s months", self.months) % {
                "months": self.months
            }
        return _("until withdrawn")

    @property
    def is_recordable(self) -> bool:
        """Whether the ledger takes it at all: what never counts is no evidence."""
        return self.status is not Status.REFUSED


EXPIRIES: dict[int, Text] = {12: _("one year"), 24: _("two years")}


def expires_on(rule: SourceRule, evidence_on: dt.date) -> dt.date | None:
    """Give the first day on which the evidence no longer counts; calendar months, 29 February ends on the 28th."""
    return months_later(evidence_on, rule.months) if rule.months else None


def months_later(day: dt.date, months: int) -> dt.date:
    """Give the same day some calendar months later; a day which that month lacks becomes its last one."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    try:
        return day.replace(year=year, month=month)
    except ValueError:
        first_of_next = dt.date(year + month // 12, month % 12 + 1, 1)
        return first_of_next - dt.timedelta(days=1)


def expires_at(rule: SourceRule, evidence_on: dt.date, zone: dt.tzinfo) -> dt.datetime | None:
    """Give the moment from which the evidence no longer counts: midnight in the sender's own time zone."""
    day = expires_on(rule, evidence_on)
    return dt.datetime.combine(day, dt.time.min, tzinfo=zone) if day else None


def missing(rule: SourceRule, evidence: Mapping[str, object], evidence_on: dt.date | None) -> list[Field]:
    """List the pieces of evidence that the source needs and that are not there."""
    gaps = [field for field in rule.evidence_fields if field.is_required and not evidence.get(field.key)]
    return [Field("evidence_on", rule.date_label), *gaps] if evidence_on is None else gaps


def importable() -> list[SourceRule]:
    """List the sources that an import may declare: all that can count, and "unknown", which is held."""
    return [rule for rule in SOURCES.values() if rule.is_recordable or rule.code == UNKNOWN]


def not_importable() -> list[SourceRule]:
    """List the sources that no file may be imported from for mailing; each says why, and what is allowed."""
    return [rule for rule in SOURCES.values() if not (rule.is_recordable or rule.code == UNKNOWN)]


UNKNOWN = "unknown"

_WORDING = Field("wording", _("Wording shown, word for word"))
_BOX = _("Add a box to your form that is not ticked beforehand, or ask for confirmation by mail")

_ROWS = (
    SourceRule(
        code="own_form",
        name=_("Form on your own website"),
        explanation=_("They filled in a form on your own website. It is explicit when they ticked a box themselves."),
        status=Status.ALLOWED,
        kind=Kind.IMPLICIT,
        may_be_explicit=True,
        may_be_soft=True,
        date_label=_("Filled in on"),
        evidence_fields=(
            Field("form", _("Form and version")),
            _WORDING,
            Field("url", _("Address of the page")),
            Field("ip", _("IP address"), is_required=False),
        ),
        remedy=_BOX,
    ),
    SourceRule(
        code="purchase",
        name=_("Bought something from you"),
        explanation=_("They bought from this brand within the last two years."),
        status=Status.ALLOWED,
        kind=Kind.IMPLICIT,
        may_be_soft=True,
        date_label=_("Order date"),
        evidence_fields=(Field("order", _("Order number")), Field("brand", _("Brand"))),
        months=24,
        remedy=_("Put a box at the checkout, or wait for a new order"),
    ),
    SourceRule(
        code="contract",
        name=_("Written agreement with you"),
        explanation=_("They signed an agreement with this brand within the last two years."),
        status=Status.ALLOWED,
        kind=Kind.IMPLICIT,
        may_be_soft=True,
        date_label=_("Signed on"),
        evidence_fields=(
            Field("contract", _("Number of the agreement")),
            Field("document_hash", _("SHA-256 of the document"), is_required=False),
        ),
        months=24,
        remedy=_("Put a box on the next agreement"),
    ),
    SourceRule(
        code="donation_volunteer",
        name=_("Donated or volunteered"),
        explanation=_("They gave money or time within the last two years."),
        status=Status.ALLOWED,
        kind=Kind.IMPLICIT,
        date_label=_("Date of the gift or shift"),
        evidence_fields=(Field("gift", _("Gift or shift")),),
        months=24,
        remedy=_("Ask on the next donation form, with a box"),
    ),
    SourceRule(
        code="active_member",
        name=_("Member who uses your service"),
        explanation=_("They signed up for your own service or club, and use it."),
        status=Status.ALLOWED,
        kind=Kind.IMPLICIT,
        may_be_soft=True,
        date_label=_("Last active on"),
        evidence_fields=(Field("account", _("Account number")), Field("signed_up_on", _("Signed up on"))),
        months=12,
        remedy=_("Invite them back into the service, with a box"),
    ),
    SourceRule(
        code="newsletter_signup",
        name=_("Signed up for the newsletter"),
        explanation=_("They filled in a form, on paper or on screen, made for this newsletter."),
        status=Status.ALLOWED,
        kind=Kind.EXPLICIT,
        date_label=_("Signed up on"),
        evidence_fields=(
            Field("form", _("Form, or the file of the scan")),
            _WORDING,
            Field("document_hash", _("SHA-256 of the scan"), is_required=False),
        ),
        remedy=_("Ask for confirmation by mail"),
    ),
    SourceRule(
        code="ad_response",
        name=_("Answered your advertisement"),
        explanation=_("They answered an advertisement of your own."),
        status=Status.ALLOWED,
        kind=Kind.IMPLICIT,
        date_label=_("Answered on"),
        evidence_fields=(Field("campaign", _("Advertisement or campaign")), Field("answer", _("What they filled in"))),
        remedy=_("Put a box in the form of the advertisement"),
    ),
    SourceRule(
        code="third_party_list",
        name=_("Bought, rented or borrowed list"),
        explanation=_("A list from somebody else, even when it was sold as “opted in”: they never asked you."),
        status=Status.REFUSED,
        remedy=_("Nothing in bulk. They can sign up themselves"),
    ),
    SourceRule(
        code="member_org_list",
        name=_("List of an association or chamber"),
        explanation=_("A list of members of an organisation counts as somebody else's list, whatever was promised."),
        status=Status.REFUSED,
        remedy=_("Let the organisation publish your sign-up link"),
    ),
    SourceRule(
        code="former_employer",
        name=_("Contacts from an earlier job"),
        explanation=_("They knew you at another company; they did not give their address to this one."),
        status=Status.REFUSED,
        remedy=_("Write to them one by one, with a sign-up link"),
    ),
    SourceRule(
        code="other_brand_form",
        name=_("Form of another brand"),
        explanation=_("They filled in a form on the site of another brand."),
        status=Status.REFUSED,
        remedy=_("Use a form of your own"),
    ),
    SourceRule(
        code="lead_vendor",
        name=_("Seller of leads, or enrichment"),
        explanation=_("The address came from a seller of leads or was looked up by a tool."),
        status=Status.REFUSED,
        remedy=_("Enrichment may fill in other fields, never the address"),
    ),
    SourceRule(
        code="emailed_us",
        name=_("Mailed you one to one"),
        explanation=_("They wrote to you. You may answer, but an answer is not a newsletter."),
        status=Status.REFUSED,
        remedy=_("Answer one to one, with a link to the sign-up form"),
    ),
    SourceRule(
        code="friends_family",
        name=_("Friends, family, former colleagues"),
        explanation=_("Knowing somebody is not consent. It counts once there is other evidence."),
        status=Status.VERIFY,
        date_label=_("Since"),
        evidence_fields=(Field("note", _("How you know them")),),
        remedy=_("Collect evidence of another row, a sign-up for instance"),
    ),
    SourceRule(
        code="event_own_contact",
        name=_("Met at your own stand"),
        explanation=_("At your own stand they had a badge scanned, handed over a card or filled in a form."),
        status=Status.ALLOWED,
        kind=Kind.IMPLICIT,
        may_be_explicit=True,
        date_label=_("Date of the event"),
        evidence_fields=(Field("event", _("Event")), Field("record", _("Scan, photo of the card, or form"))),
        months=24,
        remedy=_("Write one to one, or show a QR code to the sign-up form"),
    ),
    SourceRule(
        code="event_organiser_list",
        name=_("List of visitors from the organiser"),
        explanation=_("The organiser of an event gave you the list of visitors; they did not give it to you."),
        status=Status.REFUSED,
        remedy=_("Let the organiser send an invitation to your own form"),
    ),
    SourceRule(
        code="employer_list",
        name=_("List of employees from the employer"),
        explanation=_("The employer gave you the addresses of its people. Each of them must confirm."),
        status=Status.VERIFY,
        date_label=_("Received on"),
        evidence_fields=(Field("employer", _("Employer")), Field("purpose", _("What it was given for"))),
        remedy=_("Write one to one, then ask for confirmation"),
    ),
    SourceRule(
        code="merger_acquisition",
        name=_("Came with a brand you took over"),
        explanation=_("Their consent was given to the earlier brand. They must be told, and confirm."),
        status=Status.VERIFY,
        date_label=_("Date of the original consent"),
        evidence_fields=(
            Field("original", _("Original evidence")),
            Field("notice", _("Notice that was sent")),
        ),
        remedy=_("Tell them about the change and ask for confirmation"),
    ),
    SourceRule(
        code="met_in_person",
        name=_("Met in person"),
        explanation=_("A spoken yes cannot be shown later. It counts once it is on paper or on screen."),
        status=Status.VERIFY,
        date_label=_("Met on"),
        evidence_fields=(Field("note", _("Where, and what was said")),),
        remedy=_("Let them sign up by QR code or on paper"),
    ),
    SourceRule(
        code="role_address",
        name=_("Address of a function or group"),
        explanation=_("Nobody can show who reads info@ or sales@, so nobody can have agreed."),
        status=Status.REFUSED,
        remedy=_("Ask for an address of a person"),
    ),
    SourceRule(
        code=UNKNOWN,
        name=_("Nobody knows"),
        explanation=_("Without a source there is no consent. Unknown is no."),
        status=Status.REFUSED,
        remedy=_("Choose a source and its evidence, once you know it"),
    ),
)
SOURCES: dict[str, SourceRule] = {rule.code: rule for rule in _ROWS}
