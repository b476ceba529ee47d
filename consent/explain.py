"""Why we may or may not mail an address, in words: the verdict, what it rests on, until when, and what helps."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import gate, law, ledger, overview, rulebook, rules, suppressions
from consent.models import ConsentDetail, ConsentEvent, SubscriptionType, Suppression
from consent.verdict import Call, Verdict


@dataclass(frozen=True)
class Reasoned:
    """A verdict in words. `event` is the ledger entry to show; `label` names its evidence; `remedy` what would help."""

    verdict: Verdict
    because: str
    detail: str = ""
    event: int | None = None
    label: str = ""
    icon: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Line:
    """One row of the panel: a type of mail and what we may."""

    subscription_type: SubscriptionType
    reasoned: Reasoned


ICONS = {
    "own_form": "clipboard-list",
    "purchase": "receipt-text",
    "contract": "file-text",
    "donation_volunteer": "heart-handshake",
    "active_member": "id-card",
    "newsletter_signup": "clipboard-list",
    "ad_response": "megaphone",
    "event_own_contact": "scan-line",
}


# What happens to consent besides being given; the codes that `suppressions` and `unsubscribe` write.
OTHER_SOURCES: dict[str, str | Promise] = {
    "unsubscribed": gettext_lazy("Unsubscribed"),
    "complained": gettext_lazy("Reported us as spam"),
    "objection": gettext_lazy("Objected to marketing"),
    "undo": gettext_lazy("Changed their mind"),
    "staff": gettext_lazy("Taken off the list by hand"),
    "preferences": gettext_lazy("Preferences page"),
    "erasure": gettext_lazy("Request to be erased"),
}


# The ways of leaving that `unsubscribe.leave` writes down.
HOW: dict[str, str | Promise] = {
    "one_click": gettext_lazy("By one click in the mail"),
    "page": gettext_lazy("On the unsubscribe page"),
    "mail": gettext_lazy("By mail"),
    "letter": gettext_lazy("By letter"),
    "preferences": gettext_lazy("On the preferences page"),
}


# What is kept beside the evidence that a source asks for.
LABELS: dict[str, str | Promise] = {
    "how": gettext_lazy("How"),
    "note": gettext_lazy("Note"),
    "words": gettext_lazy("In their words"),
    "said": gettext_lazy("In their words"),
    "because": gettext_lazy("Reason"),
    "form": gettext_lazy("Form"),
    "page": gettext_lazy("Address of the page"),
    "days": gettext_lazy("Days"),
    "file": gettext_lazy("Scan (SHA-256)"),
    "file_name": gettext_lazy("Scan"),
    "asked_at": gettext_lazy("Asked to confirm"),
    "mailed_at": gettext_lazy("Mail sent"),
    "message_id": gettext_lazy("Message-ID of that mail"),
    "wording_before": gettext_lazy("Wording before"),
    "original": gettext_lazy("Entry that was confirmed"),
    "until": gettext_lazy("Until"),
    "entries": gettext_lazy("Entries"),
}


def address(text: str, *, channel: str = "email", at: dt.datetime) -> list[Line]:
    """Explain one address for every subscription type that is in use."""
    evidence, blocks = ledger.evidence_of(channel, text), suppressions.blocks_of(channel, text)
    types = SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk")
    country, now = overview.country_of(text), rulebook.current()
    verdicts = [
        (
            one,
            gate.judge(
                gate.Candidate(text, country),
                evidence,
                blocks,
                purpose=one.purpose_id,
                subscription_type=one.pk,
                channel=channel,
                at=at,
                zone=timezone.get_default_timezone(),
                law=now.law,
                roles=now.roles,
            ),
        )
        for one in types
    ]
    reasoned = reasons([verdict for _type, verdict in verdicts])
    return [Line(one, words) for (one, _verdict), words in zip(verdicts, reasoned, strict=True)]


def reasons(verdicts: Sequence[Verdict]) -> list[Reasoned]:
    """Put verdicts into words; reads the ledger entries and suppressions behind them in two queries."""
    numbers = {verdict.evidence for verdict in verdicts if verdict.evidence}
    details = ConsentDetail.objects.select_related("event").in_bulk(numbers)
    blocks = Suppression.objects.in_bulk({verdict.block for verdict in verdicts if verdict.block})
    sources = rulebook.current().sources
    return [
        _reason(verdict, details.get(verdict.evidence or 0), blocks.get(verdict.block or 0), sources)
        for verdict in verdicts
    ]


def _reason(
    verdict: Verdict,
    detail: ConsentDetail | None,
    block: Suppression | None,
    sources: Mapping[str, rules.SourceRule],
) -> Reasoned:
    if block:
        return _blocked(verdict, block)
    if detail is None:
        return Reasoned(verdict, *_without_evidence(verdict))
    event = detail.event
    rule = sources.get(event.source)
    if rule is None:
        return Reasoned(
            verdict, str(verdict.words), day(event.acted_at), event.pk, _("What happened"), "user-minus", _only_they()
        )
    remedy = "" if verdict.verdict is Call.ALLOW else str(rule.remedy)
    because, validity = str(rule.name), _validity(verdict, event)
    if verdict.reason in ("expired", "withdrawn"):
        because, validity = str(verdict.words), f"{because}, {validity}"
    return Reasoned(verdict, because, validity, event.pk, label(detail), icon(event.source), remedy)


def _without_evidence(verdict: Verdict) -> tuple[str, str]:
    if verdict.reason == "role_address":
        return str(verdict.words), _("Nobody can show who reads it")
    if verdict.reason == "no_consent":
        return _("Nobody wrote down that they agreed"), _("Unknown is no")
    return str(verdict.words), ""


def _blocked(verdict: Verdict, block: Suppression) -> Reasoned:
    said = str(block.evidence.get("said") or block.evidence.get("note") or "")
    parts = [day(block.created_at), said]
    if block.reason in suppressions.FINAL or block.reason == "unsubscribed":
        parts.append(_only_they())
    words = str(verdict.words)
    if block.reason == "unsubscribed" and block.evidence.get("how") == "one_click":
        words = _("Unsubscribed by one click")
    return Reasoned(verdict, words, ". ".join(part for part in parts if part), None, "", "ban")


def _only_they() -> str:
    return _("Only they can turn it on again")


def _validity(verdict: Verdict, event: ConsentEvent) -> str:
    since = event.evidence_on or timezone.localdate(event.acted_at)
    words = {"since": date_format(since, "DATE_FORMAT"), "until": day(event.expires_at) if event.expires_at else ""}
    if verdict.verdict is Call.VERIFY:
        return _("%(since)s. They must confirm it first") % words
    if verdict.reason == "withdrawn":
        return day(event.acted_at)
    if verdict.reason == "expired":
        return _("%(since)s, counted until %(until)s") % words
    if event.expires_at:
        return _("%(since)s, counts until %(until)s") % words
    return _("%(since)s, counts until withdrawn") % words


def label(detail: ConsentDetail) -> str:
    """Name the evidence of an entry by the first thing that its source asks for: “Open day, version 4”."""
    rule = rules.SOURCES.get(detail.event.source)
    for piece in rule.evidence_fields if rule else ():
        if value := detail.evidence.get(piece.key):
            return str(value)
    if words := HOW.get(str(detail.evidence.get("how"))):
        return str(words)
    for key in ("note", "said", "because"):
        if value := detail.evidence.get(key):
            return str(value)
    return _("Entry %(number)s") % {"number": detail.event_id}


def icon(source: str) -> str:
    return ICONS.get(source, "file-check")


def day(moment: dt.datetime) -> str:
    """Write a moment as a day in the sender's time zone and the reader's language."""
    return date_format(timezone.localdate(moment), "DATE_FORMAT")


def evidence(detail: ConsentDetail) -> list[tuple[str, str]]:
    """List what is kept as proof: label and value, in the order of the rule's fields."""
    rule = rules.SOURCES.get(detail.event.source)
    labels = {piece.key: str(piece.label) for piece in rule.evidence_fields} if rule else {}
    rows = [(labels[key], str(detail.evidence[key])) for key in labels if detail.evidence.get(key)]
    rows += [(str(words), _("yes")) for flag, words in law.SOFT_FLAGS.items() if detail.evidence.get(flag)]
    known = {*labels, *law.SOFT_FLAGS}
    rows += [
        (str(LABELS.get(key, key)), str(HOW.get(str(value), value) if key == "how" else value))
        for key, value in detail.evidence.items()
        if key not in known
    ]
    own: Iterable[tuple[str, object]] = (
        (_("Wording shown"), detail.wording),
        (_("Language"), dict(settings.LANGUAGES).get(detail.language, detail.language)),
        (_("Address of the page"), detail.url),
        (_("IP address"), detail.ip),
        (_("Browser"), detail.user_agent),
    )
    return rows + [(name, str(value)) for name, value in own if value]


