"""Report pages over 1,000,000 messages and 3,000,000 events: what their queries take."""

import html
import re
from collections.abc import Iterator
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from benchmarks.frame import Figure, Scale, percentile
from mailings import breakdowns, statistics
from mailings.models import Mailing, Message
from tracking.models import Link

ROUNDS = 7
TABS = ("summary/", "reports/", "links/", "bounces/", "as-sent/")
FILTERS = (
    "",
    "?did=opened",
    "?did=clicked",
    "?did=not_opened",
    "?did=not_clicked",
    "?did=opened_only",
    "?did=delivered_only",
    "?did=bounced",
    "?did=unsubscribed",
    "?did=complained",
    "?did=delivered",
    "?state=sent",
    "?state=held",
    "?state=failed",
    "?link=1",
    "?link=8",
    "?did=bounced&reason=full",
    "?did=machine_clicked",
    "?did=machine_opened",
    "?reason=full",
    "?state=held&reason=no_consent",
    "?domain=d5.org",
    "?domain=d5.org&did=bounced",
    "?edition=0",
    "?q=r5@d5.org",
)
MESSAGES = """
INSERT INTO mailings_message (mailing_id, channel, address, copy, state, reason, answer, data, attempts, sent_at,
    opened_at, clicked_at, bounced_at, unsubscribed_at, complained_at)
SELECT %(mailing)s, 'email', 'r' || n || '@d' || n %% 997 || '.org', 0,
    CASE WHEN n %% 50 = 0 THEN 'held' WHEN n %% 333 = 0 THEN 'failed' ELSE 'sent' END,
    CASE WHEN n %% 50 = 0 THEN 'no_consent' WHEN n %% 333 = 0 THEN 'dead_address' WHEN n %% 70 = 1 THEN 'full' ELSE '' END,
    '', '{}', 1, %(at)s,
    CASE WHEN n %% 50 <> 0 AND n %% 3 = 0 THEN %(at)s + interval '1 hour' END,
    CASE WHEN n %% 50 <> 0 AND n %% 12 = 0 THEN %(at)s + interval '2 hours' END,
    CASE WHEN n %% 70 = 1 THEN %(at)s + interval '3 hours' END,
    CASE WHEN n %% 700 = 3 THEN %(at)s + interval '4 hours' END,
    CASE WHEN n %% 9000 = 3 THEN %(at)s + interval '5 hours' END
FROM generate_series(1, %(size)s) n
"""
EVENTS = """
INSERT INTO tracking_event (origin, at, kind, mailing, message, link, method, ip, user_agent, referer, fetched_for,
    is_machine, reasons, category, detail, folded_at)
SELECT 'bench:' || id || ':' || part, %(at)s + interval '1 hour' * part + interval '1 millisecond' * (id %% 86400),
    CASE WHEN part = 3 THEN 'click' ELSE 'open' END, %(mailing)s, id, CASE WHEN part = 3 THEN 1 + id %% 8 END, 'GET',
    ('10.0.' || id %% 250 || '.' || id %% 97)::inet, 'Mozilla/5.0 (X11) Firefox/140.' || id %% 40, '', '',
    id %% 4 = 0, '[]', '', '', %(at)s
FROM mailings_message, generate_series(1, 3) part WHERE mailing_id = %(mailing)s
"""


# what the fold would have kept
TOTALS = """
INSERT INTO mailings_linkcount (mailing_id, number, human, machine, people)
SELECT mailing, link, count(*) FILTER (WHERE NOT is_machine), count(*) FILTER (WHERE is_machine),
    count(DISTINCT message) FILTER (WHERE NOT is_machine)
FROM tracking_event WHERE mailing = %(mailing)s AND kind = 'click' GROUP BY 1, 2;
INSERT INTO mailings_hourcount (mailing_id, kind, hour, human, machine)
SELECT mailing, kind, date_trunc('hour', at), count(*) FILTER (WHERE NOT is_machine), count(*) FILTER (WHERE is_machine)
FROM tracking_event WHERE mailing = %(mailing)s GROUP BY 1, 2, 3;
UPDATE mailings_counts SET hits = '{"open": {"only_machine": 150000}, "click": {"only_machine": 40000}}'
"""


def figures(scale: Scale) -> Iterator[Figure]:
    size = scale.pick(1_000_000, 20_000)
    mailing = a_mailing(size)
    visitor = Client()
    visitor.force_login(User.objects.create_superuser("bench", "bench@example.org", "x"))
    with override_settings(ALLOWED_HOSTS=["*"]):
        pages = {tab: queries(visitor, f"/mailings/{mailing.pk}/{tab}") for tab in TABS}
        slowest = max(pages, key=lambda tab: pages[tab])
        yield Figure("reports.page", 1000 * pages[slowest], "ms", of=f"queries of {slowest}, {size} messages")
        path = f"/mailings/{mailing.pk}/messages/"
        middle = Message.objects.filter(mailing=mailing, pk__gte=first_of(mailing) + size * 7 // 10).earliest("pk").pk
        times = [time for asked in FILTERS for time in walked(visitor, path, asked, middle)]
        yield Figure(
            "reports.recipients",
            1000 * percentile(times, 0.95),
            "ms",
            of=f"{len(FILTERS)} filters, four pages from the start and four from 70 %",
        )


def a_mailing(size: int) -> Mailing:
    now = timezone.now()
    mailing = Mailing.objects.create(name="Fair", status="sent", started_at=now, finished_at=now)
    Link.objects.bulk_create(Link(mailing=mailing.pk, number=n, url=f"https://example.org/{n}") for n in range(1, 9))
    given: dict[str, Any] = {"mailing": mailing.pk, "size": size, "at": now}
    with connection.cursor() as cursor:
        cursor.execute(MESSAGES, given)
        cursor.execute(EVENTS, given)
        cursor.execute("VACUUM ANALYZE")
    statistics.refresh(mailing, now=now)
    breakdowns.count(mailing.pk, now=now)
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, given)
    return mailing


def queries(visitor: Client, path: str) -> float:
    """The median of what all queries of one page take together, in seconds."""
    taken = []
    for _round in count():
        with CaptureQueriesContext(connection) as caught:
            answer = visitor.get(path)
        assert answer.status_code == 200, path
        taken.append(sum(float(query["time"]) for query in caught.captured_queries))
        if len(taken) == ROUNDS:
            return sorted(taken)[ROUNDS // 2]
    raise AssertionError


def first_of(mailing: Mailing) -> int:
    return Message.objects.filter(mailing=mailing).earliest("pk").pk


def walked(visitor: Client, path: str, asked: str, middle: int) -> Iterator[float]:
    """Pages of a filter from its start and from far down the list, each as long as its queries take."""
    yield from pages(visitor, path, asked)
    yield from pages(visitor, path, f"{asked}{'&' if asked else '?'}after={middle}&at=700001")


def pages(visitor: Client, path: str, where: str) -> Iterator[float]:
    for _page in range(4):
        with CaptureQueriesContext(connection) as caught:
            answer = visitor.get(path + where)
        assert answer.status_code == 200, path + where
        yield sum(float(query["time"]) for query in caught.captured_queries)
        where = _next(answer.content.decode())
        if not where:
            return


def _next(page: str) -> str:
    found = re.search(r'href="([^"]*)" rel="next"', page)
    return html.unescape(found.group(1)).rpartition("/")[2] if found else ""
