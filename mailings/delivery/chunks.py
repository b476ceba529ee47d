"""Chunks: ranges of a frozen audience that one worker at a time may hand over, under a lease.

The database is the queue. A chunk's number may be told to workers as often as one likes: a claim is one conditional
UPDATE. `attempts` counts the claims and is the fence: who was overtaken changes nothing any more. Leases are measured by the
database's clock, the only one all machines share.
"""

import os
import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from mailings.delivery import journal, results, sql
from mailings.models import Chunk, Mailing, Message

SIZE = 1000
WINDOW = 16  # chunks of one mailing that are with the broker or with workers, so that no mailing fills the queue
PRINTING = 2  # the same of letters: a chunk of them takes seconds, in which mail waits
VISITS = 8  # a second, to chunks that wait for tokens
ISSUE_AGAIN = 8  # seconds after which a chunk nobody took is given to the broker again, and the broker forgets it

_CUT = """
INSERT INTO mailings_chunk (mailing_id, first, last, state, is_retry, owner, attempts, rows_left)
SELECT %(mailing)s, min(id), max(id), 'waiting', %(is_retry)s, '', 0, count(*)
  FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS part
          FROM mailings_message WHERE mailing_id = %(mailing)s AND {which}) numbered
 GROUP BY part ORDER BY part
"""
_OPEN_TALLY = """
INSERT INTO mailings_tally (mailing_id, at, held, pending, sent, deferred, failed, unknown, cancelled)
SELECT %(mailing)s, %(now)s, count(*) FILTER (WHERE state = 'held'), count(*) FILTER (WHERE state = 'pending'),
       0, 0, 0, 0, 0
  FROM mailings_message WHERE mailing_id = %(mailing)s
"""
_ISSUE = """
WITH busy AS (
    SELECT mailing_id, count(*) AS chunks FROM mailings_chunk
     WHERE state <> 'done' AND (state = 'working' OR issued_at > %(again)s) GROUP BY mailing_id
), ready AS (
    SELECT c.id, c.mailing_id, CASE m.type WHEN 'document' THEN %(printing)s ELSE %(window)s END AS most,
           row_number() OVER (PARTITION BY c.mailing_id ORDER BY c.id) AS place
      FROM mailings_chunk c JOIN mailings_mailing m ON m.id = c.mailing_id AND m.status = 'sending'
                                AND (m.rests_until IS NULL OR m.rests_until <= %(now)s)
     WHERE c.state = 'waiting' AND (c.issued_at IS NULL OR c.issued_at <= %(again)s)
       AND (c.not_before IS NULL OR c.not_before <= %(now)s)
)
UPDATE mailings_chunk c SET issued_at = %(now)s
  FROM ready LEFT JOIN busy USING (mailing_id)
 WHERE c.id = ready.id AND ready.place <= ready.most - coalesce(busy.chunks, 0)
   AND c.state = 'waiting' AND (c.issued_at IS NULL OR c.issued_at <= %(again)s)
RETURNING c.id
"""
_NEXT = """
UPDATE mailings_chunk SET issued_at = %(now)s WHERE id = (
    SELECT ready.id
      FROM mailings_mailing m
     CROSS JOIN LATERAL (
        SELECT c.id FROM mailings_chunk c
         WHERE c.mailing_id = m.id AND c.state = 'waiting' AND (c.issued_at IS NULL OR c.issued_at <= %(again)s)
           AND (c.not_before IS NULL OR c.not_before <= %(now)s)
         ORDER BY c.id LIMIT 1 FOR UPDATE SKIP LOCKED
     ) ready
     WHERE m.status = 'sending' AND (m.rests_until IS NULL OR m.rests_until <= %(now)s)
     ORDER BY (SELECT count(*) FROM mailings_chunk w WHERE w.mailing_id = m.id AND w.state = 'working'), ready.id
     LIMIT 1)
RETURNING id
"""
_CLAIM = """
UPDATE mailings_chunk
   SET state = 'working', owner = %(owner)s, attempts = attempts + 1, not_before = NULL,
       lease_until = clock_timestamp() + %(lease)s, batch_first = NULL, batch_last = NULL
 WHERE id = %(chunk)s
"""
_EXPIRED = "SELECT id FROM mailings_chunk WHERE state = 'working' AND lease_until < clock_timestamp()"
_EXTEND = """
UPDATE mailings_chunk c
   SET lease_until = clock_timestamp() + %(lease)s,
       batch_first = coalesce(%(first)s, batch_first), batch_last = coalesce(%(last)s, batch_last)
  FROM mailings_mailing m
 WHERE c.id = %(chunk)s AND c.attempts = %(attempt)s AND c.state = 'working' AND m.id = c.mailing_id
RETURNING CASE WHEN m.rests_until > clock_timestamp() THEN 'resting' ELSE m.status END
"""


