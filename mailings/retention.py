"""How long raw events are kept. Their totals stay for ever: counters, the first moments on messages, links, hours.

Addresses of visitors are shortened after a month (IPv4 to /24, IPv6 to /48): enough to tell a network, too little to tell a person. After
`EVENT_MONTHS` the events of a whole mailing go. Such a mailing is marked: its figures are final, a recount leaves it alone.
"""

import datetime as dt

from django.conf import settings
from django.db import connection, transaction

from mailings.letters.models import PrintRun
from mailings.models import Counts, Guest, Mailing
from tracking.models import Position

BATCH = 20_000
GUESTS_KEPT = dt.timedelta(days=30)
LETTERS_KEPT = dt.timedelta(days=365)
PLACE = "addresses of visitors, shortened"  # the row of Position that says how far
SHORTEN = """
    WITH portion AS (
        SELECT id, at, ip FROM tracking_event WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
    ), edge AS (
        SELECT coalesce((SELECT min(id) - 1 FROM portion WHERE at >= %(before)s), (SELECT max(id) FROM portion)) AS last
    ), shortened AS (
        UPDATE tracking_event event
        SET ip = host(network(set_masklen(portion.ip, CASE family(portion.ip) WHEN 4 THEN 24 ELSE 48 END)))::inet
        FROM portion, edge WHERE event.id = portion.id AND portion.id <= edge.last AND portion.ip IS NOT NULL
        RETURNING 1
    )
    SELECT (SELECT last FROM edge), (SELECT count(*) FROM shortened)
"""
DELETE = """
    DELETE FROM tracking_event WHERE id IN (
        SELECT id FROM tracking_event WHERE mailing = %s AND folded_at IS NOT NULL LIMIT %s
    )
"""


def shorten_addresses(*, now: dt.datetime) -> int:
    """Shorten visitors' addresses that are older than the setting says; returns how many."""
    if settings.IP_DAYS is None:
        return 0
    before = now - dt.timedelta(days=settings.IP_DAYS)
    total = 0
    while True:
        with transaction.atomic():
            Position.objects.get_or_create(file=PLACE)
            place = Position.objects.select_for_update().get(file=PLACE)
            with connection.cursor() as cursor:
                cursor.execute(SHORTEN, {"after": place.bytes, "batch": BATCH, "before": before})
                last, shortened = cursor.fetchone()
            if last is None or last <= place.bytes:
                return total
            place.bytes = last
            place.save(update_fields=["bytes"])
            total += shortened


def prune(*, now: dt.datetime, limit: int = 50) -> int:
    """Remove the events of mailings that are older than the setting says; returns how many mailings."""
    if settings.EVENT_MONTHS is None:
        return 0
    before = now - dt.timedelta(days=30.44 * settings.EVENT_MONTHS)
    due = Mailing.objects.filter(started_at__lt=before, counts__pruned_at=None, counts__isnull=False)
    numbers = list(due.order_by("started_at").values_list("pk", flat=True)[:limit])
    for number in numbers:
        Counts.objects.filter(mailing=number).update(pruned_at=now)  # first: from here on nothing is added any more
        _delete(number)
    return len(numbers)


def forget_letters(*, now: dt.datetime) -> int:
    """Let go of the pages of letters a year after they were made; their rows stay. Returns how many runs."""
    return PrintRun.objects.filter(at__lt=now - LETTERS_KEPT).delete()[0]


def forget_guests(*, now: dt.datetime) -> int:
    """Let go of one-off lists a month after their mailing was out; what was sent stays in its messages."""
    return Guest.objects.filter(mailing__finished_at__lt=now - GUESTS_KEPT).delete()[0]


def _delete(mailing: int) -> None:
    with connection.cursor() as cursor:
        while True:
            cursor.execute(DELETE, [mailing, BATCH])
            if not cursor.rowcount:
                return
