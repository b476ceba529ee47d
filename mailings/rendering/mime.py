"""A draft as one MIME message: headers, text before HTML (RFC 2046 5.1.4), quoted-printable, slots on own lines."""

import re
from dataclasses import dataclass, field

from mailings.rendering import headers, pieces
from mailings.rendering.drafts import Draft
from mailings.rendering.escaping import Context
from mailings.rendering.pieces import Choice, Pieces, Slot
from mailings.rendering.segments import (
    Attached,
    Compiled,
    Fillable,
    Line,
    Mailbox,
    Some,
    Template,
    To,
    Value,
    When,
    Words,
    quoted_lines,
)

_SOFT = "=\r\n"
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass
class _Writer:
    """Collects segments and slots; a slot used twice is one slot."""

    slots: list[Fillable] = field(default_factory=list)
    segments: list[str] = field(default_factory=lambda: [""])
    order: list[int] = field(default_factory=list)
    numbers: dict[Fillable, int] = field(default_factory=dict)

    def static(self, text: str) -> None:
        self.segments[-1] += text

    def slot(self, slot: Fillable, after: str) -> None:
        """Put a slot here; `after` is what must follow it at once."""
        number = self.numbers.setdefault(slot, len(self.slots))
        if number == len(self.slots):
            self.slots.append(slot)
        self.order.append(number)
        self.segments.append(after)

    def header(self, header: headers.Header) -> None:
        if header.of:
            self.static(f"{header.name}: ")
            self.slot(Mailbox(header.of, header.value), "\r\n")
            return
        self.static(f"{header.name}: {header.value}{header.before}")
        if header.key:
            self.slot(Value(Context.RAW, header.key), header.after)
        if header.then:
            self.static(f"\r\n {header.then.before}")
            self.slot(Value(Context.RAW, header.then.key), header.then.after)
        self.static("\r\n")

    def body(self, body: Pieces) -> None:
        """Write a body: static text is encoded here, once; every slot begins on a fresh line."""
        for piece in body:
            if isinstance(piece, str):
                self.static(_static(piece))
                continue
            if self.segments[-1] and not self.segments[-1].endswith("\r\n"):
                self.static(_SOFT)
            self.slot(Value.of(piece) if isinstance(piece, Slot) else self._when(piece), _SOFT)

    def _when(self, choice: Choice) -> When:
        inner = _Writer(self.slots, numbers=self.numbers)
        inner.body(choice.pieces)
        return When(choice.condition, inner.template())

    def template(self) -> Template:
        return Template(tuple(self.segments), tuple(self.order))


def compile_draft(draft: Draft) -> Compiled:
    """Encode a draft into segments and slots."""
    writer = _Writer()
    for header in draft.headers:
        writer.header(header)
    writer.static("To: ")
    writer.slot(To(), "\r\n")
    _subject(writer, draft.subject)
    boundary = headers.boundary(_everything(draft.text), _everything(draft.html))
    mixed = headers.boundary(boundary) if draft.has_attachments else ""
    if mixed:  # RFC 2046 5.1.3
        writer.static(f'Content-Type: multipart/mixed;\r\n boundary="{mixed}"\r\n\r\n--{mixed}\r\n')
    writer.static(f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n')
    for kind, body in (("plain", draft.text), ("html", draft.html)):
        writer.static(f'--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n')
        writer.static("Content-Transfer-Encoding: quoted-printable\r\n\r\n")
        writer.body(body)
        writer.static("\r\n")
    writer.static(f"--{boundary}--\r\n")
    if mixed:
        writer.slot(Attached(mixed), f"--{mixed}--\r\n")
    links = tuple((link.number, link.url, link.name) for link in draft.links)
    return Compiled(writer.template(), tuple(writer.slots), links, html_size(draft))


def html_size(draft: Draft) -> int:
    """Say how many octets the HTML has without values; Gmail clips at 102 kB."""
    return len(_everything(draft.html).encode())


def _subject(writer: _Writer, subject: Pieces) -> None:
    if any(not isinstance(piece, str) for piece in subject):
        writer.slot(Line("Subject", _words(subject)), "\r\n")
    else:
        writer.static(headers.unstructured("Subject", "".join(str(piece) for piece in subject)) + "\r\n")


def _words(body: Pieces) -> tuple[Words, ...]:
    return tuple(_word(piece) for piece in body)


def _word(piece: pieces.Piece) -> Words:
    match piece:
        case Slot():
            return Value.of(piece)
        case Choice(condition, inner):
            return Some(condition, _words(inner))
        case _:
            return piece


def _static(text: str) -> str:
    """Encode text that begins on a fresh line; line ends become CRLF, white space before them is kept (RFC 2045 6.7)."""
    lines = [_SOFT.join(quoted_lines(line)) for line in _LINE_END.split(text)]
    return "\r\n".join([*(_end(line) for line in lines[:-1]), lines[-1]])


def _end(line: str) -> str:
    if not line.endswith((" ", "\t")):
        return line
    coded = f"={ord(line[-1]):02X}"
    last = len(line.rpartition("\r\n")[2])
    return line[:-1] + (coded if last <= 74 else _SOFT + coded)


def _everything(body: Pieces) -> str:
    """All static text of a body, also what only some see."""
    return "".join(
        piece if isinstance(piece, str) else _everything(piece.pieces) if isinstance(piece, Choice) else ""
        for piece in body
    )
