"""Text with bold, italic, links and lists: cleaned when it is kept, written as mail HTML and as plain text."""

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

from mailings.rendering.escaping import Context
from mailings.rendering.forks import Forks
from mailings.rendering.writing import Address, Pen

MAX_LENGTH = 200_000
TAGS = {"p", "br", "strong", "em", "u", "s", "a", "ul", "ol", "li"}
_ALONE = re.compile(r"<p>\s*(\[\[\s*(?:IF|ELSE ?IF|ELSE|END ?IF)\b[^\[\]<>]*\]\])\s*</p>")  # a line for itself
_SAME = {"b": "strong", "i": "em", "del": "s", "strike": "s"}
_BLOCKS = {"p", "ul", "ol", "li"}
_cleaner = nh3.Cleaner(
    tags=TAGS | set(_SAME),
    attributes={"a": {"href"}},
    clean_content_tags={"script", "style", "title", "template", "svg", "math"},
    link_rel=None,
    strip_comments=True,
)


def clean(text: str) -> str:
    """Keep what a text block may hold, from whatever was typed or pasted; the schemes of links are checked apart."""
    return _cleaner.clean(text).strip()


@dataclass(frozen=True)
class Written:
    html: str
    text: str


def write(text: str, pen: Pen, *, link_color: str, where: str = "html") -> Written:
    """Write a cleaned text block with the pen: marked mail HTML and marked plain text."""
    writer = _Writer(pen, link_color, where)
    writer.feed(_ALONE.sub(r"\1", clean(text)))
    writer.close()
    writer.leave()
    return Written("".join(writer.html), writer.plain())


def first_words(text: str) -> str:
    """Give the words of a text block in one line, for the closed card."""
    return " ".join(html.unescape(nh3.clean(text.replace("</p>", " ").replace("</li>", " "), tags=set())).split())


@dataclass
class _Anchor:
    address: Address | None  # None when the link was refused
    words: str = ""


@dataclass
class _Lists:
    """Where we are inside lists: one entry per level, the next number or 0 for bullets."""

    levels: list[int] = field(default_factory=list)

    def item(self) -> str:
        indent = "  " * (len(self.levels) - 1)
        number = self.levels[-1] if self.levels else 0
        if number:
            self.levels[-1] += 1
            return f"{indent}{number}. "
        return f"{indent}- "


class _Writer(HTMLParser):
    """Walks over cleaned HTML and writes both parts at once, so that they say the same."""

    def __init__(self, pen: Pen, link_color: str, where: str) -> None:
        super().__init__(convert_charrefs=True)
        self.pen, self.link_color, self.where = pen, link_color, where
        self.html: list[str] = []
        self.lines: list[str] = [""]
        self.anchors: list[_Anchor] = []
        self.lists = _Lists()
        self.forks, self.text_forks = Forks(pen.marks), Forks(pen.marks)
        self.path: list[int] = []  # the elements that are open, each by its number
        self.count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = _SAME.get(tag, tag)
        if tag != "br":
            self.count += 1
            self.path.append(self.count)
        if tag == "br":
            self.html.append("<br />")
            self.lines.append("")
        elif tag == "a":
            self._open_link(dict(attrs).get("href") or "")
        elif tag in {"strong", "em", "u", "s"}:
            self.html.append(f"<{tag}>")
        elif tag in _BLOCKS:
            self._open_block(tag)

    def handle_endtag(self, tag: str) -> None:
        tag = _SAME.get(tag, tag)
        if tag != "br":
            self.leave()
        if tag == "a":
            self._close_link()
        elif tag in {"strong", "em", "u", "s"}:
            self.html.append(f"</{tag}>")
        elif tag in _BLOCKS:
            self.html.append(f"</{tag}>")
            if tag in {"ul", "ol"} and self.lists.levels:
                self.lists.levels.pop()
            if not self.lists.levels and tag != "li":
                self._empty_line()

    def handle_data(self, data: str) -> None:
        words = data.replace("\n", " ")
        if not words.strip() and not self.lines[-1].strip():
            return  # white space between blocks
        place = tuple(self.path)
        self.html.append(self.pen.partly(words, Context.HTML, self.forks, place, where=self.where))
        self.lines[-1] += self.pen.partly(words, Context.TEXT, self.text_forks, place)
        if self.anchors:
            self.anchors[-1].words += words

    def leave(self) -> None:
        """Leave an element, and the whole text at its end: what is open in it ends."""
        place = tuple(self.path)
        self.html.append(self.pen.leave(self.forks, place, where=self.where))
        self.lines[-1] += self.pen.leave(self.text_forks, place)
        if self.path:
            self.path.pop()

    def plain(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines).strip("\n")

    def _open_block(self, tag: str) -> None:
        if tag in {"ul", "ol"}:
            self.lists.levels.append(1 if tag == "ol" else 0)
            self.html.append(f'<{tag} style="margin:0 0 14px;padding-left:24px">')
        elif tag == "li":
            self._new_line()
            self.lines[-1] = self.lists.item()
            self.html.append('<li style="margin:0 0 4px">')
        else:
            inside_item = bool(self.lists.levels)
            self.html.append('<p style="margin:0">' if inside_item else '<p style="margin:0 0 14px">')
            if not inside_item:
                self._new_line()

    def _open_link(self, href: str) -> None:
        address = self.pen.address(href, "", where=self.where)
        self.anchors.append(_Anchor(address))
        target = address.attribute if address else "#"
        self.html.append(
            f'<a href="{target}" class="pd-link" style="color:{self.link_color};text-decoration:underline">'
        )

    def _close_link(self) -> None:
        self.html.append("</a>")
        if not self.anchors:
            return
        anchor = self.anchors.pop()
        if anchor.address:
            self.pen.name(anchor.address, anchor.words)
            self.lines[-1] += f" ({anchor.address.text})"

    def _new_line(self) -> None:
        if self.lines[-1].strip():
            self.lines.append("")

    def _empty_line(self) -> None:
        self._new_line()
        if len(self.lines) < 2 or self.lines[-2].strip():
            self.lines.append("")
