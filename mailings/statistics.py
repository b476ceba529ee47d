"""Folding: new events of the journal become first moments on messages and figures of mailings, in sets.

Folding an event twice changes nothing, and the order of events does not matter: a message's moments are worked out from all of
its events, and figures move by the difference between what the message added before and what it adds now. Everything here can
be forgotten and worked out again from the journal (`rebuild`).
"""

import datetime as dt
import gc
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q, Sum

from mailings import breakdowns, outcome, returned, stories
from mailings.delivery import evidence
from mailings.models import Counts, HourCount, LinkCount, Mailing, Message, Tally
from mailings.outcome import Event, Figures, Moments
from mailings.stories import Story
from tracking import actions, judge

BATCH = 20_000
LOCK = 0x504F5354_00000021  # pg_advisory_xact_lock: one fold at a time
MOMENTS = ["opened_at", "clicked_at", "delivered_at", "bounced_at", "complained_at", "unsubscribed_at"]
PEOPLE = ["opened", "clicked", "bounced", "complained", "unsubscribed"]
SET_VERDICTS = """
    UPDATE tracking_event event SET is_machine = judged.is_machine, folded_at = coalesce(event.folded_at, %s),
        reasons = (%s::text[])[judged.reasons]::jsonb
    FROM unnest(%s::bigint[], %s::boolean[], %s::int[]) AS judged (id, is_machine, reasons) WHERE event.id = judged.id
"""
SET_FOLDED = "UPDATE tracking_event SET folded_at = %s WHERE id = ANY(%s::bigint[])"
SET_TOUCHED = """
    UPDATE mailings_message message SET opened_at = new.opened_at, clicked_at = new.clicked_at
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS new (id, opened_at, clicked_at)
    WHERE message.id = new.id
"""
# The server's words go to a message that was sent and came back; one that was never taken has its reason already.
SET_MOMENTS = f"""
    UPDATE mailings_message message SET {", ".join(f"{name} = new.{name}" for name in MOMENTS)},
        reason = CASE WHEN message.state = 'sent' AND new.reason <> '' THEN new.reason ELSE message.reason END,
        answer = CASE WHEN message.state = 'sent' AND new.reason <> '' THEN new.answer ELSE message.answer END
    FROM unnest(%s::bigint[], {", ".join(["%s::timestamptz[]"] * len(MOMENTS))}, %s::text[], %s::text[])
        AS new (id, {", ".join(MOMENTS)}, reason, answer)
    WHERE message.id = new.id
"""  # noqa: S608 - our own column names
BY_REASON = """
    SELECT state, reason, bounced_at IS NOT NULL, count(*) FROM mailings_message
    WHERE mailing_id = %s AND (reason <> '' OR bounced_at IS NOT NULL) GROUP BY 1, 2, 3
"""
# A crowd stays one: what told it were addresses that are shortened after a month.
FORGET_VERDICTS = """
    UPDATE tracking_event SET folded_at = NULL, is_machine = false,
        reasons = CASE WHEN reasons @> '["crowd"]' THEN '["crowd"]'::jsonb ELSE '[]'::jsonb END
    WHERE mailing = %s
"""
FORGET_MOMENTS = f"""
    UPDATE mailings_message SET {", ".join(f"{name} = NULL" for name in MOMENTS)},
        reason = CASE WHEN state = 'sent' AND bounced_at IS NOT NULL THEN '' ELSE reason END,
        answer = CASE WHEN state = 'sent' AND bounced_at IS NOT NULL THEN '' ELSE answer END
    WHERE mailing_id = %s AND num_nonnulls({", ".join(MOMENTS)}) > 0
"""  # noqa: S608 - our own column names


class Move(NamedTuple):
    """A message whose moments are others than before; `is_more`: not only when it was opened and clicked."""

    message: int
    happened: Moments
    is_more: bool


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the collector of cycles away while a batch makes a hundred thousand small objects and no cycle."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()


