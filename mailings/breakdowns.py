"""What a mailing's figures are made of: per mail domain, per device and program, why people left.

Counting a million messages takes a second, so it is done beside the pages and kept in one row per mailing; the fold marks the row as
old, the beat counts it again, at most once a minute.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailings import editions
from mailings.models import Breakdown, Mailing

DOMAINS = 25
AGENTS = 2_000
AT_MOST_EVERY = dt.timedelta(seconds=60)
BY_DOMAIN = """
    SELECT split_part(address, '@', 2) AS domain, count(*) FILTER (WHERE state = 'sent') AS sent,
        count(*) FILTER (WHERE state = 'sent' AND bounced_at IS NULL) AS delivered, count(opened_at), count(clicked_at),
        count(bounced_at), count(unsubscribed_at), count(complained_at)
    FROM mailings_message WHERE mailing_id = %s AND channel = 'email' AND address <> '' AND state IN ('sent', 'failed')
    GROUP BY 1 ORDER BY 2 DESC, 1
"""
BY_EDITION = """
    SELECT edition, count(*) FILTER (WHERE state = 'sent') AS sent,
        count(*) FILTER (WHERE state = 'sent' AND bounced_at IS NULL) AS delivered, count(opened_at), count(clicked_at),
        count(bounced_at), count(unsubscribed_at), count(complained_at)
    FROM mailings_message WHERE mailing_id = %s AND state IN ('sent', 'failed') GROUP BY 1 ORDER BY 1
"""
BY_AGENT = """
    SELECT user_agent, count(DISTINCT message) FROM tracking_event
    WHERE mailing = %s AND kind IN ('open', 'click') AND NOT is_machine GROUP BY 1 ORDER BY 2 DESC LIMIT %s
"""
# Why somebody left is kept with the block on their address; the newest one counts.
WHY = """
    SELECT coalesce(nullif(block.evidence ->> 'why', ''), 'untold'), count(*),
        (array_agg(block.evidence ->> 'words') FILTER (WHERE block.evidence ->> 'words' <> ''))[1:20]
    FROM mailings_message message CROSS JOIN LATERAL (
        SELECT evidence FROM consent_suppression found
        WHERE found.channel = message.channel AND found.address = message.address AND found.reason = 'unsubscribed'
        ORDER BY found.id DESC LIMIT 1
    ) block
    WHERE message.mailing_id = %s AND message.unsubscribed_at IS NOT NULL GROUP BY 1 ORDER BY 2 DESC
"""
DEVICES: Mapping[str, str | Promise] = {
    "phone": _("Phone"),
    "tablet": _("Tablet"),
    "computer": _("Computer"),
    "mail_store": _("Through the mail provider"),
    "other": _("Not told"),
}
# First match wins; the words that programs say of themselves.
PROGRAMS: Sequence[tuple[str, re.Pattern[str]]] = [
    (name, re.compile(words, re.IGNORECASE))
    for name, words in (
        ("Gmail", r"GoogleImageProxy|ggpht"),
        ("Yahoo Mail", r"YahooMailProxy|YahooMobile"),
        ("Outlook", r"outlook|microsoft office|msoffice"),
        ("Thunderbird", r"thunderbird"),
        ("Apple Mail", r"iPhone|iPad|Macintosh(?=.*AppleWebKit)(?!.*(?:Chrome|Safari))"),
        ("Samsung", r"SamsungBrowser"),
        ("Edge", r"\bEdg"),
        ("Opera", r"\bOPR/"),
        ("Firefox", r"Firefox|FxiOS"),
        ("Chrome", r"Chrome|CriOS"),
        ("Safari", r"Safari"),
    )
]
STORE = re.compile(r"GoogleImageProxy|ggpht|YahooMailProxy", re.IGNORECASE)
TABLET = re.compile(r"iPad|Tablet|Android(?!.*Mobile)|Silk/", re.IGNORECASE)
PHONE = re.compile(r"iPhone|Mobile|Windows Phone", re.IGNORECASE)
COMPUTER = re.compile(r"Windows NT|Macintosh|X11|CrOS|Thunderbird|outlook|msoffice", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Domain:
    """The recipients behind one mail domain, or of one edition."""

    name: str
    sent: int
    delivered: int
    opened: int
    clicked: int
    bounced: int
    unsubscribed: int
    complained: int


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the people, in words."""

    words: str | Promise
    people: int


