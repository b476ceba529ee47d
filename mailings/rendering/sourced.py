"""A mail written as HTML or MJML: taken apart into style sheet and body, so that it goes the same way as blocks.

Nothing in it runs, nothing is fetched. MJML sees only its own elements: the HTML inside them, which real files write as
loosely as browsers allow, is put aside and set in afterwards.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from importlib import import_module
from typing import Any, Self

import css_inline
from django.utils.translation import gettext as _

from mailings.rendering import ownhtml
from mailings.rendering.pieces import Marks, scrub

_to_html: Any = import_module("mjml").mjml2html  # mrml; its package has no types
KINDS = ("html", "mjml")
MAX_LENGTH = ownhtml.MAX_LENGTH
MAX_RULES = 100_000  # characters of a style sheet that is written to the elements as well
DEEPEST = 200  # elements inside one another; what reads them after us has a stack of so many
# What other programs call what we call …, so that their files work.
FOREIGN: Mapping[str, str] = {
    "[[PERMALINK]]": "[[link.view]]",
    "[[SHORT_PERMALINK]]": "[[link.view]]",
    "[[PERMALINK_LABEL]]": "[[mailing.subject]]",
    "[[UNSUB_LINK_EN]]": "[[link.unsubscribe]]",
    "[[UNSUB_LINK]]": "[[link.unsubscribe]]",
    "[[DELIVERY_INFO]]": "[[customer.email]]",
    "[[POSTAL_ADDRESS]]": "[[sender.address]]",
    "[[HEADLINE]]": "[[mailing.subject]]",
    "[[SUBJECT]]": "[[mailing.subject]]",
    "*|UNSUB|*": "[[link.unsubscribe]]",
    "*|ARCHIVE|*": "[[link.view]]",
    "*|UPDATE_PROFILE|*": "[[link.preferences]]",
    "*|FNAME|*": "[[customer.firstname]]",
    "*|LNAME|*": "[[customer.lastname]]",
    "*|EMAIL|*": "[[customer.email]]",
    "*|MC:SUBJECT|*": "[[mailing.subject]]",
    "*|MC_PREVIEW_TEXT|*": "",
    "*|LIST:COMPANY|*": "[[sender.name]]",
    "*|LIST:ADDRESS|*": "[[sender.address]]",
    "*|HTML:LIST_ADDRESS_HTML|*": "[[sender.address]]",
    "*|CURRENT_YEAR|*": "",
    "{{unsubscribe}}": "[[link.unsubscribe]]",
    "{{ unsubscribe }}": "[[link.unsubscribe]]",
    "{{unsubscribe_url}}": "[[link.unsubscribe]]",
    "{{ unsubscribe_url }}": "[[link.unsubscribe]]",
    "{{UnsubscribeURL}}": "[[link.unsubscribe]]",
    "%unsubscribe_url%": "[[link.unsubscribe]]",
    "{$unsubscribe}": "[[link.unsubscribe]]",
    "{$url}": "[[link.view]]",
    "<unsubscribe>": '<a href="[[link.unsubscribe]]">',
    "</unsubscribe>": "</a>",
    "<webversion>": '<a href="[[link.view]]">',
    "</webversion>": "</a>",
    "<preferences>": '<a href="[[link.preferences]]">',
    "</preferences>": "</a>",
}
_FOREIGN = re.compile("|".join(re.escape(word) for word in sorted(FOREIGN, key=len, reverse=True)))
# Every pattern is bounded, and what has a beginning and an end is looked for by `_cut`: a file must not make them slow.
_COMMENT = re.compile("<!--"), re.compile("-->")
_STYLE = re.compile(r"<style\b([^<>]{0,500})>", re.IGNORECASE), re.compile(r"</style\s{0,9}>", re.IGNORECASE)
_HEAD = re.compile(r"<head\b[^<>]{0,500}>", re.IGNORECASE), re.compile(r"</head\s{0,9}>", re.IGNORECASE)
_UNKNOWN = re.compile(r"<mj-html-attributes\b"), re.compile(r"</mj-html-attributes\s{0,9}>")  # mrml knows them not
_MEDIA = re.compile(r"\bmedia\s{0,9}=\s{0,9}[\"']([\w\s():,-]{1,100})[\"']", re.IGNORECASE)
_BODY = re.compile(r"<body\b([^<>]{0,4000})>", re.IGNORECASE)
_ENDS = re.compile(r"</(?:body|html)\s{0,9}>", re.IGNORECASE)
_PROLOGUE = re.compile(r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!doctype[^>]{0,200}>\s*)?", re.IGNORECASE)
_ENDING = (
    re.compile(
        r"<mj-(?:text|button|table|raw|navbar-link|social-element|accordion-title|accordion-text|preview|title)\b"
        r"(?:[^<>\"']|\"[^\"<]{0,4000}\"|'[^'<]{0,4000}'){0,200}(?<!/)>"
    ),
    re.compile(
        r"</mj-(?:text|button|table|raw|navbar-link|social-element|accordion-title|accordion-text|preview|title)\s{0,9}>"
    ),
)
_PLACE = re.compile(r"at position (\d+):\d+")


@dataclass(frozen=True)
class Source:
    """What somebody wrote, as they wrote it."""

    kind: str  # "html" or "mjml"
    text: str

    @classmethod
    def read(cls, kept: object) -> Self | None:
        """Take a source from JSON; None when there is none."""
        if not isinstance(kept, Mapping) or kept.get("kind") not in KINDS or not isinstance(kept.get("text"), str):
            return None
        return cls(kept["kind"], scrub(kept["text"])[:MAX_LENGTH])

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind, "text": self.text}


@dataclass(frozen=True)
class Whole:
    """A source taken apart. With a mistake there may be nothing else."""

    body: str = ""  # clean HTML
    sheet: str = ""  # clean CSS
    attributes: tuple[tuple[str, str], ...] = ()  # of the body
    mistake: str = ""


@lru_cache(maxsize=32)
def whole(source: Source) -> Whole:
    """Take a source apart. What cannot be read becomes a sentence that names the line where it can."""
    text = _FOREIGN.sub(lambda match: FOREIGN[match.group()], scrub(source.text))
    if source.kind == "html":
        return _taken_apart(text, inlined=True)
    try:
        return _taken_apart(_from_mjml(text), inlined=False)
    except ValueError as refusal:
        return Whole(mistake=_located(str(refusal), text))


@dataclass(frozen=True)
class _Part:
    """A piece of a text between a beginning and an end, with where all of it stands."""

    start: int
    inside: str
    end: int
    opening: re.Match[str]
    closing: str


def _cut(text: str, between: tuple[re.Pattern[str], re.Pattern[str]]) -> Iterator[_Part]:
    """Find the pieces between two patterns, one after the other; one that nobody ends is none."""
    begin, stop = between
    place = 0
    while (opening := begin.search(text, place)) and (closing := stop.search(text, opening.end())):
        yield _Part(opening.start(), text[opening.end() : closing.start()], closing.end(), opening, closing.group())
        place = closing.end()


def _without(text: str, between: tuple[re.Pattern[str], re.Pattern[str]]) -> str:
    kept, place = [], 0
    for part in _cut(text, between):
        kept.append(text[place : part.start])
        place = part.end
    return "".join([*kept, text[place:]])


def _from_mjml(text: str) -> str:
    text = _PROLOGUE.sub("", _without(text, _UNKNOWN), count=1)
    if _depth(text, _MjmlDepth()) > DEEPEST:
        raise ValueError(_too_deep())
    nonce = Marks().nonce
    kept: list[str] = []
    insides: list[str] = []
    place = 0
    for part in _cut(text, _ENDING):
        kept += [text[place : part.start], part.opening.group(), f"pd{nonce}m{len(insides)}z", part.closing]
        insides.append(part.inside.replace("<![CDATA[", "").replace("]]>", ""))
        place = part.end
    written = str(_to_html("".join([*kept, text[place:]])))
    return re.sub(f"pd{nonce}m(\\d+)z", lambda match: insides[int(match[1])], written)


def cleaned(text: str) -> str:
    """Clean HTML of one's own. Raises ValueError, fit to show, where elements stand too deep inside one another:
    cleaning takes time by depth squared, so what is far too deep is not even begun with.
    """
    if _depth(text, _LooseDepth()) > DEEPEST * 5 or _depth(body := ownhtml.clean(text), _Depth()) > DEEPEST:
        raise ValueError(_too_deep())
    return body


def _too_deep() -> str:
    return _("Elements stand more than %(count)d deep inside one another") % {"count": DEEPEST}


class _Depth(HTMLParser):
    """Counts how deep elements stand inside one another; those that nobody ends count too."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ownhtml.VOID and tag.startswith(self.counted):
            self.now += 1
            self.most = max(self.most, self.now)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag not in ownhtml.VOID and tag.startswith(self.counted):
            self.now -= 1

    counted = ""


