"""How long an address is tried whose mail keeps coming back for a reason that may pass. Pure.

A full mailbox, a sleeping account or a server that is down is no reason to give somebody up; five mailings in a row over two
weeks are. The count goes up once per mailing and at most once a day, and starts anew when somebody clicks or a later mail
arrives (reference, section 4.2). Nobody is given up for what is the sender's fault.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tracking.vocabulary import Category

ENOUGH = 5
TRIED_AGAIN_AFTER = dt.timedelta(days=90)  # then one mail is tried: the next that comes back is enough
ARRIVED_AFTER = dt.timedelta(
    days=5
)  # a mail that is not back by then has arrived: mail systems give up after five days
# What may pass. A report that nobody understood counts too: whoever is alive clicks one day.
COUNTED = frozenset({Category.INACTIVE, Category.FULL, Category.TRANSIENT, Category.UNKNOWN})


class Interest(StrEnum):
    """Whether anybody ever opened or clicked what we sent there."""

    UNTOLD = "untold"  # nothing that could tell was ever sent
    NEVER = "never"
    SHOWN = "shown"


SPAN = {  # from the first to the last of the run, at least
    Interest.UNTOLD: dt.timedelta(days=14),
    Interest.NEVER: dt.timedelta(days=7),
    Interest.SHOWN: dt.timedelta(days=10),
}


@dataclass(frozen=True, slots=True)
class Run:
    """How often in a row mail to an address came back, and since when."""

    count: int
    first_at: dt.datetime | None
    last_at: dt.datetime | None

    def is_enough(self, interest: Interest) -> bool:
        if self.first_at is None or self.last_at is None:
            return False
        return self.count >= ENOUGH and self.last_at - self.first_at >= SPAN[interest]


def run(moments: Sequence[dt.datetime]) -> Run:
    """Count the moments, one per mailing, at most one a day."""
    days = {at.astimezone(dt.UTC).date() for at in moments}
    return Run(len(days), min(moments, default=None), max(moments, default=None))
