"""What happened to a mailing, line by line, as its page tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser, User
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailings.models import Happening, Mailing

QUIET = timedelta(minutes=10)  # the same trouble is told once in this time
SHOWN = 20


@dataclass(frozen=True)
class Line:
    """One line: a sentence in bold, perhaps more beside it, and the words of a server behind a fold."""

    at: datetime
    words: str
    more: str = ""
    answer: str = ""
    is_trouble: bool = False


def note(mailing: int, kind: str, *, now: datetime, by: User | AnonymousUser | None = None, **detail: object) -> None:
    """Write a line of "What happened"."""
    person = by if isinstance(by, User) else None
    Happening.objects.create(mailing_id=mailing, at=now, kind=kind, detail=detail, by=person)


def note_trouble(mailing: int, kind: str, answer: str, *, now: datetime) -> None:
    """Write down what stands in the way, unless it stood there minutes ago."""
    if not Happening.objects.filter(mailing=mailing, kind=kind, at__gt=now - QUIET).exists():
        note(mailing, kind, now=now, answer=answer[:1000])


def told(mailing: Mailing) -> Sequence[Line]:
    """The latest lines in words, newest first."""
    found = Happening.objects.filter(mailing=mailing).select_related("by").order_by("-at", "-pk")[:SHOWN]
    return [_line(happening) for happening in found]


def _line(happening: Happening) -> Line:
    given, kind = happening.detail, happening.kind
    words = _words(happening)
    if kind == "started":
        gets = number_format(given.get("gets", 0), force_grouping=True)
        more = ngettext("To %(n)s person.", "To %(n)s people.", given.get("gets", 0)) % {"n": gets}
        return Line(happening.at, words, more)
    if kind == "paused" and given.get("why"):
        words = _("Paused by itself: the mail server refuses us.")
        more = _("Mend the account, then resume. Nobody is lost.")
        return Line(happening.at, words, more, answer=str(given["why"]), is_trouble=True)
    if kind == "server_away":
        more = _("We try again every few seconds. Nobody is lost.")
        return Line(happening.at, words, more, answer=str(given.get("answer", "")), is_trouble=True)
    if kind in ("no_room", "not_started"):
        answer = str(given.get("answer") or " ".join(given.get("problems", [])))
        return Line(happening.at, words, answer=answer, is_trouble=True)
    return Line(happening.at, words)


def _words(happening: Happening) -> str:
    """The sentence of a kind, with the name of who did it where somebody did."""
    at = parse_datetime(str(happening.detail.get("at", "")))
    moment = date_format(localtime(at), "l j F, H:i") if at else ""
    name = (happening.by.get_full_name() or happening.by.get_username()) if happening.by else ""
    by_somebody = {
        "started": _("Started by %(name)s."),
        "scheduled": _("Planned for %(moment)s by %(name)s."),
        "unscheduled": _("Taken off the schedule by %(name)s."),
        "paused": _("Paused by %(name)s."),
        "resumed": _("Resumed by %(name)s."),
        "cancelled": _("Cancelled by %(name)s."),
    }
    by_itself = {
        "started": _("Started."),
        "scheduled": _("Planned for %(moment)s."),
        "unscheduled": _("Taken off the schedule."),
        "paused": _("Paused."),
        "resumed": _("Resumed."),
        "cancelled": _("Cancelled."),
        "finished": _("Finished."),
        "server_away": _("The mail server does not answer."),
        "no_room": _("There is no room on the disk to keep a record, so nothing is handed over."),
        "not_started": _("It could not start when its time came."),
    }
    sentences = by_itself | by_somebody if name else by_itself
    return sentences.get(happening.kind, happening.kind) % {"name": name, "moment": moment}
