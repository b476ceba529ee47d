"""The mailings of De Werkbank up to today, told through the product's own steps with the clock turned back.

Each past mailing is frozen, judged and compiled as of its day, its results are written as a worker writes them, and
what came back goes through the journal and the fold, so that the next mailing meets the suppressions of the one before.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from itertools import batched

from django.conf import settings
from django.utils import timezone

from consent import unsubscribe
from consent.models import OptOutKey
from demo.cast import Cast
from demo.data import calendar, echoes
from demo.data.calendar import Fate, Planned
from demo.data.echoes import Arrived, Left
from demo.world import fates
from demo.world.fates import Shares
from mailings import library, lifecycle, sources, statistics
from mailings.channels import Outcome, Receipt
from mailings.delivery import results
from mailings.models import Chunk, Mailing, Message
from recipients.models import Import
from tracking import journal
from tracking.journal import NewEvent
from tracking.models import Link

SENDER = ("De Werkbank", "hallo@dewerkbank.example")
AT_ONCE = 60  # messages handed over in one of the moments below
PAUSE = dt.timedelta(seconds=11)
STOPPED_AFTER = 7  # of these moments
SHARES = Shares(scanner=0.06, prefetch=0.19, complaint=0.0003)  # figures as senders see them in 2026
LOST = 0.0006  # connections that broke before the answer came
KINDS = {sources.KINDS[kind]: kind for kind in sources.KINDS}
FOLDED_AFTER = dt.timedelta(hours=30)


def tell(cast: Cast, *, now: dt.datetime) -> list[Mailing]:
    """Write all mailings of the calendar, oldest first. Call it inside a transaction."""
    acts: dict[Fate, Callable[[Mailing, Planned, Cast, dt.datetime], None]] = {
        Fate.SENT: send,
        Fate.STOPPED: send,
        Fate.SCHEDULED: schedule,
        Fate.DRAFT: leave_as_draft,
    }
    made = []
    for planned in calendar.mailings(now, timezone.get_default_timezone()):
        mailing = draft(planned, cast)
        acts[planned.fate](mailing, planned, cast, now)
        made.append(mailing)
    made.append(post_letters(cast, now=now))
    return made


def post_letters(cast: Cast, *, now: dt.datetime) -> Mailing:
    """A mailing on paper, ready to be looked at and made: the demo prints nothing by itself."""
    mailing = library.new(name="Open day, by post", by=cast.ours[0], kind=Mailing.Type.DOCUMENT)
    mailing.subscription_type = next(iter(cast.types.values()))
    mailing.content = echoes.LETTER
    mailing.content_version = 1
    mailing.letter |= echoes.LETTER_FRAME
    mailing.save()
    source = next(one for one in cast.lists.values() if not isinstance(one, Import))
    sources.add(mailing, KINDS[type(source)], source.pk)
    return mailing


def draft(planned: Planned, cast: Cast) -> Mailing:
    """The mailing as its owner wrote it, with the people it goes to."""
    mailing = library.new(name=planned.name, by=cast.ours[planned.owner])
    mailing.subject, mailing.preheader = planned.subject, planned.preheader
    mailing.from_name, mailing.from_address = SENDER
    mailing.subscription_type = cast.types[planned.type]
    mailing.content = planned.letter(f"{settings.BASE_URL}{settings.STATIC_URL}demo/")
    mailing.content_version = 1
    mailing.save()
    for name in planned.lists:
        source = cast.lists[name]
        sources.add(mailing, KINDS[type(source)], source.pk)
    return mailing


def leave_as_draft(mailing: Mailing, planned: Planned, cast: Cast, now: dt.datetime) -> None:
    Mailing.objects.filter(pk=mailing.pk).update(created_at=planned.at - dt.timedelta(days=2), updated_at=planned.at)


def schedule(mailing: Mailing, planned: Planned, cast: Cast, now: dt.datetime) -> None:
    decided = now - dt.timedelta(days=3, hours=2)
    lifecycle.schedule(mailing, at=planned.at, by=cast.ours[planned.owner], now=decided)
    Mailing.objects.filter(pk=mailing.pk).update(created_at=decided - dt.timedelta(days=6), updated_at=decided)


def send(mailing: Mailing, planned: Planned, cast: Cast, now: dt.datetime) -> None:
    """Send as of the planned moment and take in what came back until now."""
    by, shares = cast.ours[planned.owner], replace(SHARES, open=planned.opens, click=planned.clicks)
    lifecycle.start(mailing, by=by, now=planned.at)
    moment = hand_over(mailing, shares, most=STOPPED_AFTER if planned.fate is Fate.STOPPED else None)
    if planned.fate is Fate.STOPPED:
        lifecycle.cancel(mailing, by=by, now=moment)
    else:
        lifecycle.finish_done(now=moment)
    created = planned.at - dt.timedelta(days=4)
    Mailing.objects.filter(pk=mailing.pk).update(created_at=created, updated_at=moment)
    take_in(mailing, shares, now=now)


def hand_over(mailing: Mailing, shares: Shares, *, most: int | None) -> dt.datetime:
    """Write results as workers would have, a few messages per moment; return the last moment."""
    chunks = list(mailing.chunks.order_by("pk"))
    waiting = Message.objects.filter(mailing=mailing, state=Message.State.PENDING).order_by("pk")
    moment = mailing.started_at or timezone.now()
    for batch in list(batched(waiting.values_list("pk", "address"), AT_ONCE, strict=False))[:most]:
        moment += PAUSE
        found = results.Results(asked=[number for number, _ in batch])
        for number, address in batch:
            found.take(receipt(number, address, shares))
        chunk = next(chunk for chunk in chunks if chunk.first <= batch[0][0] <= chunk.last)
        results.record(found, mailing.pk, chunk=chunk.pk, open_state="pending", now=moment)
    mailing.chunks.update(state=Chunk.State.DONE, attempts=1)
    return moment


def receipt(number: int, address: str, shares: Shares) -> Receipt:
    if not echoes.takes(address, shares):
        return Receipt(number, Outcome.REFUSED, 550, echoes.UNKNOWN_USER.format(address=address))
    if fates.draws(echoes.SEED, address, str(number))[0] < LOST:
        return Receipt(number, Outcome.LOST)
    return Receipt(number, Outcome.ACCEPTED, 250, "2.0.0 Ok: queued")


def take_in(mailing: Mailing, shares: Shares, *, now: dt.datetime) -> None:
    """Journal and fold everything that came back before now; let go who unsubscribed."""
    events, leavers = what_came_back(mailing, shares)
    journal.record([event for event in events if event.at <= now])
    keys = OptOutKey.objects.filter(channel="email", address__in=[left.address for left in leavers])
    key_of = {key.address: key for key in keys}
    for left in leavers:
        if left.at <= now:
            unsubscribe.leave(key_of[left.address], mailing.subscription_type, how="one_click", now=left.at)
    last = (mailing.started_at or now) + FOLDED_AFTER
    while statistics.fold(now=min(last, now), mailing=mailing.pk):
        pass
    statistics.refresh(mailing, now=now)


def what_came_back(mailing: Mailing, shares: Shares) -> tuple[list[NewEvent], list[Left]]:
    zone = timezone.get_default_timezone()
    links = list(Link.objects.filter(mailing=mailing.pk).order_by("number").values_list("number", flat=True))
    events: list[NewEvent] = []
    leavers: list[Left] = []
    sent = Message.objects.filter(mailing=mailing, state=Message.State.SENT, sent_at__isnull=False)
    for number, address, sent_at in sent.values_list("pk", "address", "sent_at"):
        if sent_at is None:
            continue
        found, left = echoes.of(Arrived(mailing.pk, number, address, mailing.subject, sent_at, links), shares, zone)
        events += found
        leavers += [left] if left else []
    return events, leavers
