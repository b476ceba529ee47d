"""Content blocks on paper: one snippet of HTML per kind of block. A button becomes a QR code, a link shows its address."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from mailings.rendering import richtext
from mailings.rendering.block import Block
from mailings.rendering.blocks import Button, Divider, Heading, Image, PageBreak, Spacer, Text
from mailings.rendering.compound import Cell, Columns, Product
from mailings.rendering.escaping import Context
from mailings.rendering.writing import Pen, Problem

INK = "#1a1a1a"
QR = "qr:"  # scheme of a picture that the press draws: the address behind it, coded
PIXEL = 25.4 / 96  # millimetres


def write(block: Block, pen: Pen) -> str:
    """Write one block for paper; what only makes sense on a screen leaves a problem."""
    writer = _WRITERS.get(block.kind)
    if writer is None:
        text = _("A letter cannot show this block: %(kind)s. Take it out.") % {"kind": block.label}
        pen.problems.append(Problem(pen.block, "kind", text))
        return ""
    return writer(block, pen)


def picture(url: str, alt: str, pen: Pen, *, where: str, look: str = "") -> str:
    """Write a picture of our own. A letter shows no other: printing fetches nothing."""
    if not url.startswith("/") or url.startswith("//"):
        if not url.startswith(f"{pen.base_url}/"):
            text = _("Pictures in a letter come from our own images; this address is elsewhere on the web.")
            pen.problems.append(Problem(pen.block, where, text))
            return ""
        url = url.removeprefix(pen.base_url)
    source = pen.picture(url, where=where)
    return f'<img src="{source}" alt="{pen.quietly(alt, Context.HTML)}"{look}>' if source else ""


def _heading(block: Heading, pen: Pen) -> str:
    level = max(2, min(block.level + 1, 4))
    return f"<h{level}{_aligned(block.align)}>{pen.words(block.text, Context.HTML, where='text')}</h{level}>"


def _text(block: Text, pen: Pen) -> str:
    return rich(block.html, pen, where="html")


def rich(text: str, pen: Pen, *, where: str) -> str:
    """Write formatted text; its links show where they lead, since nobody clicks on paper."""
    straight = replace(pen, track_clicks=False)
    return richtext.write(text, straight, link_color=INK, where=where).html


def _button(block: Button, pen: Pen) -> str:
    return code(block.url, block.text, pen, where="url", words_at="text")


def code(url: str, words: str, pen: Pen, *, where: str, words_at: str = "") -> str:
    """Write a link as a QR code with its words beside it; scanning it counts as a click."""
    address = pen.address(url, words, where=where)
    said = pen.words(words, Context.HTML, where=words_at or where)
    if address is None:
        return f"<p>{said}</p>"
    shown = html.escape(url) if "[[" not in url else ""
    image = f'<img class="code" src="{QR}{address.attribute}" alt="">'
    return f'<div class="scan">{image}<p><strong>{said}</strong><br><small>{shown}</small></p></div>'


def _image(block: Image, pen: Pen) -> str:
    width = f' style="width:{min(block.width * PIXEL, 165):.1f}mm"' if block.width else ""
    shown = picture(block.url, "" if block.is_decorative else block.alt, pen, where="url", look=width)
    below = code(block.link, block.alt or _("More"), pen, where="link") if block.link else ""
    return f'<div class="picture">{shown}</div>{below}' if shown else below


def _columns(block: Columns, pen: Pen) -> str:
    cells = "".join(f"<td>{_cell(cell, pen, f'c{number}_')}</td>" for number, cell in enumerate(block.cells, 1))
    return f'<table class="columns"><tr>{cells}</tr></table>'


def _product(block: Product, pen: Pen) -> str:
    shown = picture(block.image, block.alt, pen, where="image") if block.image else ""
    words = _cell(Cell("", "", block.heading, block.html, block.button, block.url), pen, "")
    price = pen.words(block.price, Context.HTML, where="price")
    cost = f"<p><strong>{price}</strong></p>" if price else ""
    return f'<table class="columns"><tr><td class="third">{shown}</td><td>{words}{cost}</td></tr></table>'


def _cell(cell: Cell, pen: Pen, where: str) -> str:
    parts = [picture(cell.image, cell.alt, pen, where=f"{where}image") if cell.image else ""]
    if cell.heading:
        parts.append(f"<h3>{pen.words(cell.heading, Context.HTML, where=f'{where}heading')}</h3>")
    if cell.html:
        parts.append(rich(cell.html, pen, where=f"{where}html"))
    if cell.button or cell.url:
        parts.append(code(cell.url, cell.button, pen, where=f"{where}url", words_at=f"{where}button"))
    return "".join(parts)


def _divider(_block: Divider, _pen: Pen) -> str:
    return "<hr>"


def _spacer(block: Spacer, _pen: Pen) -> str:
    return f'<div style="height:{max(4, min(block.height, 200)) * PIXEL:.1f}mm"></div>'


def _break(_block: PageBreak, _pen: Pen) -> str:
    return '<div class="break"></div>'


def _aligned(value: str) -> str:
    return f' class="{value}"' if value in {"center", "right"} else ""


type Writer = Callable[[Any, Pen], str]
_WRITERS: Mapping[str, Writer] = {
    "heading": _heading,
    "text": _text,
    "button": _button,
    "image": _image,
    "columns": _columns,
    "product": _product,
    "divider": _divider,
    "spacer": _spacer,
    "break": _break,
}
KINDS: Sequence[str] = tuple(_WRITERS)
