"""Signing mail by DKIM (RFC 6376, RFC 8463): relaxed headers, simple body, as fast as the signature itself.

The body is hashed per message; a header field that all messages of a campaign share is canonicalised once. Bytes in, bytes
out: no line is added that begins with a dot, so what was ready for the wire stays so.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, utils

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

# What is signed where it stands: RFC 6376 §5.4.1; RFC 8058 §4 (one-click), Gmail's Feedback-ID, RFC 9477 §3.1.2 (CFBL).
SIGNED = (
    "from",
    "reply-to",
    "to",
    "subject",
    "date",
    "message-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "feedback-id",
    "cfbl-address",
    "mime-version",
    "content-type",
)
# Named once more than they occur, so that nobody can add a second one: RFC 6376 §8.15.
SEALED = ("from", "to", "subject", "date", "reply-to", "list-unsubscribe", "list-unsubscribe-post")
LINE = 72
REMEMBERED = 64  # header fields; those of one recipient push each other out

_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_SPACES = re.compile(rb"[ \t]+")
_EMPTY_END = re.compile(rb"(?:\r\n)*\Z")


class Field(NamedTuple):
    """A header field by its name in small letters, and as it is hashed."""

    name: str
    relaxed: bytes


@dataclass(frozen=True)
class Key:
    """What signs for a domain: the private key, and under which name its public half stands in the DNS."""

    domain: str
    selector: str
    private: PrivateKey

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.private, rsa.RSAPrivateKey) else "ed25519-sha256"

    def sign(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest (RFC 8463 §3: Ed25519 signs the digest, too)."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
        return self.private.sign(digest)


class Signer:
    """Puts one DKIM-Signature per key before a message."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)
        self._known: dict[bytes, Field] = {}

    def sign(self, message: bytes, *, at: int) -> bytes:
        """Give the message with its signatures; `at` is now in seconds since 1970."""
        if not self.keys:
            return message
        head, _blank, body = message.partition(b"\r\n\r\n")
        fields = {field.name: field.relaxed for field in self._fields(head)}
        names = tuple(name for name in SIGNED if name in fields)
        hashed = hashlib.sha256(b"".join([fields[name] for name in names]))
        after = f"; t={at}; bh={_b64(hashlib.sha256(simple(body)).digest())};"
        lines = []
        for key in self.keys:
            relaxed, written = _opening(key.algorithm, key.domain, key.selector, names)
            own = hashed.copy()
            own.update(f"{relaxed}{after} b=".encode())
            lines.append(
                f"{written}{after.replace(' bh', '\r\n bh')}\r\n b={_folded(_b64(key.sign(own.digest())))}\r\n"
            )
        return "".join(lines).encode() + message

    def _fields(self, head: bytes) -> Iterator[Field]:
        known = self._known
        for written in _FIELD_END.split(head):
            field = known.get(written)
            if field is None:
                if len(known) >= REMEMBERED:
                    known.clear()
                known[written] = field = relaxed_field(written)
            yield field


def relaxed_field(written: bytes) -> Field:
    """Canonicalise one header field: RFC 6376 §3.4.2."""
    name, _colon, value = written.partition(b":")
    name = name.rstrip(b" \t").lower()
    value = _SPACES.sub(b" ", _FOLD.sub(b"", value)).strip(b" ")
    return Field(name.decode("ascii", "replace"), name + b":" + value + b"\r\n")


def simple(body: bytes) -> bytes:
    """Canonicalise a body: one line end at its end, however many there were (RFC 6376 §3.4.3)."""
    if body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n"):
        return body
    return _EMPTY_END.sub(b"", body, count=1) + b"\r\n"


@lru_cache(maxsize=64)
def _opening(algorithm: str, domain: str, selector: str, names: tuple[str, ...]) -> tuple[str, str]:
    """The part of a signature that is the same for a campaign: as it is hashed, and as it is written."""
    said = [*names, *(name for name in SEALED if name in names or name in ("from", "reply-to"))]
    tags = f"v=1; a={algorithm}; c=relaxed/simple; d={domain}; s={selector};"
    # folded between two names: relaxed leaves one space where the line was broken, in both forms alike
    lines, line = [], "h="
    for number, name in enumerate(said):
        word = name + (":" if number < len(said) - 1 else "")
        if len(line) + len(word) > LINE:
            lines.append(line)
            line = ""
        line += word
    lines.append(line)
    return f"dkim-signature:{tags} {' '.join(lines)}", f"DKIM-Signature: {tags}\r\n {'\r\n '.join(lines)}"


def _folded(text: str) -> str:
    return "\r\n ".join(text[start : start + LINE] for start in range(0, len(text), LINE))


def _b64(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
