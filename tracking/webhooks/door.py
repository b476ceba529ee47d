"""The door through which providers come in: who has no key stays outside, and nothing of his is kept."""

import base64
import binascii
import datetime as dt
import hmac
import json
import logging
import secrets
from typing import Any

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from django.conf import settings
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse

from consent import sealed
from tracking import journal, postbox
from tracking.models import Hook, Kind
from tracking.webhooks import reading, sns
from tracking.webhooks.providers import PROVIDERS

USER = "postduif"

log = logging.getLogger(__name__)


class Refused(Exception):
    """Not from this provider, or nothing that it would send. `asks` says that a password should be offered first."""

    def __init__(self, why: str, *, asks: bool = False) -> None:
        super().__init__(why)
        self.asks = asks


def new_password() -> str:
    return secrets.token_urlsafe(24)


def address(hook: Hook) -> str:
    """Where the provider is to post, the password in it."""
    scheme, _, rest = settings.BASE_URL.partition("://")
    path = reverse("tracking:hook", args=[hook.provider, hook.pk])
    return f"{scheme}://{USER}:{sealed.unseal(hook.password)}@{rest}{path}"


def take_in(hook: Hook, request: HttpRequest, *, now: dt.datetime) -> int:
    """Append what a provider posted; returns how many events were new. Raises Refused, and then nothing was kept."""
    provider = PROVIDERS[hook.provider]
    _check_password(hook, request)
    told = _read(hook, request, now)
    events = [event for one in told if (event := reading.read(one, provider, now=now))]
    taken = journal.record(events)
    for event in events:
        if event.kind == Kind.UNSUBSCRIBE:
            for leaver in postbox.leavers:
                leaver(event.mailing, event.message, event.at)
    Hook.objects.filter(pk=hook.pk).update(last_at=now, taken=F("taken") + taken, problem="")
    return taken


def _check_password(hook: Hook, request: HttpRequest) -> None:
    method, _, written = request.headers.get("Authorization", "").partition(" ")
    if method.lower() != "basic":
        raise Refused("no password", asks=True)
    try:
        given = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("no password", asks=True) from None
    if not hmac.compare_digest(given, f"{USER}:{sealed.unseal(hook.password)}".encode()):
        raise Refused("wrong password")


def _read(hook: Hook, request: HttpRequest, now: dt.datetime) -> list[Any]:
    """What the provider tells, in Anymail's form, once its signature is checked."""
    provider = PROVIDERS[hook.provider]
    more: dict[str, Any] = {"webhook_secret": f"{USER}:{sealed.unseal(hook.password)}"}
    if key := sealed.unseal(hook.signing_key):
        more[provider.key] = key
    elif provider.needs_key:
        raise Refused("its signing key was never filled in")
    if hook.provider == "resend":
        more["at"] = now
    if hook.provider == "mandrill":
        more["webhook_url"] = address(hook)
    try:
        view = provider.view(**more)
        view.setup(request)
        view.run_validators(request)
        if provider.has_topic and not _is_of_topic(hook, request):
            return []
        return list(view.parse_events(request))
    except (AnymailWebhookValidationFailure, AnymailError) as refusal:
        raise Refused(str(refusal)) from refusal
    except (AttributeError, IndexError, KeyError, LookupError, TypeError, ValueError) as mistake:
        raise Refused(f"{type(mistake).__name__}: {mistake}") from mistake  # not what this provider would send


def _is_of_topic(hook: Hook, request: HttpRequest) -> bool:
    """Whether a signed notification is of our own topic; a question to confirm one is kept for a person to answer."""
    said = json.loads(request.body)
    if not sns.is_signed(said):
        raise Refused("not signed by Amazon, or its certificate cannot be had")
    if said.get("TopicArn") != hook.topic:
        raise Refused("a foreign topic")
    if said.get("Type") != "SubscriptionConfirmation":
        return True
    link = str(said.get("SubscribeURL", ""))
    if not sns.HOST.match(link):
        raise Refused("confirmation elsewhere than at Amazon")
    Hook.objects.filter(pk=hook.pk).update(confirm_url=link[:2000])
    return False