@dataclass(frozen=True)
class Ending:
    """Evidence that runs out, in words."""

    address: str
    event: int | None
    source: str = ""
    label: str = ""
    until: str = ""


def endings(rows: Iterable[tuple[str, int | None]]) -> list[Ending]:
    """Put addresses with the entry they rest on into words; one query."""
    known = list(rows)
    details = ConsentDetail.objects.select_related("event").in_bulk({event for _address, event in known if event})
    return [_ending(address, event, details.get(event or 0)) for address, event in known]


def _ending(address: str, event: int | None, detail: ConsentDetail | None) -> Ending:
    if detail is None:
        return Ending(address, None)
    until = day(detail.event.expires_at) if detail.event.expires_at else ""
    return Ending(address, event, source_name(detail.event.source), label(detail), until)


def source_name(source: str) -> str:
    """Name where an entry came from, a source of the table or what else can happen."""
    rule = rules.SOURCES.get(source)
    return str(rule.name) if rule else str(OTHER_SOURCES.get(source, source))


def actor_name(actor: str) -> str:
    """Say in words who wrote an entry."""
    kind, _colon, number = actor.partition(":")
    if kind == "self":
        return _("by an act of the person")
    if kind == "user" and number.isdigit():
        user = get_user_model().objects.filter(pk=number).first()
        return _("by %(name)s") % {"name": (user.get_full_name() or user.get_username()) if user else actor}
    if kind == "import":
        return _("by import %(number)s") % {"number": number}
    return _("by the system") if kind == "system" else actor
