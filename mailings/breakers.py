"""Breakers: a mailing that does harm stops by itself, says why, and goes on only when somebody has read it.

Shares are of what has been handed over, and at least of the first so many: a few bad addresses at the start stop nobody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum

from mailings import lifecycle, policy
from mailings.delivery import domains, sql
from mailings.models import Mailing, SendingPolicy, Tally

HARD = ("dead_address",)
OURS = ("auth", "block_sender")
DOMAIN_LEAST = 50  # messages to one domain, of which a share says something

# What came back later is in the journal; what was refused on the wire is there too. Each message counts once.
_CAME_BACK = """
SELECT count(DISTINCT message) FILTER (WHERE kind = 'bounce' AND category = ANY(%(hard)s)),
       count(DISTINCT message) FILTER (WHERE kind = 'complaint')
  FROM tracking_event WHERE mailing = %(mailing)s AND kind IN ('bounce', 'complaint')
"""
_REFUSED_LATER = """
SELECT split_part(m.address, '@', 2), count(DISTINCT m.id)
  FROM tracking_event e JOIN mailings_message m ON m.id = e.message AND m.state = 'sent'
 WHERE e.mailing = %(mailing)s AND e.kind = 'bounce' AND e.category = ANY(%(ours)s) GROUP BY 1
"""


@dataclass(frozen=True)
class Tripped:
    """One breaker that tripped. `code` names it, for a domain with the domain behind it."""

    code: str
    people: int
    of: int
    limit: float
    domain: str = ""

    @property
    def key(self) -> str:
        return f"{self.code}:{self.domain}" if self.domain else self.code

    @property
    def percent(self) -> float:
        return 100 * self.people / self.of


def watch(*, now: datetime) -> list[int]:
    """Look at everything that is being sent; pause what does harm. Returns the paused ones."""
    rules = policy.of_house()
    moving = Mailing.objects.filter(status=Mailing.Status.SENDING).defer("content", "compiled", "compiled_unseen")
    return [mailing.pk for mailing in moving if _look(mailing, rules, now)]


def _look(mailing: Mailing, rules: SendingPolicy, now: datetime) -> bool:
    found = [one for one in tripped(mailing, rules) if one.key not in mailing.tripped]
    if not found:
        return False
    worst = found[0]
    detail: dict[str, Any] = {"breaker": worst.code, "domain": worst.domain, "people": worst.people, "of": worst.of}
    detail |= {"limit": worst.limit, "keys": [one.key for one in found]}
    try:
        lifecycle.pause(mailing, by=None, now=now, **detail)
    except lifecycle.CannotMove:  # somebody was faster
        return False
    return True


def tripped(mailing: Mailing, rules: SendingPolicy) -> Sequence[Tripped]:
    """Say which breakers its figures trip, the gravest first. A few small queries, whatever its size."""
    summed = Tally.objects.filter(mailing=mailing).aggregate(sent=Sum("sent"), failed=Sum("failed"))
    handed_over = (summed["sent"] or 0) + (summed["failed"] or 0)
    if handed_over <= 0:
        return []
    of = max(handed_over, rules.breaker_first)
    bounced, complained = sql.rows(_CAME_BACK, {"mailing": mailing.pk, "hard": list(HARD)})[0]
    found = [
        Tripped("complaints", complained, of, rules.complaint_percent),
        Tripped("bounces", bounced, of, rules.bounce_percent),
        *_refusing(mailing, rules),
    ]
    return [one for one in found if one.percent > one.limit]


def _refusing(mailing: Mailing, rules: SendingPolicy) -> Iterator[Tripped]:
    later = dict(sql.rows(_REFUSED_LATER, {"mailing": mailing.pk, "ours": list(OURS)}))
    for domain in domains.of(mailing.pk):
        if domain.name:
            refused = domain.refused + later.get(domain.name, 0)
            of = max(domain.tried, min(DOMAIN_LEAST, rules.breaker_first))
            yield Tripped("refused", refused, of, rules.refused_percent, domain.name)
