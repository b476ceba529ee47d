"""The providers that may call us: who reads their posts, what proves that it is them, and how hard they say a bounce is.

Anymail reads each provider's own form. Where it folds hard and soft bounces into one "bounced", the provider's own fields
are asked again (`hardness`): a table, one row per provider.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks import (
    amazon_ses,
    brevo,
    mailersend,
    mailgun,
    mailjet,
    mailtrap,
    mandrill,
    postal,
    postmark,
    resend,
    sendgrid,
    sparkpost,
    unisender_go,
)
from anymail.webhooks.base import AnymailBaseWebhookView
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Raw = Mapping[str, Any]
TOO_OLD = 300  # seconds: Svix asks to refuse what was signed longer ago


class Hardness(StrEnum):
    HARD = "hard"
    SOFT = "soft"
    UNTOLD = ""


class AmazonView(amazon_ses.AmazonSESTrackingWebhookView):
    """Amazon without its client library: subscriptions are confirmed by a person, never by us."""

    def __init__(self, **kwargs: Any) -> None:
        self.auto_confirm_enabled = False
        super(amazon_ses.AmazonSESBaseWebhookView, self).__init__(**kwargs)


class ResendView(resend.ResendTrackingWebhookView):
    """Resend signs as Svix does (docs.svix.com, "Verifying webhooks manually"); a few lines instead of its library."""

    def __init__(self, *, signing_key: str, at: datetime, **kwargs: Any) -> None:
        self._svix_webhook = None
        super().__init__(tracking_secret=None, signing_secret=None, **kwargs)
        self._key, self._at = signing_key, at

    def validate_request(self, request: HttpRequest) -> None:
        if not is_signed_by_svix(request, self._key, self._at):
            raise AnymailWebhookValidationFailure("Resend: the signature is wrong or too old")


def is_signed_by_svix(request: HttpRequest, key: str, at: datetime) -> bool:
    """Whether one of the signatures is ours, over id, time and body, and the time is now."""
    said = request.headers
    number, written, signatures = (said.get(f"svix-{name}", "") for name in ("id", "timestamp", "signature"))
    if not written.isascii() or not written.isdigit() or abs(at.timestamp() - int(written)) > TOO_OLD:
        return False
    try:
        secret = base64.b64decode(key.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    signed = f"{number}.{written}.".encode() + request.body
    expected = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    given = [signature.partition(",")[2] for signature in signatures.split() if signature.startswith("v1,")]
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: `key` names the argument of Anymail's view that its signing key goes to; "" when it does not sign."""

    code: str
    name: str
    view: type[AnymailBaseWebhookView]
    hardness: Callable[[Raw], Hardness]
    key: str = ""
    key_label: str | Promise = ""
    needs_key: bool = False
    has_topic: bool = False


def _says(value: object, hard: set[str], soft: set[str]) -> Hardness:
    text = str(value).lower()
    return Hardness.HARD if text in hard else Hardness.SOFT if text in soft else Hardness.UNTOLD


def _inner(raw: Raw, *names: str) -> Any:
    value: Any = raw
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _amazon(raw: Raw) -> Hardness:
    return _says(_inner(raw, "bounce", "bounceType"), {"permanent"}, {"transient", "undetermined"})


def _mailjet(raw: Raw) -> Hardness:
    if "hard_bounce" not in raw:
        return Hardness.UNTOLD
    return Hardness.HARD if raw["hard_bounce"] is True and raw.get("error_related_to") != "spam" else Hardness.SOFT


def _sendgrid(raw: Raw) -> Hardness:
    """ "blocked" is what SendGrid calls every temporary or policy refusal (its Event Webhook reference)."""
    return _says(raw.get("type"), {"bounce"}, {"blocked", "expired"})


# SparkPost's bounce classes ("Bounce Classification Codes"): 10 invalid recipient, 30 generic without RCPT, 90 unsubscribe.
def _sparkpost(raw: Raw) -> Hardness:
    event = next((value for value in _inner(raw, "msys").values()), raw) if _inner(raw, "msys") else raw
    written = str(event.get("bounce_class", "") if isinstance(event, Mapping) else "")
    if not written:
        return Hardness.UNTOLD
    return Hardness.HARD if written in ("10", "30") else Hardness.SOFT


