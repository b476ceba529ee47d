"""Chaos: workers killed at random moments while a campaign goes out, the broker emptied, the database crashed.

A mail server of our own writes down each recipient before it answers. Afterwards the two books are compared: nobody twice,
nobody skipped, and no more `unknown` than messages were on the wire.
"""

import contextlib
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import redis
from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from benchmarks import sink
from benchmarks.delivery import CONNECTIONS, WORKERS, a_crowd, a_mailing, station
from benchmarks.frame import Figure, Scale
from mailings import lifecycle, tasks
from mailings.models import Mailing, Message

DELAY = 0.010  # seconds before the answer to a final dot: so that something is always on the wire
PATIENCE = 1_800  # seconds until every row is final


def figures(scale: Scale) -> Iterator[Figure]:
    people, wanted = scale.pick(50_000, 6_000), scale.pick(200, 12)
    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder, "taken"))
        crowd = a_crowd(people)
        with sink.sink(delay=DELAY, log=log) as (port, seen), station(port) as process:
            mailing = a_mailing(crowd)
            lifecycle.start(mailing, by=None, now=timezone.now())
            tasks.tick.delay()
            killed = _kill(process.pid, wanted, mailing, seen)
            _empty_the_broker()
            crashed = _crash_the_database()
            _wait(mailing)
        taken = Counter(Path(log).read_text().split())
    states = dict(Message.objects.filter(mailing=mailing).values_list("address", "state"))
    twice = sum(times > 1 for times in taken.values())
    not_final = sum(state not in ("sent", "unknown") for state in states.values())
    skipped = sum(state == "sent" and address not in taken for address, state in states.items())
    unknown = sum(state == "unknown" for state in states.values())
    how = f"after {killed} kill -9 of workers, an emptied Redis and {crashed} crash of PostgreSQL, {people} people"
    yield Figure("chaos.duplicates", twice, "messages", of=how)
    yield Figure("chaos.skipped", skipped + not_final, "messages", of=how)
    # a crash of the database stops every worker at once: it counts as one kill for each
    kills = killed + crashed * WORKERS
    yield Figure(
        "chaos.unknown", unknown / kills, "per kill", CONNECTIONS, f"connections of a worker; {unknown} unknown"
    )


def _kill(station_pid: int, wanted: int, mailing: Mailing, seen: sink.Seen) -> int:
    """Kill a process that hands over, again and again at random moments while mail flows; returns how often."""
    killed = 0
    while killed < wanted and not _is_over(mailing):
        before = seen.count.value
        while seen.count.value == before and not _is_over(mailing):
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.4))
        with contextlib.suppress(psutil.Error, IndexError):
            random.choice(_workers(psutil.Process(station_pid).children())).send_signal(signal.SIGKILL)
            killed += 1
    return killed


def _workers(children: list[psutil.Process]) -> list[psutil.Process]:
    """Those of Celery's processes that hand over: they have connections to the mail server; beat has none."""
    return [one for one in children if one.net_connections(kind="inet")]


def _empty_the_broker() -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.flushall()


def _crash_the_database() -> int:
    """A killed backend makes PostgreSQL throw everybody out and recover from its log."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            os.kill(int(cursor.fetchone()[0]), signal.SIGKILL)
    except PermissionError:
        return 0
    connections.close_all()
    return 1


def _wait(mailing: Mailing) -> None:
    ends = time.monotonic() + PATIENCE
    while not _is_over(mailing):
        if time.monotonic() > ends:
            return
        time.sleep(0.2)


def _is_over(mailing: Mailing) -> bool:
    try:
        return Mailing.objects.filter(pk=mailing.pk, status=Mailing.Status.SENT).exists()
    except DatabaseError:
        connections.close_all()
        return False
