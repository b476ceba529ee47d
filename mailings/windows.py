"""When a mailing may go: on some days of the week, between two hours, by our clock or by the recipient's own.

Pure. A window that closes before it opens goes on past midnight and belongs to the day it opens on.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

OURS, THEIRS = "ours", "theirs"
WEEK = 7
EVERY_DAY = frozenset(range(WEEK))


@dataclass(frozen=True)
class Window:
    """Monday is day 0. `whose` says by which clock: ours, or each recipient's."""

    days: frozenset[int]
    opens: dt.time
    closes: dt.time
    whose: str = OURS

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Window | None":
        """Read what a mailing keeps; None when it may go at any hour."""
        if not kept:
            return None
        return cls(
            frozenset(int(day) for day in kept["days"]),
            dt.time.fromisoformat(kept["opens"]),
            dt.time.fromisoformat(kept["closes"]),
            kept.get("whose", OURS),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "days": sorted(self.days),
            "opens": f"{self.opens:%H:%M}",
            "closes": f"{self.closes:%H:%M}",
            "whose": self.whose,
        }

    def is_open(self, at: dt.datetime, zone: ZoneInfo) -> bool:
        return self.opening(at, zone) == at

    def opening(self, at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
        """The first moment from `at` on at which it is open: `at` itself when it is open now."""
        day = at.astimezone(zone).date() - dt.timedelta(days=1)  # yesterday's may still be open
        for ahead in range(WEEK + 2):
            on = day + dt.timedelta(days=ahead)
            if on.weekday() not in self.days:
                continue
            opens, closes = self._on(on, zone)
            if at < closes:
                return max(at, opens)
        return at  # no day at all: the form refuses that, and a mailing must not wait for ever

    def _on(self, day: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
        """When it opens and closes, begun on this day. A wall clock that a night jumps over is an hour later."""
        opens = dt.datetime.combine(day, self.opens, zone).astimezone(dt.UTC)
        ends = day if self.closes > self.opens else day + dt.timedelta(days=1)
        return opens, dt.datetime.combine(ends, self.closes, zone).astimezone(dt.UTC)
