"""The compiled message: static segments and slots. Filling it in is joining bytes.

Every slot of a body stands on a line of its own between two soft line breaks of quoted-printable, so that nothing
has to be wrapped again, and no line begins with a dot, so that SMTP has nothing to stuff.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Self

from mailings.rendering import escaping, headers
from mailings.rendering.escaping import Context
from mailings.rendering.notation import Notation
from mailings.rendering.pieces import Condition, Slot

Recipient = Mapping[str, object]
Fill = Callable[[Recipient], bytes]
_Test = Callable[[str], object]
# key, test for "goes as it is", test for "the same in every context", places, and per place how to write any other value
_Shared = tuple[str, _Test, _Test | None, tuple[int, ...], tuple[tuple[int, Callable[[object], bytes]], ...]]
VERSION = 1
LINE = 76
# A web address of ours: nothing in it that HTML would escape; its = are coded, and it may be longer than a line.
_PLAIN = re.compile(r"https?://[A-Za-z0-9,.:;/@_()?!*+#$%~|=-]+").fullmatch
_CODED = re.compile(r"[^ -<>-~]")
# Values that are the same in every context of a body: no quoting, no escaping, no dot in front.
_AS_IS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ,.:;/@_()?!*+#$%~|-]{0,72}[A-Za-z0-9.,:;/@_)?!*+#$%~|-])?").fullmatch
# as much as fits on a line, never an =XX cut in two
_LINES = re.compile(r".{1,75}(?<!=)(?<!=[0-9A-F])").findall
_WORDS_ONLY = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,73}").fullmatch


@dataclass(frozen=True)
class Template:
    """Segments with the numbers of the slots between them: one more segment than slots."""

    segments: tuple[str, ...]
    order: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        return {"segments": list(self.segments), "order": list(self.order)}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        return cls(tuple(kept["segments"]), tuple(kept["order"]))


@dataclass(frozen=True)
class Value:
    """A slot of the body or a header: one value of the recipient in its context."""

    context: Context
    key: str
    fallback: str = ""
    notation: Notation | None = None

    @classmethod
    def of(cls, slot: Slot) -> Self:
        return cls(slot.context, slot.key, slot.fallback, slot.notation)

    def to_json(self) -> dict[str, Any]:
        kept = {"do": self.context.value, "key": self.key, "or": self.fallback}
        return kept | ({"as": self.notation.pattern, "in": self.notation.language} if self.notation else {})

    def filler(self, _slots: Sequence["Fillable"]) -> Fill:
        if self.context is Context.RAW:
            return _raw(self.key)
        fill = _body(self)
        if self.notation:
            say = self.notation.say
            return lambda recipient: fill(say(recipient.get(self.key)))
        return lambda recipient: fill(recipient.get(self.key))


@dataclass(frozen=True)
class To:
    """The To header's value, from `_name` and `_to`."""

    def to_json(self) -> dict[str, Any]:
        return {"do": "to"}

    def filler(self, _slots: Sequence["Fillable"]) -> Fill:
        return lambda recipient: headers.mailbox("_to", recipient.get("_name"), recipient.get("_to")).encode("ascii")


@dataclass(frozen=True)
class Mailbox:
    """A mailbox of the recipient's data, its name under `key` and "_name"; `otherwise` for who has none."""

    key: str
    otherwise: str

    def to_json(self) -> dict[str, Any]:
        return {"do": "mailbox", "key": self.key, "or": self.otherwise}

    def filler(self, _slots: Sequence["Fillable"]) -> Fill:
        fixed = self.otherwise.encode("ascii")

        def fill(recipient: Recipient) -> bytes:
            address = recipient.get(self.key)
            if not address:
                return fixed
            return headers.mailbox(self.key, recipient.get(f"{self.key}_name"), address).encode("ascii")

        return fill


@dataclass(frozen=True)
class Attached:
    """The files that go along: finished MIME parts, given by the sender under `_attached`, the same for everybody."""

    boundary: str

    def to_json(self) -> dict[str, Any]:
        return {"do": "attached", "boundary": self.boundary}

    def filler(self, _slots: Sequence["Fillable"]) -> Fill:
        opening = f"--{self.boundary}\r\n".encode("ascii")
        last: tuple[object, bytes] = ((), b"")

        def fill(recipient: Recipient) -> bytes:
            nonlocal last
            parts = recipient.get("_attached", ())
            if parts is not last[0] and isinstance(parts, tuple):
                last = (parts, b"".join(opening + part for part in parts))
            return last[1]

        return fill


