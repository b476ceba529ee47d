"""Amazon SES tells bounces as JSON, which SNS may send as a mail. Pure.

Source: "Amazon SNS notification contents for Amazon SES" (docs.aws.amazon.com/ses, notification-contents).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DEEPEST = 20_000  # characters that may be JSON
MARK = '"notificationType"'


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient of a notification."""

    address: str
    action: str  # as in RFC 3464: failed, delivered
    status: str
    said: str


@dataclass(frozen=True, slots=True)
class Notification:
    kind: str  # Bounce, Complaint, Delivery
    feedback: str
    told: tuple[Told, ...]


def read(text: str) -> Notification | None:
    """The notification that a mail's text is, or None."""
    if MARK not in text.replace("\\", ""):
        return None
    data = _object(text)
    if isinstance(data.get("Message"), str):  # as SNS posts it: JSON in JSON
        data = _object(data["Message"])
    kind = _text(data, "notificationType")
    about = data.get(kind.lower()) if kind in ("Bounce", "Complaint", "Delivery") else None
    if not isinstance(about, dict):
        return None
    return Notification(kind, _text(about, "complaintFeedbackType"), tuple(_told(kind, about)))


def _object(text: str) -> dict[str, Any]:
    start = text.find("{")
    try:
        data, _ = json.JSONDecoder().raw_decode(text[start : start + DEEPEST])
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _told(kind: str, about: dict[str, Any]) -> Iterator[Told]:
    if kind == "Delivery":
        said = _text(about, "smtpResponse")
        yield from (Told(str(one), "delivered", "", said) for one in _list(about, "recipients"))
        return
    sub = _text(about, "bounceSubType")
    for one in _list(about, "bouncedRecipients" if kind == "Bounce" else "complainedRecipients"):
        if isinstance(one, dict):
            said = _text(one, "diagnosticCode") or f"{_text(about, 'bounceType')}: {_spaced(sub)}"
            yield Told(_text(one, "emailAddress"), _text(one, "action"), _text(one, "status"), said)


def _spaced(name: str) -> str:
    """ "MailboxFull" as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _list(data: dict[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    return value[:50] if isinstance(value, list) else []


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
