"""What became of one message: its events, judged, as first moments and as its share of the mailing's figures. Pure."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tracking import judge
from tracking.refusals import NOT_A_BOUNCE, Category

OPEN, CLICK = "open", "click"
Figures = Counter[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Event:
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


@dataclass(frozen=True, slots=True)
class Moments:
    """The first time each thing happened to a message, and why it came back if it did."""

    delivered_at: dt.datetime | None = None
    opened_at: dt.datetime | None = None
    clicked_at: dt.datetime | None = None
    bounced_at: dt.datetime | None = None
    complained_at: dt.datetime | None = None
    unsubscribed_at: dt.datetime | None = None
    category: str = ""
    detail: str = ""


def judged(
    events: Sequence[Event], *, sent_at: dt.datetime | None, measure: judge.Measure = judge.USUAL
) -> list[Event]:
    """The same events, each hit with its verdict and the reasons for it."""
    hits = [event for event in events if event.is_hit]
    verdicts = judge.judge([_as_hit(event) for event in hits], sent_at=sent_at, measure=measure)
    by_id = {event.id: verdict for event, verdict in zip(hits, verdicts, strict=True)}
    return [
        replace(event, is_machine=by_id[event.id].is_machine, reasons=by_id[event.id].reasons)
        if event.is_hit
        else event
        for event in events
    ]


def moments(events: Sequence[Event]) -> Moments:
    """The first human open and click, bounce, complaint, … A click without an open means that pictures were off."""
    bounces = [event for event in events if event.kind == "bounce" and event.category not in NOT_A_BOUNCE]
    worst = next(
        (event for event in bounces if event.category == Category.DEAD_ADDRESS), bounces[0] if bounces else None
    )
    return Moments(
        delivered_at=_first(events, "delivered"),
        opened_at=min((event.at for event in events if event.is_human), default=None),
        clicked_at=min((event.at for event in events if event.is_human and event.kind == CLICK), default=None),
        bounced_at=min((event.at for event in bounces), default=None),
        complained_at=_first(events, "complaint"),
        unsubscribed_at=_left_at(events),
        category=worst.category if worst else "",
        detail=worst.detail if worst else "",
    )


def figures(events: Sequence[Event], happened: Moments) -> Figures:
    """What this message adds to the mailing's figures. People count once; a human's repeated clicks once a minute."""
    found: Figures = Counter()
    for name in ("opened", "clicked", "bounced", "complained", "unsubscribed"):
        found[name,] += getattr(happened, f"{name}_at") is not None
    machines = [event for event in events if event.is_hit and event.is_machine]
    for event in machines:
        found.update([("hits", event.kind, "machine"), ("hour", event.kind, _hour(event.at), "machine")])
        if event.link is not None:
            found["link", event.link, "machine"] += 1
    for kind, link, minute in {(e.kind, e.link, e.at.replace(second=0, microsecond=0)) for e in events if e.is_human}:
        found.update([("hits", kind, "human"), ("hour", kind, _hour(minute), "human")])
        if link is not None:
            found["link", link, "human"] += 1
    for link in {event.link for event in events if event.is_human and event.link is not None}:
        found["link", link, "people"] += 1
    found.update(_by_machines_alone(machines, happened))
    return +found


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
    return at.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
