"""Blocks as the MJML or HTML they are written as, so that somebody can go on in it: variables stay variables."""

import html
import re
from dataclasses import dataclass

from mailings.rendering import frame, links, variables
from mailings.rendering.blocks import Document
from mailings.rendering.escaping import Context
from mailings.rendering.frame import Part
from mailings.rendering.pieces import Condition, scrub
from mailings.rendering.writing import Address, Pen


@dataclass
class _Copying(Pen):
    """Writes what was written: addresses and variables as the writer typed them."""

    def quietly(self, text: str, context: Context) -> str:
        return html.escape(scrub(text), quote=False) if context is Context.HTML else text

    def partly(self, text: str, context: Context, forks: object, place: object, *, where: str = "") -> str:
        return self.quietly(text, context)

    def address(self, url: str, name: str, *, where: str) -> Address | None:
        return Address(html.escape(url), url) if url else None

    def picture(self, url: str, *, where: str, width: int = 0) -> str | None:
        try:
            return html.escape(links.picture(scrub(url), self.base_url)) if self.base_url else html.escape(url)
        except links.BadLink:
            return None

    def keep(self, written: str) -> str:
        return written


def written(document: Document, kind: str) -> str:
    """Write the blocks as "mjml" or "html"; who sees a block becomes the words `[[IF:…]]` and `[[ENDIF]]` around it."""
    pen = _Copying("", {})
    parts = [
        Part(block.write(pen, document.style), *_asked(block.only_if), hide=block.hide) for block in document.blocks
    ]
    mjml = frame.as_mjml(parts, language=document.language, style=document.style)
    return _indented(mjml) if kind == "mjml" else frame.html_of(mjml)


def _asked(condition: Condition | None) -> tuple[str, str]:
    if condition is None:
        return "", ""
    words = variables.asked(condition.key, condition.operator, condition.value)
    return f"[[{html.escape(words, quote=False)}]]", "[[ENDIF]]"


def _indented(mjml: str) -> str:
    """One element a line, so that it can be read; inside the elements that hold words nothing is touched."""
    lines, depth = [], 0
    for piece in re.split(
        r"(?<=>)(?=<mj-(?!text|button)|</mj-(?:body|head|section|column|wrapper|attributes)|</mjml|<mj-text|<mj-button)",
        mjml,
    ):
        depth -= piece.startswith(("</mj-", "</mjml"))
        lines.append("  " * max(depth, 0) + piece)
        is_open = re.match(r"<mj(?:ml|-body|-head|-section|-column|-wrapper|-attributes)\b[^>]*[^/]>$", piece)
        depth += bool(is_open)
    return "\n".join(lines)
