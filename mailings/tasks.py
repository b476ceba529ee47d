"""What workers are told. A task carries a number and makes one call; told twice, it does no harm.

The database knows what is to do: `tick` asks it every second, so that no broker can lose mail.
"""

import gc
from functools import cache

from celery import shared_task
from celery.signals import worker_process_init, worker_process_shutdown
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mailings import lifecycle, statistics
from mailings.channels import Channel
from mailings.channels.email import EmailChannel
from mailings.channels.smtp import Account
from mailings.delivery import chunks, worker
from mailings.models import Mailing

TICK_LOCK = 0x504F5354_00000022


@cache
def email_channel() -> Channel:
    """The connections of this process, kept for its life."""
    return EmailChannel(Account.from_url(settings.SMTP_URL), hello=settings.BOUNCE_DOMAIN)


@worker_process_init.connect
def settle_in(**_: object) -> None:
    """What was loaded before the fork stays for good: the collector need not look at it again and again."""
    gc.freeze()


@worker_process_shutdown.connect
def say_goodbye(**_: object) -> None:
    if email_channel.cache_info().currsize:
        email_channel().close()


@shared_task
def deliver_chunk(*, chunk: int) -> int:
    """Hand over what is left of a chunk, then give the next ones to the broker."""
    handed_over = worker.work(chunk, channel=email_channel())
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
def tick() -> None:
    """Look what is due: planned mailings, chunks, those whose worker is gone, second tries, mailings that are done."""
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TICK_LOCK])
        row = cursor.fetchone()
        if not (row and row[0]):
            return
        for mailing in lifecycle.due(now=now):
            start_mailing.delay(mailing=mailing)
        for number in chunks.forsaken(now=now):
            deliver_chunk.delay(chunk=number)
        for mailing in Mailing.objects.filter(status=Mailing.Status.SENDING).values_list("pk", flat=True):
            chunks.cut_retries(mailing, now=now)
        lifecycle.finish_done(now=now)
        chunks.clear_cancelled(now=now)
        chunks.sweep()
    _issue()


def _issue() -> None:
    for number in chunks.issue(now=timezone.now()):
        deliver_chunk.delay(chunk=number)
