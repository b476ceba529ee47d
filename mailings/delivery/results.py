"""What became of messages, written in bulk: one range UPDATE for what was sent, one for all the rest, one tally."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from consent.gate import Verdict
from mailings import texterrors
from mailings.channels import Outcome, Receipt
from mailings.delivery import domains, reasons, sql
from mailings.delivery.journal import Story
from mailings.models import Chunk, Message, Tally
from tracking import journal as events

State = Message.State
STATES = ("held", "pending", "sent", "deferred", "failed", "unknown", "cancelled")

_SENT = """
UPDATE mailings_message SET state = 'sent', reason = '', answer = '', not_before = NULL, sent_at = %(now)s,
       attempts = attempts + 1
 WHERE mailing_id = %(mailing)s AND id BETWEEN %(first)s AND %(last)s AND state = %(open)s AND {which}
   AND (not_before IS NULL OR not_before <= %(due)s)
"""
_CHANGED = """
UPDATE mailings_message m
   SET state = v.state, reason = v.reason, answer = v.answer, attempts = m.attempts + v.tried,
       evidence = coalesce(v.evidence, m.evidence), not_before = %(now)s + v.wait
  FROM unnest(%(number)s::bigint[], %(state)s::text[], %(reason)s::text[], %(answer)s::text[], %(tried)s::int[],
              %(evidence)s::bigint[], %(wait)s::interval[]) AS v (id, state, reason, answer, tried, evidence, wait)
 WHERE m.id = v.id AND m.mailing_id = %(mailing)s AND m.state = %(open)s
RETURNING m.id, m.state
"""
_DOUBTED = """
UPDATE mailings_message SET state = 'unknown', reason = 'node_lost', attempts = attempts + 1
 WHERE mailing_id = %(mailing)s AND id BETWEEN %(first)s AND %(last)s AND state = %(open)s
   AND (not_before IS NULL OR not_before <= %(now)s)
"""


class Change(NamedTuple):
    """A message that was not simply sent."""

    number: int
    state: State
    reason: str
    answer: str = ""
    tried: int = 1  # whether this counts as an attempt
    evidence: int | None = None


@dataclass
class Results:
    """What one worker found out since it last wrote it down."""

    asked: Sequence[int] = ()  # the rows these results are about, in order; () when nobody knows
    sent: list[int] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    doubtful: tuple[int, int] | None = None
    due: datetime | None = None  # rows whose time came after this were not asked for
    domains: Mapping[int, str] = field(default_factory=dict)  # of the rows asked for, where the writer knows them

    def take(self, receipt: Receipt) -> None:
        """Translate a channel's receipt. What was not handed over stays as it is."""
        if receipt.outcome is Outcome.ACCEPTED:
            self.sent.append(receipt.number)
        elif receipt.outcome is Outcome.REFUSED:
            category = texterrors.category(receipt.answer) if receipt.code else reasons.BAD_ADDRESS
            self.changes.append(Change(receipt.number, State.FAILED, str(category), receipt.answer))
        elif receipt.outcome is Outcome.TEMPORARY:
            self.defer(receipt)
        elif receipt.outcome is Outcome.LOST:
            self.changes.append(Change(receipt.number, State.UNKNOWN, reasons.NO_ANSWER, receipt.answer))

    def defer(self, receipt: Receipt) -> None:
        self.changes.append(Change(receipt.number, State.DEFERRED, reasons.TEMPORARY, receipt.answer))

    def hold(self, number: int, verdict: Verdict) -> None:
        """The gate says no, now that it is asked again."""
        self.changes.append(
            Change(number, State.HELD, str(verdict.reason), tried=0, evidence=verdict.evidence),
        )

    def fail(self, number: int, reason: str, words: str) -> None:
        self.changes.append(Change(number, State.FAILED, reason, words[:1000], tried=0))

    def doubt(self, first: int, last: int) -> None:
        """What of this range is still open may have been handed over, and nobody can tell."""
        self.doubtful = (first, last)

    @property
    def is_empty(self) -> bool:
        return not self.sent and not self.changes and self.doubtful is None


def of_story(story: Story, *, now: datetime) -> Results:
    """What a dead worker's journal tells: gone is sent, going without an answer is unknown, all else is still to do."""
    found = Results()
    for receipt in story.receipts.values():
        found.take(receipt)
    for number in story.on_wire:
        found.take(Receipt(number, Outcome.LOST))
    return found


def record(found: Results, mailing: int, *, chunk: int, open_state: str, now: datetime) -> None:
    """Write results to rows that are still open, with their tally and the bounces among them, in one transaction."""
    if found.is_empty:
        return
    with transaction.atomic():
        entered: Counter[str] = Counter(sent=_mark_sent(found, mailing, open_state, now))
        changed = _mark_changed(found, mailing, open_state, now)
        entered.update(changed.values())
        entered["unknown"] += _mark_doubtful(found, mailing, open_state, now)
        moved = entered.total()
        entered[open_state] -= moved
        failed = Counter(
            change.reason for change in found.changes if changed.get(change.number) == State.FAILED and change.reason
        )
        moves = {state: entered[state] for state in STATES}
        Tally.objects.create(mailing_id=mailing, at=now, reasons=failed, **moves)
        _count_domains(found, entered["sent"], changed, mailing, open_state)
        Chunk.objects.filter(pk=chunk).update(rows_left=Greatest(F("rows_left") - moved, 0))
        _tell_bounces(found.changes, changed, mailing, now)


