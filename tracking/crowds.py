"""One program at one address that clicks for many recipients of a mailing within a minute: no office is that quick.

What a shared office looks like is the same address with many programs, spread over minutes; a scanner is one program. Both have to
agree. Opens are left out: a mail provider's picture store asks for thousands of readers from one address, and rightly so.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.db import connection

from tracking.judge import Measure

# The clicks around those of a batch, by addresses that clicked for enough recipients in that time: nearly always none.
# One pass over the time that the batch spans, joined by hash: never a look per address.
AROUND = """
    WITH fresh AS MATERIALIZED (
        SELECT mailing, ip, at FROM tracking_event
        WHERE id = ANY(%(batch)s) AND kind = 'click' AND ip IS NOT NULL AND method = 'GET'
          AND ip <> host(network(set_masklen(ip, CASE family(ip) WHEN 4 THEN 24 ELSE 48 END)))::inet  -- shortened since
    ), span AS (
        SELECT mailing, min(at) - make_interval(secs => %(span)s) AS first, max(at) + make_interval(secs => %(span)s) AS last
        FROM fresh GROUP BY mailing
    ), near AS MATERIALIZED (
        SELECT event.mailing, event.ip, event.user_agent, event.at, event.id, event.message
        FROM span JOIN tracking_event event ON event.mailing = span.mailing AND event.kind = 'click'
          AND event.at BETWEEN span.first AND span.last AND event.method = 'GET'
        WHERE (event.mailing, event.ip) IN (SELECT mailing, ip FROM fresh)
    ), crowded AS (
        SELECT mailing, ip FROM near GROUP BY mailing, ip HAVING count(DISTINCT message) >= %(crowd)s
    )
    SELECT mailing, ip::text, user_agent, at, id, message FROM near
    WHERE (mailing, ip) IN (SELECT mailing, ip FROM crowded)
"""
type Click = tuple[dt.datetime, int, int]  # at, event, message


def around(batch: Collection[int], measure: Measure) -> dict[int, int]:
    """The clicks that are a crowd's, of this batch and around it: event number → message number."""
    span = dt.timedelta(seconds=measure.crowd_within)
    with connection.cursor() as cursor:
        cursor.execute(AROUND, {"batch": list(batch), "span": measure.crowd_within, "crowd": measure.crowd})
        rows = cursor.fetchall()
    by_program: dict[tuple[int, str, str], list[Click]] = defaultdict(list)
    for mailing, ip, agent, *click in rows:
        by_program[mailing, ip, agent].append((click[0], click[1], click[2]))
    return {
        event: message for clicks in by_program.values() for event, message in _crowded(sorted(clicks), measure, span)
    }


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
