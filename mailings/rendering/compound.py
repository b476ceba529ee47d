"""Blocks made of several things: columns, a product, a menu, links to social networks, HTML of one's own."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings.rendering import ownhtml, picturing, richtext
from mailings.rendering.block import Block, Column, Style, Written, align
from mailings.rendering.escaping import Context
from mailings.rendering.writing import Pen, Problem, readable

NETWORKS: Mapping[str, str | Promise] = {
    "website": gettext_lazy("Website"),
    "linkedin": "LinkedIn",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "youtube": "YouTube",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "whatsapp": "WhatsApp",
    "tiktok": "TikTok",
    "x": "X",
}


@dataclass(frozen=True)
class Cell:
    """One column: what is empty is not there."""

    image: str = ""
    alt: str = ""
    heading: str = ""
    html: str = ""
    button: str = ""
    url: str = ""


CELL_FIELDS = tuple(part.name for part in fields(Cell))


@dataclass(frozen=True, kw_only=True)
class Columns(Block):
    """Two to four columns side by side, under one another on a phone."""

    kind = "columns"
    label = gettext_lazy("Columns")
    icon = "columns-3"
    MOST: ClassVar[int] = 4

    cells: tuple[Cell, ...] = (Cell(), Cell())

    def write(self, pen: Pen, style: Style) -> Written:
        room = 568 // max(len(self.cells), 1) - 32  # the row without its margins, the column without its own
        written = [_cell(pen, style, cell, f"c{number}_", room=room) for number, cell in enumerate(self.cells, 1)]
        return Written(
            "", "\n\n".join(one.text for one in written if one.text), tuple(Column(one.mjml) for one in written)
        )

    def summary(self) -> str:
        return " · ".join(
            words for cell in self.cells if (words := readable(cell.heading) or richtext.first_words(cell.html)[:30])
        )

    def words(self) -> str:
        return " ".join(f"{cell.heading} {richtext.first_words(cell.html)} {cell.button}" for cell in self.cells)

    def to_json(self) -> dict[str, Any]:
        return super().to_json() | {"cells": [asdict(cell) for cell in self.cells]}


@dataclass(frozen=True, kw_only=True)
class Product(Block):
    """A picture beside what it is, what it costs and where to get it."""

    kind = "product"
    label = gettext_lazy("Product")
    icon = "shopping-bag"

    image: str = ""
    alt: str = ""
    heading: str = ""
    html: str = ""
    price: str = ""
    button: str = ""
    url: str = ""

    def write(self, pen: Pen, style: Style) -> Written:
        picture = _picture(pen, self.image, self.alt, "", 'padding="8px 12px 8px 32px"', room=183) if self.image else ""
        cell = Cell("", "", self.heading, self.html, self.button, self.url)
        price = pen.words(self.price, Context.HTML, where="price")
        cost = (
            f'<mj-text css-class="pd-ink" font-size="18px" font-weight="700" color="{style.ink}"{_NARROW}>'
            f"{pen.keep(price)}</mj-text>"
            if price
            else ""
        )
        words = _cell(
            pen, style, cell, "", before_button=cost, text_before_button=pen.quietly(self.price, Context.TEXT)
        )
        columns = (Column(picture, 40), Column(words.mjml, 60)) if picture else ()
        return Written("" if columns else words.mjml, words.text, columns)

    def summary(self) -> str:
        return readable(self.heading)

    def words(self) -> str:
        return f"{self.heading} {richtext.first_words(self.html)} {self.price} {self.button}"


@dataclass(frozen=True, kw_only=True)
class Menu(Block):
    """A row of links. One per line: `Words | address`."""

    kind = "menu"
    label = gettext_lazy("Menu")
    icon = "menu"
    MOST: ClassVar[int] = 8

    items: str = ""
    align: str = "center"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The links: their words and addresses."""
        lines = (line.partition("|") for line in self.items.splitlines() if line.strip())
        return [(words.strip(), url.strip()) for words, _bar, url in lines][: self.MOST]

    def write(self, pen: Pen, style: Style) -> Written:
        return _row_of_links(pen, style, self.rows, align(self.align), where="items")

    def summary(self) -> str:
        return " · ".join(words for words, _url in self.rows)


@dataclass(frozen=True, kw_only=True)
class Social(Block):
    """Where else one can be found. In words: pictures of strangers are not fetched, and words are read by everybody."""

    kind = "social"
    label = gettext_lazy("Social networks")
    icon = "share-2"

    website: str = ""
    linkedin: str = ""
    facebook: str = ""
    instagram: str = ""
    youtube: str = ""
    mastodon: str = ""
    bluesky: str = ""
    whatsapp: str = ""
    tiktok: str = ""
    x: str = ""

    def write(self, pen: Pen, style: Style) -> Written:
        rows = [(str(name), getattr(self, code)) for code, name in NETWORKS.items() if getattr(self, code)]
        return _row_of_links(pen, style, rows, "center", where="")

    def summary(self) -> str:
        return " · ".join(str(name) for code, name in NETWORKS.items() if getattr(self, code))


