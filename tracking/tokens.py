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

Purpose = Literal["click", "open", "view", "form", "bounce", "leave", "short"]
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


SHORT_TOKEN = re.compile(r"[0-9A-Za-z]{16}", re.ASCII)
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_SHORT_BITS = (20, 38, 6)  # mailing, message, link
_SHORT_MAC = 31
ShortMaker = Callable[[int, int, int], str]


def short_maker() -> ShortMaker:
    """Make tokens for short links, 16 letters and digits: text messages have little room.

    95 bits: mailing (20), message (38), link (6), MAC (31). So short a MAC protects figures, not people: whoever guesses
    one of two billion leads to a page that is public anyway, and leaving still takes a press of a button there.
    """
    start = _keyed("short", settings.SECRET_KEY).copy
    mailings, messages, numbers = _SHORT_BITS

    def token(mailing: int, message: int, number: int) -> str:
        if mailing >> mailings or message >> messages or number >> numbers:
            raise ValueError("too large a number for a short link")
        body = ((mailing << messages | message) << numbers) | number
        mac = start()
        mac.update(body.to_bytes(8, "big"))
        rest = body << _SHORT_MAC | int.from_bytes(mac.digest()[:4], "big") >> 1
        pairs = []
        for _ in range(8):
            rest, pair = divmod(rest, 3844)
            pairs.append(_PAIRS[pair])
        return "".join(reversed(pairs))

    return token


def read_short(token: str) -> tuple[int, int, int]:
    """Return (mailing, message, link), or raise BadToken."""
    if not SHORT_TOKEN.fullmatch(token):
        raise BadToken("form")
    whole = 0
    for digit in token:
        whole = whole * 62 + _VALUES[digit]
    body, given = whole >> _SHORT_MAC, whole & (1 << _SHORT_MAC) - 1
    if body >> 64:
        raise BadToken("form")
    _mailings, messages, numbers = _SHORT_BITS
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        own = _keyed("short", secret).copy()
        own.update(body.to_bytes(8, "big"))
        if int.from_bytes(own.digest()[:4], "big") >> 1 == given:
            number = body & (1 << numbers) - 1
            return body >> messages + numbers, body >> numbers & (1 << messages) - 1, number
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
