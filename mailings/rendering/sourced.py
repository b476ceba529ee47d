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

from mailings.rendering import ownhtml, stylesheets, variables
from mailings.rendering.pieces import Marks, scrub
from mailings.rendering.writing import Problem

_to_html: Any = import_module("mjml").mjml2html  # mrml; its package has no types
KINDS = ("html", "mjml")
MAX_LENGTH = ownhtml.MAX_LENGTH
MOST_NAMED = 20  # placeholders of other programs that are named one by one
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
}
_FOREIGN = re.compile("|".join(re.escape(word) for word in sorted(FOREIGN, key=len, reverse=True)))
_ELEMENTS = {"unsubscribe": "link.unsubscribe", "webversion": "link.view", "preferences": "link.preferences"}
_FOREIGN_ELEMENT = re.compile(r"<(/?)(unsubscribe|webversion|preferences)\b([^<>]{0,1000})>", re.IGNORECASE)
# What nobody fills in here: placeholders of other programs. Who means the signs themselves writes them as &#123; and such.
_PLACEHOLDER = re.compile(
    r"\{\{[^{}<>\n]{1,100}\}\}|\{%[^{}%<>\n]{1,100}%\}|\*\|[A-Z][A-Z0-9_:=| -]{0,80}?\|\*|%%[A-Za-z_][\w ]{0,40}%%"
    r"|\$\{[A-Za-z_][\w.]{0,60}\}|<%=?[^<>%\n]{1,100}%>|%(?:recipient|contact|subscriber)\.\w{1,40}%"
)
# Every pattern is bounded, and what has a beginning and an end is looked for by `_cut`: a file must not make them slow.
_COMMENT = re.compile("<!--"), re.compile("-->")
_STYLE = re.compile(r"<style\b([^<>]{0,500})>", re.IGNORECASE), re.compile(r"</style\s{0,200}>", re.IGNORECASE)
_OUTLOOKS = re.compile(r"\s{0,99}(\[if [\w |&().]{1,60}\])>")  # and not "!mso": that is for the others
_HEAD = re.compile(r"<head\b[^<>]{0,500}>", re.IGNORECASE), re.compile(r"</head\s{0,200}>", re.IGNORECASE)
_UNKNOWN = re.compile(r"<mj-html-attributes\b"), re.compile(r"</mj-html-attributes\s{0,200}>")  # mrml knows them not
_MEDIA = re.compile(r"\bmedia\s{0,9}=\s{0,9}[\"']([\w\s():,-]{1,100})[\"']", re.IGNORECASE)
_BODY = re.compile(r"<body\b([^<>]{0,4000})>", re.IGNORECASE)
_ENDS = re.compile(r"</(?:body|html)\s{0,200}>", re.IGNORECASE)
_PROLOGUE = re.compile(r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!doctype[^>]{0,200}>\s*)?", re.IGNORECASE)
_ENDING = (
    re.compile(
        r"<mj-(?:text|button|table|raw|navbar-link|social-element|accordion-title|accordion-text|preview|title|style)\b"
        r"(?:[^<>\"']|\"[^\"<]{0,4000}\"|'[^'<]{0,4000}'){0,5000}(?<!/)>"
    ),
    re.compile(
        r"</mj-(?:text|button|table|raw|navbar-link|social-element|accordion-title|accordion-text|preview|title|style)\s{0,200}>"
    ),
)
_IS_INLINE = re.compile(r"<mj-style\b[^<>]{0,500}\binline\s{0,9}=")
_INCLUDE = re.compile(r"<mj-include\b[^<>]{0,500}")
# A carousel needs form elements to turn: without them its first picture stands alone, and its thumbnails lead nowhere.
_CAROUSEL = re.compile(
    r"<a href=\"#\d{1,4}\"[^<>]{0,500}mj-carousel-thumbnail[^<>]{0,900}><label[^<>]{0,200}><img[^<>]{0,4000}></label></a>"
    r"|<td class=\"mj-carousel-\w{1,40}-icons-cell\"[^<>]{0,500}>(?:(?!</td>).){0,20000}</td>",
    re.DOTALL,
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
    outlook: tuple[tuple[str, str], ...] = ()  # conditions, and the clean CSS that Outlook reads under each


@lru_cache(maxsize=32)
def whole(source: Source) -> Whole:
    """Take a source apart. What cannot be read becomes a sentence that names the line where it can."""
    text = _FOREIGN_ELEMENT.sub(_element, _FOREIGN.sub(lambda match: FOREIGN[match.group()], scrub(source.text)))
    if source.kind == "html":
        return _taken_apart(text)
    try:
        return _taken_apart(*_from_mjml(text))
    except ValueError as refusal:
        return Whole(mistake=_located(refusal, text))


def placed(source: Source, problems: list[Problem], *, block: str) -> list[Problem]:
    """Say in which line of the source each problem is, after the placeholders of other programs that stand in it."""
    foreign = list(_placeholders(source))
    mistakes = {mistake.sentence: mistake for mistake in reversed(variables.parse(source.text).mistakes)}
    found = []
    for problem in problems:
        if any(match.group() in problem.words for match in foreign):
            continue
        mistake, start = mistakes.get(problem.sentence), source.text.find(problem.words) if problem.words else -1
        if mistake:
            found.append(_at(block, source, problem.sentence, mistake.start, mistake.end))
        elif start >= 0:
            sentence = f"“{problem.words[:100]}”: {problem.sentence}"
            found.append(_at(block, source, sentence, start, start + len(problem.words)))
        else:
            found.append(problem)
    said = _("“%(words)s” is a placeholder of another program. Put one of ours in its place.")
    named = [_at(block, source, said % {"words": match.group()}, match.start(), match.end()) for match in foreign]
    return sorted(named + found, key=lambda problem: problem.start)


def _at(block: str, source: Source, sentence: str, start: int, end: int) -> Problem:
    line = source.text.count("\n", 0, start) + 1
    return Problem(block, "source", _("Line %(line)d: %(what)s") % {"line": line, "what": sentence}, start, end)


def _placeholders(source: Source) -> Iterator[re.Match[str]]:
    """Find the placeholders of other programs that nobody fills in, each word once."""
    text = _blanked(_FOREIGN.sub(lambda match: " " * len(match.group()), source.text))
    seen: set[str] = set()
    for match in _PLACEHOLDER.finditer(text):
        if match.group() not in seen:
            seen.add(match.group())
            yield match
        if len(seen) == MOST_NAMED:
            return


def _blanked(text: str) -> str:
    """Put spaces in the place of comments and style sheets; everything else stays where it is."""
    kept, place = [], 0
    for part in _cut_any(text, _COMMENT, _STYLE):
        kept += [text[place : part.start], " " * (part.end - part.start)]
        place = part.end
    return "".join([*kept, text[place:]])


def _element(found: re.Match[str]) -> str:
    """Turn an element that other programs know as a link into a link."""
    if found[1]:
        return "</a>"
    return f'<a href="[[{_ELEMENTS[found[2].lower()]}]]"{found[3]}>'


@dataclass(frozen=True)
class _Part:
    """A piece of a text between a beginning and an end, with where all of it stands."""

    start: int
    inside: str
    end: int
    opening: re.Match[str]
    closing: str
    kind: int = 0


def _cut(text: str, between: tuple[re.Pattern[str], re.Pattern[str]]) -> Iterator[_Part]:
    """Find the pieces between two patterns, one after the other; one that nobody ends is none."""
    begin, stop = between
    place = 0
    while (opening := begin.search(text, place)) and (closing := stop.search(text, opening.end())):
        yield _Part(opening.start(), text[opening.end() : closing.start()], closing.end(), opening, closing.group())
        place = closing.end()


def _cut_any(text: str, *kinds: tuple[re.Pattern[str], re.Pattern[str]]) -> Iterator[_Part]:
    """Find pieces of several kinds, one after the other; what begins within another one is part of that."""
    begin = re.compile(
        "|".join(f"(?P<k{number}>{kind[0].pattern})" for number, kind in enumerate(kinds)), re.IGNORECASE
    )
    place = 0
    unended: set[int] = set()
    while opening := begin.search(text, place):
        number = next(number for number in range(len(kinds)) if opening[f"k{number}"])
        closing = None if number in unended else kinds[number][1].search(text, opening.end())
        if closing is None:
            unended.add(number)
            place = opening.end()
            continue
        yield _Part(
            opening.start(), text[opening.end() : closing.start()], closing.end(), opening, closing.group(), number
        )
        place = closing.end()


def _without(text: str, between: tuple[re.Pattern[str], re.Pattern[str]]) -> str:
    kept, place = [], 0
    for part in _cut(text, between):
        kept.append(text[place : part.start])
        place = part.end
    return "".join([*kept, text[place:]])


def _from_mjml(text: str) -> tuple[str, str]:
    """Turn MJML into a page, and give the style sheet that its author wants written to the elements."""
    text = _PROLOGUE.sub("", _without(text, _UNKNOWN), count=1)
    if _depth(text, _MjmlDepth()) > DEEPEST:
        raise ValueError(_too_deep())
    nonce = Marks().nonce
    kept: list[str] = []
    insides: list[str] = []
    to_inline: list[str] = []
    place = 0
    for part in _cut_any(text, _COMMENT, _ENDING):
        kept.append(text[place : part.start])
        place = part.end
        if part.kind == 0 or not part.inside.strip():
            kept.append("" if part.kind == 0 else f"{part.opening.group()}{part.closing}")
        elif _IS_INLINE.match(part.opening.group()):
            to_inline.append(stylesheets.sheet(part.inside))
        else:
            kept += [part.opening.group(), f"pd{nonce}m{len(insides)}z", part.closing]
            insides.append(part.inside.replace("<![CDATA[", "").replace("]]>", ""))
    skeleton = "".join([*kept, text[place:]])
    if include := _INCLUDE.search(skeleton):
        raise _Refused(_includes(), text.count("\n", 0, text.find(include.group())) + 1)
    written = _CAROUSEL.sub("", _mjml_read(skeleton))
    return re.sub(f"pd{nonce}m(\\d+)z", lambda match: insides[int(match[1])], written), "\n".join(to_inline)


def _mjml_read(skeleton: str) -> str:
    """Read MJML strictly; where that fails, read its tags as loosely as a browser does and try once more."""
    try:
        return str(_to_html(skeleton))
    except ValueError as refusal:
        reader = _Loose()
        reader.feed(skeleton)
        try:
            return str(_to_html("".join([*reader.written, reader.rawdata])))
        except ValueError:
            raise refusal from None


class _Refused(ValueError):
    """Something in a file that we do not do, with its line."""

    def __init__(self, sentence: str, line: int) -> None:
        super().__init__(sentence)
        self.line = line


def _includes() -> str:
    return _("mj-include takes words from another file, which is not here. Put the words of that file in its place")


class _Loose(HTMLParser):
    """Writes tags out again with every attribute in quotes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.written: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.written.append(f"<{tag}{self._attributes(attrs)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.written.append(f"<{tag}{self._attributes(attrs)} />")

    def handle_endtag(self, tag: str) -> None:
        self.written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.written.append(data)

    def handle_entityref(self, name: str) -> None:
        self.written.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.written.append(f"&#{name};")

    def _attributes(self, attrs: list[tuple[str, str | None]]) -> str:
        return "".join(f' {name}="{html.escape(value or "")}"' for name, value in dict(attrs).items())


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


def _taken_apart(page: str, to_inline: str | None = None) -> Whole:
    """Take a page apart. `to_inline` is the style sheet that is written to the elements; None: the whole one."""
    sheets = list(_sheets(page))
    sheet = "\n".join(css for condition, css in sheets if not condition)
    found = _BODY.search(page)
    inside = page[found.end() :] if found else _without(page, _HEAD)
    inside = _ENDS.sub("", _without(inside, _STYLE))
    try:
        body = cleaned(inside)
    except ValueError as mistake:
        return Whole(mistake=str(mistake))
    rules = sheet if to_inline is None else to_inline
    attributes = _attributes(found)
    if 0 < len(rules) < MAX_RULES:
        body, attributes = _inlined(body, attributes, rules)
    return Whole(body, sheet, attributes, outlook=tuple((condition, css) for condition, css in sheets if condition))


def _sheets(page: str) -> Iterator[tuple[str, str]]:
    """Give the clean style sheets of a page, each with the condition under which Outlook alone reads it."""
    for part in _cut_any(page, _COMMENT, _STYLE):
        if part.kind == 1:
            yield "", _with_media(part)
        elif (condition := _OUTLOOKS.match(part.inside)) and "<style" in part.inside.lower():
            css = "".join(_with_media(style) for style in _cut(part.inside, _STYLE))
            yield condition[1], css.replace(">", "").replace("--", "")


def _with_media(part: _Part) -> str:
    clean = stylesheets.sheet(scrub(part.inside)).strip()
    media = _MEDIA.search(part.opening.group())
    if clean and media and media[1].strip().lower() not in {"all", "screen"}:
        return f"@media {media[1].strip()} {{ {clean} }}"
    return clean


def _inlined(body: str, attributes: tuple[tuple[str, str], ...], sheet: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Write the rules of the style sheet to the elements too: not every mail program reads a style sheet."""
    inliner = css_inline.CSSInliner(
        keep_style_tags=False, keep_link_tags=False, load_remote_stylesheets=False, inline_style_tags=True
    )
    given = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes)
    try:
        page = inliner.inline(f"<html><head><style>{sheet}</style></head><body{given}>{body}</body></html>")
    except css_inline.InlineError:
        return body, attributes
    found = _BODY.search(page)
    if not found:
        return body, attributes
    return ownhtml.clean(_ENDS.sub("", page[found.end() :])), _attributes(found)


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


def _located(refusal: ValueError, text: str) -> str:
    """Say in which line MJML stumbled; the HTML put aside keeps its line ends out of the count, so it is near it."""
    if isinstance(refusal, _Refused):
        return _("MJML cannot be read, about line %(line)d: %(what)s.") % {"line": refusal.line, "what": refusal}
    sentence = str(refusal)
    place = _PLACE.search(sentence)
    plain = html.escape(_PLACE.sub("", sentence).replace(" in root template", "").strip(), quote=False)
    if place is None:
        return _("MJML cannot be read: %(what)s.") % {"what": plain}
    line = text.count("\n", 0, int(place[1])) + 1
    return _("MJML cannot be read, about line %(line)d: %(what)s.") % {"line": line, "what": plain}
