"""The journal of one worker on one chunk: what is on the wire, and what was answered. It survives `kill -9`.

A line is a plain `write()` (about 2 µs): once it returns, the kernel has it. The file is locked while its writer lives, so
that a reader on the same machine knows whether it still does. What a power cut may have swallowed is told by the machine's
boot id in the first line: a journal from before the last boot says truly what it says, but may have lost its end.
"""

import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Self

from mailings.channels import Outcome, Receipt

GOING = "+"
SIGNS = {
    Outcome.ACCEPTED: "=",
    Outcome.REFUSED: "-",
    Outcome.TEMPORARY: "~",
    Outcome.LOST: "?",
    Outcome.NOT_HANDED: "<",
}
OUTCOMES = {sign: outcome for outcome, sign in SIGNS.items()}
ROOM = 48 * 1024  # bytes kept free in advance: two short lines for each of a thousand messages, also on a full disk
WORDS = 300  # of an answer


class InUse(Exception):
    """Somebody who is alive writes this journal."""


@dataclass
class Story:
    """What a journal tells: per message its last receipt, and who was on the wire without an answer."""

    receipts: dict[int, Receipt] = field(default_factory=dict)
    on_wire: set[int] = field(default_factory=set)
    is_whole: bool = True  # False: written before the machine last started, the end may be missing


class Journal:
    """Open for writing by one process, which holds its lock until it is closed."""

    def __init__(self, path: Path, file: int) -> None:
        self.path = path
        self._file = file

    @classmethod
    def create(cls, path: Path) -> Self:
        """Start a journal. Raises OSError when the disk has no room: then nothing is sent."""
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # a reader may be looking whether we live
            os.posix_fallocate(file, 0, ROOM)
            os.write(file, f"#{boot()}\n".encode())
        except OSError:
            os.close(file)
            raise
        return cls(path, file)

    def going(self, number: int) -> None:
        """Message `number` is about to touch the wire."""
        self._write(b"+%d\n" % number)

    def note(self, receipt: Receipt) -> None:
        """Write down what was answered."""
        if receipt.outcome is Outcome.ACCEPTED:
            self._write(b"=%d\n" % receipt.number)
            return
        words = " ".join(receipt.answer.split())[:WORDS]
        self._write(f"{SIGNS[receipt.outcome]}{receipt.number} {receipt.code} {words}\n".encode())

    def close(self) -> None:
        """Let go: from here on a reader takes this worker for finished or dead."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def remove(self) -> None:
        """All it tells stands in the database."""
        self.path.unlink(missing_ok=True)
        self.close()

    def _write(self, line: bytes) -> None:
        if os.write(self._file, line) < len(line):
            self.close()  # nothing may be written behind half a line
            raise OSError(f"no room left in {self.path.name}")


def take_over(path: Path) -> tuple[Story, int] | None:
    """Read the journal of somebody who is gone; None when there is none. The number is a lock: `os.close` it when done.

    Raises InUse while its writer lives.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with path.open("rb") as content:
            return read(content.read()), file
    except BlockingIOError:
        os.close(file)
        raise InUse(path.name) from None


def is_abandoned(path: Path) -> bool:
    """Say whether there is a journal here whose writer is gone."""
    try:
        taken = take_over(path)
    except InUse:
        return False
    if taken is None:
        return False
    os.close(taken[1])
    return True


def read(content: bytes) -> Story:
    """Understand a journal. Half a last line was never finished writing, so what it announced did not happen."""
    story = Story()
    lines = content.rstrip(b"\x00").split(b"\n")[:-1]
    for line in _text(lines):
        sign, rest = line[:1], line[1:]
        if sign == "#":
            story.is_whole = rest == boot()
            continue
        head, _, tail = rest.partition(" ")
        if not head.isdecimal():
            continue
        number = int(head)
        if sign == GOING:
            story.on_wire.add(number)
            story.receipts.pop(number, None)
        elif sign in OUTCOMES:
            code, _, words = tail.partition(" ")
            story.on_wire.discard(number)
            story.receipts[number] = Receipt(number, OUTCOMES[sign], int(code) if code.isdecimal() else 0, words)
    return story


def _text(lines: Iterable[bytes]) -> Iterable[str]:
    return (line.decode("utf-8", "replace") for line in lines)


@cache
def boot() -> str:
    """The number of this start of the machine, where the system tells it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"
