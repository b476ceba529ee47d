"""How far a mailing is: its states, its speed, when it is done. As cheap for a million recipients as for ten."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from mailings.delivery import domains, reasons, sql, throttle
from mailings.delivery.domains import Domain
from mailings.models import Chunk, GroupLimit, Mailing, Tally

STATES = ("pending", "sending", "sent", "deferred", "failed", "unknown", "held", "cancelled")
SPEED_OVER = timedelta(seconds=10)
CHART_OVER = timedelta(minutes=5)
STEP = 5  # seconds per point of the chart
WIDTH, HEIGHT, CEILING = 400, 112, 12  # of the chart; the highest point stands at CEILING
DOMAINS = 6  # that the page names
COMPACT = timedelta(minutes=10)  # tallies older than that are one row

_REASONS = """
SELECT reason.key, sum(reason.value::int) FROM mailings_tally t, jsonb_each_text(t.reasons) reason
 WHERE t.mailing_id = %(mailing)s AND t.reasons <> '{}' GROUP BY 1 ORDER BY 2 DESC, 1
"""
_COMPACT = """
WITH gone AS (
    DELETE FROM mailings_tally WHERE mailing_id = %(mailing)s AND at < %(before)s
    RETURNING at, held, pending, sent, deferred, failed, unknown, cancelled, reasons
)
INSERT INTO mailings_tally (mailing_id, at, held, pending, sent, deferred, failed, unknown, cancelled, reasons)
SELECT %(mailing)s, max(at), sum(held), sum(pending), sum(sent), sum(deferred), sum(failed), sum(unknown),
       sum(cancelled), coalesce((
           SELECT jsonb_object_agg(summed.key, summed.number)
             FROM (SELECT one.key, sum(one.value::int) AS number FROM gone g, jsonb_each_text(g.reasons) one GROUP BY 1)
                  summed), '{}')
  FROM gone HAVING count(*) > 0
