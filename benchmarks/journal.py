"""From the journal to figures: events folded per second, beside a bare COPY of the same events into the same table."""

import datetime as dt
import random
from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from benchmarks.frame import Figure, Scale, interleaved, rate
from mailings import statistics
from mailings.models import Mailing, Message
from tracking.models import Kind, Link

AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0",
    "Mozilla/5.0 (via ggpht.com GoogleImageProxy)",
]
COLUMNS = "origin, at, kind, mailing, message, link, method, ip, user_agent, referer, fetched_for, category, detail, is_machine, reasons"


def figures(scale: Scale) -> Iterator[Figure]:
    size = scale.pick(200_000, 20_000)
    mailing = a_mailing(size // 2)
    rows = the_events(mailing, size)
    medians = interleaved({"fold": lambda: folded(mailing, rows), "copy": lambda: copied(rows)})
    yield Figure("journal.fold", medians["fold"], "events/s", medians["copy"], "bare COPY of the same events")


def a_mailing(size: int) -> Mailing:
    now = timezone.now()
    mailing = Mailing.objects.create(name="Folded", status="sent", started_at=now - dt.timedelta(days=1))
    Link.objects.bulk_create(Link(mailing=mailing.pk, number=n, url=f"https://example.org/{n}") for n in range(1, 9))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mailings_message (mailing_id, channel, address, copy, state, reason, answer, data, attempts, sent_at)"
            " SELECT %s, 'email', 'r' || n || '@example.org', 0, 'sent', '', '', '{}', 0, %s FROM generate_series(1, %s) n",
            [mailing.pk, mailing.started_at, size],
        )
    return mailing


def the_events(mailing: Mailing, size: int) -> list[tuple[object, ...]]:
    """Six opens to four clicks over a day, by many people at many addresses, in the order of time."""
    dice = random.Random(7)
    messages = list(Message.objects.filter(mailing=mailing).values_list("pk", flat=True))
    rows: list[tuple[object, ...]] = []
    for number in range(size):
        is_click, message = dice.random() < 0.4, dice.choice(messages)
        at = mailing.started_at + dt.timedelta(seconds=5 + 86_000 * number / size)  # type: ignore[operator]
        ip = f"10.{message >> 16 & 255}.{message >> 8 & 255}.{message & 255}"
        kind, link = (Kind.CLICK.value, dice.randint(1, 8)) if is_click else (Kind.OPEN.value, None)
        agent = dice.choice(AGENTS[:3] if is_click else AGENTS)
        rows.append(
            (f"bench:{number}", at, kind, mailing.pk, message, link, "GET", ip, agent, "", "", "", "", False, "[]")
        )
    return rows


def write(rows: list[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tracking_event")
        with cursor.copy(f"COPY tracking_event ({COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def copied(rows: list[tuple[object, ...]]) -> float:
    return rate(len(rows), lambda: write(rows))


def folded(mailing: Mailing, rows: list[tuple[object, ...]]) -> float:
    """Fold all of them, from figures that know nothing."""
    write(rows)
    statistics.rebuild(mailing, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tracking_event SET folded_at = NULL")
        cursor.execute("VACUUM ANALYZE tracking_event")

    def work() -> None:
        while statistics.fold(now=timezone.now()):
            pass

    speed = rate(len(rows), work)
    mailing.counts.refresh_from_db()
    if not mailing.counts.clicked:
        raise SystemExit("nothing was folded: this run says nothing about speed")
    return speed