@dataclass(frozen=True)
class Some:
    """Words of a header that only some see."""

    condition: Condition
    parts: tuple["Words", ...]

    def to_json(self) -> dict[str, Any]:
        given = self.condition
        parts = [_kept(part) for part in self.parts]
        return {"do": "some", "key": given.key, "operator": given.operator, "value": given.value, "parts": parts}


Words = str | Value | Some


def _kept(part: Words) -> str | dict[str, Any]:
    return part if isinstance(part, str) else part.to_json()


def _said(parts: Sequence[Words], recipient: Recipient) -> str:
    return "".join(_say(part, recipient) for part in parts)


def _say(part: Words, recipient: Recipient) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Some):
        return _said(part.parts, recipient) if part.condition.holds(recipient) else ""
    value = recipient.get(part.key)
    said = part.notation.say(value) if part.notation else value
    return escaping.fill(part.context, part.key, part.fallback, said)


@dataclass(frozen=True)
class Line:
    """A whole header line of words and values, encoded together (Subject)."""

    name: str
    parts: tuple[Words, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "do": "line",
            "name": self.name,
            "parts": [_kept(part) for part in self.parts],
        }

    def filler(self, _slots: Sequence["Fillable"]) -> Fill:
        def fill(recipient: Recipient) -> bytes:
            return headers.unstructured(self.name, _said(self.parts, recipient)).encode("ascii")

        return fill


@dataclass(frozen=True)
class When:
    """Lines of a body that only some see."""

    condition: Condition
    template: Template

    def to_json(self) -> dict[str, Any]:
        given = self.condition
        return {
            "do": "when",
            "key": given.key,
            "operator": given.operator,
            "value": given.value,
        } | self.template.to_json()

    def filler(self, slots: Sequence["Fillable"]) -> Fill:
        join = _joiner(self.template, slots)
        holds = self.condition.holds
        return lambda recipient: join(recipient) if holds(recipient) else b""


Fillable = Value | To | Mailbox | Line | When | Attached