@dataclass(frozen=True, kw_only=True)
class Code(Block):
    """HTML of one's own: cleaned, its links counted, its variables filled in."""

    kind = "code"
    label = gettext_lazy("HTML")
    icon = "code-xml"

    html: str = ""

    def write(self, pen: Pen, style: Style) -> Written:
        written = ownhtml.write(self.html, pen, where="html")
        if not written.html.strip():
            return Written("", "")
        mjml = f'<mj-text css-class="pd-ink" color="{style.ink}">{pen.keep(written.html)}</mj-text>'
        return Written(mjml, written.text)

    def summary(self) -> str:
        return readable(richtext.first_words(self.html))


_NARROW = ' padding="4px 16px"'


def _cell(
    pen: Pen,
    style: Style,
    cell: Cell,
    where: str,
    *,
    before_button: str = "",
    text_before_button: str = "",
    room: int = 0,
) -> Written:
    mjml, lines = [], []
    if cell.image:
        mjml.append(_picture(pen, cell.image, cell.alt, where, 'padding="8px 16px"', room=room))
        lines.append(f"[{words}]" if (words := pen.quietly(cell.alt, Context.TEXT)) else "")
    if cell.heading:
        words = pen.words(cell.heading, Context.HTML, where=f"{where}heading")
        title = f'<h3 style="margin:0;font-size:18px;line-height:24px;font-weight:700">{words}</h3>'
        mjml.append(
            f'<mj-text css-class="pd-ink" font-size="18px" line-height="24px" color="{style.ink}"{_NARROW}>{pen.keep(title)}</mj-text>'
        )
        lines.append(pen.quietly(cell.heading, Context.TEXT))
    if cell.html:
        written = richtext.write(cell.html, pen, link_color=style.accent, where=f"{where}html")
        mjml.append(
            f'<mj-text css-class="pd-ink pd-text" font-size="15px" line-height="23px" color="{style.ink}"{_NARROW}>'
            f"{pen.keep(written.html)}</mj-text>"
        )
        lines.append(written.text)
    mjml.append(before_button)
    lines.append(text_before_button)
    if cell.button or cell.url:
        address = pen.address(cell.url, cell.button, where=f"{where}url")
        words = pen.words(cell.button, Context.HTML, where=f"{where}button")
        href = f' href="{pen.keep(address.attribute)}"' if address else ""
        mjml.append(
            f'<mj-button css-class="pd-button" align="left" font-size="15px" inner-padding="10px 18px"{_NARROW}'
            f' background-color="{style.accent}" color="{style.on_accent}"{href}>{pen.keep(words)}</mj-button>'
        )
        shown = pen.quietly(cell.button, Context.TEXT)
        lines.append(f"{shown}: {address.text}" if address else shown)
    return Written("".join(mjml), "\n".join(line for line in lines if line))


def _picture(pen: Pen, url: str, alt: str, where: str, look: str, *, room: int) -> str:
    """A picture of ours is as wide as it is, at most as wide as there is room (pixels)."""
    shown = picturing.shown_width(url, room)
    picture = pen.picture(url, where=f"{where}image", width=shown)
    if picture is None:
        return ""
    words = pen.words(alt, Context.HTML, where=f"{where}alt")
    width = f' width="{shown}px"' if shown else ""
    return f'<mj-image src="{pen.keep(picture)}" alt="{pen.keep(words)}" {look}{width} />'


def _row_of_links(pen: Pen, style: Style, rows: list[tuple[str, str]], align: str, *, where: str) -> Written:
    made = list(_links(pen, style, rows, where))
    if not made:
        return Written("", "")
    joined = ' <span style="color:#8a8378">&nbsp;·&nbsp;</span> '.join(html for html, _text in made)
    mjml = f'<mj-text css-class="pd-ink pd-text" align="{align}" font-size="15px" color="{style.ink}">{pen.keep(joined)}</mj-text>'
    return Written(mjml, "\n".join(text for _html, text in made))


def _links(pen: Pen, style: Style, rows: list[tuple[str, str]], where: str) -> Iterator[tuple[str, str]]:
    for words, url in rows:
        if not url:
            pen.problems.append(
                Problem(pen.block, where, _("“%(words)s” has no address behind a “|”.") % {"words": words})
            )
            continue
        address = pen.address(url, words, where=where or _code_of(words))
        if address:
            shown = pen.words(words, Context.HTML, where=where or _code_of(words))
            look = f"color:{style.accent};text-decoration:underline;white-space:nowrap"
            link = f'<a href="{address.attribute}" class="pd-link" style="{look}">{shown}</a>'
            yield link, f"{pen.quietly(words, Context.TEXT)}: {address.text}"


def _code_of(name: str) -> str:
    return next((code for code, word in NETWORKS.items() if str(word) == name), "website")
