"""HTML that somebody wrote or pasted: cleaned, its links counted, its variables marked, and a text part of the same words."""

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3
from django.utils.translation import gettext as _

from mailings.rendering import links, outlook, stylesheets, variables
from mailings.rendering.escaping import Context
from mailings.rendering.forks import Forks
from mailings.rendering.pieces import scrub
from mailings.rendering.variables import Fork
from mailings.rendering.writing import Address, Pen, Problem

MAX_LENGTH = 500_000
COMMENT = -1  # where a word stands that Outlook alone reads, among the numbers of elements
TAGS = frozenset(
    [
        *(
            "a",
            "abbr",
            "area",
            "b",
            "big",
            "blockquote",
            "br",
            "caption",
            "center",
            "code",
            "col",
            "colgroup",
            "dd",
            "del",
            "div",
        ),
        *("dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3", "h4", "h5", "h6", "header", "footer"),
        *(
            "hr",
            "i",
            "img",
            "ins",
            "li",
            "main",
            "map",
            "ol",
            "p",
            "pre",
            "s",
            "section",
            "article",
            "small",
            "span",
            "strike",
        ),
        *("strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
    ]
)
_ANY = {
    "background",
    "style",
    "class",
    "id",
    "align",
    "valign",
    "width",
    "height",
    "bgcolor",
    "color",
    "dir",
    "lang",
    "title",
    "role",
    "border",
}
_MORE = {
    "a": {"href", "name"},
    "area": {"href", "shape", "coords", "alt"},
    "img": {"src", "alt", "hspace", "vspace", "usemap"},
    "map": {"name"},
    "table": {"cellpadding", "cellspacing", "summary"},
    "td": {"colspan", "rowspan", "nowrap", "headers"},
    "th": {"colspan", "rowspan", "nowrap", "scope"},
    "col": {"span"},
    "font": {"face", "size"},
    "ol": {"start", "type"},
}
VOID = frozenset({"area", "br", "col", "hr", "img"})
_BREAKS = frozenset(
    ["p", "div", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "section", "hr"]
)
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote"})


def _filtered(_tag: str, name: str, value: str) -> str | None:
    if name == "background":
        return value if value.startswith(("https://", "http://")) else None
    return stylesheets.style(value) if name == "style" else value


_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    attributes={"*": _ANY} | {tag: _ANY | more for tag, more in _MORE.items()},
    attribute_filter=_filtered,
    generic_attribute_prefixes={"aria-"},
    clean_content_tags={
        "script",
        "style",
        "title",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "noscript",
        "textarea",
    },
    url_schemes={"http", "https", "mailto", "tel", "sms"},
    link_rel=None,
    strip_comments=False,
)


@dataclass(frozen=True)
class Written:
    html: str
    text: str


def clean(text: str) -> str:
    """Keep what a mail may hold, well-formed, from whatever was pasted."""
    return _cleaner.clean(_with_variables_in_links(scrub(text)))


def write(text: str, pen: Pen, *, where: str) -> Written:
    """Write HTML with the pen: marked HTML and marked plain text."""
    writer = _Writer(pen, where)
    writer.feed(clean(text))
    writer.close()
    writer.leave()
    return Written("".join(writer.html), writer.plain())


def problems(text: str) -> list[Problem]:
    """Name what is wrong in a piece of HTML, without keeping anything of it."""
    pen = Pen("https://ours.example", {})
    write(text, pen, where="html")
    return pen.problems


# An address that is a variable has no scheme to the cleaner, which would take it out.
_VARIABLE_LINK = re.compile(
    r"(<a\b[^<>]{0,1000}?\bhref\s{0,9}=\s{0,9})(['\"])\s{0,99}(\[\[[^\"'<>]{0,500}\]\])\s{0,99}\2", re.IGNORECASE
)
_STAND_IN = "https://variable.invalid/#"


def _with_variables_in_links(text: str) -> str:
    return _VARIABLE_LINK.sub(lambda match: f'{match[1]}"{_STAND_IN}{match[3]}"', text)


def _plain_variables(text: str) -> str:
    return text.replace(_STAND_IN, "")


@dataclass
class _Anchor:
    address: Address | None
    is_lost: bool = False
    words: str = ""


@dataclass
class _Lines:
    """The text part while it grows."""

    lines: list[str] = field(default_factory=lambda: [""])

    def add(self, words: str) -> None:
        line = self.lines[-1]
        self.lines[-1] += words.lstrip() if not line or line.endswith(" ") else words

    def end(self, *, spaced: bool) -> None:
        if self.lines[-1].strip():
            self.lines.append("")
        if spaced and len(self.lines) > 1 and self.lines[-2].strip():
            self.lines.append("")

    def whole(self) -> str:
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in self.lines)).strip("\n")


