"""What happened to a mailing, line by line, as its page tells it."""

from collections.abc import Callable, Sequence
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


SETBACKS = ("not_started", "too_late", "declined")


def setback(mailing: Mailing) -> Line | None:
    """Why a draft that was planned or asked for is a draft again, when that is the last thing that happened."""
    last = Happening.objects.filter(mailing=mailing).select_related("by").order_by("-at", "-pk").first()
    return _line(last) if last and last.kind in SETBACKS else None


def _line(happening: Happening) -> Line:
    given, kind = happening.detail, happening.kind
    words = _words(happening)
    if kind == "started":
        gets = number_format(given.get("gets", 0), force_grouping=True)
        more = ngettext("To %(n)s person.", "To %(n)s people.", given.get("gets", 0)) % {"n": gets}
        return Line(happening.at, words, more)
    if kind in TELLERS:
        return TELLERS[kind](happening, words)
    if kind == "paused" and given.get("breaker"):
        return _tripped(happening)
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


def breakers_of_pause(mailing: Mailing) -> list[str]:
    """The breakers that paused it, when one did; none when somebody or a server did."""
    last = Happening.objects.filter(mailing=mailing, kind="paused").order_by("-at", "-pk").first()
    return list(last.detail.get("keys", [])) if last and last.detail.get("breaker") else []


def tripped(mailing: Mailing) -> Line | None:
    """What the breaker that paused it saw; None when it was paused otherwise."""
    last = Happening.objects.filter(mailing=mailing, kind="paused").order_by("-at", "-pk").first()
    return _tripped(last) if last and last.detail.get("breaker") else None


def _tripped(happening: Happening) -> Line:
    """What a breaker saw, and what to do about it."""
    given = happening.detail
    figures = {
        "people": number_format(given["people"], force_grouping=True),
        "of": number_format(given["of"], force_grouping=True),
        "limit": number_format(given["limit"]),
        "domain": given.get("domain", ""),
    }
    words, more = {
        "bounces": (
            _(
                "Paused by itself: %(people)s of %(of)s came back from addresses that do not exist, more than %(limit)s %%."
            ),
            _(
                "The list is old or was bought. Look at who bounced, take the stale source off, and clean the list first."
            ),
        ),
        "complaints": (
            _("Paused by itself: %(people)s of %(of)s called it spam, more than %(limit)s %%."),
            _("People did not expect this mail. Look at where their consent comes from before anybody else gets it."),
        ),
        "refused": (
            _("Paused by itself: %(domain)s refused %(people)s of %(of)s because of us, more than %(limit)s %%."),
            _("Check SPF, DKIM and DMARC of the From domain, and the words of the server below its bounces."),
        ),
    }[given["breaker"]]
    return Line(happening.at, words % figures, more, is_trouble=True)


def _declined(happening: Happening, words: str) -> Line:
    return Line(happening.at, words, str(happening.detail.get("why", "")), is_trouble=True)


def _asked(happening: Happening, words: str) -> Line:
    people = happening.detail.get("gets", 0)
    more = ngettext("It goes to %(n)s person.", "It goes to %(n)s people.", people)
    return Line(happening.at, words, more % {"n": number_format(people, force_grouping=True)})


def _too_late(happening: Happening, words: str) -> Line:
    more = _("Send it now, or choose another moment.")
    return Line(happening.at, words, more, is_trouble=True)


def _again(happening: Happening, words: str) -> Line:
    gets, held = happening.detail.get("gets", 0), happening.detail.get("held", 0)
    more = ngettext("To %(n)s person.", "To %(n)s people.", gets) % {"n": number_format(gets, force_grouping=True)}
    if held:
        more += " " + ngettext("%(n)s is held.", "%(n)s are held.", held) % {"n": number_format(held)}
    return Line(happening.at, words, more)


def _slowed(happening: Happening, words: str) -> Line:
    speed = number_format(round(happening.detail.get("speed", 0)), force_grouping=True)
    more = _("From now on %(speed)s per minute; more again as it goes well.") % {"speed": speed}
    return Line(happening.at, words, more, answer=str(happening.detail.get("answer", "")), is_trouble=True)


def _overriding(happening: Happening, words: str) -> Line:
    return Line(happening.at, words, str(happening.detail.get("reason", "")))


