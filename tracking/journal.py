"""The journal: append-only events, taken in in bulk from the web servers' files and from whoever has something to tell.

Everything may be told twice; `origin` is unique and the database is the judge. A file is read from the position kept in the
transaction that took its lines, and removed after that transaction is committed and its writer let it go.
"""

import datetime as dt
import ipaddress
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from django.db import connection, transaction

from tracking import spool
from tracking.models import Kind, Position

BLOCK = 1024 * 1024  # bytes of a file per transaction: about 5,000 hits
LETTERS = {"c": Kind.CLICK, "o": Kind.OPEN, "t": Kind.TRAP}

log = logging.getLogger(__name__)

# Apps above say of which of these messages an open must not be written down.
silencers: list[Callable[[Sequence[int]], set[int]]] = []


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One thing that happened to a message, as its producer tells it. `origin` makes telling it twice harmless."""

    origin: str
    at: dt.datetime
    kind: str  # tracking.models.Kind
    mailing: int
    message: int
    link: int | None = None
    method: str = ""
    ip: str | None = None
    user_agent: str = ""
    referer: str = ""
    fetched_for: str = ""
    category: str = ""
    detail: str = ""


COLUMNS = [field.name for field in fields(NewEvent)]
TYPES = {"at": "timestamptz", "mailing": "bigint", "message": "bigint", "link": "smallint", "ip": "inet"}
INSERT = (
    f"INSERT INTO tracking_event ({', '.join(COLUMNS)}, is_machine, reasons) "  # noqa: S608 - our own column names
    f"SELECT {', '.join(COLUMNS)}, false, '[]' FROM unnest("
    + ", ".join(f"%s::{TYPES.get(name, 'text')}[]" for name in COLUMNS)
    + f") AS arriving ({', '.join(COLUMNS)}) ON CONFLICT (origin) DO NOTHING"
)


def record(events: Sequence[NewEvent]) -> int:
    """Append events; return how many were new. Joins the caller's transaction, if there is one."""
    if not events:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [[getattr(event, name) for event in events] for name in COLUMNS])
        return int(cursor.rowcount)


def ingest(folder: Path) -> int:
    """Take in what the web processes of this machine wrote since the last time; return the number of new events."""
    return sum(_take_file(path) for path in spool.files(folder))


def _take_file(path: Path) -> int:
    taken = 0
    try:
        while True:
            new, more = _take_block(path)
            taken += new
            if not more:
                break
    except FileNotFoundError:  # somebody else finished it between our listing and our reading
        return taken
    return taken


def _take_block(path: Path) -> tuple[int, bool]:
    """Take one block in one transaction. Returns (new events, is there more to read)."""
    with transaction.atomic():
        if not _mine_alone(path.name):
            return 0, False
        position, _ = Position.objects.get_or_create(file=path.name)
        lines, end = spool.lines(path, position.bytes, BLOCK)
        new = record(_heard(list(_events(path.name, position.bytes, lines))))
        if end > position.bytes:
            position.bytes = end
            position.save(update_fields=["bytes"])
    if lines:
        return new, True
    if spool.remove_if_finished(path, end, torn=_torn):
        position.delete()
    return new, False


def _heard(events: Sequence[NewEvent]) -> Sequence[NewEvent]:
    """Leave out the opens of messages whose reader does not want them counted."""
    opened = [event.message for event in events if event.kind == Kind.OPEN]
    silent: set[int] = set()
    for ask in silencers if opened else ():
        silent |= ask(opened)
    return [event for event in events if event.kind != Kind.OPEN or event.message not in silent]


def _mine_alone(name: str) -> bool:
    """Two ingesters never read one file at a time; the lock ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"hits:{name}"])
        row = cursor.fetchone()
    return bool(row and row[0])


def _events(file: str, start: int, lines: Iterable[bytes]) -> Iterable[NewEvent]:
    for line in lines:
        try:
            yield parse(f"{file}:{start}", line)
        except ValueError as error:
            log.warning("unreadable line in %s at %s: %s", file, start, error)
        start += len(line) + 1


def parse(origin: str, line: bytes) -> NewEvent:
    """Read one line of tracking.hits: letter, µs, mailing, message, link, method, ip, purpose, referer, user agent."""
    letter, at, mailing, message, link, method, ip, fetched_for, referer, agent = (
        line.decode("utf-8", "replace").replace("\x00", "").split("\t")
    )
    if letter not in LETTERS:
        raise ValueError(f"no such kind: {letter!r}")
    return NewEvent(
        origin=origin,
        at=dt.datetime.fromtimestamp(int(at) / 1_000_000, dt.UTC),
        kind=LETTERS[letter],
        mailing=int(mailing),
        message=int(message),
        link=int(link) if link else None,
        method=method[:8],
        ip=_ip(ip),
        user_agent=agent[:300],
        referer=referer[:200],
        fetched_for=fetched_for[:20],
    )


@lru_cache(maxsize=4096)
def _ip(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _torn(path: Path) -> None:
    log.error("%s ends in half a line; kept as .torn", path)