class _Writer(HTMLParser):
    """Walks over cleaned HTML and writes both parts at once."""

    def __init__(self, pen: Pen, where: str) -> None:
        super().__init__(convert_charrefs=True)
        self.pen, self.where = pen, where
        self.html: list[str] = []
        self.text = _Lines()
        self.anchors: list[_Anchor] = []
        self.forks, self.text_forks = Forks(pen.marks), Forks(pen.marks)
        self.path: list[int] = []  # the elements that are open, each by a number of its own
        self.elements = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self._open_link(given)
        elif tag == "a" and not ({"name", "id"} & set(given)):
            self.html.append(self._tag(tag, given))
            self.anchors.append(_Anchor(None, is_lost=True))
        elif tag == "img":
            self._picture(given)
        elif tag == "area":
            self._area(given)
        else:
            self.html.append(self._tag(tag, given))
        if tag == "br":
            self.text.lines.append("")
        elif tag in _BREAKS:
            self.text.end(spaced=tag in _SPACED)
            if tag == "li":
                self.text.add("- ")
        if tag not in VOID:
            self.elements += 1
            self.path.append(self.elements)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        self.leave()
        self.html.append(f"</{tag}>")
        if tag == "a" and self.anchors:
            self._close_link()
        elif tag in _BREAKS:
            self.text.end(spaced=tag in _SPACED)

    def handle_data(self, data: str) -> None:
        place = tuple(self.path)
        written = self.pen.partly(data, Context.HTML, self.forks, place, where=self.where) if data.strip() else data
        self.html.append(written)
        seen = data.replace("\xad", "").replace("\u200c", "")
        self.text.add(re.sub(r"\s+", " ", self.pen.partly(seen, Context.TEXT, self.text_forks, place)))
        if self.anchors:
            self.anchors[-1].words += data

    def handle_comment(self, data: str) -> None:
        self.html.append(outlook.comment(_plain_variables(data), self.pen, where=self.where, words=self._in_comment))

    def _in_comment(self, data: str) -> str:
        """Write words that Outlook alone reads. A condition that begins among them ends among such words too: then
        the rows of Outlook's tables come and go with what stands in them.
        """
        place = (*self.path, COMMENT)
        asked = "".join(str(one) for one in variables.parse(data, is_whole=False).pieces if isinstance(one, Fork))
        self.text.lines[-1] += self.pen.partly(asked, Context.TEXT, self.text_forks, place)
        return self.pen.partly(data, Context.HTML, self.forks, place, where=self.where)

    def leave(self) -> None:
        """Leave an element, and the whole text at its end: what is open in it ends."""
        for place in ((*self.path, COMMENT), tuple(self.path)):
            self.html.append(self.pen.leave(self.forks, place, where=self.where))
            self.text.lines[-1] += self.pen.leave(self.text_forks, place)
        if self.path:
            self.path.pop()

    def plain(self) -> str:
        return self.text.whole()

    def _tag(self, tag: str, given: dict[str, str]) -> str:
        words = "".join(f' {name}="{self._attribute(name, value)}"' for name, value in given.items())
        return f"<{tag}{words} />" if tag in VOID else f"<{tag}{words}>"

    def _attribute(self, name: str, value: str) -> str:
        if name in {"alt", "title"}:
            return self.pen.words(value, Context.HTML, where=self.where)
        return html.escape(value)

    def _area(self, given: dict[str, str]) -> None:
        """Write a part of a picture that leads somewhere, as old mails have them."""
        address = self.pen.address(given.pop("href", "").strip().removeprefix(_STAND_IN), "", where=self.where)
        if address:
            self.pen.name(address, given.get("alt", ""))
            self.html.append(f'<area href="{address.attribute}"{self._tag("area", given)[5:]}')
            self.text.add(f" {given.get('alt', '')} ({address.text}) ")

    def _open_link(self, given: dict[str, str]) -> None:
        href = given.pop("href").strip().removeprefix(_STAND_IN)
        if href.startswith("#") or not href or links.is_call(href):
            self.anchors.append(_Anchor(None))
            target = html.escape(href or "#")
        else:
            address = self.pen.address(href, "", where=self.where)
            self.anchors.append(_Anchor(address))
            target = address.attribute if address else "#"
        self.html.append(f'<a href="{target}"{self._tag("a", given)[2:]}')

    def _close_link(self) -> None:
        anchor = self.anchors.pop()
        if anchor.is_lost and anchor.words.strip():
            sentence = _("“%(words)s” links to an address that no mail may link to.") % {
                "words": anchor.words.strip()[:60]
            }
            self.pen.problems.append(Problem(self.pen.block, self.where, sentence))
        if anchor.address:
            self.pen.name(anchor.address, anchor.words.strip())
            self.text.add(f" ({anchor.address.text})")

    def _picture(self, given: dict[str, str]) -> None:
        source = self.pen.picture(given.pop("src", ""), where=self.where)
        if source is None:
            return
        given.setdefault("alt", "")
        self.html.append(f'<img src="{source}"{self._tag("img", given)[4:]}')
        if given["alt"].strip():
            self.text.add(f" [{self.pen.quietly(given['alt'], Context.TEXT)}] ")
            if self.anchors:
                self.anchors[-1].words += given["alt"]
