"""A receipt of what an address agreed to, as ISO/IEC TS 27560:2023 arranges it, with what it takes to check it.

For machines it is JSON: one record for each purpose or subscription type, its processing, its parties and its events,
and for each event the link of the ledger's chain with its salt. Whoever has the receipt can work out the hashes anew
and compare them with the ledger (`verify`). For people it is a PDF that says the same.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consent import chain, explain, house, law, pseudonyms
from consent.models import ConsentDetail, ConsentEvent, LegalBasis, PrivacyNotice, Purpose, SubscriptionType

SCHEMA = "ISO/IEC TS 27560:2023"
# What an act makes of the state of a consent, in the words of the standard's lifecycle.
STATES = {
    "given": "consent_given",
    "confirmed": "consent_reaffirmed",
    "withdrawn": "consent_withdrawn",
    "restored": "consent_given",
    "paused": "consent_suspended",
    "resumed": "consent_given",
    "erased": "consent_terminated",
}


@dataclass(frozen=True)
class Story:
    """The acts about one purpose, or one type of mail, oldest first."""

    channel: str
    purpose: Purpose
    subscription_type: SubscriptionType | None
    details: Sequence[ConsentDetail]

    @property
    def name(self) -> str:
        return self.subscription_type.name if self.subscription_type else self.purpose.name


def stories(address: str) -> list[Story]:
    """Read the ledger about a normalised address, one story for each channel and subject."""
    rows = (
        ConsentDetail.objects.filter(address=address)
        .select_related("event__purpose", "event__subscription_type", "event__notice")
        .order_by("event_id")
    )
    grouped: dict[tuple[str, int, int | None], list[ConsentDetail]] = {}
    for detail in rows:
        event = detail.event
        grouped.setdefault((event.channel, event.purpose_id, event.subscription_type_id), []).append(detail)
    return [
        Story(channel, details[0].event.purpose, details[0].event.subscription_type, details)
        for (channel, _purpose, _type), details in grouped.items()
    ]


def as_json(address: str, *, at: dt.datetime) -> dict[str, Any]:
    """Give the receipt of an address."""
    found = stories(address)
    bases = {one.code: one.name for one in LegalBasis.objects.all()}
    return {
        "schema_version": SCHEMA,
        "receipt": {
            "receipt_id": hashlib.sha256(f"{address} {at.isoformat()}".encode()).hexdigest()[:32],
            "issued_at": at.isoformat(),
            "issued_by": settings.SENDER_NAME,
            "language": get_language(),
        },
        "records": [_record(address, story, bases) for story in found],
        "ledger": [_link(detail) for story in found for detail in story.details],
    }


def verify(receipt: Mapping[str, Any]) -> list[int]:
    """Work out every link of a receipt anew and look it up; give the numbers of those that do not fit the ledger."""
    links = list(receipt["ledger"])
    kept = {
        number: bytes(digest).hex()
        for number, digest in ConsentEvent.objects.filter(pk__in=[one["event"] for one in links]).values_list(
            "pk", "hash"
        )
    }
    return [one["event"] for one in links if not _fits(one) or kept.get(one["event"]) != one["hash"]]


def as_pdf(address: str, *, at: dt.datetime) -> bytes:
    """Print the receipt. Needs Pango; the library is loaded only here."""
    weasyprint: Any = import_module("weasyprint")
    fetches_nothing = import_module("weasyprint.urls").URLFetcher(allowed_protocols=())
    html = render_to_string("consent/receipt.html", context(address, at=at))
    document = weasyprint.HTML(string=html, url_fetcher=fetches_nothing)
    return bytes(document.write_pdf(pdf_variant="pdf/ua-1"))


def context(address: str, *, at: dt.datetime) -> dict[str, Any]:
    """Give what the printed receipt shows."""
    bases = {one.code: one.name for one in LegalBasis.objects.all()}
    found = stories(address)
    notices = {detail.event.notice for story in found for detail in story.details if detail.event.notice}
    return {
        "address": address,
        "at": at,
        "language": get_language(),
        "sender": settings.SENDER_NAME,
        "contact": settings.SENDER_ADDRESS,
        "postal_address": house.postal_address(),
        "notices": sorted(notices, key=lambda notice: notice.pk),
        "stories": [(story, [_act(detail, bases) for detail in story.details]) for story in found],
        "schema": SCHEMA,
        "data_link": f"{settings.BASE_URL}/data/",
    }


@dataclass(frozen=True)
class Act:
    """One act as a person reads it."""

    event: ConsentEvent
    source: str
    basis: str
    evidence: list[tuple[str, str]]
    actor: str
    digest: str


def _act(detail: ConsentDetail, bases: Mapping[str, str]) -> Act:
    event = detail.event
    return Act(
        event=event,
        source=explain.source_name(event.source),
        basis=bases.get(event.basis, event.basis),
        evidence=explain.evidence(detail),
        actor=explain.actor_name(event.actor),
        digest=bytes(event.hash).hex(),
    )


def _record(address: str, story: Story, bases: Mapping[str, str]) -> dict[str, Any]:
    first = story.details[0].event
    basis = next((one.event.basis for one in reversed(story.details) if one.event.basis), "")
    given = [one for one in story.details if one.event.act in ("given", "confirmed")]
    about = (given or list(story.details))[-1]
    notice = about.event.notice
    return {
        "schema_version": SCHEMA,
        "record_id": f"{settings.BASE_URL}/consent/ledger/{first.pk}/",
        "pii_principal_id": pseudonyms.of(story.channel, address),
        "pii_processing": {
            "privacy_notice": _notice(notice),
            "language": about.language or None,
            "purposes": [
                {
                    "purpose": story.name,
                    "purpose_type": story.purpose.name,
                    "purpose_description": (story.subscription_type or story.purpose).description,
                    "lawful_basis": basis or None,
                    "lawful_basis_name": bases.get(basis) or None,
                    "pii_information": [{"pii_type": story.channel, "pii_attribute": address, "pii_optional": False}],
                    "collection_method": about.event.source,
                    "processing_method": _("Sending mail that one can refuse"),
                    "jurisdiction": law.regime_of(about.event.country).value,
                    "country": about.event.country or None,
                    "retention_period": about.event.expires_at.isoformat() if about.event.expires_at else None,
                    "withdrawal_method": _(
                        "The link at the foot of every mail, one click in the mail program, or the preferences page"
                    ),
                    "privacy_rights": [f"{settings.BASE_URL}/data/"],
                }
            ],
        },
        "party_identification": [
            {
                "party_id": "controller",
                "party_role": "PII controller",
                "party_name": notice.controller if notice else settings.SENDER_NAME,
                "party_contact": notice.contact if notice else settings.SENDER_ADDRESS,
                "party_address": house.postal_address() or None,
                "party_url": settings.BASE_URL,
            }
        ],
        "event": [_event(detail) for detail in story.details],
    }


def _notice(notice: PrivacyNotice | None) -> dict[str, str] | None:
    if notice is None:
        return None
    return {"version": notice.version, "url": notice.url, "sha256": notice.digest}


def _event(detail: ConsentDetail) -> dict[str, Any]:
    event = detail.event
    return {
        "event_id": event.pk,
        "event_time": event.acted_at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "validity_until": event.expires_at.isoformat() if event.expires_at else None,
        "entity_id": event.actor,
        "event_type": event.kind if event.act in ("given", "confirmed") else event.act,
        "event_state": STATES.get(event.act, event.act),
        "act": event.act,
        "source": event.source,
        "lawful_basis": event.basis or None,
        "evidence_on": event.evidence_on.isoformat() if event.evidence_on else None,
        "wording": detail.wording or None,
        "language": detail.language or None,
        "page": detail.url or None,
        "ip": str(detail.ip) if detail.ip else None,
        "user_agent": detail.user_agent or None,
        "evidence": detail.evidence,
    }


def _link(detail: ConsentDetail) -> dict[str, Any]:
    """Give the link of the chain in the very texts that were hashed."""
    event = detail.event
    values = (
        *(event.pk, chain.microseconds(event.recorded_at), chain.microseconds(event.acted_at), event.act),
        *(event.channel, event.purpose_id, event.subscription_type_id or "", event.source, event.kind),
        *(event.evidence_on or "", chain.microseconds(event.expires_at) if event.expires_at else "", event.actor),
        bytes(event.commitment).hex(),
    )
    body = "|".join(map(str, values)) + chain.tail(event.basis, event.country, event.notice_id)
    return {
        "event": event.pk,
        "previous": bytes(event.previous).hex(),
        "body": body,
        "hash": bytes(event.hash).hex(),
        "salt": bytes(detail.salt).hex(),
        "personal": chain.personal(_personal(detail), chain.jsonb(detail.evidence)),
        "commitment": bytes(event.commitment).hex(),
    }


def _personal(detail: ConsentDetail) -> tuple[object, ...]:
    ip = chain.ip(str(detail.ip)) if detail.ip else None
    return (detail.address, detail.subject, detail.wording, detail.language, ip, detail.user_agent, detail.url)


def _fits(link: Mapping[str, Any]) -> bool:
    committed = hashlib.sha256(bytes.fromhex(link["salt"]) + link["personal"].encode()).hexdigest()
    hashed = chain.link(bytes.fromhex(link["previous"]), link["body"]).hex()
    return committed == link["commitment"] and hashed == link["hash"] and link["commitment"] in link["body"]