class _MjmlDepth(_Depth):
    counted = "mj"


class _LooseDepth(_Depth):
    """Of a text before it is cleaned: elements that HTML ends by itself do not count."""

    loose = frozenset({"p", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "dt", "dd", "option", "html", "body"})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.loose:
            super().handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.loose:
            self.now = max(0, self.now - 1)


def _depth(text: str, reader: _Depth) -> int:
    reader.feed(text)
    return reader.most


def _taken_apart(page: str, *, inlined: bool) -> Whole:
    bare = _without(page, _COMMENT)
    sheet = "\n".join(_sheets(bare))
    found = _BODY.search(page)
    inside = page[found.end() :] if found else _without(page, _HEAD)
    inside = _ENDS.sub("", _without(inside, _STYLE))
    try:
        body = cleaned(inside)
    except ValueError as mistake:
        return Whole(mistake=str(mistake))
    return Whole(_inlined(body, sheet) if inlined and 0 < len(sheet) < MAX_RULES else body, sheet, _attributes(found))


def _sheets(page: str) -> Iterator[str]:
    for part in _cut(page, _STYLE):
        clean = ownhtml.sheet(part.inside).strip()
        media = _MEDIA.search(part.opening[1])
        if clean and media and media[1].strip().lower() not in {"all", "screen"}:
            yield f"@media {media[1].strip()} {{ {clean} }}"
        elif clean:
            yield clean