@dataclass(frozen=True)
class Claim:
    """The right to hand over a chunk's messages, until somebody else has claimed it."""

    chunk: int
    attempt: int
    mailing: int
    first: int
    last: int
    is_retry: bool
    frozen_at: datetime | None  # of the mailing: its letter does not change after that
    account: int | None = None  # through which it goes

    @property
    def open_state(self) -> str:
        """The state of the rows this chunk is about."""
        return "deferred" if self.is_retry else "pending"

    @property
    def journal(self) -> Path:
        return journal_path(self.chunk, self.attempt)


def journal_path(chunk: int, attempt: int) -> Path:
    return Path(settings.JOURNAL_DIR) / "handover" / f"{chunk}-{attempt}.log"


def owner() -> str:
    """Say who this process is, for people who look at the table."""
    return f"{settings.NODE}:{socket.gethostname()}:{os.getpid()}"[:100]


def cut(mailing: Mailing, *, now: datetime, size: int = SIZE) -> int:
    """Cut a frozen audience into chunks and open its tally. Returns the number of chunks."""
    values = {"mailing": mailing.pk, "size": size, "is_retry": False, "now": now}
    with transaction.atomic():
        sql.run(_OPEN_TALLY, values)
        return sql.run(_CUT.format(which="state = 'pending' AND not_before IS NULL"), values)


def cut_left_over(mailing: int, *, now: datetime) -> int:
    """Cut chunks for pending messages whose time has come and that no open chunk holds, so that nobody is skipped."""
    which = "state = 'pending' AND (not_before IS NULL OR not_before <= %(now)s)"
    return _cut_if_none_open(mailing, which, is_retry=False, now=now)


def cut_retries(mailing: int, *, now: datetime) -> int:
    """Cut chunks for the deferred messages whose time has come, unless earlier retries are still open."""
    due = Message.objects.filter(mailing=mailing, reason="temporary", state="deferred", not_before__lte=now)
    if not due.exists():
        return 0
    which = "reason = 'temporary' AND state = 'deferred' AND not_before <= %(now)s"
    return _cut_if_none_open(mailing, which, is_retry=True, now=now)


def _cut_if_none_open(mailing: int, which: str, *, is_retry: bool, now: datetime | None = None) -> int:
    with transaction.atomic():
        Mailing.objects.select_for_update().only("pk").get(pk=mailing)  # two ticks do not cut the same rows
        open_chunks = Chunk.objects.filter(mailing=mailing).exclude(state=Chunk.State.DONE)
        if open_chunks.filter(is_retry=is_retry).exists():
            return 0
        values = {"mailing": mailing, "size": SIZE, "is_retry": is_retry, "now": now}
        return sql.run(_CUT.format(which=which), values)


def issue(*, now: datetime) -> list[int]:
    """Choose the chunks to give to the broker now: a window per mailing, each again only when nobody took it."""
    again = now - timedelta(seconds=ISSUE_AGAIN)
    return sorted(
        number for (number,) in sql.rows(_ISSUE, {"now": now, "again": again, "window": WINDOW, "printing": PRINTING})
    )