@dataclass(frozen=True, slots=True)
class Why:
    code: str
    people: int
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Parts:
    """What is known of a mailing's parts, and when it was counted."""

    domains: Sequence[Domain] = ()
    devices: Sequence[Share] = ()
    programs: Sequence[Share] = ()
    whys: Sequence[Why] = ()
    editions: Sequence[tuple[int, Domain]] = ()  # by number; none when there is one
    counted_at: dt.datetime | None = None

    @property
    def most_devices(self) -> int:
        return max((share.people for share in self.devices), default=0)

    @property
    def most_programs(self) -> int:
        return max((share.people for share in self.programs), default=0)


def of(mailing: Mailing) -> Parts:
    """The parts as they were last counted: one row."""
    row = Breakdown.objects.filter(mailing=mailing).first()
    if row is None or row.counted_at is None:
        return Parts()
    kept = row.parts
    return Parts(
        [Domain(*one) for one in kept.get("domains", [])],
        [Share(DEVICES.get(code, code), people) for code, people in kept.get("devices", [])],
        [Share(name or _("Not told"), people) for name, people in kept.get("programs", [])],
        [Why(*one) for one in kept.get("whys", [])],
        _editions(mailing, kept.get("editions", [])),
        row.counted_at,
    )


def _editions(mailing: Mailing, kept: Sequence[list[Any]]) -> list[tuple[int, Domain]]:
    names = {one.mailing.edition: one.label for one in editions.tabs(mailing)} if kept else {}
    return [(number, Domain(names.get(number, str(number)), *figures)) for number, *figures in kept]


def mark(mailings: Iterable[int]) -> None:
    """What came in makes the parts of these mailings old."""
    numbers = list(mailings)
    Breakdown.objects.bulk_create([Breakdown(mailing_id=number) for number in numbers], ignore_conflicts=True)
    Breakdown.objects.filter(mailing__in=numbers, is_old=False).update(is_old=True)


def count_due(*, now: dt.datetime, limit: int = 20) -> int:
    """Count what is old and was not counted a moment ago; returns how many mailings."""
    rested = Q(counted_at=None) | Q(counted_at__lte=now - AT_MOST_EVERY)
    due = list(
        Breakdown.objects.filter(rested, is_old=True).order_by("counted_at").values_list("mailing", flat=True)[:limit]
    )
    for number in due:
        count(number, now=now)
    return len(due)


def count(mailing: int, *, now: dt.datetime) -> None:
    """Count the parts of a mailing and keep them. What comes in meanwhile makes them old again."""
    Breakdown.objects.update_or_create(mailing_id=mailing, defaults={"is_old": False})
    parts = _counted(mailing)
    Breakdown.objects.filter(mailing=mailing).update(parts=parts, counted_at=now)


def _counted(mailing: int) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(BY_DOMAIN, [mailing])
        domains = _with_rest(cursor.fetchall())
        cursor.execute(BY_AGENT, [mailing, AGENTS])
        agents = cursor.fetchall()
        cursor.execute(BY_EDITION, [mailing])
        worded = [list(row) for row in cursor.fetchall()]
        cursor.execute(WHY, [mailing])
        whys = [[code, people, words or []] for code, people, words in cursor.fetchall()]
    devices: Counter[str] = Counter()
    programs: Counter[str] = Counter()
    for agent, people in agents:
        devices[device(agent)] += people
        programs[program(agent)] += people
    return {
        "domains": domains,
        "devices": devices.most_common(),
        "programs": programs.most_common(12),
        "whys": whys,
        "editions": worded if len(worded) > 1 else [],
    }


def _with_rest(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """The largest domains, and the others as one, whose name is empty."""
    largest, others = [list(row) for row in rows[:DOMAINS]], rows[DOMAINS:]
    if not others:
        return largest
    return [*largest, ["", *(sum(int(row[place]) for row in others) for place in range(1, 8))]]


@lru_cache(maxsize=4096)
def device(agent: str) -> str:
    """What somebody held, as far as their program tells."""
    if STORE.search(agent):
        return "mail_store"
    for name, words in (("tablet", TABLET), ("phone", PHONE), ("computer", COMPUTER)):
        if words.search(agent):
            return name
    return "other"


@lru_cache(maxsize=4096)
def program(agent: str) -> str:
    """The mail program or browser, as far as it tells; empty when it does not."""
    return next((name for name, words in PROGRAMS if words.search(agent)), "")
