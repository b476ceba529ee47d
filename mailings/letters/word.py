"""A letter from a Word file: looked at before anything opens it, made harmless, its fields found.

What comes out is a file of our own in which each `[[field]]` has become a place with a number. Nothing that its writer typed
is ever read as a template: every brace of theirs is a place, too.
"""

import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from django.utils.translation import gettext as _

from mailings.letters.writing import DATE, WINDOW
from mailings.rendering import escaping, variables
from mailings.rendering.notation import Notation
from mailings.rendering.pieces import Condition
from mailings.rendering.variables import Fork, Merge, Word

LARGEST = 5_000_000  # bytes of the file
LARGEST_INSIDE = 40_000_000  # bytes of everything in it
LARGEST_PART = 10_000_000  # bytes of words in it
MOST_ENTRIES = 1_000
MOST_FIELDS = 500
MAIN = "word/document.xml"
OWN: Mapping[str, str] = {"letter.address": WINDOW, "letter.date": DATE}  # fields that only a letter from Word has
FILLED = re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml")
_FIELD = re.compile(r"\[\[(.*?)\]\]")
_OURS = re.compile(r"\[\[\s*(letter\.(?:address|date))\s*\]\]")
_ACTIVE = re.compile(r"vbaproject|vbadata|activex|/embeddings/|\.bin$|\.exe$|\.dotm$|^basic/", re.IGNORECASE)
_CODE = re.compile(r"\{\{|\{%|\{#")
# what Word may work out by itself when the pages are made; everything else could read a file or ask a server
_WORKED_OUT = frozenset(
    [
        "PAGE",
        "NUMPAGES",
        "SECTIONPAGES",
        "SECTION",
        "HYPERLINK",
        "REF",
        "PAGEREF",
        "NOTEREF",
        "STYLEREF",
        "TOC",
        "TC",
        "SEQ",
        "SYMBOL",
        "QUOTE",
        "EQ",
        "ADVANCE",
        "DATE",
        "TIME",
        "CREATEDATE",
        "SAVEDATE",
        "PRINTDATE",
        "AUTHOR",
        "TITLE",
        "SUBJECT",
        "KEYWORDS",
        "COMMENTS",
        "FORMTEXT",
        "FORMCHECKBOX",
        "=",
    ]
)
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError, OSError,
    struct.error, IndexError, OverflowError, UnicodeError,
)  # fmt: skip
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_LETTER = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
OPENS, CLOSES = "\ue000", "\ue001"  # braces of places, until those of the writer have become places too
_BRACE = re.compile(r"[{}]")
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


class CannotUse(ValueError):
    """This file cannot become a letter; the sentence says why, and where in it."""


@dataclass(frozen=True)
class Mistake:
    """A field that cannot be read: what is written there, the words around it, and what is wrong."""

    text: str
    around: str
    sentence: str


@dataclass(frozen=True)
class Template:
    """A file with numbered places, and what goes into each."""

    docx: bytes = field(repr=False)
    places: Mapping[str, Merge | Condition | str]  # by the name of the place; a string is a key of our own
    mistakes: tuple[Mistake, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields as they are written, each once."""
        names = {key: name for name, key in OWN.items()}
        shown = (f"[[{names[one]}]]" if isinstance(one, str) else _shown(one) for one in self.places.values())
        return tuple(dict.fromkeys(shown))

    def values(self, data: Mapping[str, object], *, language: str = "en") -> dict[str, object]:
        """Say what stands in each place for one recipient, dates and numbers in this language. Raises RenderError."""
        found: dict[str, object] = {"lb": "{", "rb": "}"}
        for name, place in self.places.items():
            if isinstance(place, Condition):
                found[name] = place.holds(data)
            elif isinstance(place, Merge):
                value = data.get(place.variable.key)
                said = Notation(place.pattern, language).say(value) if place.pattern else value
                found[name] = _said(place.variable.key, said) or place.fallback
            else:
                found[name] = _said(place, data.get(place))
        return found


def _shown(place: Merge | Condition) -> str:
    return str(place) if isinstance(place, Merge) else f"[[IF:{place.key}]]"


def _said(key: str, value: object) -> str:
    """Give a value as lines of text."""
    if isinstance(value, list):
        return "\n".join(filter(None, (escaping.clean(key, one) for one in value)))
    return escaping.clean(key, value) if value is not None else ""


def read(data: bytes) -> Template:
    """Look a stranger's file through and find its fields. Raises CannotUse."""
    entries = _entries(data)
    _refuse_active(entries)
    places: dict[str, Merge | Condition | str] = {}
    mistakes: list[Mistake] = []
    harmless: dict[str, bytes] = {}
    for name, content in entries.items():
        if name.endswith((".xml", ".rels")):
            root = _parsed(name, content)
            _without_code(name, root)
            if name.endswith(".rels"):
                _cut_off(name, root)
            elif name.startswith("word/"):
                _look_through(name, root)
                if FILLED.fullmatch(name):
                    _number(root, places, mistakes)
            _opened(root)
            content = _etree().tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True)
        elif name.lower().endswith(".svg") and re.search(rb"href\s*=\s*[\"'](?!#|data:image)", content):
            raise CannotUse(_("The picture %(name)s in it asks for another file. Take it out.") % {"name": name})
        harmless[name] = content
    return Template(_packed(harmless), places, tuple(mistakes))


