"""Calling other systems when somebody clicks: a signed POST of JSON, tried again for a day when nobody answers.

Addresses inside our own network are refused when the name is looked up, and the connection goes to the address that was
checked: a name that changes its mind between the two (DNS rebinding) leads nowhere. Redirects are not followed.
"""

import datetime as dt
import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F

from tracking.models import Act

PATIENCE = 10.0
TRIES = 8  # after 1, 2, 4, … minutes: the last one four hours after the first
AT_ONCE = 50
LEASE = dt.timedelta(minutes=10)


class NoAnswer(Exception):
    """The other system did not take it; the message says why."""


def call_due(*, now: dt.datetime) -> int:
    """Call whoever is to be called by now; returns how many answered."""
    due = Act.objects.filter(state=Act.State.CALLING, not_before__lte=now).order_by("not_before", "pk")
    numbers = list(due.values_list("pk", flat=True)[:AT_ONCE])
    return sum(_call_one(number, now) for number in numbers)


def _call_one(number: int, now: dt.datetime) -> bool:
    mine = Act.objects.filter(pk=number, state=Act.State.CALLING, not_before__lte=now)
    if not mine.update(not_before=now + LEASE, attempts=F("attempts") + 1):
        return False  # somebody else has it
    act = Act.objects.select_related("action__link", "person").get(pk=number)
    try:
        post(str(act.action.detail.get("url", "")), said(act), key=str(act.action.detail.get("key", "")))
    except NoAnswer as trouble:
        is_last = act.attempts >= TRIES
        Act.objects.filter(pk=number).update(
            state=Act.State.FAILED if is_last else Act.State.CALLING,
            not_before=now + dt.timedelta(minutes=2 ** (act.attempts - 1)),
            problem=str(trouble)[:300],
            done_at=now if is_last else None,
        )
        return False
    Act.objects.filter(pk=number).update(state=Act.State.DONE, done_at=now, problem="")
    return True


def said(act: Act) -> Mapping[str, object]:
    """What the other system is told. `id` is the same when it is told again."""
    person = act.person
    return {
        "id": act.pk,
        "event": "link.clicked",
        "link": {"id": act.action.link.pk, "name": act.action.link.name},
        "mailing": act.mailing,
        "clicked_at": act.clicked_at.isoformat(),
        "person": {"id": person.pk, "name": person.name} if person else None,
    }


def post(url: str, what: Mapping[str, object], *, key: str) -> None:
    """POST JSON with `X-Postduif-Signature: sha256=<HMAC of the body>`. Raises NoAnswer unless the answer is 2xx."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise NoAnswer("not an address")
    body = json.dumps(what, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Postduif",
        "X-Postduif-Signature": "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest(),
    }
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = _connection(parts.scheme, parts.hostname, port)
    try:
        connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else "") or "/", body, headers)
        answer = connection.getresponse()
        answer.read(10_000)
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise NoAnswer(f"answered {answer.status}")


def _connection(scheme: str, host: str, port: int) -> http.client.HTTPConnection:
    """A connection to the very address that was looked up and found to be outside."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        address = str(found[0][4][0])
        if not settings.CALLS_INSIDE and not ipaddress.ip_address(address).is_global:
            raise NoAnswer("an address inside our own network")
        wire = socket.create_connection((address, port), timeout=PATIENCE)
        if scheme == "https":
            wire = ssl.create_default_context().wrap_socket(wire, server_hostname=host)
    except (OSError, UnicodeError, ValueError) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    connection.sock = wire
    return connection
