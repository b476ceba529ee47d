"""The mailings of De Werkbank around today, as the story needs them. Pure."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from demo.data import letters
from demo.data.letters import Content

SATURDAY = 5
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Fate(StrEnum):
    """Where a mailing stands when the demo begins."""

    SENT = "sent"
    STOPPED = "stopped"  # part of it went out before somebody pressed Cancel
    SCHEDULED = "scheduled"
    DRAFT = "draft"


@dataclass(frozen=True)
class Planned:
    name: str
    subject: str
    preheader: str
    type: str  # code of a subscription type
    lists: tuple[str, ...]  # names of selections and projects
    letter: Callable[[str], Content]
    fate: Fate
    at: dt.datetime  # when it started, will start, or was last changed
    owner: int  # place in the list of our own people
    opens: float = 0.38  # how many of all people it interested
    clicks: float = 0.06


def open_day_after(today: dt.date) -> dt.date:
    """The Saturday at least eighteen days ahead."""
    day = today + dt.timedelta(days=18)
    return day + dt.timedelta(days=(SATURDAY - day.weekday()) % 7)


def working_day_after(today: dt.date, days: int) -> dt.date:
    """The first day that is at least `days` ahead and no Saturday or Sunday."""
    day = today + dt.timedelta(days=days)
    return day + dt.timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= SATURDAY else 0)


def weekday_before(today: dt.date, weeks: int, weekday: int) -> dt.date:
    """The given weekday (Monday is 0), `weeks` weeks back counted from the week of `today`, and never today."""
    return today - dt.timedelta(days=(today.weekday() - weekday - 1) % 7 + 1 + 7 * (weeks - 1))


def mailings(now: dt.datetime, zone: dt.tzinfo) -> list[Planned]:
    """All mailings, oldest first."""
    today = now.astimezone(zone).date()

    def at(weeks: int, weekday: int, hour: int, minute: int = 0) -> dt.datetime:
        return dt.datetime.combine(weekday_before(today, weeks, weekday), dt.time(hour, minute), tzinfo=zone)

    def soon(days: int, hour: int) -> dt.datetime:
        return dt.datetime.combine(working_day_after(today, days), dt.time(hour), tzinfo=zone)

    party = open_day_after(today)
    letter_of_day = partial(letters.open_day, day=f"{party:%A %-d} {MONTHS[party.month - 1]}")
    newest, older, oldest = at(1, 3, 10), at(5, 3, 10), at(10, 3, 10)
    next_month = MONTHS[(newest.month) % 12]
    newsletter, events, donors = ("Newsletter readers",), ("Events, region Rotterdam",), ("Donors",)
    return [
        Planned(f"{month(oldest)} newsletter", "The Loods is open again", "Fresh sawdust and a new fume hood",
                "newsletter", newsletter, letters.after_summer, Fate.SENT, oldest, 0, 0.36, 0.05),
        Planned(f"{month(older)} newsletter", "Hands that think", "Measured at our own benches",
                "newsletter", newsletter, letters.hands_that_think, Fate.SENT, older, 0, 0.37, 0.055),
        Planned("Invitation: employers’ breakfast", "Coffee, and what the CAO means", "Twenty minutes, one lawyer",
                "events", ("Employers",), letters.breakfast, Fate.SENT, at(3, 3, 7), 0, 0.48, 0.13),
        Planned("Black Friday: training vouchers", "A course for the price of lunch", "Only this week",
                "product-news", newsletter, letters.vouchers, Fate.STOPPED, at(2, 0, 8, 2), 1, 0.2, 0.01),
        Planned("Thank you, and your yearly statement", f"Your gifts in {newest:%Y}", "Eleven toolboxes",
                "donor-letters", donors, letters.yearly_statement, Fate.SENT, at(2, 2, 9), 0, 0.51, 0.09),
        Planned("Seats left: Coaching for managers", "Two seats left, because somebody had to sail", "One day, one bench",
                "events", (*events, "Employers"), letters.seats_left, Fate.SENT, at(1, 1, 14, 30), 2, 0.45, 0.094),
        Planned(f"{month(newest)} newsletter", "What we learned from 40 employers", "They do not ask for diplomas",
                "newsletter", newsletter, letters.employers_report, Fate.SENT, newest, 0, 0.38, 0.12),
        Planned("Year-end appeal", "One gift, a whole year of craft", "For what a bicycle costs",
                "donor-letters", donors, letters.appeal, Fate.SCHEDULED, soon(1, 10), 1),
        Planned("Christmas dinner for apprentices", "Soup, and who brings the pudding", "Bring a friend, bring a bowl",
                "events", (f"Apprentices {party.year}",), letters.dinner, Fate.SCHEDULED, soon(8, 10), 0),
        Planned(f"{next_month} newsletter", "", "", "newsletter", (), letters.empty, Fate.DRAFT,
                now - dt.timedelta(hours=2), 2),
        Planned("Autumn letter to donors", "A roof for forty apprentices", "Half of it is there",
                "donor-letters", donors, letters.roof, Fate.DRAFT, now - dt.timedelta(minutes=40), 0),
        Planned(f"Open day {party:%-d} {MONTHS[party.month - 1]}",
                "See the workshop from the inside, [[customer.firstname|friend]]",
                f"{party:%A %-d} {MONTHS[party.month - 1]}, 10:00 to 16:00, soup included",
                "events", (*events, f"Open day {party.year - 1}", "stand-onderwijsbeurs.xlsx"), letter_of_day,
                Fate.DRAFT, now - dt.timedelta(minutes=4), 0),
    ]  # fmt: skip


def month(day: dt.datetime) -> str:
    return MONTHS[day.month - 1]
