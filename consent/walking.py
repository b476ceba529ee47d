"""The chain is walked from its beginning: PostgreSQL writes what is hashed, a stretch at a time, and Python hashes it.

Stretches do not need each other, so several are read side by side. One in which anything does not fit is looked at
link by link, to name the first that is broken; so is one with personal sides that were erased.
"""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db import connection
from psycopg import Cursor

from consent import chain

STRETCH = 4_000  # events
WALKERS = 3  # each waits for its server half of the time
ALONE = 10  # stretches that are not worth a second connection


@dataclass(frozen=True, slots=True)
class Broken:
    """The first link of the chain that does not hold, and what does not fit: previous, hash or detail."""

    event: int
    part: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The chain as it was found: how many events, how many whose personal side was erased, and its last hash."""

    events: int
    erased: int
    head: str
    broken: Broken | None = None

    @property
    def is_whole(self) -> bool:
        return self.broken is None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbours in the chain: what the first follows and the last leaves, and the smallest number that does not fit."""

    events: int
    previous: bytes
    head: bytes
    is_linked: bool
    erased: int = 0
    hashed: int | None = None
    said: int | None = None


def verify(*, size: int = STRETCH) -> Verified:
    """Walk the chain and name the first link that does not hold, `size` events at a time.

    Inside somebody's transaction it walks alone: no other connection sees what that one wrote.
    """
    with connection.cursor() as cursor:
        cursor.execute(chain.BOUNDS)
        first, last = cursor.fetchone()
    if last is None:
        return Verified(0, 0, "")
    alone = connection.in_atomic_block or last - first < ALONE * size
    stretches = list(_walk(first, last, size)) if alone else _walk_together(first, last, size)
    erased = sum(stretch.erased for stretch in stretches)
    found = [
        (None if _is_linked(stretches) else _asked(chain.ORDER, {"first": chain.FIRST_HASH}), "previous"),
        (min((s.hashed for s in stretches if s.hashed is not None), default=None), "hash"),
        (min((s.said for s in stretches if s.said is not None), default=None), "detail"),
        (_asked(chain.MISSING) if erased else None, "detail"),
    ]
    broken = min((Broken(event, part) for event, part in found if event is not None), key=_place, default=None)
    return Verified(sum(stretch.events for stretch in stretches), erased, stretches[-1].head.hex(), broken)


def _walk_together(first: int, last: int, size: int) -> list[Stretch]:
    share = (last - first) // WALKERS + 1
    with ThreadPoolExecutor(WALKERS) as pool:
        parts = [
            pool.submit(_walk_apart, start, min(start + share - 1, last), size)
            for start in range(first, last + 1, share)
        ]
        return [stretch for part in parts for stretch in part.result()]


def _walk_apart(first: int, last: int, size: int) -> list[Stretch]:
    try:
        return list(_walk(first, last, size))
    finally:
        connection.close()  # this thread's own


def _walk(first: int, last: int, size: int) -> Iterator[Stretch]:
    asked: dict[str, Any] = {"last": last, "most": size, "separator": secrets.token_bytes(16)}
    connection.ensure_connection()
    with Cursor(connection.connection) as cursor:
        while first <= last:
            rows = cursor.execute(chain.STRETCH, asked | {"first": first}, binary=True).fetchall()
            ((end, previous, hashes, commitments, bodies),) = rows
            if end is None:
                return
            here = asked | {"first": first, "last": end}
            ((sides,),) = cursor.execute(chain.SIDES, here, binary=True).fetchall()
            fits = _hashed(bodies, here["separator"]) == hashes and _hashed(sides, here["separator"]) == commitments
            amiss = (0, None, None) if fits else cursor.execute(chain.CONTENTS, here).fetchall()[0]
            is_linked = previous[32:] == hashes[:-32]
            yield Stretch(len(hashes) // 32, previous[:32], hashes[-32:], is_linked, *amiss)
            first = end + 1


def _hashed(messages: bytes | None, separator: bytes) -> bytes:
    if messages is None:  # no personal side is left in this stretch
        return b""
    return b"".join([sha256(message).digest() for message in messages.split(separator)])


def _is_linked(stretches: list[Stretch]) -> bool:
    heads = [chain.FIRST_HASH, *(stretch.head for stretch in stretches)]
    return all(s.is_linked and s.previous == head for s, head in zip(stretches, heads, strict=False))


def _asked(question: str, given: dict[str, Any] | None = None) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(question, given)
        number: int | None = cursor.fetchone()[0]
    return number


def _place(broken: Broken) -> tuple[int, int]:
    return broken.event, ("previous", "hash", "detail").index(broken.part)
