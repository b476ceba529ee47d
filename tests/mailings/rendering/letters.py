"""Letters and recipients for tests of rendering: plain values, no database."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

from mailings.rendering.blocks import Document
from mailings.rendering.drafts import Letter

PARAGRAPHS = (
    "<p>Dear <strong>[[customer.firstname|friend]]</strong> of [[company.name|your team]],</p>"
    '<p>Here is <a href="https://example.org/programme?day=1&amp;hall=2">the programme</a>, and '
    '<a href="https://example.org/seat?for=[[customer.id]]">your seat</a>.</p>'
    "<ul><li><p>soup</p></li><li><p>a lathe</p></li></ul><p>.and a dot</p>"
)
BLOCKS: list[dict[str, Any]] = [
    {"kind": "heading", "id": "a", "text": "Come and look, [[customer.firstname|friend]] & co"},
    {"kind": "text", "id": "b", "html": PARAGRAPHS},
    {"kind": "image", "id": "c", "url": "https://example.org/loods.png", "alt": "The “Loods”", "link": "example.org/x"},
    {"kind": "button", "id": "d", "text": "Yes, I am coming", "url": "https://example.org/yes"},
    {
        "kind": "text",
        "id": "e",
        "html": "<p>Alleen voor [[customer.lastname|wie Nederlands leest]].</p>",
        "only_if": {"variable": "customer.language", "operator": "is", "value": "nl"},
    },
    {"kind": "divider", "id": "f"},
]


def a_letter(*, blocks: list[dict[str, Any]] | None = None, language: str = "en", **changes: Any) -> Letter:
    document = Document.read({"language": language, "blocks": BLOCKS if blocks is None else blocks})
    values: dict[str, Any] = {
        "document": document,
        "name": "Open day",
        "subject": "See it from the inside, [[customer.firstname|friend]]",
        "preheader": "Saturday, soup included",
        "from_name": "De Werkbank",
        "from_address": "hallo@dewerkbank.example",
        "reply_to": "antwoord@dewerkbank.example",
        "number": 7,
        "subscription_code": "events",
        "subscription_name": "Events",
        "sender_name": "De Werkbank",
        "postal_address": "Havenstraat 14\n3024 SC Rotterdam",
        "base_url": "https://mail.dewerkbank.example",
        "list_domain": "dewerkbank.example",
    }
    return Letter(**values | changes)


def a_recipient(**data: object) -> dict[str, object]:
    """Reserved values as the sender supplies them; merge data as `customer_firstname="Ada"`."""
    reserved: dict[str, object] = {
        "_to": "hanna@example.org",
        "_name": "Hanna de Wit",
        "_token": "AbCdEfGhIjKlMnOpQrStUvWxYz012345",
        "_open": "Open-fGhIjKlMnOpQrStUvWxYz01234",
        "_unsubscribe": "https://mail.dewerkbank.example/u/abcdefghijklmnopqrstuv/1/?m=AbCdEf",
        "_leave": "u+0a1b2c@bounces.dewerkbank.example",
        "_preferences": "https://mail.dewerkbank.example/p/vutsrqponmlkjihgfedcba/?m=AbCdEf",
        "_view": "https://mail.dewerkbank.example/v/AbCdEf/",
        "_message_id": "7.42@bounces.dewerkbank.example",
        "_bounce": "b+0a1b2c@bounces.dewerkbank.example",
        "_date": "Mon, 23 Nov 2026 11:00:00 +0000",
    }
    return reserved | {key if key.startswith("_") else key.replace("_", ".", 1): value for key, value in data.items()}


def parsed(message: bytes) -> EmailMessage:
    read = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


def body(message: bytes, kind: str) -> str:
    part = parsed(message).get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