def _inlined(body: str, sheet: str) -> str:
    """Write the rules of the style sheet to the elements too: not every mail program reads a style sheet."""
    inliner = css_inline.CSSInliner(
        keep_style_tags=False, keep_link_tags=False, load_remote_stylesheets=False, inline_style_tags=True
    )
    try:
        page = inliner.inline(f"<html><head><style>{sheet}</style></head><body>{body}</body></html>")
    except css_inline.InlineError:
        return body
    found = _BODY.search(page)
    return ownhtml.clean(_ENDS.sub("", page[found.end() :])) if found else body


def _attributes(found: re.Match[str] | None) -> tuple[tuple[str, str], ...]:
    """Keep what a body says of its looks."""
    if found is None:
        return ()
    cleaned = ownhtml.clean(f"<div{found[1].rstrip('/')}></div>")
    reader = _First()
    reader.feed(cleaned)
    return tuple(
        (name, value) for name, value in reader.attributes if name in {"style", "class", "bgcolor", "dir", "id"}
    )


class _First(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes = self.attributes or [(name, value or "") for name, value in attrs]


def _located(sentence: str, text: str) -> str:
    """Say in which line MJML stumbled; the HTML put aside keeps its line ends out of the count, so it is near it."""
    place = _PLACE.search(sentence)
    plain = html.escape(_PLACE.sub("", sentence).replace(" in root template", "").strip(), quote=False)
    if place is None:
        return _("MJML cannot be read: %(what)s.") % {"what": plain}
    line = text.count("\n", 0, int(place[1])) + 1
    return _("MJML cannot be read, about line %(line)d: %(what)s.") % {"line": line, "what": plain}
