"""One program at one address that clicks for many recipients of a mailing within a minute: no office is that quick.

What a shared office looks like is the same address with many programs, spread over minutes; a scanner is one program. Both have to
agree. Opens are left out: a mail provider's picture store asks for thousands of readers from one address, and rightly so.
"""

import datetime as dt
import ipaddress
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection

from tracking.judge import Measure

# The clicks of a mailing in a span of time, by addresses that clicked for enough recipients in it: nearly always none.
# The addresses are a list, so that PostgreSQL hashes them: one pass over that time, never a look per address.
AROUND = """
    WITH near AS MATERIALIZED (
        SELECT ip, user_agent, at, id, message FROM tracking_event
        WHERE mailing = %(mailing)s AND kind = 'click' AND at BETWEEN %(first)s AND %(last)s AND method = 'GET'
          AND ip = ANY(%(addresses)s::inet[])
    )
    SELECT host(ip), user_agent, at, id, message FROM near
    WHERE ip IN (SELECT ip FROM near GROUP BY ip HAVING count(DISTINCT message) >= %(crowd)s)
"""
type Click = tuple[dt.datetime, int, int]  # at, event, message


def around(fresh: Iterable[tuple[int, str, dt.datetime]], measure: Measure) -> dict[int, int]:
    """The clicks that are a crowd's, of new clicks (mailing, address, at) and around them: event number → message number.

    An address that was shortened since says nothing and is left out.
    """
    by_mailing: dict[int, tuple[set[str], list[dt.datetime]]] = {}
    for mailing, ip, at in fresh:
        if not is_shortened(ip):
            addresses, moments = by_mailing.setdefault(mailing, (set(), []))
            addresses.add(ip)
            moments.append(at)
    return {
        event: message
        for mailing, (addresses, moments) in by_mailing.items()
        for event, message in _of_mailing(mailing, addresses, moments, measure)
    }


@lru_cache(maxsize=4096)
def is_shortened(ip: str) -> bool:
    """Say whether an address was cut to its network after a month (mailings.retention)."""
    return ip.endswith(".0") or (":" in ip and int(ipaddress.ip_address(ip)) & ((1 << 80) - 1) == 0)


def _of_mailing(
    mailing: int, addresses: Collection[str], moments: Sequence[dt.datetime], measure: Measure
) -> Iterator[tuple[int, int]]:
    span = dt.timedelta(seconds=measure.crowd_within)
    given: dict[str, Any] = {"mailing": mailing, "addresses": f"{{{','.join(addresses)}}}", "crowd": measure.crowd}
    given |= {"first": min(moments) - span, "last": max(moments) + span}
    with connection.cursor() as cursor:
        cursor.execute(AROUND, given)
        rows = cursor.fetchall()
    by_program: dict[tuple[str, str], list[Click]] = defaultdict(list)
    for ip, agent, at, event, message in rows:
        by_program[ip, agent].append((at, event, message))
    for clicks in by_program.values():
        yield from _crowded(sorted(clicks), measure, span)


def _crowded(clicks: Sequence[Click], measure: Measure, span: dt.timedelta) -> Iterable[tuple[int, int]]:
    """The clicks of one program that stand in a window with enough recipients."""
    window: Counter[int] = Counter()
    first = marked = 0
    for last, (at, _event, message) in enumerate(clicks):
        window[message] += 1
        while at - clicks[first][0] > span:
            window -= Counter([clicks[first][2]])
            first += 1
        if len(window) >= measure.crowd:
            yield from ((event, of) for _at, event, of in clicks[max(first, marked) : last + 1])
            marked = last + 1