def fold(*, now: dt.datetime, mailing: int | None = None, limit: int = BATCH, acts: bool = True) -> int:
    """Fold up to `limit` events and return how many; 0 when there are none or somebody else is folding.

    `acts=False` leaves the suppression list alone: what somebody released by hand is not blocked again by a recount.
    """
    with _undisturbed(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        return _fold(now, mailing, limit, acts=acts)


def _fold(now: dt.datetime, mailing: int | None, limit: int, *, acts: bool) -> int:
    measure = judge.Measure(**settings.JUDGE)
    batch = stories.read(mailing, limit, measure)
    if not batch.events:
        return 0
    added: dict[int, Figures] = {}
    verdicts: list[Event] = []
    moved: list[Move] = []
    told: list[returned.Story] = []
    clicks: list[actions.Click] = []
    came_back: set[int] = set()  # mailings of which mail came back, or for another reason than it seemed
    for story in batch.stories:
        known = [*story.old, *story.new]
        events = outcome.judged(known, sent_at=story.sent_at, measure=measure)
        happened, before = outcome.moments(events), outcome.moments(story.old)
        difference = added.setdefault(story.mailing, Counter())
        outcome.count(difference, events, happened)
        if story.old:
            outcome.count(difference, story.old, before, times=-1)
        verdicts += [new for old, new in zip(known, events, strict=True) if new is not old]
        if happened != before:
            moved.append(Move(story.id, happened, is_more=happened[2:] != before[2:] or happened[0] != before[0]))
            if _came_back(happened) != _came_back(before):
                came_back.add(story.mailing)
        if acts:
            told += _told(story, before, happened)
            if happened.clicked_at is not None:
                clicks += _new_clicks(story, events)
    _write(batch.events, verdicts, moved, now)
    evidence.arrived(_proofs(batch.stories), now=now)
    texts = {story.mailing for story in batch.stories if story.channel == "sms"}
    for number, difference in sorted(added.items()):
        _add(number, difference, is_text=number in texts, came_back=number in came_back)
    breakdowns.mark(sorted(added))
    if acts:
        returned.weigh(told, now=now)
        actions.note(clicks, now=now)
    return len(batch.events)


def _proofs(told: Iterable[Story]) -> Iterator[tuple[int, dt.datetime]]:
    """What can only happen to a message that arrived, with its moment, of those not known to be sent."""
    for story in told:
        if story.state != Message.State.SENT and (
            moments := [event.at for event in story.new if event.kind in evidence.PROOF]
        ):
            yield story.id, min(moments)


def _came_back(happened: Moments) -> tuple[bool, str]:
    return happened.bounced_at is not None, happened.category


def catch_up(*, now: dt.datetime, portions: int = 10) -> int:
    """Fold what is new, up to 200,000 events, and bring the figures of moving mailings up to date."""
    folded = 0
    for _portion in range(portions):
        portion = fold(now=now)
        folded += portion
        if portion < BATCH:
            break
    refresh_moving(now=now)
    return folded


def rebuild(mailing: Mailing, *, now: dt.datetime) -> None:
    """Forget what was folded of a mailing and work it out again from the journal, judging with today's judge.

    A mailing whose events are gone keeps the figures it has.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if Counts.objects.filter(mailing=mailing, pruned_at__isnull=False).exists():
            return
        cursor.execute(FORGET_VERDICTS, [mailing.pk])
        cursor.execute(FORGET_MOMENTS, [mailing.pk])
        Counts.objects.filter(mailing=mailing).update(hits={}, **dict.fromkeys(PEOPLE, 0))
        LinkCount.objects.filter(mailing=mailing).delete()
        HourCount.objects.filter(mailing=mailing).delete()
        while _fold(now, mailing.pk, BATCH, acts=False):
            pass
    refresh(mailing, now=now)


def refresh(mailing: Mailing, *, now: dt.datetime) -> Counts:
    """Bring the figures up to date that come from the messages' states: cheap enough for every two seconds of a send."""
    states = _states(mailing)
    figures = _by_reason(mailing.pk, states)
    counts, _ = Counts.objects.update_or_create(
        mailing=mailing, defaults={"states": states, "refreshed_at": now, **figures}
    )
    return counts


def refresh_moving(*, now: dt.datetime) -> int:
    """Refresh every mailing that is on its way, or ended after its last refresh, or was folded since."""
    moving = Mailing.objects.filter(
        Q(status__in=[Mailing.Status.SENDING, Mailing.Status.PAUSED])
        | Q(started_at__isnull=False, counts__refreshed_at=None)
        | Q(finished_at__gte=now - dt.timedelta(seconds=30))
    )
    for mailing in moving:
        refresh(mailing, now=now)
    return len(moving)


def _by_reason(mailing: int, states: Mapping[str, int]) -> dict[str, Any]:
    """What the rows with a reason say: reasons per state, what came back by reason, and so how many arrived.

    Delivered is what mail servers took and did not send back; of text messages, what the networks said arrived.
    """
    with connection.cursor() as cursor:
        cursor.execute(BY_REASON, [mailing])
        rows = cursor.fetchall()
    reasons: dict[str, dict[str, int]] = {}
    returned: Counter[str] = Counter()
    came_back = 0
    for state, reason, has_come_back, number in rows:
        if reason:
            of_state = reasons.setdefault(state, {})
            of_state[reason] = of_state.get(reason, 0) + number
        if has_come_back:
            returned[reason] += number
            came_back += number if state == Message.State.SENT else 0
    delivered = max(states.get(Message.State.SENT, 0) - came_back, 0)
    if _is_text(mailing):
        delivered = Message.objects.filter(mailing=mailing, delivered_at__isnull=False).count()
    return {"reasons": reasons, "returned": dict(returned), "delivered": delivered}


def _is_text(mailing: int) -> bool:
    return Mailing.objects.filter(pk=mailing, type=Mailing.Type.SMS).exists()


def _states(mailing: Mailing) -> dict[str, int]:
    """Messages by state: the sum of the sender's tallies, or a count of the rows where there are none."""
    tallies = Tally.objects.filter(mailing=mailing)
    summed = tallies.aggregate(**{state: Sum(state) for state in Message.State.values if state != "sending"})
    if not any(summed.values()):
        return dict(Message.objects.filter(mailing=mailing).order_by().values_list("state").annotate(Count("pk")))
    return {state: number for state, number in summed.items() if number}


# writing --------------------------------------------------------------------------------------------------------------


def _write(batch: list[int], verdicts: list[Event], moved: list[Move], now: dt.datetime) -> None:
    """Write down who was judged, what moved, and that all of the batch is folded.

    Nearly all that moves is opened or clicked: two columns for many, all of them for the rest.
    """
    judged = {event.id for event in verdicts}
    touched = [move for move in moved if not move.is_more]
    others = [move for move in moved if move.is_more]
    with connection.cursor() as cursor:
        if verdicts:
            places = {reasons: place for place, reasons in enumerate({event.reasons for event in verdicts}, 1)}
            told = [(event.id, event.is_machine, places[event.reasons]) for event in verdicts]
            written = [json.dumps(reasons) for reasons in places]
            cursor.execute(SET_VERDICTS, [now, written, *(_array(column) for column in zip(*told, strict=True))])
        if touched:
            pairs = [[move.happened.opened_at for move in touched], [move.happened.clicked_at for move in touched]]
            cursor.execute(SET_TOUCHED, [_array([move.message for move in touched]), *map(_array, pairs)])
        if others:
            columns = [list(column) for column in zip(*(move.happened for move in others), strict=True)]
            cursor.execute(SET_MOMENTS, [[move.message for move in others], *columns])
        cursor.execute(SET_FOLDED, [now, _array([number for number in batch if number not in judged])])


def _array(values: Sequence[int | bool | dt.datetime | None]) -> str:
    """An array as PostgreSQL writes it: ten times as quick as value by value through the driver."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def _add(mailing: int, difference: Figures, *, is_text: bool, came_back: bool) -> None:
    """Move a mailing's figures by what changed. `came_back`: so did the reasons why mail came back."""
    Counts.objects.get_or_create(mailing_id=mailing)
    counts = Counts.objects.select_for_update().get(mailing_id=mailing)
    links: dict[int, Counter[str]] = {}
    hours: dict[tuple[str, dt.datetime], Counter[str]] = {}
    for key, number in difference.items():
        match key:
            case ("hits", kind, who):
                by = counts.hits.get(kind, {})
                by[who] = by.get(who, 0) + number
                counts.hits[kind] = {name: hits for name, hits in by.items() if hits}
            case ("link", link, who):
                links.setdefault(link, Counter())[who] += number
            case ("hour", kind, hour, who):
                hours.setdefault((kind, hour), Counter())[who] += number
            case (name,):
                setattr(counts, name, getattr(counts, name) + number)
    if came_back or is_text:
        for name, value in _by_reason(mailing, counts.states).items():
            setattr(counts, name, value)
    counts.save(update_fields=[*PEOPLE, "hits", "reasons", "returned", "delivered"])
    _add_links(mailing, links)
    _add_hours(mailing, hours)


def _add_links(mailing: int, links: Mapping[int, Counter[str]]) -> None:
    known = {count.number: count for count in LinkCount.objects.filter(mailing_id=mailing)}
    rows = [known.get(number) or LinkCount(mailing_id=mailing, number=number) for number in sorted(links)]
    for row in rows:
        for who, number in links[row.number].items():
            setattr(row, who, getattr(row, who) + number)
    LinkCount.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["mailing", "number"],
        update_fields=["human", "machine", "people"],
    )


