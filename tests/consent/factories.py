"""Consent in stories: what an address agreed to, and what it took back."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from consent import ledger
from consent.models import Purpose, SubscriptionType
from tests.conftest import NOON

SOFT = {"own_similar_products": "yes", "refusal_offered": "yes", "refusal_in_every_message": "yes"}
EVIDENCE: dict[str, dict[str, str]] = {
    "own_form": {"form": "Open day, version 4", "wording": "Mail me the news", "url": "https://example.org/open"},
    "purchase": {"order": "26-0411", "brand": "De Werkbank", **SOFT},
    "contract": {"contract": "C-2026-17", **SOFT},
    "donation_volunteer": {"gift": "50 euro"},
    "active_member": {"account": "4711", "signed_up_on": "2025-01-02"},
    "newsletter_signup": {"form": "Sign-up", "wording": "Yes, send me the newsletter"},
    "ad_response": {"campaign": "Autumn", "answer": "Ada, ada@example.org"},
    "friends_family": {"note": "Cousin"},
    "event_own_contact": {"event": "Trade fair", "record": "scan-31"},
    "employer_list": {"employer": "Analytical Engines", "purpose": "Training"},
    "merger_acquisition": {"original": "Form of 2019", "notice": "Mail of 1 March"},
    "met_in_person": {"note": "At the bar, said yes"},
}

DUTCH = {"newsletter": "Nieuwsbrief", "events": "Evenementen"}


def a_subscription_type(code: str = "newsletter") -> SubscriptionType:
    """Find or make a type; transactional tests empty the tables, so it may have to be made."""
    purpose, _ = Purpose.objects.get_or_create(
        code="e-marketing", defaults={"name_en": "E-marketing", "name_nl": "E-marketing"}
    )
    names = {"name_en": code.capitalize(), "name_nl": DUTCH.get(code, code.capitalize()), "purpose": purpose}
    return SubscriptionType.objects.get_or_create(code=code, defaults=names)[0]


def an_entry(
    address: str,
    source: str = "newsletter_signup",
    *,
    of: SubscriptionType | None = None,
    whole_purpose: bool = False,
    on: dt.date = dt.date(2026, 3, 3),
    actor: str = "import:1",
    **more: Any,
) -> ledger.Entry:
    """One act, by default a sign-up for the newsletter that an import declared."""
    subscription_type = of or a_subscription_type()
    return ledger.Entry(
        address=address,
        purpose=subscription_type.purpose_id,
        subscription_type=None if whole_purpose else subscription_type.pk,
        source=source,
        evidence_on=on,
        actor=actor,
        **({"evidence": EVIDENCE.get(source, {})} | more),
    )


def consents(address: str, source: str = "newsletter_signup", *, now: dt.datetime = NOON, **more: Any) -> None:
    """Record that an address agreed."""
    ledger.record([an_entry(address, source, **more)], now=now)


def withdraws(address: str, *, now: dt.datetime = NOON, actor: str = "self", **more: Any) -> None:
    """Record that an address took it back."""
    ledger.record([an_entry(address, "asked", act="withdrawn", actor=actor, **more)], now=now)


class NobodyHome(BaseEmailBackend):
    """A mail server that is not there."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise ConnectionRefusedError("nobody home")
