"""What workers are told. A task carries a number and makes one call; told twice, it does no harm.

The database knows what is to do: `tick` asks it every second, so that no broker can lose mail.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from celery import shared_task
from celery.signals import worker_process_init, worker_process_shutdown
from django.conf import settings
from django.db import connection
from django.utils import timezone

from mailings import (
    accounts,
    again,
    breakdowns,
    breakers,
    dayafter,
    dns,
    lifecycle,
    lookups,
    mx,
    resting,
    restraint,
    rests,
    retention,
    returned,
    statistics,
    trials,
)
from mailings.channels import Channel
from mailings.delivery import chunks, progress, worker
from mailings.letters import production
from mailings.models import Mailing, SendingAccount
from mailings.preflight import outside

GARBAGE = 50_000  # objects made before the collector looks: some ten thousand letters
TICK_LOCK = 0x504F5354_00000022


_channels: dict[int | None, tuple[datetime | None, Channel]] = {}


def channel_of(chunk: int) -> Channel:
    """The channel of a chunk's account, kept for the life of this process or until the account is changed."""
    account = SendingAccount.objects.filter(mailings__chunks=chunk).first()
    number, changed = (account.pk, account.updated_at) if account else (None, None)
    kept = _channels.get(number)
    if kept and kept[0] == changed:
        return kept[1]
    if kept:
        kept[1].close()
    made = accounts.channel(account)
    _channels[number] = (changed, made)
    return made


@worker_process_init.connect
def settle_in(**_: object) -> None:
    """What was loaded before the fork stays for good: the collector need not look at it again and again."""
    gc.freeze()
    gc.set_threshold(GARBAGE)


@worker_process_shutdown.connect
def say_goodbye(**_: object) -> None:
    for _changed, channel in _channels.values():
        channel.close()


@shared_task
def deliver_chunk(*, chunk: int) -> int:
    """Hand over what is left of a chunk, and of others until the turn is over; then give the next ones to the broker."""
    handed_over = 0
    number: int | None = chunk
    ends = time.monotonic() + settings.DELIVERY_TURN
    while number is not None:
        handed_over += _work(number)
        number = chunks.next_one(now=timezone.now()) if time.monotonic() < ends else None
    _issue()
    return handed_over


@shared_task
def deliver_answer(*, chunk: int) -> int:
    """Hand over the answers of a form response: somebody waits for them, so this task has a quick queue of its own."""
    return _work(chunk)


def _work(chunk: int) -> int:
    """Work on a chunk; an account that cannot be used waits for a person, and so does its mailing."""
    if production.is_printed(chunk):
        return production.work(chunk)
    try:
        channel = channel_of(chunk)
    except accounts.Unusable as trouble:
        mailing = Mailing.objects.get(chunks=chunk)
        with suppress(lifecycle.CannotMove):
            lifecycle.pause(mailing, by=None, now=timezone.now(), why=str(trouble))
        return 0
    return worker.work(chunk, channel=channel)


@shared_task
def start_mailing(*, mailing: int) -> None:
    lifecycle.start_due(mailing, now=timezone.now())


@shared_task
def look_outside(*, mailing: int) -> None:
    """Ask the DNS and the linked sites about a draft: somebody stands at its last check."""
    if found := Mailing.objects.filter(pk=mailing).first():
        try:
            resolver = dns.resolver()
        except dns.NoAnswer:
            resolver = None
        outside.look(found, resolver=resolver)


@shared_task
def fold_journal() -> int:
    """Turn what came back into statistics."""
    return statistics.catch_up(now=timezone.now())


@shared_task
def tell_authors() -> int:
    """Tell authors what became of their mailings a day later."""
    return dayafter.send_due(now=timezone.now())


@shared_task
def keep_less() -> int:
    """Shorten visitors' addresses, and let go of events and one-off lists that are old enough."""
    now = timezone.now()
    steps = (retention.shorten_addresses, retention.prune, retention.forget_guests, retention.forget_letters)
    return sum(step(now=now) for step in steps)


@shared_task
def count_breakdowns() -> int:
    """Count domains, devices and reasons of mailings that got news."""
    return breakdowns.count_due(now=timezone.now())


@shared_task
def find_unengaged() -> int:
    """Work out who falls under the sunset."""
    return restraint.refresh()


@shared_task
def try_addresses_again() -> int:
    """Addresses that were tried in vain and have rested may be mailed once more."""
    return returned.try_again(now=timezone.now())


@shared_task
def take_in_joiners() -> int:
    """Send evergreen mailings to those who joined their sources since, and tidy the tallies of what is on its way."""
    progress.compact(now=timezone.now())
    return sum(again.take_in_joiners(number, now=timezone.now()) for number in again.evergreens())


@shared_task
def watch_breakers() -> list[int]:
    """Pause what does harm."""
    return breakers.watch(now=timezone.now())


@shared_task
def look_up_domains() -> int:
    """Find out whose mail servers the domains have that limits ask about."""
    return mx.look_up(now=timezone.now()) if settings.MX_LOOKUPS else 0


@shared_task
def look_up_unknown() -> int:
    """Ask providers about messages of which the answer was never seen."""
    return lookups.look_up(now=timezone.now())


@shared_task
def tick() -> None:
    """Look what is due: chunks, those whose worker is gone, second tries, planned mailings, mailings that are done.

    One at a time; what hands over comes first, so that trouble with one mailing does not hold up the others.
    """
    now = timezone.now()
    with alone() as is_alone:
        if not is_alone:
            return
        _tell_workers(chunks.forsaken(now=now))
        resting.keep_windows(now=now)
        _issue()
        for mailing in Mailing.objects.filter(status=Mailing.Status.SENDING).values_list("pk", flat=True):
            chunks.cut_retries(mailing, now=now)
        chunks.clear_cancelled(now=now)
        for mailing in lifecycle.due(now=now):
            start_mailing.apply_async(kwargs={"mailing": mailing}, expires=chunks.ISSUE_AGAIN)
        for mailing in trials.due(now=now):
            decide_trial.apply_async(kwargs={"mailing": mailing}, expires=chunks.ISSUE_AGAIN)
        lifecycle.finish_done(now=now)
        chunks.sweep()


@shared_task
def decide_trial(*, mailing: int) -> None:
    """Let what won go to everybody who waits for it."""
    if trials.decide(mailing, now=timezone.now()):
        tick.delay()


@contextmanager
def alone() -> Iterator[bool]:
    """Whether nobody else ticks at this moment. The database lets go of the lock should this process die."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [TICK_LOCK])
        is_alone = bool((cursor.fetchone() or [False])[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [TICK_LOCK])


def _issue() -> None:
    _tell_workers(chunks.issue(now=timezone.now()))


def _tell_workers(numbers: Sequence[int]) -> None:
    """A number nobody took in time is forgotten by the broker, because by then it is told again."""
    waited_for = chunks.waited_for(numbers)
    for number in numbers:
        task = deliver_answer if number in waited_for else deliver_chunk
        task.apply_async(kwargs={"chunk": number}, expires=chunks.ISSUE_AGAIN)


@shared_task
def note_rests() -> int:
    """Who asked for less mail rests after a mail, and gets some again when the days are over."""
    return rests.note(now=timezone.now())
