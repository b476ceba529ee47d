"""Providers over HTTP through Anymail: one rendered message each, the provider's own tracking off.

Everything a message says about itself goes along: List-Unsubscribe, List-Id, Message-ID. As metadata each carries
`postduif`, the signed local part of its envelope sender, by which an event that comes back finds its message.
"""

import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import requests
from anymail.exceptions import AnymailError
from django.core.mail import EmailMultiAlternatives
from django.utils.module_loading import import_string

from mailings.channels import Outcome, Outgoing, Receipt, answers

AT_ONCE = 8
TIMEOUT = (10.0, 60.0)  # seconds to connect, and to be answered
TRIES_WITH_KEY = 3
# said by the envelope, or again by the provider
LEFT_OUT = {"from", "to", "subject", "date", "reply-to", "mime-version", "dkim-signature"}
BAD_STATUSES = {"rejected", "invalid", "failed"}


@dataclass(frozen=True)
class Provider:
    """How one provider is reached: Anymail's backend, what it calls its secret, whether it knows a key of ours."""

    backend: str
    secret: str
    options: Mapping[str, str] = field(default_factory=dict)  # ours → the backend's
    key_header: str = ""  # of the request, by which the provider sends once what it is told twice
    key_in_message: str = ""  # the same as a header of the message


PROVIDERS = {
    "brevo": Provider("anymail.backends.brevo.EmailBackend", "api_key", key_in_message="idempotencyKey"),
    "mailgun": Provider("anymail.backends.mailgun.EmailBackend", "api_key", {"domain": "sender_domain"}),
    "mailjet": Provider("anymail.backends.mailjet.EmailBackend", "secret_key", {"user": "api_key"}),
    "postmark": Provider("anymail.backends.postmark.EmailBackend", "server_token", {"stream": "message_stream"}),
    "resend": Provider("anymail.backends.resend.EmailBackend", "api_key", key_header="Idempotency-Key"),
    "scaleway": Provider(
        "anymail.backends.scaleway.EmailBackend", "secret_key", {"project": "project_id", "region": "region"}
    ),
    "sendgrid": Provider("anymail.backends.sendgrid.EmailBackend", "api_key"),
    "sparkpost": Provider("anymail.backends.sparkpost.EmailBackend", "api_key"),
}


class ProviderPost:
    """One message to one provider. Each thread keeps a connection of its own."""

    def __init__(
        self, kind: str, options: Mapping[str, str], secret: str, *, timeout: tuple[float, float] = TIMEOUT
    ) -> None:
        self.provider = PROVIDERS[kind]
        given = {theirs: options[ours] for ours, theirs in self.provider.options.items() if options.get(ours)}
        if options.get("api_url"):
            given["api_url"] = options["api_url"]
        self._given = {**given, self.provider.secret: secret}
        self._timeout = timeout
        self._kept = threading.local()

    def __call__(self, message: Outgoing) -> Receipt:
        try:
            mail = self._mail(message)
        except (ValueError, LookupError) as error:
            return Receipt(message.number, Outcome.REFUSED, 554, f"554 5.6.0 {error}"[: answers.LONGEST])
        knows_us = bool(self.provider.key_header or self.provider.key_in_message)
        receipt = Receipt(message.number, Outcome.LOST)
        for _ in range(TRIES_WITH_KEY if knows_us else 1):
            receipt = self._hand_over(message, mail)
            if receipt.outcome is not Outcome.LOST:
                break
        return receipt

    def _hand_over(self, message: Outgoing, mail: EmailMultiAlternatives) -> Receipt:
        try:
            self._backend().send_messages([mail])
        except AnymailError as error:
            return self._understood(message.number, error)
        status = mail.anymail_status  # type: ignore[attr-defined]  # Anymail's
        found = {str(one.status) for one in status.recipients.values()}
        if status.esp_response is not None and not 200 <= status.esp_response.status_code < 300:
            return answers.refused(message.number, status.esp_response)
        if found & BAD_STATUSES:
            return Receipt(message.number, Outcome.REFUSED, 550, f"550 5.1.0 the provider answers: {', '.join(found)}")
        return Receipt(message.number, Outcome.ACCEPTED, 250)

    def _understood(self, number: int, error: AnymailError) -> Receipt:
        response = getattr(error, "response", None)
        if response is not None and not 200 <= response.status_code < 300:
            return answers.refused(number, response)
        if response is not None:  # a yes in words that Anymail does not know
            return Receipt(number, Outcome.LOST, 0, answers.words(response))
        if isinstance(error, requests.RequestException):
            return answers.broken(number, error)
        return Receipt(number, Outcome.REFUSED, 554, f"554 5.6.0 {error.args[0] if error.args else error}"[:400])

    def _backend(self) -> Any:
        if not hasattr(self._kept, "backend"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Anymail speaks of its own plans
                backend = _with_key(import_string(self.provider.backend), self.provider.key_header)(
                    **self._given, timeout=self._timeout, ignore_unsupported_features=True
                )
            backend.open()
            self._kept.backend = backend
        return self._kept.backend

    def _mail(self, message: Outgoing) -> EmailMultiAlternatives:
        mail = as_mail(message)
        if self.provider.key_in_message:
            mail.extra_headers[self.provider.key_in_message] = key_of(message)
        return mail


def _with_key(backend: Any, header: str) -> Any:
    """The backend, or one that names the message's key in each request."""
    if not header:
        return backend

    class WithKey(backend):  # type: ignore[misc]  # a class chosen when running
        def build_message_payload(self, message: Any, defaults: Any) -> Any:
            payload = super().build_message_payload(message, defaults)
            payload.headers = {**(payload.headers or {}), header: message.metadata["postduif"]}
            return payload

    return WithKey


def key_of(message: Outgoing) -> str:
    """What names this hand-over, the same however often it is tried: the local part of its envelope sender."""
    return message.sender.partition("@")[0]


def as_mail(message: Outgoing) -> EmailMultiAlternatives:
    """Read the rendered bytes back into the parts a provider asks for."""
    parsed = BytesParser(policy=policy.default).parsebytes(message.body)
    assert isinstance(parsed, EmailMessage)  # noqa: S101 what this policy makes
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    headers = {
        name: str(value).replace("\n", "").replace("\r", "")
        for name, value in parsed.items()
        if name.lower() not in LEFT_OUT and not name.lower().startswith("content-")
    }
    mail = EmailMultiAlternatives(
        subject=str(parsed["Subject"] or ""),
        body=text.get_content() if text else "",
        from_email=str(parsed["From"]),
        to=[message.recipient],
        reply_to=[str(parsed["Reply-To"])] if parsed["Reply-To"] else None,
        headers=headers,
    )
    if html:
        mail.attach_alternative(html.get_content(), "text/html")
    for part in parsed.iter_attachments():
        mail.attach(part.get_filename(), part.get_payload(decode=True), part.get_content_type())
    mail.metadata = {"postduif": key_of(message)}  # type: ignore[attr-defined]  # Anymail's
    mail.track_opens = mail.track_clicks = False  # type: ignore[attr-defined]
    return mail