TELLERS: dict[str, Callable[[Happening, str], Line]] = {
    "declined": _declined,
    "approval_asked": _asked,
    "too_late": _too_late,
    "again": _again,
    "joined": _again,
    "slowed": _slowed,
    "override_asked": _overriding,
    "override_approved": _overriding,
    "override_refused": _overriding,
}


def _words(happening: Happening) -> str:
    """The sentence of a kind, with the name of who did it where somebody did."""
    at = parse_datetime(str(happening.detail.get("at", "")))
    moment = date_format(localtime(at), "l j F, H:i") if at else ""
    name = (happening.by.get_full_name() or happening.by.get_username()) if happening.by else ""
    by_somebody = {
        "started": _("Started by %(name)s."),
        "answering": _("Answers forms since, started by %(name)s."),
        "scheduled": _("Planned for %(moment)s by %(name)s."),
        "unscheduled": _("Taken off the schedule by %(name)s."),
        "paused": _("Paused by %(name)s."),
        "resumed": _("Resumed by %(name)s."),
        "cancelled": _("Cancelled by %(name)s."),
        "opened": _("Opened to later joiners by %(name)s."),
        "closed": _("Closed to later joiners by %(name)s."),
        "posted": _("Put into the post by %(name)s."),
        "taken_back": _("The letters were thrown away by %(name)s, to be made again."),
        "undone": _("Taken back by %(name)s before anybody got it."),
        "approval_asked": _("%(name)s asks for approval."),
        "approved": _("Approved by %(name)s."),
        "declined": _("Declined by %(name)s."),
        "override_asked": _("%(name)s asks to send without consent."),
        "override_approved": _("%(name)s approved sending without consent."),
        "override_refused": _("%(name)s refused sending without consent."),
        "override_withdrawn": _("%(name)s took sending without consent back."),
        "again": _("Sent again by %(name)s, to those it had not reached."),
        "arrived": _("%(name)s knows that it arrived where no answer had been seen."),
        "sent_again": _("%(name)s sends it once more where no answer had been seen."),
        "lifted": _("%(name)s lifted what %(group)s had asked for."),
        "trial_won": _("%(name)s chose variant %(variant)s for everybody else."),
        "trial_even": _("%(name)s let each variant go to an equal part of everybody else."),
    }
    by_itself = {
        "started": _("Started."),
        "answering": _("Answers forms since."),
        "scheduled": _("Planned for %(moment)s."),
        "unscheduled": _("Taken off the schedule."),
        "paused": _("Paused."),
        "resumed": _("Resumed."),
        "cancelled": _("Cancelled."),
        "finished": _("Finished."),
        "opened": _("Opened to later joiners."),
        "closed": _("Closed to later joiners."),
        "posted": _("Put into the post."),
        "taken_back": _("The letters were thrown away, to be made again."),
        "undone": _("Taken back before anybody got it."),
        "approval_asked": _("Approval is asked for."),
        "approved": _("Approved."),
        "declined": _("Declined."),
        "again": _("Sent again, to those it had not reached."),
        "arrived": _("It arrived where no answer had been seen."),
        "sent_again": _("Sent once more where no answer had been seen."),
        "trial_won": _("Variant %(variant)s won and goes to everybody else."),
        "trial_even": _("No variant won: each goes to an equal part of everybody else."),
        "trial_open": _("No variant won: somebody has to choose."),
        "never_arrived": _("The provider knows nothing of some whose answer was never seen: they have failed."),
        "joined": _("Somebody joined the sources since."),
        "slowed": _("%(group)s asks us to slow down."),
        "lifted": _("What %(group)s had asked for was lifted."),
        "too_late": _("It should have started on %(moment)s, and that was too long ago to start by itself."),
        "server_away": _("The mail server does not answer."),
        "no_room": _("There is no room on the disk to keep a record, so nothing is handed over."),
        "not_started": _("It could not start when its time came."),
    }
    sentences = by_itself | by_somebody if name else by_itself
    return sentences.get(happening.kind, happening.kind) % {
        "name": name,
        "moment": moment,
        "group": happening.detail.get("group", ""),
        "variant": happening.detail.get("variant", ""),
    }