def _entries(data: bytes) -> dict[str, bytes]:
    """Unpack within limits, whatever the directory of the archive claims."""
    if len(data) > LARGEST:
        raise CannotUse(_("This file is larger than %(size)d MB.") % {"size": LARGEST // 1_000_000})
    not_word = _("This is not a Word file (.docx).")
    found: dict[str, bytes] = {}
    left = LARGEST_INSIDE
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > MOST_ENTRIES:
                raise CannotUse(_("There is too much inside this file."))
            for info in infos:
                if info.is_dir() or info.filename.startswith("/") or ".." in info.filename or "\\" in info.filename:
                    continue
                with archive.open(info) as entry:
                    content = entry.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise CannotUse(_("There is too much inside this file."))
                found[info.filename] = content
    except _BROKEN as error:
        raise CannotUse(not_word) from error
    if MAIN not in found or "[Content_Types].xml" not in found:
        raise CannotUse(not_word)
    return found


def _refuse_active(entries: Mapping[str, bytes]) -> None:
    for name in entries:
        if _ACTIVE.search(name) and "printersettings" not in name.lower():
            raise CannotUse(
                _("It holds a macro or another file (%(name)s). Save it without, as .docx.") % {"name": name[:100]}
            )
    for one in _parsed("[Content_Types].xml", entries["[Content_Types].xml"]).iter(f"{_TYPES}Override"):
        kind = str(one.get("ContentType", ""))
        if "macroenabled" in kind.lower():
            raise CannotUse(_("It is a file with macros. Save it without, as .docx."))
        if one.get("PartName") == f"/{MAIN}" and kind != _LETTER:
            raise CannotUse(_("This is not a Word file (.docx)."))


def _etree() -> Any:
    return import_module("lxml.etree")


def _parsed(name: str, content: bytes) -> Any:
    etree = _etree()
    if len(content) > LARGEST_PART or any(mark in content for mark in (b"<!DOCTYPE", b"<!ENTITY", b"\x00")):
        raise CannotUse(_("A part of it cannot be read: %(name)s") % {"name": name[:100]})
    reader = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(content, reader)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CannotUse(_("A part of it cannot be read: %(name)s") % {"name": name[:100]}) from error


def _cut_off(name: str, root: Any) -> None:
    """Refuse what it would fetch from elsewhere; forget the template it was once made with."""
    for one in list(root):
        kind = str(one.get("Type", "")).rpartition("/")[2]
        if kind == "attachedTemplate":
            root.remove(one)
        elif kind in {"aFChunk", "oleObject", "subDocument", "package", "control"} or (
            one.get("TargetMode") == "External" and kind != "hyperlink"
        ):
            target = str(one.get("Target", ""))[:100]
            raise CannotUse(
                _("It would fetch something from elsewhere: %(target)s (%(kind)s). Put it into the file itself.")
                % {"target": target, "kind": kind[:30]}
            )


def _look_through(name: str, root: Any) -> None:
    """Refuse fields that Word would work out by reading files or asking servers, and code in attributes."""
    open_fields: list[str] = []
    for one in list(root.iter()):
        if one.tag == f"{_W}attachedTemplate":
            one.getparent().remove(one)
        elif one.tag == f"{_W}fldSimple":
            _refuse_field(str(one.get(f"{_W}instr", "")), one)
        elif one.tag == f"{_W}fldChar":
            kind = one.get(f"{_W}fldCharType")
            if kind == "begin":
                open_fields.append("")
            elif open_fields and kind in {"separate", "end"}:
                _refuse_field(open_fields.pop(), one)
                if kind == "separate":
                    open_fields.append("=")  # what follows is its result, not its words
        elif one.tag == f"{_W}instrText":
            if open_fields:
                open_fields[-1] += one.text or ""
            else:
                _refuse_field(one.text or "", one)


def _refuse_field(words: str, element: Any) -> None:
    first = words.split()[0].upper() if words.split() else ""
    if not first or first in _WORKED_OUT or first.startswith("="):
        return
    hint = _(" Write it as [[customer.firstname]].") if first == "MERGEFIELD" else ""
    sentence = _("It has a field of Word that a letter here cannot have: %(field)s, near “%(near)s”.")
    raise CannotUse(sentence % {"field": words.strip()[:60], "near": _around(element)} + hint)


def _around(element: Any) -> str:
    paragraph = next(element.iterancestors(f"{_W}p"), None)
    return "".join(one.text or "" for one in _texts(paragraph)).strip()[:80] if paragraph is not None else ""


def _texts(paragraph: Any) -> Sequence[Any]:
    """Give the texts of this very paragraph, not of boxes within it."""
    return [
        one for one in paragraph.iter(f"{_W}t") if next(one.iterancestors(f"{_W}p"), None) is paragraph
    ]  # each `<w:t>` is a run of equal looks: a field may stand in several


def _without_code(name: str, root: Any) -> None:
    """Refuse code in attributes, where no place of ours stands; take out what we mark places with."""
    for one in root.iter():
        if any(_CODE.search(str(value)) for value in one.attrib.values()):
            raise CannotUse(_("A part of it cannot be read: %(name)s") % {"name": name[:100]})
        one.text, one.tail = _unmarked(one.text), _unmarked(one.tail)


def _unmarked(text: str | None) -> str | None:
    return text.replace(OPENS, "").replace(CLOSES, "") if text else text


def _opened(root: Any) -> None:
    """Make places of all braces in texts, and then braces of the marks."""
    for one in root.iter():
        one.text, one.tail = _braces(one.text), _braces(one.tail)


def _braces(text: str | None) -> str | None:
    if not text or text.isspace():
        return text
    literal = _BRACE.sub(lambda brace: "{{ lb }}" if brace.group() == "{" else "{{ rb }}", text)
    return literal.replace(OPENS, "{").replace(CLOSES, "}")


# fields -----------------------------------------------------------------------------------------------------------------


def _number(root: Any, places: dict[str, Merge | Condition | str], mistakes: list[Mistake]) -> None:
    """Replace the fields of every paragraph with numbered places; what cannot be read stays and is named."""
    for paragraph in root.iter(f"{_W}p"):
        runs = _texts(paragraph)
        text = "".join(run.text or "" for run in runs)
        if "[[" not in text:
            continue
        checked = _OURS.sub("", text)
        wrong = list(_wrong(checked, text.strip()[:80]))
        mistakes += wrong
        if wrong or len(places) >= MOST_FIELDS:
            continue
        for start, end, place in reversed(list(_placed(text, places))):
            _put(runs, start, end, place)


def _wrong(text: str, around: str) -> Iterator[Mistake]:
    parsed = variables.parse(text)
    for one in parsed.mistakes:
        yield Mistake(one.text, around, one.sentence)
    for merge in parsed.merges:
        if merge.variable.group == "link":
            yield Mistake(str(merge), around, _("A letter from Word has no link of its own for each recipient."))


def _placed(text: str, places: dict[str, Merge | Condition | str]) -> Iterator[tuple[int, int, str]]:
    """Give each field of a text with where it stands and the place that takes its place; braces are marks yet."""
    for found in _FIELD.finditer(text):
        if ours := _OURS.fullmatch(found.group()):
            yield found.start(), found.end(), _merged(places, OWN[ours.group(1)])
            continue
        (piece,) = variables.parse(found.group(), is_whole=False).pieces
        if isinstance(piece, Merge):
            yield found.start(), found.end(), _merged(places, piece)
        elif isinstance(piece, Fork):
            yield found.start(), found.end(), _forked(places, piece)


def _merged(places: dict[str, Merge | Condition | str], what: Merge | str) -> str:
    name = f"f{len(places)}"
    places[name] = what
    return f"{OPENS}{OPENS} {name} {CLOSES}{CLOSES}"


def _forked(places: dict[str, Merge | Condition | str], fork: Fork) -> str:
    if fork.variable is None:
        return f"{OPENS}% {'else' if fork.word is Word.ELSE else 'endif'} %{CLOSES}"
    name = f"c{len(places)}"
    places[name] = Condition(fork.variable.key, fork.operator, fork.value)
    return f"{OPENS}% {'if' if fork.word is Word.IF else 'elif'} {name} %{CLOSES}"


def _put(runs: Sequence[Any], start: int, end: int, place: str) -> None:
    """Write a place over what stands from `start` to `end`, into the run where it begins."""
    at = 0
    for run in runs:
        text = run.text or ""
        first, last = max(start - at, 0), min(end - at, len(text))
        at += len(text)
        if first >= last:
            continue
        run.text = f"{text[:first]}{place}{text[last:]}"
        run.set(_SPACE, "preserve")
        place = ""


def _packed(entries: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
