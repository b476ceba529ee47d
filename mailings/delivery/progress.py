"""How far a mailing is: its states, its speed, when it is done. As cheap for a million recipients as for ten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from mailings.delivery import reasons, sql
from mailings.models import Chunk, Mailing, Message, Tally

STATES = ("pending", "sending", "sent", "deferred", "failed", "unknown", "held", "cancelled")
SPEED_OVER = timedelta(seconds=10)
CHART_OVER = timedelta(minutes=5)
STEP = 5  # seconds per point of the chart
WIDTH, HEIGHT, CEILING = 400, 112, 12  # of the chart; the highest point stands at CEILING
MOST_GROUPED = 100_000  # rows that are grouped by domain while somebody looks on
DOMAINS = 4
DOMAINS_KEPT = 10  # seconds

_DOMAINS = """
SELECT split_part(address, '@', 2) AS domain, count(*) AS people, count(*) FILTER (WHERE state = 'sent') AS sent,
       count(*) FILTER (WHERE state IN ('pending', 'deferred')) AS waiting
  FROM mailings_message WHERE mailing_id = %(mailing)s AND state <> 'held' GROUP BY 1 ORDER BY 2 DESC, 1
"""


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
class Domain:
    name: str  # empty: all the others together
    people: int
    sent: int
    waiting: int
    others: int = 0


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


def domains(mailing: Mailing, audience: int) -> Sequence[Domain]:
    """The largest domains and the rest; nothing for audiences too large to count while somebody looks on."""
    if audience > MOST_GROUPED:
        return []
    key = f"domains:{mailing.pk}:{mailing.status}"
    found: list[Domain] | None = cache.get(key)
    if found is None:
        rows = [Domain(*row) for row in sql.rows(_DOMAINS, {"mailing": mailing.pk})]
        found, rest = rows[:DOMAINS], rows[DOMAINS:]
        if rest:
            sums = (sum(row.people for row in rest), sum(row.sent for row in rest), sum(row.waiting for row in rest))
            found.append(Domain("", *sums, others=len(rest)))
        cache.set(key, found, DOMAINS_KEPT if audience > 5_000 else 1)
    return found


def refused(mailing: Mailing) -> Sequence[Refused]:
    """Who failed, by reason, most first."""
    failed = Message.objects.filter(mailing=mailing, state=Message.State.FAILED).exclude(reason="")
    counted = failed.order_by().values_list("reason").annotate(people=Count("pk")).order_by("-people")
    return [Refused(reason, reasons.REASONS.get(reason, reason), people) for reason, people in counted]
