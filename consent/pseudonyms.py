"""What is left of an erased address: enough to know it when it comes back, not enough to tell it.

A pseudonym is "hmac:<key>:<HMAC-SHA-256 of "channel:address">". The key is a secret of the installation and stands in no
table, because a bare hash of an address can be found by trying addresses. Keys are told apart by a fingerprint; the
first of `SUPPRESSION_KEYS` makes new pseudonyms, every one of them recognises old ones.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

PREFIX = "hmac:"
BLOCK = 64  # octets of a block of SHA-256, RFC 2104


@dataclass(frozen=True, slots=True)
class Key:
    """A secret with its public fingerprint, and the two pads of HMAC by which PostgreSQL works it out too."""

    fingerprint: str
    secret: bytes
    inner: bytes
    outer: bytes

    def pseudonym(self, channel: str, address: str) -> str:
        digest = hmac.new(self.secret, f"{channel}:{address}".encode(), hashlib.sha256).hexdigest()
        return f"{PREFIX}{self.fingerprint}:{digest}"


def keys() -> tuple[Key, ...]:
    """Give the keys, the one for new pseudonyms first."""
    return _keys(tuple(settings.SUPPRESSION_KEYS))


def of(channel: str, address: str) -> str:
    """Give the pseudonym of a normalised address under the newest key."""
    return keys()[0].pseudonym(channel, address)


def every(channel: str, address: str) -> list[str]:
    """Give the pseudonyms of an address under every key."""
    return [key.pseudonym(channel, address) for key in keys()]


def is_one(text: str) -> bool:
    """Say whether this is a pseudonym and not an address."""
    return text.startswith(PREFIX)


def key_of(pseudonym: str) -> str:
    """Name the key that made a pseudonym."""
    return pseudonym.split(":")[1]


def named_sql(candidate: str) -> str:
    """Give a SELECT of `address, pseudonym`: those of every candidate under every key that is in use.

    `candidate` names a table or CTE with a column `address`; parameters: `parameters()` and `gate_channel`. Where
    nobody was erased it costs nothing.
    """
    return NAMED.replace("{candidate}", candidate)


def parameters() -> dict[str, Any]:
    """Give the parameters of `named_sql`."""
    known: Sequence[Key] = keys()
    return {
        "gate_keys": [key.fingerprint for key in known],
        "gate_inner": [key.inner for key in known],
        "gate_outer": [key.outer for key in known],
    }


@lru_cache(maxsize=8)
def _keys(secrets: tuple[str, ...]) -> tuple[Key, ...]:
    return tuple(_key(secret) for secret in secrets)


def _key(text: str) -> Key:
    # stretched to a fixed length and bound to this use, so that the secret is not the one that signs links
    secret = hashlib.sha256(b"postduif pseudonym " + text.encode()).digest()
    padded = secret.ljust(BLOCK, b"\x00")
    fingerprint = hashlib.sha256(b"fingerprint " + secret).hexdigest()[:8]
    return Key(fingerprint, secret, bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded))


NAMED = """
SELECT q.address, 'hmac:' || k.fingerprint || ':' || encode(sha256(k.outer_pad || sha256(k.inner_pad
    || convert_to(%(gate_channel)s || ':' || q.address, 'UTF8'))), 'hex') AS pseudonym
FROM (
    SELECT * FROM unnest(%(gate_keys)s::text[], %(gate_inner)s::bytea[], %(gate_outer)s::bytea[])
        AS known (fingerprint, inner_pad, outer_pad)
    WHERE EXISTS (SELECT FROM consent_suppression h WHERE h.hashed_with = known.fingerprint)
) k CROSS JOIN {candidate} q
WHERE q.address IS NOT NULL
"""
