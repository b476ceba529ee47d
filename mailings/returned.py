"""What mail that came back does to its address: dead at once, tried in vain for a while, or forgiven.

Dead addresses and those who complained are blocked at once. What may pass is counted (tracking.patience); the count starts anew when
somebody clicks, or when a later mail was not sent back. What is the sender's fault blocks nobody.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from consent import suppressions
from consent.models import SuppressionReason
from mailings.outcome import Event
from tracking import patience, softbounces
from tracking.models import Kind, SoftBounce
from tracking.patience import Interest
from tracking.refusals import Category

BELIEVED = dt.timedelta(days=30)  # a report about an older message blocks nobody
# A mail that was handed over after the bounce and is not back by now has arrived.
ARRIVED_SINCE = """
    UPDATE tracking_softbounce bounce SET ended_at = %(now)s, ended_because = 'delivered'
    FROM recipients_emailaddress owner JOIN mailings_message message ON message.person_id = owner.person_id
    WHERE bounce.address = ANY(%(addresses)s) AND bounce.channel = 'email' AND bounce.ended_at IS NULL
      AND owner.address = bounce.address AND message.address = bounce.address AND message.channel = 'email'
      AND message.state = 'sent' AND message.bounced_at IS NULL
      AND message.sent_at > bounce.at AND message.sent_at <= %(arrived_before)s
"""
INTERESTS = """
    SELECT message.address, bool_or(message.opened_at IS NOT NULL OR message.clicked_at IS NOT NULL)
    FROM recipients_emailaddress owner JOIN mailings_message message ON message.person_id = owner.person_id
    WHERE owner.address = ANY(%s) AND message.address = owner.address AND message.state = 'sent'
    GROUP BY message.address
"""


@dataclass(frozen=True, slots=True)
class Story:
    """A message, and what is new about it."""

    message: int
    mailing: int
    address: str
    channel: str
    sent_at: dt.datetime | None
    new: Sequence[Event]
    has_arrived: bool = False  # newly: a person clicked, or the mail server says it was delivered
    has_clicked: bool = False


def weigh(stories: Sequence[Story], *, now: dt.datetime) -> None:
    """Block, count or forgive the addresses of these messages."""
    known = [story for story in stories if story.address]
    blocks = [block for story in known for block in _at_once(story)]
    if clicked := {story.address for story in known if story.has_clicked}:
        softbounces.end(clicked, SoftBounce.Ended.CLICKED, now=now)
    if arrived := {story.address for story in known if story.has_arrived and not story.has_clicked}:
        softbounces.end(arrived, SoftBounce.Ended.DELIVERED, now=now)
    soft = [bounce for story in known for bounce in _soft(story)]
    if soft:
        blocks += _given_up(soft, now)
    if blocks:
        suppressions.add_many(blocks, actor="system", now=now)


def try_again(*, now: dt.datetime) -> int:
    """Lift the blocks of addresses that were tried in vain and have rested; one more mail that comes back is enough."""
    return suppressions.end_due(SuppressionReason.SOFT_BOUNCES, now=now)


def _at_once(story: Story) -> Iterator[suppressions.Block]:
    for event in story.new:
        reason = None
        if event.kind == Kind.COMPLAINT:
            reason = SuppressionReason.COMPLAINED
        elif event.kind == Kind.BOUNCE and event.category == Category.DEAD_ADDRESS and _is_believed(story, event):
            reason = SuppressionReason.HARD_BOUNCE
        elif event.kind == Kind.BOUNCE and event.category == Category.OPTED_OUT:
            reason = SuppressionReason.UNSUBSCRIBED
        if reason:
            yield suppressions.Block(
                address=story.address,
                channel=story.channel,
                reason=reason,
                evidence={
                    "mailing": story.mailing,
                    "message": story.message,
                    "event": event.id,
                    "said": event.detail[:500],
                },
            )


def _soft(story: Story) -> Iterator[SoftBounce]:
    """The first new bounce that may pass, if this was mail or a text and it is not too old to be believed."""
    bounces = (event for event in story.new if event.kind == Kind.BOUNCE and event.category in patience.COUNTED)
    first = next(bounces, None)
    if first is not None and story.channel in ("email", "sms") and _is_believed(story, first):
        yield SoftBounce(
            channel=story.channel,
            address=story.address,
            mailing=story.mailing,
            message=story.message,
            at=first.at,
            category=first.category,
        )


def _given_up(soft: Sequence[SoftBounce], now: dt.datetime) -> list[suppressions.Block]:
    """Count them; give the blocks of the addresses of which it is enough."""
    addresses = sorted({bounce.address for bounce in soft})
    with connection.cursor() as cursor:
        arrived_before = now - patience.ARRIVED_AFTER
        cursor.execute(ARRIVED_SINCE, {"now": now, "addresses": addresses, "arrived_before": arrived_before})
    runs = softbounces.count(soft)
    long = {address: run for address, run in runs.items() if run.count >= patience.ENOUGH}
    interests = _interests(long) if long else {}
    last = {bounce.address: bounce for bounce in soft}
    return [
        suppressions.Block(
            address=address,
            channel=last[address].channel,
            reason=SuppressionReason.SOFT_BOUNCES,
            until=now + patience.TRIED_AGAIN_AFTER,
            evidence={
                "mailing": last[address].mailing,
                "message": last[address].message,
                "category": last[address].category,
                "count": run.count,
                "since": run.first_at.isoformat() if run.first_at else "",
            },
        )
        for address, run in long.items()
        if run.is_enough(interests.get(address, Interest.UNTOLD))
    ]


def _interests(addresses: Collection[str]) -> dict[str, Interest]:
    with connection.cursor() as cursor:
        cursor.execute(INTERESTS, [sorted(addresses)])
        return {address: Interest.SHOWN if shown else Interest.NEVER for address, shown in cursor.fetchall()}


def _is_believed(story: Story, event: Event) -> bool:
    return story.sent_at is None or event.at - story.sent_at <= BELIEVED
