"""What the world counted: mails by Message-ID, refusals, and what its people did."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

from demo.world import letters

SHOWN = 20  # duplicates named in the statistics


class Tally:
    """Counts that survive a killed world when they are kept in a `received` file.

    The file gets a line per mail, "Message-ID recipient", written before the mail is acknowledged.
    """

    def __init__(self, received: Path | None = None) -> None:
        self.received = 0
        self.bytes = 0
        self.nameless = 0
        self.ids: set[int] = set()  # hashes: a million mails fit in 100 MB
        self.duplicates: Counter[str] = Counter()
        self.did: Counter[str] = Counter()
        self.connections = 0
        self.lines: list[bytes] = []
        self.file: int | None = None
        if received is not None:
            self.recall(received)
            self.file = os.open(received, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def recall(self, path: Path) -> None:
        """Take over what an earlier world wrote down; a torn last line was never acknowledged."""
        if not path.exists():
            return
        whole = path.read_bytes().rpartition(b"\n")[0]
        for line in whole.splitlines():
            self.mark(line.partition(b" ")[0])
        with path.open("r+b") as file:
            file.truncate(len(whole) + 1 if whole else 0)

    def mark(self, name: bytes) -> None:
        self.received += 1
        if not name:
            self.nameless += 1
            return
        key = hash(name)
        if key in self.ids:
            self.duplicates[name.decode("latin-1")] += 1
        self.ids.add(key)

    def take(self, content: bytes, recipients: list[str]) -> None:
        """Count one accepted mail."""
        name = letters.message_id(content)
        self.bytes += len(content)
        self.mark(name)
        if self.file is not None:
            self.lines.append(b"%b %b\n" % (name, ",".join(recipients).encode(errors="surrogateescape")))

    def flush(self) -> None:
        """Write down what was taken since the last call: before anybody hears "250"."""
        if self.lines and self.file is not None:
            os.write(self.file, b"".join(self.lines))
            self.lines.clear()

    def statistics(self) -> dict[str, Any]:
        return {
            "received": self.received,
            "unique": len(self.ids) + self.nameless,
            "duplicates": self.duplicates.total(),
            "duplicated": dict(self.duplicates.most_common(SHOWN)),
            "without_id": self.nameless,
            "bytes": self.bytes,
            "connections": self.connections,
            **{name: self.did[name] for name in sorted(self.did)},
        }

    def close(self) -> None:
        self.flush()
        if self.file is not None:
            os.close(self.file)
            self.file = None
