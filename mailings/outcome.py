"""What became of one message: its events, judged, as first moments and as its share of the mailing's figures. Pure."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tracking import judge
from tracking.refusals import NOT_A_BOUNCE, Category

OPEN, CLICK, TRAP = "open", "click", "trap"
# who counts as a person, by the place of their moment in Moments
PEOPLE = {0: ("opened",), 1: ("clicked",), 3: ("bounced",), 4: ("complained",), 5: ("unsubscribed",)}
Figures = Counter[tuple[Any, ...]]


class Event(NamedTuple):
    """A journal event as far as the fold needs it."""

    id: int
    kind: str
    at: dt.datetime
    link: int | None = None
    method: str = ""
    user_agent: str = ""
    fetched_for: str = ""
    category: str = ""
    detail: str = ""
    is_machine: bool = False
    reasons: tuple[str, ...] = ()
    told: tuple[str, ...] = ()  # what other messages, or lists of networks, say of a hit

    @property
    def is_hit(self) -> bool:
        return self.kind in (OPEN, CLICK)

    @property
    def is_human(self) -> bool:
        return self.is_hit and not self.is_machine


class Moments(NamedTuple):
    """The first time each thing happened to a message, and why it came back if it did."""

    opened_at: dt.datetime | None = None
    clicked_at: dt.datetime | None = None
    delivered_at: dt.datetime | None = None
    bounced_at: dt.datetime | None = None
    complained_at: dt.datetime | None = None
    unsubscribed_at: dt.datetime | None = None
    category: str = ""
    detail: str = ""


NOTHING = Moments()


def judged(
    events: Sequence[Event], *, sent_at: dt.datetime | None, measure: judge.Measure = judge.USUAL
) -> list[Event]:
    """The same events, each hit with its verdict and the reasons for it."""
    hits = [event for event in events if event.is_hit]
    if not hits:
        return list(events)
    traps = [event.at for event in events if event.kind == TRAP]
    verdicts = judge.judge([_as_hit(event) for event in hits], sent_at=sent_at, measure=measure, traps=traps)
    by_id = {event.id: verdict for event, verdict in zip(hits, verdicts, strict=True)}
    return [
        event
        if (verdict := by_id.get(event.id)) is None
        else _with(event, verdict.reasons, is_machine=verdict.is_machine)
        for event in events
    ]


def _with(event: Event, reasons: tuple[str, ...], *, is_machine: bool) -> Event:
    if event.reasons == reasons and event.is_machine == is_machine:
        return event
    return event._replace(is_machine=is_machine, reasons=reasons)


def moments(events: Sequence[Event]) -> Moments:
    """The first human open and click, bounce, complaint, … A click without an open means that pictures were off."""
    human = [event for event in events if event.is_human]
    opened_at = min([event.at for event in human], default=None)
    clicked_at = min([event.at for event in human if event.kind == CLICK], default=None)
    if all(event.is_hit for event in events):
        return Moments(opened_at=opened_at, clicked_at=clicked_at) if human else NOTHING
    bounces = [event for event in events if event.kind == "bounce" and event.category not in NOT_A_BOUNCE]
    worst = next(
        (event for event in bounces if event.category == Category.DEAD_ADDRESS), bounces[0] if bounces else None
    )
    return Moments(
        delivered_at=_first(events, "delivered"),
        opened_at=opened_at,
        clicked_at=clicked_at,
        bounced_at=min((event.at for event in bounces), default=None),
        complained_at=_first(events, "complaint"),
        unsubscribed_at=_left_at(events),
        category=worst.category if worst else "",
        detail=worst.detail if worst else "",
    )


def count(figures: Figures, events: Sequence[Event], happened: Moments, *, times: int = 1) -> None:
    """Add what this message adds to the mailing's figures. People count once; a human's repeated clicks once a minute."""
    for key in _keys(events, happened):
        figures[key] += times


def _keys(events: Sequence[Event], happened: Moments) -> Iterator[tuple[Any, ...]]:
    """Each figure that this message adds one to, as often as it does."""
    if happened is not NOTHING:
        for place, key in PEOPLE.items():
            if happened[place] is not None:
                yield key
    machines = [event for event in events if event.is_machine and event.is_hit]
    human = [event for event in events if event.is_human]
    for event in machines:
        yield from _hit_keys(event.kind, event.link, event.at, "machine")
    if human:
        for kind, link, minute in {(one.kind, one.link, one.at.replace(second=0, microsecond=0)) for one in human}:
            yield from _hit_keys(kind, link, minute, "human")
        for link in {event.link for event in human if event.link is not None}:
            yield "link", link, "people"
    if machines:
        yield from _by_machines_alone(machines, happened)


def _hit_keys(kind: str, link: int | None, at: dt.datetime, who: str) -> Iterator[tuple[Any, ...]]:
    yield "hits", kind, who
    yield "hour", kind, _hour(at), who
    if link is not None:
        yield "link", link, who


def _by_machines_alone(machines: Sequence[Event], happened: Moments) -> list[tuple[Any, ...]]:
    """Messages that only machines opened or clicked: what a report without a judge would call readers."""
    found: list[tuple[Any, ...]] = []
    opens = [event for event in machines if event.kind == OPEN]
    if opens and happened.opened_at is None:
        found.append(("hits", OPEN, "only_machine"))
        if any("apple_privacy" in event.reasons for event in opens):
            found.append(("hits", OPEN, "apple_privacy"))
    if happened.clicked_at is None and any(event.kind == CLICK for event in machines):
        found.append(("hits", CLICK, "only_machine"))
    return found


def _as_hit(event: Event) -> judge.Hit:
    return judge.Hit(event.at, event.link, event.method, event.user_agent, event.fetched_for, event.told)


def _left_at(events: Sequence[Event]) -> dt.datetime | None:
    """When the person left; None when they came back after that."""
    left_at = None
    for event in sorted(
        (event for event in events if event.kind == "unsubscribe"), key=lambda event: (event.at, event.id)
    ):
        left_at = None if event.category == "undone" else left_at or event.at
    return left_at


def _first(events: Sequence[Event], kind: str) -> dt.datetime | None:
    return min((event.at for event in events if event.kind == kind), default=None)


def _hour(at: dt.datetime) -> dt.datetime:
    at = at if at.tzinfo is dt.UTC else at.astimezone(dt.UTC)
    return at.replace(minute=0, second=0, microsecond=0)
