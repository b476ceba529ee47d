"""What providers of e-mail still know of messages to one address: the `postduif` marks they carry (see `providers`).

Only providers that keep what a message said about itself can be asked. The others tell by webhook, or a person decides.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests

from mailings.channels import DeliveryError, answers

MARK = "postduif"
TIMEOUT = (10.0, 30.0)  # seconds to connect, and to be answered
MOST = 300  # messages to one address that are looked through
MOST_BYTES = 5_000_000
WENT = "injection,delivery,delay,bounce,out_of_band,spam_complaint,policy_rejection"


@dataclass(frozen=True)
class Question:
    """How one provider is asked: path below its API, parameters, and what proves who we are."""

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: tuple[str, str] | None = None


@dataclass(frozen=True)
class Archive:
    """One provider's memory: its API, how it is asked about an address since a moment, and the marks in its answer."""

    api: str
    ask: Callable[[Mapping[str, str], str, str, datetime], Question]
    marks: Callable[[Any], Iterable[Any]]


def _postmark(options: Mapping[str, str], secret: str, to: str, since: datetime) -> Question:
    day = (since - timedelta(days=1)).date().isoformat()  # it counts in its own time zone
    params = {"recipient": to, "fromdate": day, "count": str(MOST), "offset": "0"}
    if stream := options.get("stream"):
        params["messagestream"] = stream
    return Question("messages/outbound", params, {"X-Postmark-Server-Token": secret, "Accept": "application/json"})


def _mailgun(options: Mapping[str, str], secret: str, to: str, since: datetime) -> Question:
    params = {"recipient": to, "begin": str(int(since.timestamp())), "ascending": "yes", "limit": str(MOST)}
    return Question(f"{options.get('domain', '')}/events", params, auth=("api", secret))


def _sparkpost(options: Mapping[str, str], secret: str, to: str, since: datetime) -> Question:
    params = {"recipients": to, "from": since.strftime("%Y-%m-%dT%H:%M:%SZ"), "events": WENT, "per_page": str(MOST)}
    return Question("events/message", params, {"Authorization": secret})


ARCHIVES: Mapping[str, Archive] = {
    "postmark": Archive(
        "https://api.postmarkapp.com", _postmark, lambda said: (one["Metadata"].get(MARK) for one in said["Messages"])
    ),
    "mailgun": Archive(
        "https://api.mailgun.net/v3",
        _mailgun,
        lambda said: (one.get("user-variables", {}).get(MARK) for one in said["items"] if one["event"] != "rejected"),
    ),
    "sparkpost": Archive(
        "https://api.sparkpost.com/api/v1",
        _sparkpost,
        lambda said: ((one.get("rcpt_meta") or {}).get(MARK) for one in said["results"]),
    ),
}


def marks(
    kind: str,
    options: Mapping[str, str],
    secret: str,
    to: str,
    *,
    since: datetime,
    timeout: tuple[float, float] = TIMEOUT,
) -> set[str]:
    """Give the marks of the messages to an address that a provider took since then.

    `since` in UTC. Raises DeliveryError when nobody can tell.
    """
    archive = ARCHIVES[kind]
    asked = archive.ask(options, secret, to, since)
    api = (options.get("api_url") or archive.api).rstrip("/")
    try:
        with requests.get(
            f"{api}/{asked.path}",
            params=asked.params,
            headers=asked.headers,
            auth=asked.auth,
            timeout=timeout,
            stream=True,
            allow_redirects=False,
        ) as response:
            if response.status_code != requests.codes.ok:
                raise DeliveryError(f"{response.status_code} {answers.words(response)}"[: answers.LONGEST], retry=True)
            said = response.raw.read(MOST_BYTES + 1, decode_content=True)
            if len(said) > MOST_BYTES:
                raise DeliveryError("the answer is too long", retry=True)
            return {str(mark) for mark in archive.marks(json.loads(said)) if mark}
    except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DeliveryError(f"{type(error).__name__}: {error}"[: answers.LONGEST], retry=True) from error
