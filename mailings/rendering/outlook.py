"""What stands in conditional comments, which only Outlook for Windows reads: its tables, its shapes (VML), its words.

Read element by element with an allowlist of its own, so that a pair of comments that open and end the same tables stays
one. Links are counted and pictures are checked as anywhere else.
"""

import html
import re
from collections.abc import Callable
from html.parser import HTMLParser

from mailings.rendering import stylesheets
from mailings.rendering.escaping import Context
from mailings.rendering.writing import Address, Pen

TAGS = re.compile(
    r"table|tbody|thead|tr|td|th|div|center|p|span|b|strong|i|em|font|br|img|a|h[1-4]|ul|ol|li|w:anchorlock|o:p"
    r"|v:(?:rect|roundrect|oval|fill|stroke|textbox|image|shadow)"
)
_ATTRIBUTES = re.compile(
    r"style|class|id|align|valign|width|height|bgcolor|color|border|dir|lang|title|role|cellpadding|cellspacing|colspan"
    r"|rowspan|nowrap|face|size|fill|stroke|filled|stroked|fillcolor|strokecolor|strokeweight|arcsize|inset|type|aspect"
    r"|origin|position|opacity|coordorigin|coordsize|color2|angle|focus"
)
_SCHEMAS = "urn:schemas-microsoft-com:"
_VOID = frozenset({"br", "img"})
_UNREAD = frozenset({"script", "style", "xml", "title", "svg", "math", "iframe", "object", "noscript"})
_IF = r"\[if [\w !|&().]{1,60}\]"
_CONDITIONAL = re.compile(rf"({_IF})>(.*)<!\[endif\]", re.DOTALL)
_OPEN = re.compile(rf"({_IF})><!(?:--)?\s*>?")
_END = re.compile(r"(?:\s*<!)?\s*\[endif\]")
# "<![if !mso]>", which every other program takes for a comment: what stands behind it is for all of them.
_REVEALED = re.compile(_IF)


def comment(data: str, pen: Pen, *, where: str, words: Callable[[str], str]) -> str:
    """Write a comment if it is a condition that Outlook reads; every other one is left out. `words` writes its words."""
    if found := _CONDITIONAL.fullmatch(data):
        reader = _Inside(pen, where, words)
        reader.read(found[2])
        return f"<!--{found[1]}>{''.join(reader.written)}<![endif]-->"
    if found := _OPEN.fullmatch(data):
        return f"<!--{found[1]}><!-->"
    if _END.fullmatch(data):
        return "<!--<![endif]-->"
    return f"<!--{data}><!-->" if _REVEALED.fullmatch(data) else ""


class _Inside(HTMLParser):
    def __init__(self, pen: Pen, where: str, words: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=True)
        self.pen, self.where, self.words = pen, where, words
        self.written: list[str] = []
        self.links: list[tuple[str, Address | None, list[str]]] = []
        self.unread = 0

    def read(self, text: str) -> None:
        """Read all of a text. The parser's own way to end takes time by length squared where a tag is never ended."""
        self.feed(text)
        if "<" not in self.rawdata:
            self.handle_data(html.unescape(self.rawdata))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open(tag, attrs, end=" />" if tag in _VOID else ">")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _UNREAD:
            self._open(tag, attrs, end=" />")
            if self.links and self.links[-1][0] == tag:
                self.links.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self.unread = max(0, self.unread - 1)
        elif TAGS.fullmatch(tag) and tag not in _VOID and not self.unread:
            self.written.append(f"</{tag}>")
            if self.links and self.links[-1][0] == tag:
                _tag, address, words = self.links.pop()
                if address:
                    self.pen.name(address, "".join(words).strip())

    def handle_data(self, data: str) -> None:
        if self.unread:
            return
        for _tag, _address, words in self.links:
            words.append(data)
        self.written.append(self.words(data) if data.strip() else data)

    def _open(self, tag: str, attrs: list[tuple[str, str | None]], *, end: str) -> None:
        if tag in _UNREAD:
            self.unread += 1
        elif TAGS.fullmatch(tag) and not self.unread:
            given = "".join(self._attribute(tag, name, value or "") for name, value in attrs)
            self.written.append(f"<{tag}{given}{end}")

    def _attribute(self, tag: str, name: str, value: str) -> str:
        written: str | None = None
        if name == "href":
            address = self.pen.address(value, "", where=self.where)
            self.links.append((tag, address, []))
            written = address.attribute if address else "#"
        elif name == "src":
            written = self.pen.picture(value, where=self.where)
        elif name == "style":
            written = html.escape(stylesheets.style(value) or "")
        elif name in {"alt", "title"}:
            written = self.pen.words(value, Context.HTML, where=self.where)
        elif _ATTRIBUTES.fullmatch(name) or (name.startswith("xmlns:") and value.startswith(_SCHEMAS)):
            written = html.escape(value)
        return "" if written is None else f' {name}="{written}"'
