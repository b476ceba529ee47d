"""What somebody's own HTML shows and says: its pictures, headings and colours, as far as they stand on the elements."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

VOID = frozenset({"area", "br", "col", "hr", "img"})
LARGE = 24  # pixels; bold from 18.66 (WCAG 2.2, "large scale")
LARGE_BOLD = 18.66
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_NAMES: Mapping[str, str] = {
    "white": "#ffffff",
    "black": "#000000",
    "red": "#ff0000",
    "green": "#008000",
    "blue": "#0000ff",
    "yellow": "#ffff00",
    "gray": "#808080",
    "grey": "#808080",
    "silver": "#c0c0c0",
    "navy": "#000080",
    "orange": "#ffa500",
}
_HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-f])")
_RGB = re.compile(r"rgb\(\s{0,9}(\d{1,3})\s{0,9},\s{0,9}(\d{1,3})\s{0,9},\s{0,9}(\d{1,3})\s{0,9}\)")
_PIXELS = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)px")


@dataclass(frozen=True)
class Picture:
    alt: str | None  # None: nobody said anything, which is not the same as "nothing to say"


@dataclass(frozen=True)
class Inked:
    """Words in a colour on a ground, both #rrggbb."""

    words: str
    ink: str
    ground: str
    is_large: bool


@dataclass
class Seen:
    pictures: list[Picture] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    inked: list[Inked] = field(default_factory=list)


@dataclass(frozen=True)
class _Look:
    """How words look where the reader stands; an empty ground is one that nobody can tell, such as a picture."""

    ink: str = "#000000"
    ground: str = "#ffffff"
    pixels: float = 16
    is_bold: bool = False
    is_hidden: bool = False


@lru_cache(maxsize=32)
def seen(text: str) -> Seen:
    """Look at cleaned HTML."""
    reader = _Reader()
    reader.feed(text)
    return reader.seen


def color(value: str) -> str:
    """Give a colour as #rrggbb; empty when it cannot be told."""
    value = value.strip().lower()
    if found := _HEX.search(value):
        return f"#{found[1]}" if len(found[1]) == 6 else "#" + "".join(digit * 2 for digit in found[1])
    if found := _RGB.search(value):
        return "#" + "".join(f"{min(int(part), 255):02x}" for part in found.groups())
    return next((_NAMES[word] for word in value.split() if word in _NAMES), "")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = Seen()
        self.looks = [_Look()]
        self.heading: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        look = _look(self.looks[-1], given, is_bold=tag in {"b", "strong", "th"} or tag in _HEADINGS)
        if tag == "img" and not look.is_hidden and given.get("width") not in {"0", "1"}:
            self.seen.pictures.append(Picture(given.get("alt")))
        if tag in _HEADINGS:
            self.heading = []
        if tag not in VOID:
            self.looks.append(look)

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS and self.heading is not None:
            self.seen.headings.append((_HEADINGS[tag], " ".join(self.heading).strip()))
            self.heading = None
        if tag not in VOID and len(self.looks) > 1:
            self.looks.pop()

    def handle_data(self, data: str) -> None:
        look, words = self.looks[-1], data.strip()
        if self.heading is not None:
            self.heading.append(words)
        if words and look.ground and look.ink and not look.is_hidden:
            is_large = look.pixels >= (LARGE_BOLD if look.is_bold else LARGE)
            self.seen.inked.append(Inked(words, look.ink, look.ground, is_large))


def _look(around: _Look, given: Mapping[str, str], *, is_bold: bool) -> _Look:
    style = dict(_declarations(given.get("style", "")))
    ground = around.ground
    for value in (given.get("bgcolor", ""), style.get("background", ""), style.get("background-color", "")):
        if value and value not in {"transparent", "none", "inherit"}:
            ground = "" if "url(" in value else color(value) or ("" if "gradient" in value else ground)
    if given.get("background") or "background-image" in style:
        ground = ""
    ink = style.get("color", given.get("color", ""))
    pixels = _PIXELS.search(style.get("font-size", ""))
    weight = style.get("font-weight", "")
    return _Look(
        around.ink if ink in {"", "inherit"} else color(ink),
        ground,
        float(pixels[1]) if pixels else around.pixels,
        weight in {"bold", "600", "700", "800", "900"} if weight else around.is_bold or is_bold,
        around.is_hidden
        or style.get("display") == "none"
        or style.get("visibility") == "hidden"
        or "mso-hide" in style,
    )


def _declarations(style: str) -> list[tuple[str, str]]:
    return [
        (name.strip().lower(), value.replace("!important", "").strip().lower())
        for name, _colon, value in (part.partition(":") for part in style.split(";"))
        if value
    ]