def _add_hours(mailing: int, hours: Mapping[tuple[str, dt.datetime], Counter[str]]) -> None:
    wanted = {hour for _kind, hour in hours}
    known = {(row.kind, row.hour): row for row in HourCount.objects.filter(mailing_id=mailing, hour__in=wanted)}
    rows = [known.get(key) or HourCount(mailing_id=mailing, kind=key[0], hour=key[1]) for key in sorted(hours)]
    for row in rows:
        for who, number in hours[row.kind, row.hour].items():
            setattr(row, who, getattr(row, who) + number)
    HourCount.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["mailing", "kind", "hour"],
        update_fields=["human", "machine"],
    )


def _new_clicks(story: Story, events: Sequence[Event]) -> Iterable[actions.Click]:
    """The links that a person clicked, as far as it was not known before."""
    known = {event.link for event in story.old if event.is_human}
    firsts: dict[int, dt.datetime] = {}
    for event in events:
        if event.kind == outcome.CLICK and event.is_human and event.link is not None and event.link not in known:
            firsts.setdefault(event.link, event.at)
    return [actions.Click(story.mailing, story.id, link, story.person, at) for link, at in firsts.items()]


def _told(story: Story, before: Moments, happened: Moments) -> Iterator[returned.Story]:
    """What is new about a message, for its address; nothing when it was only opened."""
    has_clicked = happened.clicked_at is not None and before.clicked_at is None
    has_arrived = has_clicked or (happened.delivered_at is not None and before.delivered_at is None)
    if has_arrived or not all(event.is_hit for event in story.new):
        yield returned.Story(
            story.id, story.mailing, story.address, story.channel, story.sent_at, story.new, has_arrived, has_clicked
        )
