"""The messages that new events are about, each with all of its events that count: what the fold decides on.

Three queries for a batch of any size: the new events with their messages, the old events of those messages, and the messages that only a
crowd of clicks touches.
"""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection

from mailings.outcome import CLICK, Event
from tracking import crowds, judge, networks

CROWD = ("crowd",)
EVENT = """event.id, event.kind, event.at::text, event.link, event.method, event.user_agent, event.fetched_for, event.category,
    event.detail, event.is_machine, event.reasons::text, host(event.ip), event.mailing, event.message"""
MESSAGE = (
    "message.mailing_id, message.address, message.channel, message.sent_at::text, message.person_id, message.state"
)
# A hit can be on file before the worker has marked its message as sent; it waits, because the judge needs that moment.
NEW = f"""
    SELECT {EVENT}, {MESSAGE} FROM tracking_event event
    LEFT JOIN mailings_message message ON message.id = event.message
    WHERE event.folded_at IS NULL AND (%(mailing)s::bigint IS NULL OR event.mailing = %(mailing)s)
      AND (event.kind NOT IN ('open', 'click', 'trap')
        OR message.state IS NULL OR message.state NOT IN ('pending', 'sending'))
    ORDER BY event.id LIMIT %(limit)s
"""  # noqa: S608 - our own column names
OLD = f"""
    SELECT {EVENT} FROM tracking_event event WHERE event.message = ANY(%s::bigint[]) AND event.folded_at IS NOT NULL ORDER BY event.id
"""  # noqa: S608 - our own column names
TOUCHED = f"SELECT message.id, {MESSAGE} FROM mailings_message message WHERE message.id = ANY(%s)"  # noqa: S608 - our own column names
# The figures of these are final.
PRUNED = "SELECT mailing_id FROM mailings_counts WHERE pruned_at IS NOT NULL AND mailing_id = ANY(%s)"
WIDTH = EVENT.count("event.")


@dataclass(slots=True)
class Story:
    """A message with all events that count, old and new, each in the order they were taken in."""

    id: int
    mailing: int
    address: str
    channel: str
    sent_at: dt.datetime | None
    person: int | None
    state: str
    old: list[Event] = field(default_factory=list)
    new: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Batch:
    events: list[int]  # the numbers of all new events, those of messages that are gone included
    stories: list[Story]


def read(mailing: int | None, limit: int, measure: judge.Measure) -> Batch:
    """Read up to `limit` events that were not folded, of one mailing or of all, and what belongs to them."""
    fresh = _rows(NEW, {"mailing": mailing, "limit": limit})
    if not fresh:
        return Batch([], [])
    clicks = [
        (row[12], row[11], _moment(row[2]))
        for row in fresh
        if row[1] == CLICK and row[4] == "GET" and row[11] is not None
    ]
    crowd = crowds.around(clicks, measure) if clicks else {}
    stories = {row[13]: _story(row[13], *row[WIDTH:]) for row in fresh if row[WIDTH] is not None}
    if others := set(crowd.values()) - stories.keys():
        stories |= {row[0]: _story(*row) for row in _rows(TOUCHED, [list(others)])}
    pruned = {number for (number,) in _rows(PRUNED, [list({story.mailing for story in stories.values()})])}
    hosted = networks.known(settings.JUDGE_NETWORKS)
    _tell(_rows(OLD, [f"{{{','.join(map(str, stories))}}}"]), stories, crowd, hosted, are_new=False)
    _tell(fresh, stories, crowd, hosted, are_new=True)
    counting = [story for story in stories.values() if story.mailing not in pruned]
    return Batch(
        [row[0] for row in fresh],
        [story for story in counting if story.new or any(event.id in crowd for event in story.old)],
    )


def _tell(
    rows: Iterable[tuple[Any, ...]],
    stories: Mapping[int, Story],
    crowd: Collection[int],
    hosted: networks.Networks,
    *,
    are_new: bool,
) -> None:
    """Put events into their stories, with what others know of them."""
    for row in rows:
        story = stories.get(row[13])
        if story is None or story.mailing != row[12]:
            continue
        reasons = _reasons(row[10])
        told = CROWD if row[0] in crowd or "crowd" in reasons else ()  # once in a crowd, always
        if hosted.ranges and hosted.hold(row[11]):
            told = (*told, "hosted")
        (story.new if are_new else story.old).append(
            Event._make((row[0], row[1], _moment(row[2]), *row[3:10], reasons, told))
        )


def _story(message: int, mailing: int, address: str, channel: str, sent_at: str | None, *more: Any) -> Story:
    return Story(message, mailing, address, channel, _moment(sent_at) if sent_at else None, *more)


def _moment(written: str) -> dt.datetime:
    """Read a moment as PostgreSQL writes it: a tenth of what the driver takes for it."""
    return dt.datetime.fromisoformat(written)


@lru_cache(maxsize=4096)
def _reasons(written: str) -> tuple[str, ...]:
    return tuple(json.loads(written))


def _rows(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