OURS = {"auth", "block_sender"}  # they refuse us, not the address
COLUMN = {State.SENT: "sent", State.DEFERRED: "deferred", State.FAILED: "failed"}


def _count_domains(found: Results, sent: int, changed: dict[int, str], mailing: int, open_state: str) -> None:
    """Add to the domains' figures; whoever settles for a dead worker looks the addresses up."""
    gone = found.sent if sent == len(found.sent) else []
    domain_of = found.domains or domains.of_messages([*gone, *changed])
    moved: dict[str, Counter[str]] = defaultdict(Counter)
    for domain, number in Counter(map(domain_of.get, gone)).items():  # a thousand at a time: no loop over them
        moved[domain or ""]["sent"] += number
    reason_of = {change.number: change.reason for change in found.changes if change.number in changed}
    for number, state in changed.items():
        counted = moved[domain_of.get(number, "")]
        counted[COLUMN.get(State(state), "other")] += 1
        if state == State.FAILED:
            counted["refused"] += reason_of.get(number) in OURS
            counted["dead"] += reason_of.get(number) == "dead_address"
    if open_state == State.DEFERRED:
        for counted in moved.values():
            counted["deferred"] -= counted["sent"] + counted["deferred"] + counted["failed"] + counted["other"]
    domains.add(mailing, moved)


def _mark_sent(found: Results, mailing: int, open_state: str, now: datetime) -> int:
    """One range, without those in it that were asked for and not sent. Exact numbers when nobody knows who was asked."""
    if not found.sent:
        return 0
    first, last = min(found.sent), max(found.sent)
    parameters = {"mailing": mailing, "first": first, "last": last, "open": open_state, "now": now}
    parameters["due"] = found.due or now
    if found.asked:
        done = set(found.sent)
        left_out = [number for number in found.asked if first <= number <= last and number not in done]
        which, numbers = ("id <> ALL(%(numbers)s)", left_out) if left_out else ("true", [])
    else:
        which, numbers = "id = ANY(%(numbers)s)", found.sent
    return sql.run(_SENT.format(which=which), parameters | {"numbers": numbers})


def _mark_changed(found: Results, mailing: int, open_state: str, now: datetime) -> dict[int, str]:
    """Returns the rows that changed, with their new state."""
    if not found.changes:
        return {}
    changes = _with_waits(found.changes, mailing)
    columns: dict[str, list[object]] = {
        name: [getattr(change, name) for change, _ in changes] for name in Change._fields
    }
    columns["wait"] = [wait for _, wait in changes]
    values = {**columns, "mailing": mailing, "open": open_state, "now": now}
    return dict(sql.rows(_CHANGED, values))


def _with_waits(changes: Iterable[Change], mailing: int) -> list[tuple[Change, timedelta | None]]:
    """Say when a deferred message is tried again; after about three days it has failed."""
    deferred = [change.number for change in changes if change.state is State.DEFERRED]
    rows = Message.objects.filter(mailing=mailing, pk__in=deferred).values_list("pk", "attempts") if deferred else ()
    before = dict(rows)
    return [_with_wait(change, before.get(change.number, 0)) for change in changes]


def _with_wait(change: Change, attempts: int) -> tuple[Change, timedelta | None]:
    if change.state is not State.DEFERRED:
        return change, None
    if attempts >= most_attempts():
        return change._replace(state=State.FAILED, reason=reasons.GAVE_UP), None
    seconds = settings.DELIVERY_RETRY_FIRST * settings.DELIVERY_RETRY_GROWTH**attempts
    return change, timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - spreads the load, no secret


def most_attempts() -> int:
    """How many waits of first × growthⁿ fit in the time we try for: 21 of them in 72 hours."""
    waits, total = 0, settings.DELIVERY_RETRY_FIRST
    while total <= settings.DELIVERY_RETRY_FOR:
        waits += 1
        total += settings.DELIVERY_RETRY_FIRST * settings.DELIVERY_RETRY_GROWTH**waits
    return waits


def _mark_doubtful(found: Results, mailing: int, open_state: str, now: datetime) -> int:
    if found.doubtful is None:
        return 0
    first, last = found.doubtful
    return sql.run(_DOUBTED, {"mailing": mailing, "first": first, "last": last, "open": open_state, "now": now})


def _tell_bounces(changes: Iterable[Change], changed: dict[int, str], mailing: int, now: datetime) -> None:
    """A refusal on the wire is a bounce like one that comes back later."""
    events.record(
        [
            events.NewEvent(
                origin=f"handover:{change.number}",
                at=now,
                kind="bounce",
                mailing=mailing,
                message=change.number,
                category=str(texterrors.category(change.answer)),
                detail=change.answer,
            )
            for change in changes
            if change.answer and changed.get(change.number) == State.FAILED and change.tried
        ]
    )


def let_wait(mailing: int, numbers: Sequence[int], until: datetime) -> None:
    """Hand these over later; they stay what they are."""
    Message.objects.filter(mailing=mailing, pk__in=numbers).update(not_before=until)


def cancel(mailing: int, *, now: datetime) -> int:
    """Cancel every message of a mailing that still waits. Returns the rows."""
    with transaction.atomic():
        rows = Message.objects.filter(mailing=mailing)
        gone = {
            state: rows.filter(state=state).update(
                state=State.CANCELLED, reason=reasons.CANCELLED, answer="", not_before=None
            )
            for state in ("pending", "deferred")
        }
        if total := sum(gone.values()):
            Tally.objects.create(
                mailing_id=mailing,
                at=now,
                cancelled=total,
                pending=-gone["pending"],
                deferred=-gone["deferred"],
            )
    return total