def _unisender(raw: Raw) -> Hardness:
    event = _inner(raw, "event_data") or raw
    status = _inner(event, "delivery_info", "delivery_status")
    if status in ("err_user_unknown", "err_domain_inactive"):
        return Hardness.HARD
    if status and str(status).startswith("err_"):
        return Hardness.SOFT
    return _says(_inner(event, "status"), {"hard_bounced"}, {"soft_bounced"})


PROVIDERS: Mapping[str, Provider] = {
    provider.code: provider
    for provider in (
        Provider("amazon_ses", "Amazon SES", AmazonView, _amazon, has_topic=True),
        Provider(
            "brevo",
            "Brevo",
            brevo.BrevoTrackingWebhookView,
            lambda raw: _says(raw.get("event"), {"hard_bounce", "invalid_email"}, {"soft_bounce", "blocked", "error"}),
        ),
        Provider(
            "mailersend",
            "MailerSend",
            mailersend.MailerSendTrackingWebhookView,
            lambda raw: _says(_inner(raw, "data", "type"), {"hard_bounced"}, {"soft_bounced"}),
            "signing_secret",
            _("Signing secret"),
            needs_key=True,
        ),
        Provider(
            "mailgun",
            "Mailgun",
            mailgun.MailgunTrackingWebhookView,
            lambda raw: _says(
                _inner(raw, "event-data", "severity") or raw.get("severity"), {"permanent"}, {"temporary"}
            ),
            "webhook_signing_key",
            _("HTTP webhook signing key"),
            needs_key=True,
        ),
        Provider("mailjet", "Mailjet", mailjet.MailjetTrackingWebhookView, _mailjet),
        Provider(
            "mailtrap",
            "Mailtrap",
            mailtrap.MailtrapTrackingWebhookView,
            lambda raw: _says(raw.get("event"), {"bounce"}, {"soft bounce", "suspension", "reject"}),
            "tracking_secret",
            _("Signature secret"),
        ),
        Provider(
            "mandrill",
            "Mandrill",
            mandrill.MandrillCombinedWebhookView,
            lambda raw: _says(raw.get("event"), {"hard_bounce"}, {"soft_bounce", "deferral", "reject"}),
            "webhook_key",
            _("Webhook key"),
            needs_key=True,
        ),
        Provider(
            "postal",
            "Postal",
            postal.PostalTrackingWebhookView,
            lambda raw: _says(
                _inner(raw, "payload", "status") or raw.get("status"), {"hardfail"}, {"softfail", "held"}
            ),
            "webhook_key",
            _("Public key (the p of the DKIM record)"),
            needs_key=True,
        ),
        Provider(
            "postmark",
            "Postmark",
            postmark.PostmarkTrackingWebhookView,
            lambda raw: _says(
                raw.get("Type"),
                {"hardbounce", "bademailaddress"},
                {"softbounce", "transient", "dnserror", "blocked", "virusnotification", "dmarcpolicy"},
            ),
        ),
        Provider(
            "resend",
            "Resend",
            ResendView,
            lambda raw: _says(
                _inner(raw, "data", "bounce", "type"), {"permanent"}, {"transient", "temporary", "undetermined"}
            ),
            "signing_key",
            _("Signing secret (whsec_…)"),
            needs_key=True,
        ),
        Provider(
            "sendgrid",
            "SendGrid",
            sendgrid.SendGridTrackingWebhookView,
            _sendgrid,
            "tracking_webhook_verification_key",
            _("Verification key"),
        ),
        Provider("sparkpost", "SparkPost", sparkpost.SparkPostTrackingWebhookView, _sparkpost),
        Provider(
            "unisender_go",
            "Unisender Go",
            unisender_go.UnisenderGoTrackingWebhookView,
            _unisender,
            "api_key",
            _("API key"),
            needs_key=True,
        ),
    )
}
