"""The blocks of a mail as they are kept, and what each writes: one MJML snippet and one plain-text snippet per kind.

A new kind is one class here and one form in `mailings.blocks_forms`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self
from uuid import uuid4

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings.rendering import picturing, richtext, sourced, variables
from mailings.rendering.block import COMMON, FONTS, HIDDEN, Block, NoSuchBlock, Style, Written, align
from mailings.rendering.compound import CELL_FIELDS, Cell, Code, Columns, Menu, Product, Social
from mailings.rendering.escaping import Context
from mailings.rendering.pieces import Condition
from mailings.rendering.sourced import Source
from mailings.rendering.writing import Pen, readable

__all__ = [
    "FONTS", "KINDS", "MAX_BLOCKS", "Block", "Button", "Cell", "Code", "Columns", "Divider", "Document", "Heading", "Image",
    "Menu", "NoSuchBlock", "PageBreak", "Product", "Social", "Spacer", "Style", "Text", "Written",
]  # fmt: skip

OWN = "own"  # the block of a mail that is written as HTML or MJML
MAX_BLOCKS = 100  # settings.DATA_UPLOAD_MAX_NUMBER_FIELDS has room for a page of them


@dataclass(frozen=True, kw_only=True)
class Heading(Block):
    kind = "heading"
    label = gettext_lazy("Heading")
    icon = "heading"

    text: str = ""
    level: int = 1
    align: str = "left"

    def write(self, pen: Pen, style: Style) -> Written:
        size, line = {1: ("28px", "34px"), 2: ("21px", "28px")}.get(self.level, ("17px", "24px"))
        words = pen.words(self.text, Context.HTML, where="text")
        look = f"margin:0;font-size:{size};line-height:{line};font-weight:700"
        title = f'<h{self.level} style="{look}">{words}</h{self.level}>'
        mjml = (
            f'<mj-text css-class="pd-ink" font-size="{size}" line-height="{line}" font-weight="700"'
            f' align="{align(self.align)}" color="{style.ink}">'
            f"{pen.keep(title)}</mj-text>"
        )
        return Written(mjml, pen.quietly(self.text, Context.TEXT))

    def summary(self) -> str:
        return readable(self.text)


@dataclass(frozen=True, kw_only=True)
class Text(Block):
    kind = "text"
    label = gettext_lazy("Text")
    icon = "text-align-start"

    html: str = ""

    def write(self, pen: Pen, style: Style) -> Written:
        written = richtext.write(self.html, pen, link_color=style.accent)
        mjml = f'<mj-text css-class="pd-ink pd-text" color="{style.ink}">{pen.keep(written.html)}</mj-text>'
        return Written(mjml, written.text)

    def summary(self) -> str:
        return readable(richtext.first_words(self.html))


@dataclass(frozen=True, kw_only=True)
class Button(Block):
    kind = "button"
    label = gettext_lazy("Button")
    icon = "mouse-pointer-click"

    text: str = ""
    url: str = ""
    align: str = "left"

    def write(self, pen: Pen, style: Style) -> Written:
        address = pen.address(self.url, self.text, where="url")
        words = pen.words(self.text, Context.HTML, where="text")
        href = f' href="{pen.keep(address.attribute)}"' if address else ""
        mjml = (
            f'<mj-button css-class="pd-button" align="{align(self.align)}" background-color="{style.accent}"'
            f' color="{style.on_accent}"{href}>{pen.keep(words)}</mj-button>'
        )
        shown = pen.quietly(self.text, Context.TEXT)
        return Written(mjml, f"{shown}: {address.text}" if address else shown)

    def summary(self) -> str:
        return readable(self.text)


@dataclass(frozen=True, kw_only=True)
class Image(Block):
    kind = "image"
    label = gettext_lazy("Image")
    icon = "image"

    url: str = ""
    alt: str = ""
    is_decorative: bool = False
    link: str = ""
    width: int = 0  # pixels; 0 is as wide as the mail

    def write(self, pen: Pen, style: Style) -> Written:
        shown = picturing.shown_width(self.url, picturing.MAIL, self.width)
        picture = pen.picture(self.url, where="url", width=shown)
        if picture is None:
            return Written("", "")
        alt = "" if self.is_decorative else pen.words(self.alt, Context.HTML, where="alt")
        address = pen.address(self.link, self.alt or self.url, where="link") if self.link else None
        href = f' href="{pen.keep(address.attribute)}"' if address else ""
        width = f' width="{shown}px"' if shown else ""
        mjml = f'<mj-image src="{pen.keep(picture)}" alt="{pen.keep(alt)}"{href}{width} />'
        words = "" if self.is_decorative else pen.quietly(self.alt, Context.TEXT)
        lines = ([f"[{words}]"] if words else []) + ([address.text] if address else [])
        return Written(mjml, "\n".join(lines))

    def summary(self) -> str:
        return readable(self.alt) or self.url.rpartition("/")[2]

    def words(self) -> str:
        return ""


@dataclass(frozen=True, kw_only=True)
class Divider(Block):
    kind = "divider"
    label = gettext_lazy("Divider")
    icon = "minus"

    def write(self, pen: Pen, style: Style) -> Written:
        return Written('<mj-divider css-class="pd-line" />', "-" * 40)


@dataclass(frozen=True, kw_only=True)
class Spacer(Block):
    kind = "spacer"
    label = gettext_lazy("Space")
    icon = "move-vertical"

    height: int = 24  # pixels

    def write(self, pen: Pen, style: Style) -> Written:
        return Written(f'<mj-spacer height="{max(4, min(self.height, 200))}px" />', "")

    def summary(self) -> str:
        return f"{self.height} px"


@dataclass(frozen=True, kw_only=True)
class PageBreak(Block):
    """Where a letter goes on on a new page; a mail has no pages."""

    kind = "break"
    label = gettext_lazy("Page break")
    icon = "separator-horizontal"

    def write(self, pen: Pen, style: Style) -> Written:
        return Written("", "")


KINDS: Mapping[str, type[Block]] = {
    block.kind: block
    for block in (Heading, Text, Button, Image, Columns, Product, Divider, Spacer, PageBreak, Menu, Social, Code)
}


@dataclass(frozen=True)
class Document:
    """A whole mail as it is kept: blocks in order, the language they are written in, one style."""

    blocks: tuple[Block, ...] = ()
    language: str = "en"
    style: Style = field(default_factory=Style)
    template: str = ""
    source: Source | None = None  # written as HTML or MJML: then its one block is the body of that

    @classmethod
    def of_source(cls, source: Source, language: str = "en", style: Style | None = None) -> Self:
        """Make a mail of HTML or MJML; what cannot be read is an empty one, with a mistake."""
        body = Code(id=OWN, html=sourced.whole(source).body)
        return cls((body,), language, style or Style(), source=source)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """Take a mail from JSON. Raises NoSuchBlock."""
        if source := Source.read(kept.get("source")):
            return cls.of_source(source, str(kept.get("language") or "en")[:10], Style.read(kept.get("style")))
        given = kept.get("blocks", [])
        if not isinstance(given, list) or len(given) > MAX_BLOCKS:
            raise NoSuchBlock(_("A mail can have %(count)d blocks.") % {"count": MAX_BLOCKS})
        language = str(kept.get("language") or "en")[:10]
        blocks = tuple(read_block(block) for block in given)
        return cls(blocks, language, Style.read(kept.get("style")), str(kept.get("template", "")))

    def to_json(self) -> dict[str, Any]:
        """Give the mail as it is kept in `Mailing.content`."""
        style = {part.name: getattr(self.style, part.name) for part in fields(self.style)}
        kept: dict[str, Any] = {"language": self.language, "style": style}
        if self.template:
            kept["template"] = self.template
        if self.source:
            return kept | {"source": self.source.to_json()}
        return kept | {"blocks": [block.to_json() for block in self.blocks]}


def new_id() -> str:
    """A number for a new block, unique within its mail."""
    return uuid4().hex[:12]


def read_block(kept: object) -> Block:
    """Take one block from JSON. Raises NoSuchBlock."""
    if not isinstance(kept, Mapping) or kept.get("kind") not in KINDS:
        raise NoSuchBlock(_("We do not know this kind of block."))
    kind = KINDS[kept["kind"]]
    given: dict[str, Any] = {
        "id": str(kept.get("id") or new_id())[:40],
        "only_if": _read_condition(kept.get("only_if")),
        "hide": kept["hide"] if kept.get("hide") in HIDDEN else "",
    }
    for part in fields(kind):
        if part.name in {"id", *COMMON} or part.name not in kept:
            continue
        value = kept[part.name]
        if part.name == "cells":
            given["cells"] = _read_cells(value)
            continue
        if type(value) is not part.type and type(value) is not type(part.default):
            raise NoSuchBlock(_("This block is damaged: %(field)s.") % {"field": part.name})
        given[part.name] = value
    return kind(**given)


def _read_cells(kept: object) -> tuple[Cell, ...]:
    rows = kept if isinstance(kept, list | tuple) else []
    if not all(isinstance(row, Mapping) for row in rows) or len(rows) > Columns.MOST:
        raise NoSuchBlock(_("This block is damaged: %(field)s.") % {"field": "cells"})
    return tuple(Cell(**{name: str(row.get(name, "")) for name in CELL_FIELDS}) for row in rows)


def _read_condition(kept: object) -> Condition | None:
    if not isinstance(kept, Mapping):
        return None
    variable = variables.find(str(kept.get("variable", "")))
    operator = str(kept.get("operator", ""))
    if variable is None or operator not in {"is", "is_not", "filled", "empty"}:
        raise NoSuchBlock(_("We cannot read who sees this block."))
    return Condition(variable.key, operator, str(kept.get("value", ""))[:200])