"""
MANY_TALLIES = 500


@dataclass(frozen=True)
class Progress:
    """One look at a mailing on its way. `states` holds every state; together they are the audience."""

    states: Mapping[str, int]
    per_second: float
    now: datetime

    @property
    def audience(self) -> int:
        return sum(self.states.values())

    @property
    def to_send(self) -> int:
        """Everybody who should get it: held and cancelled ones are not on the way."""
        return self.audience - self.states["held"] - self.states["cancelled"]

    @property
    def waiting(self) -> int:
        return self.states["pending"] + self.states["sending"]

    @property
    def seconds_left(self) -> int | None:
        """At this speed; None when nothing moves or nobody waits."""
        if self.per_second < 0.1 or not self.waiting:
            return None
        return max(1, round(self.waiting / self.per_second))

    @property
    def time_left(self) -> str:
        """Minutes and seconds, or hours and minutes: "2:04"."""
        left = self.seconds_left
        if left is None:
            return ""
        return f"{left // 60}:{left % 60:02}" if left < 3600 else f"{left // 3600}:{left % 3600 // 60:02}"

    @property
    def is_hours(self) -> bool:
        return (self.seconds_left or 0) >= 3600

    @property
    def done_at(self) -> datetime | None:
        return self.now + timedelta(seconds=self.seconds_left) if self.seconds_left else None


@dataclass(frozen=True)
class Chart:
    """Speed over the last minutes as the d of two SVG paths, 400 by 112."""

    line: str
    area: str
    highest: int
    now: int
    since: datetime


@dataclass(frozen=True)
class Rest:
    """Why nothing is handed over just now, and until when."""

    because: str
    until: datetime
    seconds: int
    can_undo: bool


@dataclass(frozen=True)
class Refused:
    """How many failed for one reason."""

    reason: str
    words: object
    people: int


def of(mailing: Mailing, *, now: datetime) -> Progress:
    """Sum the tallies: two small queries."""
    totals = {f"in_{state}": Coalesce(Sum(state), 0) for state in STATES if state != "sending"}
    lately = Coalesce(Sum("sent", filter=Q(at__gt=now - SPEED_OVER)), 0)
    summed = Tally.objects.filter(mailing=mailing).aggregate(**totals, lately=lately)
    working = Chunk.objects.filter(mailing=mailing, state=Chunk.State.WORKING, is_retry=False)
    in_hand = min(working.aggregate(left=Coalesce(Sum("rows_left"), 0))["left"], summed["in_pending"])
    seconds = SPEED_OVER.total_seconds()
    if mailing.started_at:
        seconds = min(seconds, max(1.0, (now - mailing.started_at).total_seconds()))
    states = {state: summed.get(f"in_{state}", 0) for state in STATES}
    states |= {"sending": in_hand, "pending": summed["in_pending"] - in_hand}
    return Progress(states, summed["lately"] / seconds if mailing.status == Mailing.Status.SENDING else 0.0, now)


def chart(mailing: Mailing, *, now: datetime) -> Chart | None:
    """Draw the speed of the last five minutes, or since the start; None before there is something to draw."""
    since = now - CHART_OVER
    if mailing.started_at:
        since = max(since, mailing.started_at)
    points = max(2, int((now - since).total_seconds() // STEP) + 1)
    sent = [0] * points
    recent = Tally.objects.filter(mailing=mailing, at__gt=since, sent__gt=0)
    for at, number in recent.values_list("at", "sent"):
        sent[min(points - 1, max(0, int((at - since).total_seconds() // STEP)))] += number
    speeds = [number / STEP for number in sent[:-1]] or [0.0]  # the last step is not over yet
    if len(speeds) < 2 or not any(speeds):
        return None
    top = max(speeds)
    line = " ".join(
        f"{'L' if place else 'M'}{place * WIDTH / (len(speeds) - 1):.1f} {HEIGHT - (HEIGHT - CEILING) * speed / top:.1f}"
        for place, speed in enumerate(speeds)
    )
    return Chart(line, f"{line} V{HEIGHT} H0 Z", round(top), round(speeds[-1]), since)


def domains_of(mailing: Mailing) -> Sequence[Domain]:
    """The largest domains, and all the others as one line."""
    found = domains.of(mailing.pk)
    named, rest = [one for one in found if one.name][:DOMAINS], [one for one in found if one.name][DOMAINS:]
    rest += [one for one in found if not one.name and one.people]
    if not rest:
        return named
    figures = [fields.name for fields in dataclasses.fields(Domain) if fields.name != "name"]
    return [*named, Domain("", **{name: sum(getattr(one, name) for one in rest) for name in figures})]


def refused(mailing: Mailing) -> Sequence[Refused]:
    """Who failed, by reason, most first."""
    found = sql.rows(_REASONS, {"mailing": mailing.pk})
    return [Refused(reason, reasons.REASONS.get(reason, reason), people) for reason, people in found]


def rest(mailing: Mailing, *, now: datetime) -> Rest | None:
    """Why it rests; None when it does not."""
    until = mailing.rests_until
    if mailing.status != Mailing.Status.SENDING or until is None or until <= now:
        return None
    touched = Chunk.objects.filter(mailing=mailing, attempts__gt=0).exists()
    return Rest(mailing.rests_because, until, math.ceil((until - now).total_seconds()), can_undo=not touched)


@dataclass(frozen=True)
class Limit:
    """One thing that limits the speed: whose, how many a minute or a day, and since when it asks for less."""

    name: str  # a receiving side; empty: the account or the house
    kind: str  # "account", "house", "group", "day"
    number: int
    used: int = 0
    is_learned: bool = False
    answer: str = ""
    lowered_at: datetime | None = None


def throttles(mailing: Mailing, *, now: datetime) -> Sequence[Limit]:
    """What limits the speed of a mailing just now; nothing for one that may go as fast as it can."""
    limits = throttle.read(mailing.account_id, now=now)
    if limits.is_free:
        return []
    learned = GroupLimit.objects.filter(account=mailing.account_id, learned__isnull=False)
    known = {limit.group: limit for limit in learned}
    found = []
    if limits.house:
        found.append(Limit("", "house", round(limits.house.per_minute)))
    if limits.own:
        found.append(_limit("", "account", limits.own.per_minute, known.get("")))
    if limits.per_day is not None:
        found.append(Limit("", "day", limits.per_day, used=limits.used_today()))
    for group, bucket in sorted(limits.groups.items()):
        found.append(_limit(group, "group", bucket.per_minute, known.get(group)))
    return found


def _limit(name: str, kind: str, per_minute: float, learned: GroupLimit | None) -> Limit:
    if learned is None:
        return Limit(name, kind, round(per_minute))
    return Limit(name, kind, round(per_minute), is_learned=True, answer=learned.answer, lowered_at=learned.lowered_at)


def compact(*, now: datetime) -> int:
    """Sum up the older tallies of what is being sent, so that a look at it costs the same after a week."""
    moving = Mailing.objects.filter(status__in=(Mailing.Status.SENDING, Mailing.Status.PAUSED))
    old = Count("tallies", filter=Q(tallies__at__lt=now - COMPACT))
    many = moving.annotate(old=old).filter(old__gt=MANY_TALLIES).values_list("pk", flat=True)
    return sum(sql.run(_COMPACT, {"mailing": number, "before": now - COMPACT}) for number in many)
