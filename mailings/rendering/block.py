"""What every block has: its number, who sees it, how it is written and kept. And the style of the whole mail."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from django.utils.functional import Promise

from mailings.rendering.pieces import Condition
from mailings.rendering.writing import Pen

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
FONTS: Mapping[str, str] = {
    "sans": "Helvetica, Arial, sans-serif",
    "serif": "Georgia, 'Times New Roman', serif",
    "modern": "'Trebuchet MS', Verdana, sans-serif",
}


COMMON = frozenset({"only_if", "hide"})  # what every kind has beside its own fields
HIDDEN = ("", "mobile", "desktop")  # on which screens a block is not shown


class NoSuchBlock(ValueError):
    """The kept content has a block of a kind we do not know, or of a wrong shape."""


def _color(value: object, otherwise: str) -> str:
    return value.lower() if isinstance(value, str) and _COLOR.fullmatch(value) else otherwise


@dataclass(frozen=True)
class Style:
    """How the whole mail looks. Only checked colours and known fonts get into a style."""

    accent: str = "#0b5563"
    page: str = "#f4f2ee"
    paper: str = "#ffffff"
    ink: str = "#2a2622"
    font: str = "sans"

    @classmethod
    def read(cls, kept: object) -> Self:
        """Take a style from JSON; what is not a colour or a font of ours falls back."""
        given = kept if isinstance(kept, Mapping) else {}
        plain = cls()
        colors = {name: _color(given.get(name), getattr(plain, name)) for name in ("accent", "page", "paper", "ink")}
        font = given.get("font")
        return cls(**colors, font=font if isinstance(font, str) and font in FONTS else plain.font)

    @property
    def family(self) -> str:
        return FONTS[self.font]

    @property
    def on_accent(self) -> str:
        """White or ink on the accent colour, whichever is read better (WCAG relative luminance)."""
        channels = [int(self.accent[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return "#ffffff" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.18 else "#1b1815"


@dataclass(frozen=True)
class Column:
    """A part of a row: the inside of an MJML column, and its share in percent (0: as wide as its neighbours)."""

    mjml: str
    share: int = 0


@dataclass(frozen=True)
class Written:
    """What one block writes: the inside of an MJML column (or of several side by side), and the lines of the text part."""

    mjml: str
    text: str
    columns: tuple[Column, ...] = ()

    @property
    def is_seen(self) -> bool:
        return bool(self.mjml or self.columns)


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block. `only_if` says who sees it, nobody is left out without it; `hide` names the screens without it."""

    kind: ClassVar[str] = ""
    label: ClassVar[str | Promise] = ""
    icon: ClassVar[str] = ""

    id: str
    only_if: Condition | None = None
    hide: str = ""

    def write(self, pen: Pen, style: Style) -> Written:
        raise NotImplementedError

    def summary(self) -> str:
        """The first words, for the closed card."""
        return ""

    def words(self) -> str:
        """Give all its words as a reader sees them; pictures have none."""
        return self.summary()

    def to_json(self) -> dict[str, Any]:
        """Give the block as it is kept."""
        kept = {part.name: getattr(self, part.name) for part in fields(self) if part.name not in COMMON}
        if self.hide:
            kept["hide"] = self.hide
        if self.only_if is not None:
            given = self.only_if
            kept["only_if"] = {"variable": given.key, "operator": given.operator, "value": given.value}
        return {"kind": self.kind} | kept


def align(value: str) -> str:
    """Give an alignment MJML knows."""
    return value if value in {"left", "center", "right"} else "left"
