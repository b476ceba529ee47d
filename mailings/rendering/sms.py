"""How long a text message is: its encoding, its parts, and which characters make it dear. Pure.

3GPP TS 23.038: the GSM alphabet holds 160 characters in a message, 153 in each part of a longer one; characters of its
extension take two places and do not straddle two parts. One character outside of it makes the whole text UCS-2: 70 code
units, 67 in each part, and a surrogate pair does not straddle either.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 1600  # characters that Twilio takes (error 21617)
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # behind an escape: two places
GSM = BASIC | EXTENSION

# What looks enough like it; letters with a mark lose the mark, by their decomposition.
LOOKS_LIKE: Mapping[str, str] = {
    **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys(
        "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t", " "
    ),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f", ""),
    "\u2028": "\n",
    "\u2029": "\n",
    "…": "...",
    "•": "-",
    "·": ".",
    "ç": "c",
    "œ": "oe",
    "Œ": "OE",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ı": "i",
    "×": "x",
    "©": "(c)",
    "®": "(R)",
    "™": "TM",
    "№": "No",
    "½": "1/2",
    "¼": "1/4",
    "¾": "3/4",
}


class Encoding(StrEnum):
    GSM = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True)
class Room:
    """How many places a message has, alone and as a part of a longer one."""

    alone: int
    part: int


ROOM = {Encoding.GSM: Room(160, 153), Encoding.UCS2: Room(70, 67)}


@dataclass(frozen=True)
class Measure:
    """What a text takes: `units` are septets or code units, `left` is what still fits without another part."""

    encoding: Encoding
    units: int
    segments: int
    left: int
    characters: int

    @property
    def is_too_long(self) -> bool:
        return self.characters > LONGEST


@dataclass(frozen=True)
class Offender:
    """A character outside the GSM alphabet: how often it stands there, and what could stand in its place, or None."""

    character: str
    name: str
    times: int
    instead: str | None


def measure(text: str) -> Measure:
    """Count a text as the network does. The empty text is one message of nothing."""
    is_gsm = GSM.issuperset(text)
    encoding = Encoding.GSM if is_gsm else Encoding.UCS2
    room = ROOM[encoding]
    double = sum(map(text.count, EXTENSION)) if is_gsm else sum(character > "\uffff" for character in text)
    units = len(text) + double
    if units <= room.alone:
        return Measure(encoding, units, 1, room.alone - units, len(text))
    segments, left = _parts(text, room.part, encoding) if double else (-(-units // room.part), -units % room.part)
    return Measure(encoding, units, segments, left, len(text))


def _parts(text: str, part: int, encoding: Encoding) -> tuple[int, int]:
    """Fill part after part; what takes two places goes to the next one whole. Give the parts, and what is left."""
    segments, used = 1, 0
    for character in text:
        takes = 2 if (character in EXTENSION if encoding is Encoding.GSM else character > "\uffff") else 1
        if used + takes > part:
            segments, used = segments + 1, 0
        used += takes
    return segments, part - used


def offenders(text: str) -> list[Offender]:
    """Name the characters that force UCS-2, in the order in which they come."""
    counted = Counter(character for character in text if character not in GSM)
    return [Offender(one, _name(one), times, instead(one)) for one, times in counted.items()]


def instead(character: str) -> str | None:
    """Give what could stand in a character's place in the GSM alphabet; None when nothing could."""
    if character in GSM:
        return character
    if (found := LOOKS_LIKE.get(character)) is not None:
        return found
    if unicodedata.combining(character):
        return ""
    for form in ("NFKD", "NFD"):
        bare = "".join(one for one in unicodedata.normalize(form, character) if not unicodedata.combining(one))
        if bare and bare != character and GSM.issuperset(bare):
            return bare
    return None


def plain(text: str) -> str:
    """Put something of the GSM alphabet in the place of every character that has such a thing; doing it again changes nothing."""
    composed = unicodedata.normalize("NFC", text)  # "e" and its two dots, apart, are one letter
    return "".join(character if (one := instead(character)) is None else one for character in composed)


def one_form(text: str) -> str:
    """Give a text as it is kept: one kind of line end, composed letters, no control characters, nothing around it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        one for one in unicodedata.normalize("NFC", lines) if one in "\n\f" or unicodedata.category(one) not in _NOT
    )
    return "".join(kept).strip()


_NOT = {"Cc", "Cs", "Co"}  # controls, halves of a pair, private use


def _name(character: str) -> str:
    return unicodedata.name(character, f"U+{ord(character):04X}").lower()


def total(texts: Iterable[str]) -> int:
    """Count the parts of many texts."""
    return sum(measure(text).segments for text in texts)
