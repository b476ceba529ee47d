"""Why somebody does not get a mailing, in words, with the evidence beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from consent import gate, rules
from consent.models import ConsentEvent, Suppression
from mailings import restraint
from mailings.audience import Counts, Recipient
from mailings.candidates import HURDLES
from mailings.delivery import reasons as delivery_reasons
from mailings.guests import Judged

WORDS: Mapping[str, str | Promise] = {**HURDLES, **gate.REASONS, **restraint.REASONS}  # before sending
AFTER: Mapping[str, str | Promise] = {**WORDS, **delivery_reasons.REASONS}

# the colour of a reason in bars and legends (theme: c2 … c6)
TONES: Mapping[str, str] = {
    "no_consent": "2",
    "expired": "2",
    "verify_first": "3",
    "role_address": "3",
    "unsubscribed": "4",
    "withdrawn": "4",
    "duplicate": "6",
    "former_employee": "6",
}
OTHER_TONE = "5"  # what is wrong with the address, or blocked


@dataclass(frozen=True)
class Because:
    """A reason with its number of people, as a panel shows it."""

    code: str
    words: str | Promise
    people: int
    tone: str


@dataclass(frozen=True)
class Part:
    """A part of a bar: its colour, where it begins and how wide it is, as attributes want them."""

    tone: str
    x: str
    width: str


@dataclass(frozen=True)
class Explained:
    """A recipient with the words behind the verdict; `evidence` is what it rests on and since when."""

    recipient: Recipient | Judged
    words: str
    evidence: str
    on: date | None
    origin: str


def words(code: str) -> str:
    """Give the words of any reason a message can carry; empty for none."""
    return str(AFTER.get(code, code))


def because(held_by: Mapping[str, int]) -> list[Because]:
    """Put the reasons of a count into words."""
    return [
        Because(code, WORDS.get(code, code), people, TONES.get(code, OTHER_TONE)) for code, people in held_by.items()
    ]


def bar(counts: Counts) -> list[Part]:
    """Draw who gets it in the first colour, then each reason in its own."""
    parts, start = [], 0.0
    for tone, people in [("1", counts.gets), *((one.tone, one.people) for one in because(counts.held_by))]:
        width = 100 * people / counts.total if counts.total else 0.0
        parts.append(Part(tone, f"{start:.2f}%", f"{width:.2f}%"))
        start += width
    return parts


def explain(recipients: Sequence[Recipient | Judged], origins: Mapping[int, str]) -> list[Explained]:
    """Put verdicts into words: two queries for a page of them."""
    events = ConsentEvent.objects.in_bulk(_numbers(recipient.evidence for recipient in recipients))
    blocks = Suppression.objects.in_bulk(_numbers(recipient.block for recipient in recipients))
    explained = []
    for recipient in recipients:
        event, block = events.get(recipient.evidence or 0), blocks.get(recipient.block or 0)
        evidence, on = "", None
        if block:
            on = localdate(block.created_at)
        elif event:
            evidence, on = _source(event.source), event.evidence_on or localdate(event.recorded_at)
        explained.append(Explained(recipient, words(recipient.reason), evidence, on, origins.get(recipient.person, "")))
    return explained


def _source(code: str) -> str:
    rule = rules.SOURCES.get(code)
    return str(rule.name) if rule else _("said so")


def _numbers(given: Iterable[int | None]) -> set[int]:
    return {number for number in given if number is not None}
