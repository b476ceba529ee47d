"""Bars of hours as plain SVG: paths and labels worked out here, drawn by a template. No script, no style attribute.

Places are texts: a template would write the number 12.5 as "12,5" in Dutch.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import localtime

HOURS = 48
LEFT, TOP, BOTTOM, STEP, WIDTH = 40.0, 26.0, 184.0, 14.2, 10.8
EVERY = 8  # hours between two labels


@dataclass(frozen=True, slots=True)
class Hour:
    at: dt.datetime
    human: int = 0
    machine: int = 0

    @property
    def total(self) -> int:
        return self.human + self.machine


@dataclass(frozen=True, slots=True)
class Label:
    x: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    y: str
    number: int


@dataclass(frozen=True, slots=True)
class Chart:
    """People solid, machines hatched on top of them."""

    human: str  # the path of all bars
    machine: str
    labels: Sequence[Label]
    lines: Sequence[Line]
    highest: Hour
    highest_x: str
    highest_y: str
    is_right: bool  # the words of the highest point stand left of it
    hours: Sequence[Hour]


def hours_from(start: dt.datetime, known: Sequence[Hour]) -> list[Hour]:
    """The first 48 hours from the start, those without a hit included."""
    first = start.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    by_hour = {hour.at: hour for hour in known}
    all_hours = (first + dt.timedelta(hours=number) for number in range(HOURS))
    return [by_hour.get(at) or Hour(at) for at in all_hours]


def draw(hours: Sequence[Hour]) -> Chart | None:
    """Draw the hours; nothing to draw gives None."""
    highest = max(hours, key=lambda hour: hour.total)
    if not highest.total:
        return None
    step = _step(highest.total)
    top = step * -(-highest.total // step)
    place = hours.index(highest)
    return Chart(
        human="".join(_bar(n, 0, hour.human, top) for n, hour in enumerate(hours) if hour.human),
        machine="".join(_bar(n, hour.human, hour.total, top) for n, hour in enumerate(hours) if hour.machine),
        labels=[Label(f"{_x(n):g}", _said(hours[n].at, n)) for n in range(0, len(hours), EVERY)],
        lines=[Line(f"{_y(number, top):g}", number) for number in range(0, top + 1, step)],
        highest=highest,
        highest_x=f"{_x(place) + (-6 if place > HOURS / 2 else WIDTH + 6):g}",
        highest_y=f"{max(_y(highest.total, top) + 8, 12):g}",
        is_right=place > HOURS / 2,
        hours=hours,
    )


def _step(highest: int) -> int:
    """A round number that fits the highest bar two to five times."""
    scale = 1
    while True:
        for step in (1, 2, 5):
            if highest <= step * scale * 4:
                return step * scale
        scale *= 10


def _x(number: int) -> float:
    return round(LEFT + number * STEP, 1)


def _y(number: float, top: int) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * number / top, 1)


def _bar(number: int, low: int, high: int, top: int) -> str:
    return f"M{_x(number)} {_y(low, top)}V{_y(high, top)}h{WIDTH}V{_y(low, top)}z"


def _said(at: dt.datetime, number: int) -> str:
    local = localtime(at)
    new_day = number == 0 or local.hour < EVERY
    return date_format(local, "D H:i" if new_day else "H:i")
