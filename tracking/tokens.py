"""Tokens that tell us which message an address belongs to, and that nobody else can make.

24 bytes: version (1), mailing (4), message (8), MAC (11 = 88 bits). A click, open, view or form token is 32 URL characters;
a bounce token is the local part of the envelope sender (VERP), a leave token that of the address one unsubscribes by, 50 lower-case characters of the 64 that RFC 5321 allows:
hexadecimal, because mail systems change the case of local parts, and fifty times as fast to write as base32.
Each purpose has a key of its own: a click token opens nothing else. Message 0 marks a test send, which is never counted.
"""

import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from django.conf import settings

Purpose = Literal["click", "open", "view", "form", "bounce", "leave"]
Maker = Callable[[int, int], str]

TEST = 0  # the message number of a test send
VERSION = 1
MAC_LENGTH = 11
_pack = struct.Struct(">BIQ").pack
_unpack = struct.Struct(">BIQ").unpack
URL_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)
LOCAL_PARTS: dict[Purpose, str] = {
    "bounce": "b+",
    "leave": "u+",
}  # tokens that are the local part of an address of ours
LOCAL_TOKEN = re.compile(r"[0-9a-f]{48}", re.ASCII)


class BadToken(ValueError):
    """Not one of ours, for this purpose: forged, cut or mangled."""


def make(purpose: Purpose, mailing: int, message: int) -> str:
    """The token of one message for one purpose; `TEST` as message for a test send."""
    return maker(purpose)(mailing, message)


def maker(purpose: Purpose) -> Maker:
    """The same as a function to call for every recipient of a campaign: about 2 µs a token."""
    start = _keyed(purpose, settings.SECRET_KEY).copy

    def url_token(mailing: int, message: int) -> str:
        body = _pack(VERSION, mailing, message)
        mac = start()
        mac.update(body)
        return urlsafe_b64encode(body + mac.digest()[:MAC_LENGTH]).decode("ascii")

    prefix = LOCAL_PARTS.get(purpose, "")

    def local_token(mailing: int, message: int) -> str:
        body = _pack(VERSION, mailing, message)
        mac = start()
        mac.update(body)
        return f"{prefix}{(body + mac.digest()[:MAC_LENGTH]).hex()}"

    return local_token if prefix else url_token


def read(purpose: Purpose, token: str) -> tuple[int, int]:
    """Return (mailing, message), or raise BadToken. Keys in SECRET_KEY_FALLBACKS still count."""
    raw = _bytes(purpose, token)
    body, mac = raw[:-MAC_LENGTH], raw[-MAC_LENGTH:]
    version, mailing, message = _unpack(body)
    if version != VERSION:
        raise BadToken("version")
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        own = _keyed(purpose, secret).copy()
        own.update(body)
        if hmac.compare_digest(own.digest()[:MAC_LENGTH], mac):
            return mailing, message
    raise BadToken("mac")


def return_path(mailing: int, message: int) -> str:
    """The envelope sender of one message: what comes back to it tells which message it is about."""
    return f"{make('bounce', mailing, message)}@{settings.BOUNCE_DOMAIN}"


def _bytes(purpose: Purpose, token: str) -> bytes:
    if prefix := LOCAL_PARTS.get(purpose):
        token = token.lower()
        if not token.startswith(prefix) or not LOCAL_TOKEN.fullmatch(token, len(prefix)):
            raise BadToken("form")
        return bytes.fromhex(token[len(prefix) :])
    if not URL_TOKEN.fullmatch(token):
        raise BadToken("form")
    return urlsafe_b64decode(token)


@lru_cache(maxsize=64)
def _keyed(purpose: Purpose, secret: str) -> hmac.HMAC:
    """An HMAC that has read its key already; copying it is cheaper than keying a new one."""
    key = hashlib.sha256(f"postduif.tracking.{purpose}:{secret}".encode()).digest()
    return hmac.new(key, digestmod="sha256")