def waited_for(numbers: Sequence[int]) -> set[int]:
    """Which of these chunks somebody waits for: answers to a form."""
    found = Chunk.objects.filter(pk__in=numbers, mailing__type=Mailing.Type.RESPONSE)
    return set(found.values_list("pk", flat=True))


def next_one(*, now: datetime) -> int | None:
    """Choose one more chunk for a worker that has time left, of the mailing with the fewest workers.

    The way through the broker costs tens of milliseconds; a worker takes it once a turn instead of once a chunk.
    """
    again = now - timedelta(seconds=ISSUE_AGAIN)
    return next((number for (number,) in sql.rows(_NEXT, {"now": now, "again": again})), None)


def forsaken(*, now: datetime) -> list[int]:
    """Find the chunks whose worker is gone: its lease ran out, or its journal lies here and nobody writes it."""
    again = now - timedelta(seconds=ISSUE_AGAIN / 3)
    working = Chunk.objects.filter(state=Chunk.State.WORKING)
    expired = {number for (number,) in sql.rows(_EXPIRED, {})}
    gone = [
        number
        for number, attempt, issued_at in working.values_list("pk", "attempts", "issued_at")
        if number in expired or journal.is_abandoned(journal_path(number, attempt))
        if issued_at is None or issued_at < again
    ]
    working.filter(pk__in=gone).update(issued_at=now)
    return gone


def claim(number: int, *, now: datetime) -> Claim | None:
    """Take a chunk, or one whose worker is gone: then settle first what that worker's journal tells. None: not ours."""
    seen = Chunk.objects.filter(pk=number).first()
    if seen is None:
        return None
    try:
        left = journal.take_over(seen_journal) if (seen_journal := _journal_of(seen)) else None
    except journal.InUse:
        return None
    story, lock = left or (None, -1)
    try:
        mine = _claim(seen, story, now)
        if mine is not None and story is not None:
            journal_path(seen.pk, seen.attempts).unlink(missing_ok=True)
        return mine
    finally:
        if lock >= 0:
            os.close(lock)


def _journal_of(chunk: Chunk) -> Path | None:
    return journal_path(chunk.pk, chunk.attempts) if chunk.state == Chunk.State.WORKING else None


@transaction.atomic
def _claim(seen: Chunk, story: journal.Story | None, now: datetime) -> Claim | None:
    """Decide on the locked row: until we commit, whoever has it can neither extend its lease nor begin a batch."""
    chunk = Chunk.objects.select_for_update(of=("self",)).select_related("mailing").filter(pk=seen.pk).first()
    if chunk is None or (chunk.state, chunk.attempts) != (seen.state, seen.attempts):
        return None
    if chunk.state == Chunk.State.WORKING:
        is_free = story is not None or _is_expired(chunk)
    else:  # what a dead worker left is settled even if the mailing is paused; new work is not begun
        is_due = chunk.not_before is None or chunk.not_before <= now
        is_awake = chunk.mailing.rests_until is None or chunk.mailing.rests_until <= now
        is_sending = chunk.mailing.status == Mailing.Status.SENDING and is_awake
        is_free = chunk.state == Chunk.State.WAITING and is_due and is_sending
    if not is_free:
        return None
    mine = Claim(
        chunk.pk,
        chunk.attempts + 1,
        chunk.mailing_id,
        chunk.first,
        chunk.last,
        chunk.is_retry,
        chunk.mailing.frozen_at,
        chunk.mailing.account_id,
    )
    if chunk.state == Chunk.State.WORKING:
        _settle(chunk, mine, story, now)
    sql.run(_CLAIM, {"chunk": chunk.pk, "owner": owner(), "lease": timedelta(seconds=settings.DELIVERY_LEASE)})
    return mine


