"""A text with places to fill: what is static, what differs per recipient, what only some see.

While a mail is built as MJML and HTML the places are marks: words of letters and digits around a random number,
which no tool on the way touches and no writer can guess. `cut` turns marked text into pieces.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from secrets import token_hex

from mailings.rendering import escaping
from mailings.rendering.escaping import Context
from mailings.rendering.notation import Notation
from mailings.rendering.variables import Merge

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Slot:
    """A place for one value."""

    context: Context
    key: str
    fallback: str = ""
    notation: Notation | None = None

    def fill(self, recipient: Mapping[str, object]) -> str:
        value = recipient.get(self.key)
        said = self.notation.say(value) if self.notation else value
        return escaping.fill(self.context, self.key, self.fallback, said)


@dataclass(frozen=True)
class Condition:
    """Who sees a block: those whose variable `key` is, is not, is filled, is empty."""

    key: str
    operator: str  # "is", "is_not", "filled", "empty"
    value: str = ""

    def holds(self, recipient: Mapping[str, object]) -> bool:
        given = recipient.get(self.key)
        text = escaping.clean(self.key, given).casefold() if given is not None else ""
        match self.operator:
            case "is":
                return text == self.value.casefold()
            case "is_not":
                return text != self.value.casefold()
            case "filled":
                return bool(text)
            case _:
                return not text


@dataclass(frozen=True)
class Choice:
    """Pieces that only those see for whom the condition holds."""

    condition: Condition
    pieces: "Pieces"


Piece = str | Slot | Choice
Pieces = tuple[Piece, ...]


@dataclass
class Marks:
    """Hands out marks for slots, conditions and finished text while a mail is being built."""

    slots: list[Slot] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    nonce: str = field(default_factory=lambda: token_hex(8))

    def slot(self, slot: Slot) -> str:
        """Give the mark that stands for this slot."""
        if slot not in self.slots:
            self.slots.append(slot)
        return self._mark("s", self.slots.index(slot))

    def merge(self, merge: Merge, context: Context, language: str) -> str:
        """Give the mark of a variable in a context; dates and numbers in this language."""
        notation = Notation(merge.pattern, language) if merge.pattern else None
        return self.slot(Slot(context, merge.variable.key, merge.fallback, notation))

    def keep(self, text: str) -> str:
        """Give a mark for finished (and marked) text, so that no tool on the way reads it."""
        self.kept.append(text)
        return self._mark("k", len(self.kept) - 1)

    def when(self, condition: Condition) -> tuple[str, str]:
        """Give the marks before and after what only some see."""
        self.conditions.append(condition)
        return self._mark("w", len(self.conditions) - 1), self.end

    @property
    def end(self) -> str:
        """The mark behind what only some see."""
        return self._mark("e", 0)

    def cut(self, text: str) -> Pieces:
        """Turn a marked text into pieces."""
        marks = re.compile(f"pd{self.nonce}([swe])(\\d+)z")
        kept = re.compile(f"pd{self.nonce}k(\\d+)z")
        text = kept.sub(lambda match: self.kept[int(match.group(1))], text)
        stack: list[tuple[Condition | None, list[Piece]]] = [(None, [])]
        done = 0
        for mark in marks.finditer(text):
            kind, number = mark.group(1), int(mark.group(2))
            _append(stack[-1][1], text[done : mark.start()])
            done = mark.end()
            if kind == "s":
                stack[-1][1].append(self.slots[number])
            elif kind == "w":
                stack.append((self.conditions[number], []))
            else:
                condition, inner = stack.pop()
                if condition is None:
                    raise ValueError("a condition ends that never began")
                stack[-1][1].append(Choice(condition, tuple(inner)))
        _append(stack[0][1], text[done:])
        return tuple(stack[0][1])

    def _mark(self, kind: str, number: int) -> str:
        return f"pd{self.nonce}{kind}{number}z"


def _append(pieces: list[Piece], text: str) -> None:
    if text:
        pieces.append(text)


def scrub(text: str) -> str:
    """Take out of a writer's text what no mail can carry."""
    return _UNWRITABLE.sub("", text)


def join(pieces: Pieces, recipient: Mapping[str, object]) -> str:
    """Put a recipient's values in: the plain form of what the compiled message does fast."""
    return "".join(_join(pieces, recipient))


def _join(pieces: Pieces, recipient: Mapping[str, object]) -> Iterator[str]:
    for piece in pieces:
        if isinstance(piece, str):
            yield piece
        elif isinstance(piece, Slot):
            yield piece.fill(recipient)
        elif piece.condition.holds(recipient):
            yield from _join(piece.pieces, recipient)


def slots(pieces: Pieces) -> Iterator[Slot]:
    """Walk over every place to fill, also the ones only some see."""
    for piece in pieces:
        if isinstance(piece, Slot):
            yield piece
        elif isinstance(piece, Choice):
            yield from slots(piece.pieces)


def keys(pieces: Pieces) -> Iterator[str]:
    """Walk over the data keys that filling these pieces reads."""
    for piece in pieces:
        if isinstance(piece, Slot):
            yield piece.key
        elif isinstance(piece, Choice):
            yield piece.condition.key
            yield from keys(piece.pieces)
