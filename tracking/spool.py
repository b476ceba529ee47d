"""Append-only files: one per writing process, read while they grow, removed when they are done.

A `write()` is in the kernel's hands at once, so killing the process loses nothing. A writer holds a lock on its file for as
long as it writes there; a file that a reader can lock is finished, whether its writer moved on, stopped or was killed.
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

SUFFIX = ".log"


@dataclass(slots=True)
class Writer:
    """Appends whole lines to a file of its own and starts a new file every minute or 16 MB. Safe between threads."""

    folder: Path
    node: str
    seconds: float = 60.0
    size: int = 16 * 1024 * 1024
    _file: int = -1
    _process: int = 0
    _until: float = 0.0
    _written: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def append(self, line: bytes) -> None:
        """Write one line, its end included. Raises OSError when the disk does not take it."""
        with self._lock:
            if self._written >= self.size or time.monotonic() >= self._until or self._process != os.getpid():
                self._open()
            self._written += os.write(self._file, line)

    def close(self) -> None:
        """Let go of the file, so that its reader may remove it."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
            self._file, self._until = -1, 0.0

    def _open(self) -> None:
        """Start a new file; it gets its name only once it is locked, so no reader takes it for a finished one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{self.node}-{os.getpid()}-{time.time_ns()}{SUFFIX}"
        unnamed = self.folder / f".{name}"
        file = os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640)
        fcntl.flock(file, fcntl.LOCK_EX)
        unnamed.rename(self.folder / name)
        if self._file >= 0:
            os.close(self._file)
        self._file, self._process, self._written = file, os.getpid(), 0
        self._until = time.monotonic() + self.seconds


def files(folder: Path) -> Iterator[Path]:
    """The files to read, oldest first."""
    yield from sorted(folder.glob(f"[!.]*{SUFFIX}"), key=lambda path: path.name.rsplit("-", 1)[-1])


def lines(path: Path, start: int, limit: int) -> tuple[list[bytes], int]:
    """Return whole lines of about `limit` bytes from `start`, and where they end. A half-written last line stays."""
    with path.open("rb") as file:
        file.seek(start)
        block = file.read(limit)
    end = block.rfind(b"\n") + 1
    return block[:end].splitlines(), start + end


def remove_if_finished(path: Path, read: int, *, torn: Callable[[Path], None]) -> bool:
    """Remove a file that nobody writes any more and that was read to its end. A torn last line is kept and reported."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        size = os.fstat(file.fileno()).st_size
        if size == read:
            path.unlink(missing_ok=True)
            return True
        if lines(path, read, size)[0]:
            return False  # written between reading and locking: the next round takes it
        torn(path)
        path.rename(path.with_suffix(".torn"))
        return True
