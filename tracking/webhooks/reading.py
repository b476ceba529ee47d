"""From a provider's post to events of ours. Whom an event is about is told by our own token alone.

The token comes back in the metadata that the channel gave the provider (`METADATA`), or inside the provider's words: the
envelope sender, the Message-ID, a header. An event without one changes nothing, whatever else it says.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from tracking import bounces, journal, refusals, tokens
from tracking.models import Kind
from tracking.refusals import NOT_A_BOUNCE, Category
from tracking.webhooks.providers import Hardness, Provider

METADATA = "postduif"  # the metadata that a channel gives with each message; its value is tokens.make("bounce", …)
# A refusal of the provider itself, before anything was sent.
REFUSED: Mapping[str, Category] = {
    RejectReason.INVALID: Category.DEAD_ADDRESS,
    RejectReason.BOUNCED: Category.INACTIVE,  # it came back before, there; whether for good it does not say
    RejectReason.TIMED_OUT: Category.TRANSIENT,
    RejectReason.BLOCKED: Category.BLOCK_SENDER,
    RejectReason.SPAM: Category.BLOCK_SENDER,
}
HAPPENED: Mapping[str, Kind] = {
    EventType.DELIVERED: Kind.DELIVERED,
    EventType.BOUNCED: Kind.BOUNCE,
    EventType.REJECTED: Kind.BOUNCE,
    EventType.FAILED: Kind.BOUNCE,
    EventType.COMPLAINED: Kind.COMPLAINT,
    EventType.UNSUBSCRIBED: Kind.UNSUBSCRIBE,
}  # opened and clicked: our own redirect and pixel know; deferred and answered by a program: mean nothing yet


def read(told: AnymailTrackingEvent, provider: Provider, *, now: dt.datetime) -> journal.NewEvent | None:
    """The event that a provider told, or None when it means nothing or is about nothing of ours."""
    kind = HAPPENED.get(told.event_type)
    about = _about(told)
    if kind is None or about is None or about[1] == tokens.TEST:
        return None
    raw = told.esp_event if isinstance(told.esp_event, Mapping) else {}
    category = _category(told, provider.hardness(raw)) if kind is Kind.BOUNCE else None
    if category in NOT_A_BOUNCE:
        return None
    return journal.NewEvent(
        origin=_origin(provider.code, told, about),
        at=min(told.timestamp or now, now),
        kind=kind,
        mailing=about[0],
        message=about[1],
        category=category.value if category else "",
        detail=_words(told).replace("\x00", "")[:2000],
    )


def _category(told: AnymailTrackingEvent, hardness: Hardness) -> Category:
    """What came back means what its words mean; the provider's hard and soft decide where they are silent."""
    if told.event_type == EventType.FAILED:
        return Category.CONFIG
    refused = REFUSED.get(told.reject_reason or "")
    if told.event_type == EventType.REJECTED and refused:
        return refused
    refusal = refusals.classify(_words(told))
    said = refusal.category
    if said is Category.DELIVERED or (said is Category.UNKNOWN and not refusal.is_told):
        if hardness is Hardness.HARD:
            return Category.DEAD_ADDRESS
        return refused if hardness is Hardness.UNTOLD and refused else Category.TRANSIENT
    if said is Category.DEAD_ADDRESS and hardness is Hardness.SOFT:
        return Category.UNKNOWN  # the provider saw more of it than we do, and does not call it hard
    return said


def _words(told: AnymailTrackingEvent) -> str:
    said = dict.fromkeys(text for text in (told.mta_response, told.description) if isinstance(text, str) and text)
    return " ".join(said)


def _about(told: AnymailTrackingEvent) -> tuple[int, int] | None:
    """(mailing, message) of the first token that is truly ours."""
    for token in _tokens(told):
        try:
            return tokens.read("bounce", token)
        except tokens.BadToken:
            continue
    return None


def _tokens(told: AnymailTrackingEvent) -> Iterator[str]:
    metadata = told.metadata if isinstance(told.metadata, Mapping) else {}
    yield str(metadata.get(METADATA, ""))
    raw: Any = dict(told.esp_event.items()) if isinstance(told.esp_event, Mapping) else told.esp_event
    said = json.dumps([raw, told.message_id], default=str)
    yield from (token for kind, token in bounces.tokens_in(said.encode()) if kind == "bounce")


def _origin(code: str, told: AnymailTrackingEvent, about: tuple[int, int]) -> str:
    """The same whenever the same thing is told again. Without a number of the provider's, what it says is its name."""
    at = told.timestamp.isoformat() if told.timestamp else ""
    name = told.event_id or f"{told.event_type} {at} {_words(told)}"
    digest = hashlib.sha256(f"{about[0]} {about[1]} {told.event_type} {name}".encode()).hexdigest()
    return f"hook:{code}:{digest[:48]}"