@dataclass(frozen=True)
class Compiled:
    """A mailing ready to be filled in: JSON in the database, bytes and functions in the worker."""

    template: Template
    slots: tuple[Fillable, ...]
    links: tuple[tuple[int, str, str], ...]  # number, address, name
    html_size: int  # octets of the HTML without values: Gmail clips at 102 kB
    _join: Callable[[Recipient], bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_join", _joiner(self.template, self.slots))

    def render(self, recipient: Recipient) -> bytes:
        """Give the message of one recipient: CRLF, ASCII, lines within 76 octets but for long addresses in headers.

        Raises RenderError when this recipient's values cannot be put into a mail.
        """
        return self._join(recipient)

    def to_json(self) -> dict[str, Any]:
        """Give what `Mailing.compiled` keeps."""
        return {
            "version": VERSION,
            "template": self.template.to_json(),
            "slots": [slot.to_json() for slot in self.slots],
            "links": [list(link) for link in self.links],
            "html_size": self.html_size,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Take it from `Mailing.compiled`."""
        links = tuple((int(number), str(url), str(name)) for number, url, name in kept["links"])
        slots = tuple(_read(slot) for slot in kept["slots"])
        return cls(Template.read(kept["template"]), slots, links, int(kept["html_size"]))


def render(compiled: Compiled, recipient: Recipient) -> bytes:
    """Give the message of one recipient (see Compiled.render)."""
    return compiled.render(recipient)


def _read(kept: Mapping[str, Any]) -> Fillable:
    match kept["do"]:
        case "to":
            return To()
        case "attached":
            return Attached(kept["boundary"])
        case "mailbox":
            return Mailbox(kept["key"], kept["or"])
        case "line":
            return Line(kept["name"], tuple(_read_words(part) for part in kept["parts"]))
        case "when":
            return When(Condition(kept["key"], kept["operator"], kept["value"]), Template.read(kept))
        case _:
            return _read_value(kept)


def _read_words(kept: str | Mapping[str, Any]) -> Words:
    if isinstance(kept, str):
        return kept
    if kept["do"] == "some":
        condition = Condition(kept["key"], kept["operator"], kept["value"])
        return Some(condition, tuple(_read_words(part) for part in kept["parts"]))
    return _read_value(kept)


def _read_value(kept: Mapping[str, Any]) -> Value:
    return Value(Context(kept["do"]), kept["key"], kept["or"], read_notation(kept))


def read_notation(kept: Mapping[str, Any]) -> Notation | None:
    """Read how a kept value is written, if it says so."""
    return Notation(kept["as"], kept["in"]) if "as" in kept else None


def _joiner(template: Template, slots: Sequence[Fillable]) -> Callable[[Recipient], bytes]:
    """Make the function that fills one template: each different slot is worked out once, then bytes are joined."""
    used = sorted(set(template.order))
    static = [segment.encode("ascii") for segment in template.segments]
    if not used:
        whole = b"".join(static)
        return lambda _recipient: whole
    frame: list[bytes] = [b""] * (2 * len(static) - 1)
    frame[::2] = static
    bodies = [slots[number] for number in used]
    plain = tuple((place, slot) for place, slot in enumerate(bodies) if _is_body(slot))
    words = _shared([(place, slot) for place, slot in plain if isinstance(slot, Value)])
    others = tuple((place, slot.filler(slots)) for place, slot in enumerate(bodies) if not _is_body(slot))
    pick = _picker([used.index(number) for number in template.order])
    blank = [b""] * len(used)

    def join(recipient: Recipient) -> bytes:
        values = blank.copy()
        for key, is_as_is, is_plain, places, fills in words:
            value = recipient.get(key)
            if type(value) is str and is_as_is(value):
                values[places[0]] = same = value.encode("ascii")
                for place in places[1:]:
                    values[place] = same
            elif is_plain is not None and type(value) is str and is_plain(value):
                same = quoted(value)
                for place in places:
                    values[place] = same
            else:
                for place, fill in fills:
                    values[place] = fill(value)
        for place, filler in others:
            values[place] = filler(recipient)
        pieces = frame.copy()
        pieces[1::2] = pick(values)
        return b"".join(pieces)

    return join


def _is_body(slot: Fillable) -> bool:
    return isinstance(slot, Value) and slot.context is not Context.RAW and slot.notation is None


def _shared(slots: Sequence[tuple[int, Value]]) -> tuple[_Shared, ...]:
    """Put the places of one value together: most values look the same in HTML and in text, and are looked at once."""
    groups: dict[tuple[str, bool], list[tuple[int, Value]]] = {}
    for place, slot in slots:
        groups.setdefault((slot.key, slot.context is Context.URL), []).append((place, slot))
    return tuple(
        (
            key,
            _WORDS_ONLY if in_url else _AS_IS,
            None if in_url else _PLAIN,
            tuple(place for place, _slot in group),
            tuple((place, _body(slot)) for place, slot in group),
        )
        for (key, in_url), group in groups.items()
    )


def _picker(places: list[int]) -> Callable[[list[bytes]], Sequence[bytes]]:
    if len(places) == 1:
        return lambda values: (values[places[0]],)
    return itemgetter(*places)


def _body(slot: Value) -> Callable[[object], bytes]:
    """Make the function that gives one value as quoted-printable lines."""
    otherwise = quoted(escaping.ESCAPES[slot.context](slot.fallback))

    def fill(value: object) -> bytes:
        if otherwise and (value is None or value == ""):
            return otherwise
        return quoted(escaping.fill(slot.context, slot.key, slot.fallback, value))

    return fill


def _raw(key: str) -> Fill:
    """A value of ours in a header; the date is the same for a whole batch and is looked at once."""
    last: tuple[object, bytes] = (None, b"")

    def fill(recipient: Recipient) -> bytes:
        nonlocal last
        value = recipient.get(key)
        if value is None or value is not last[0]:
            last = (value, escaping.raw(key, value).encode("ascii"))
        return last[1]

    return fill


def quoted(text: str) -> bytes:
    """Write a value of one line as quoted-printable that begins on a fresh line and ends before a soft break."""
    return "=\r\n".join(quoted_lines(text)).encode("ascii")


def quoted_lines(text: str) -> list[str]:
    """Cut one line of text into quoted-printable lines of at most 75 characters, none beginning with a dot."""
    if text.isascii() and text.isprintable():
        coded = text.replace("=", "=3D")
    else:
        coded = _CODED.sub(_code, text.encode().decode("latin-1"))
    if len(coded) < LINE and coded[:1] != ".":
        return [coded]
    lines = _LINES(coded)
    return lines if not any(line[0] == "." for line in lines) else _without_dots(coded)


def _without_dots(coded: str) -> list[str]:
    """The same where a line would begin with a dot: that one is coded, and the line is shorter."""
    lines = []
    start = 0
    while start < len(coded):
        dotted = coded[start : start + 1] == "."
        end = start + (LINE - 3 if dotted else LINE - 1)
        if end < len(coded):  # never cut an =XX in two
            end -= 1 if coded[end - 1] == "=" else 2 if coded[end - 2] == "=" else 0
        line = coded[start:end]
        lines.append("=2E" + line[1:] if dotted else line)
        start = end
    return lines


def _code(match: re.Match[str]) -> str:
    return f"={ord(match.group()):02X}"
