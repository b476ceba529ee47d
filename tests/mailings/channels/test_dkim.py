"""Signatures that dkimpy accepts, and that break when anything they cover is touched."""

import re
from base64 import b64encode
from functools import cache

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from mailings.channels.dkim import Key, Signer
from mailings.rendering.compile import compile_letter
from tests.mailings.rendering.letters import a_letter, a_recipient

COMPILED = compile_letter(a_letter())
AT = 1795345200


@cache
def keys() -> tuple[Key, Key]:
    strong = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return (
        Key("dewerkbank.example", "r1", strong),
        Key("dewerkbank.example", "e1", ed25519.Ed25519PrivateKey.generate()),
    )


def published(name: bytes, timeout: int = 5) -> bytes:
    """What the DNS would say."""
    strong, short = keys()
    if name.startswith(b"e1."):
        assert isinstance(short.private, ed25519.Ed25519PrivateKey)
        return b"v=DKIM1; k=ed25519; p=" + b64encode(short.private.public_key().public_bytes_raw())
    public = strong.private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b"v=DKIM1; k=rsa; p=" + b64encode(public)


def verdicts(message: bytes) -> list[bool]:
    """Verify each signature."""
    reader = dkim.DKIM(message)
    count = len(re.findall(rb"^dkim-signature:", message, re.IGNORECASE | re.MULTILINE))
    return [_holds(reader, number) for number in range(count)]


def _holds(reader: dkim.DKIM, number: int) -> bool:
    try:
        return bool(reader.verify(idx=number, dnsfunc=published))
    except dkim.ValidationError:  # of a body that is not the one signed
        return False


def signed(**data: object) -> bytes:
    return Signer(keys()).sign(COMPILED.render(a_recipient(**data)), at=AT)


def test_both_signatures_of_a_letter_hold():
    assert verdicts(signed(customer_firstname="Zoë", _name="Zoë de Wit")) == [True, True]


def test_the_headers_that_receivers_want_covered_are_covered():
    head = signed().partition(b"\r\n\r\n")[0].decode().lower()

    covered = "".join(re.search(r"h=([^;]+);", head)[1].split()).split(":")
    wanted = {"from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"}
    assert wanted | {"feedback-id", "cfbl-address", "list-id"} <= set(covered)
    assert covered.count("from") == 2, "nobody can add a second one"


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"List-Unsubscribe-Post: List-Unsubscribe=Never"),
        (b"List-Unsubscribe: <https://mail", b"List-Unsubscribe: <https://evil"),
        (b"Feedback-ID: 7", b"Feedback-ID: 8"),
        (b"\r\nFrom: ", b"\r\nFrom: x@evil.example\r\nFrom: "),
        (b"\r\nSubject: ", b"\r\nSubject: Win\r\nSubject: "),
        (b"lathe", b"latte"),
    ],
)
def test_touching_what_is_covered_breaks_it(found, put):
    message = signed()
    assert found in message

    assert verdicts(message.replace(found, put, 1)) == [False, False]


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\n\r\n\r\n"])
@pytest.mark.parametrize("body", [b"", b"hi  there", b"one\r\n\r\n two \t"])
def test_a_body_of_any_ending_is_hashed_as_receivers_hash_it(body, end):
    message = b"From: a@dewerkbank.example\r\nSUBJECT:  folded\r\n\t words \r\n\r\n" + body + end

    assert verdicts(Signer(keys()).sign(message, at=AT)) == [True, True]


def test_no_key_no_signature():
    assert Signer([]).sign(b"From: a@b.c\r\n\r\nx\r\n", at=AT) == b"From: a@b.c\r\n\r\nx\r\n"


def test_signing_hundreds_keeps_no_memory_of_recipients():
    signer = Signer(keys()[1:])

    for number in range(300):
        signer.sign(COMPILED.render(a_recipient(_to=f"r{number}@example.org")), at=AT)

    assert len(signer._known) <= 64


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80)


@given(name=texts, first=texts)
@settings(max_examples=60, deadline=None)
def test_whatever_a_recipient_is_called_the_signature_holds_and_lines_stay_short(name, first):
    message = signed(_name=name, customer_firstname=first)

    assert verdicts(message) == [True, True]
    assert all(len(line) <= 998 for line in message.split(b"\r\n"))
    assert not any(line.startswith(b".") for line in message.split(b"\r\n"))
