"""What workers are told. A task carries a number and makes one call; told twice, it does no harm.

The database knows what is to do: `tick` asks it every second, so that no broker can lose mail.
"""

import gc
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache

from celery import shared_task
from celery.signals import worker_process_init, worker_process_shutdown
from django.conf import settings
from django.db import connection
from django.utils import timezone

from mailings import again, lifecycle, resting, returned, statistics
from mailings.channels import Channel
from mailings.channels.email import EmailChannel
from mailings.channels.smtp import Account
from mailings.delivery import chunks, progress, worker
from mailings.models import Mailing

GARBAGE = 50_000  # objects made before the collector looks: some ten thousand letters
TICK_LOCK = 0x504F5354_00000022


@cache
def email_channel() -> Channel:
    """The connections of this process, kept for its life."""
    return EmailChannel(Account.from_url(settings.SMTP_URL), hello=settings.BOUNCE_DOMAIN)


@worker_process_init.connect
def settle_in(**_: object) -> None:
    """What was loaded before the fork stays for good: the collector need not look at it again and again."""
    gc.freeze()
    gc.set_threshold(GARBAGE)


@worker_process_shutdown.connect
def say_goodbye(**_: object) -> None:
    if email_channel.cache_info().currsize:
        email_channel().close()


@shared_task
def deliver_chunk(*, chunk: int) -> int:
    """Hand over what is left of a chunk, and of others until the turn is over; then give the next ones to the broker."""
    handed_over = 0
    number: int | None = chunk
    ends = time.monotonic() + settings.DELIVERY_TURN
    while number is not None:
        handed_over += worker.work(number, channel=email_channel())
        number = chunks.next_one(now=timezone.now()) if time.monotonic() < ends else None
    _issue()
    return handed_over


@shared_task
def start_mailing(*, mailing: int) -> None:
    lifecycle.start_due(mailing, now=timezone.now())


@shared_task
def fold_journal() -> int:
    """Turn what came back into statistics."""
    return statistics.catch_up(now=timezone.now())


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
        lifecycle.finish_done(now=now)
        chunks.sweep()


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


def _tell_workers(numbers: Iterable[int]) -> None:
    """A number nobody took in time is forgotten by the broker, because by then it is told again."""
    for number in numbers:
        deliver_chunk.apply_async(kwargs={"chunk": number}, expires=chunks.ISSUE_AGAIN)
