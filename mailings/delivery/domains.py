"""How far a mailing is with each of its largest domains: a few rows, whatever the size of the audience."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mailings.delivery import sql

LARGEST = 30  # domains that have a row of their own; all the others are the empty one
SLOTS = 8  # rows per domain, so that workers do not wait for each other
COLUMNS = ("sent", "deferred", "failed", "refused", "dead", "other")

_OPEN = """
WITH counted AS (
    SELECT split_part(address, '@', 2) AS domain, count(*) AS people
      FROM mailings_message WHERE mailing_id = %(mailing)s AND state = 'pending' GROUP BY 1
), ranked AS (
    SELECT CASE WHEN row_number() OVER (ORDER BY people DESC, domain) <= %(largest)s THEN domain ELSE '' END AS domain,
           people
      FROM counted
)
INSERT INTO mailings_domaintally (mailing_id, domain, slot, domains, people, sent, deferred, failed, refused, dead, other)
SELECT %(mailing)s, domain, 0, count(*), sum(people), 0, 0, 0, 0, 0, 0 FROM ranked GROUP BY domain
"""
_RECOUNT = """
UPDATE mailings_domaintally t SET people = n.people
  FROM (SELECT CASE WHEN known.domain IS NULL THEN '' ELSE m.domain END AS domain, sum(m.people) AS people
          FROM (SELECT split_part(address, '@', 2) AS domain, count(*) AS people FROM mailings_message
                 WHERE mailing_id = %(mailing)s AND state NOT IN ('held', 'cancelled') GROUP BY 1) m
          LEFT JOIN mailings_domaintally known
            ON known.mailing_id = %(mailing)s AND known.slot = 0 AND known.domain = m.domain
         GROUP BY 1) n
 WHERE t.mailing_id = %(mailing)s AND t.slot = 0 AND t.domain = n.domain
"""
_ADD = """
INSERT INTO mailings_domaintally AS t
       (mailing_id, domain, slot, domains, people, sent, deferred, failed, refused, dead, other)
SELECT %(mailing)s, v.domain, %(slot)s, 0, 0, v.sent, v.deferred, v.failed, v.refused, v.dead, v.other
  FROM (SELECT coalesce(known.domain, '') AS domain, sum(given.sent) AS sent, sum(given.deferred) AS deferred,
               sum(given.failed) AS failed, sum(given.refused) AS refused, sum(given.dead) AS dead,
               sum(given.other) AS other
          FROM unnest(%(domains)s::text[], %(sent)s::int[], %(deferred)s::int[], %(failed)s::int[], %(refused)s::int[],
                      %(dead)s::int[], %(other)s::int[]) AS given (domain, sent, deferred, failed, refused, dead, other)
          LEFT JOIN mailings_domaintally known
            ON known.mailing_id = %(mailing)s AND known.slot = 0 AND known.domain = given.domain
         GROUP BY 1 ORDER BY 1) v
ON CONFLICT (mailing_id, domain, slot) DO UPDATE
   SET sent = t.sent + excluded.sent, deferred = t.deferred + excluded.deferred, failed = t.failed + excluded.failed,
       refused = t.refused + excluded.refused, dead = t.dead + excluded.dead, other = t.other + excluded.other
"""
_SUMMED = """
SELECT domain, sum(domains), sum(people), sum(sent), sum(deferred), sum(failed), sum(refused), sum(dead), sum(other)
  FROM mailings_domaintally WHERE mailing_id = %(mailing)s GROUP BY domain ORDER BY domain = '', 3 DESC, 1
"""
_OF_MESSAGES = "SELECT id, split_part(address, '@', 2) FROM mailings_message WHERE id = ANY(%(numbers)s)"


@dataclass(frozen=True)
class Domain:
    """One of the largest domains, or with an empty name all the others together."""

    name: str
    others: int
    people: int
    sent: int
    deferred: int
    failed: int
    refused: int
    dead: int
    other: int

    @property
    def tried(self) -> int:
        return self.sent + self.failed

    @property
    def waiting(self) -> int:
        return max(0, self.people - self.sent - self.failed - self.other)


def open_tallies(mailing: int) -> None:
    """Find the largest domains of a frozen audience."""
    sql.run(_OPEN, {"mailing": mailing, "largest": LARGEST})


def recount(mailing: int) -> None:
    """Count the people anew after some were added."""
    sql.run(_RECOUNT, {"mailing": mailing})


def of_messages(numbers: Iterable[int]) -> dict[int, str]:
    """Whose mail it is, for the messages of a chunk whose worker is gone."""
    return dict(sql.rows(_OF_MESSAGES, {"numbers": list(numbers)}))


def add(mailing: int, changed: Mapping[str, Counter[str]]) -> None:
    """Add what became of some messages: {domain: {"sent": 12, "failed": 1, …}}. One statement."""
    if not changed:
        return
    names = sorted(changed)
    columns = {column: [changed[name][column] for name in names] for column in COLUMNS}
    sql.run(_ADD, {"mailing": mailing, "slot": 1 + os.getpid() % SLOTS, "domains": names, **columns})


def of(mailing: int) -> Sequence[Domain]:
    """The largest first, the others last."""
    return [Domain(*row) for row in sql.rows(_SUMMED, {"mailing": mailing})]