def _is_expired(chunk: Chunk) -> bool:
    return bool(sql.rows("SELECT %(until)s < clock_timestamp()", {"until": chunk.lease_until})[0][0])


def _settle(chunk: Chunk, mine: Claim, story: journal.Story | None, now: datetime) -> None:
    """Write what the dead worker's journal tells. Without it, or with its end lost, the sub-batch is unknown."""
    found = results.of_story(story or journal.Story(), now=now)
    if (story is None or not story.is_whole) and chunk.batch_first is not None and chunk.batch_last is not None:
        found.doubt(chunk.batch_first, chunk.batch_last)
    results.record(found, mine.mailing, chunk=mine.chunk, open_state=mine.open_state, now=now)


def extend(claim: Claim, *, batch: Sequence[int] = ()) -> str | None:
    """Keep the lease; with `batch`, note first the range that goes next.

    Returns the mailing's status, "resting" when it rests; None: overtaken.
    """
    values = {
        "chunk": claim.chunk,
        "attempt": claim.attempt,
        "lease": timedelta(seconds=settings.DELIVERY_LEASE),
        "first": batch[0] if batch else None,
        "last": batch[-1] if batch else None,
    }
    return next((status for (status,) in sql.rows(_EXTEND, values)), None)


def finish(claim: Claim) -> None:
    """Nothing in this chunk is left to do."""
    _leave(claim, state=Chunk.State.DONE, rows_left=0)


def put_back(claim: Claim, *, not_before: datetime | None = None) -> None:
    """Let somebody go on with it: at once, later, or when the mailing is resumed."""
    _leave(claim, state=Chunk.State.WAITING, not_before=not_before, issued_at=None)


def put_back_throttled(claim: Claim, *, wait: float, now: datetime) -> None:
    """Let somebody go on when there are tokens again. The more chunks wait for them, the more seldom each is tried."""
    open_chunks = Chunk.objects.filter(mailing=claim.mailing).exclude(state=Chunk.State.DONE).count()
    spread = random.uniform(1.0, max(1.0, open_chunks / VISITS))  # noqa: S311 - spreads the load, no secret
    put_back(claim, not_before=now + timedelta(seconds=max(wait, spread)))


def _leave(claim: Claim, **fields: object) -> None:
    mine = Chunk.objects.filter(pk=claim.chunk, attempts=claim.attempt, state=Chunk.State.WORKING)
    mine.update(owner="", lease_until=None, batch_first=None, batch_last=None, **fields)


def clear_cancelled(*, now: datetime) -> int:
    """Cancel what is left of cancelled mailings, but for chunks still in a worker's hands. Returns the rows."""
    rows = 0
    for mailing in Mailing.objects.filter(status=Mailing.Status.CANCELLED, finished_at=None):
        with transaction.atomic():
            chunks = Chunk.objects.select_for_update().filter(mailing=mailing).exclude(state=Chunk.State.DONE)
            if any(chunk.state == Chunk.State.WORKING for chunk in chunks):
                continue
            rows += results.cancel(mailing.pk, now=now)
            chunks.update(state=Chunk.State.DONE, rows_left=0)
            Mailing.objects.filter(pk=mailing.pk).update(finished_at=now)
    return rows


def sweep() -> int:
    """Remove journals whose tale stands in the database: their worker died between writing it there and removing them."""
    found = {path: path.stem.split("-") for path in journal_path(0, 0).parent.glob("*-*.log")}
    known = Chunk.objects.in_bulk([int(number) for number, _ in found.values()]) if found else {}
    removed = 0
    for path, (number, attempt) in found.items():
        chunk = known.get(int(number))
        is_told = chunk is None or chunk.state != Chunk.State.WORKING or chunk.attempts > int(attempt)
        if is_told and journal.is_abandoned(path):
            path.unlink(missing_ok=True)
            removed += 1
    return removed
