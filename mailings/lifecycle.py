"""A mailing's status. Only this module moves it, and the moves are a table.

Every move is one conditional UPDATE, so that of two people who press the same button one succeeds and the other is told.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.utils.translation import gettext as _

from mailings import accounts, audience, cascade, compiling, policy, preflight, resting, statistics, trials
from mailings.delivery import chunks, domains, happenings
from mailings.models import Chunk, Mailing, Message
from mailings.preflight import Finding

Status = Mailing.Status
Author = User | AnonymousUser | None

MOVES: dict[Status, set[Status]] = {
    Status.DRAFT: {
        Status.APPROVAL,
        Status.SCHEDULED,
        Status.SENDING,
        Status.SENT,
    },  # sent: a form response, of nobody yet
    Status.APPROVAL: {Status.DRAFT, Status.SCHEDULED, Status.SENDING},
    Status.SCHEDULED: {Status.APPROVAL, Status.DRAFT, Status.SENDING},
    Status.SENDING: {Status.PAUSED, Status.SENT, Status.CANCELLED, Status.DRAFT},  # a draft: undone in time
    Status.PAUSED: {Status.SENDING, Status.CANCELLED, Status.DRAFT},
    # sending: again, to those it has not reached; a draft: letters that are not in the post
    Status.SENT: {Status.SENDING, Status.DRAFT},
    Status.CANCELLED: {Status.SENDING, Status.DRAFT},
}
BEGUN = (Status.SENDING, Status.PAUSED)
UNPLANNED: dict[str, object] = {"send_at": None, "asked_by": None, "approved_by": None, "approved_at": None}
ANEW: dict[str, object] = {"frozen_at": None, "started_at": None, "finished_at": None, "rests_until": None}
AT_ONCE = dt.timedelta(0)
PRINTED_AT_ONCE = 100  # letters in a chunk: a few seconds of printing


class CannotMove(Exception):
    """The mailing is not where this move begins; the sentence is fit to show."""


class CannotStart(CannotMove):
    """Something has to be mended before this mailing can go; `problems` says what and where."""

    def __init__(self, sentence: str, problems: Sequence[Finding] = ()) -> None:
        super().__init__(sentence)
        self.problems = problems


class NeedsApproval(Exception):
    """So many people that a second person looks first."""

    def __init__(self, gets: int) -> None:
        super().__init__(gets)
        self.gets = gets


def start(mailing: Mailing, *, by: Author, now: dt.datetime, hold: dt.timedelta = AT_ONCE) -> Mailing:
    """Check, compile, freeze, cut and begin, all or nothing. Of two starts at the same moment one freezes, one is told.

    During `hold` nothing is handed over and all of it can be undone. A large mailing first waits for a second person.
    """
    return _begin(mailing, by, now, hold, frm={Status.DRAFT, Status.SCHEDULED})


def _begin(mailing: Mailing, by: Author, now: dt.datetime, hold: dt.timedelta, *, frm: set[Status]) -> Mailing:
    _refuse([*preflight.quick(mailing), *preflight.of_companions(mailing)])
    _refuse_alone(mailing)
    try:
        _start(mailing, by, now, hold, frm)
    except NeedsApproval as large:
        mailing.refresh_from_db()
        return _ask(mailing, by=by, now=now, gets=large.gets, at=None)
    except CannotStart:
        mailing.refresh_from_db()
        _refuse(preflight.check(mailing, now=now))  # says more about an audience of nobody
        raise
    return mailing


@transaction.atomic
def _start(mailing: Mailing, by: Author, now: dt.datetime, hold: dt.timedelta, frm: set[Status]) -> None:
    begins = resting.opening(mailing, now + hold)
    because = resting.WINDOW if begins > now + hold else resting.UNDO if hold else ""
    rest = {"rests_until": begins if because else None, "rests_because": because}
    behind = cascade.companions(mailing)
    gets = _start_one(mailing, by, now, rest, frm, is_alone=not behind)
    gets += _start_behind(mailing, behind, by, now, hold)
    if not gets:
        raise CannotStart(_("Nobody would get it."))
    if _is_large(mailing, gets):
        raise NeedsApproval(gets)


def _start_behind(mailing: Mailing, behind: Sequence[Mailing], by: Author, now: dt.datetime, hold: dt.timedelta) -> int:
    """Start the other channels of a family, each for whom those before it do not reach. One that nobody needs stays a draft."""
    gets = 0
    if behind:
        cascade.pass_on(mailing)
    for one in behind:
        one.refresh_from_db()
        if one.status != Status.DRAFT:
            continue
        if not audience.freeze(one, now=now).gets:
            audience.thaw(one)
            continue
        begins = resting.opening(one, now + hold)
        because = resting.WINDOW if begins > now + hold else resting.UNDO if hold else ""
        rest = {"rests_until": begins if because else None, "rests_because": because}
        gets += _start_one(one, by, now, rest, {Status.DRAFT}, is_alone=False)
    return gets


def _start_one(
    mailing: Mailing, by: Author, now: dt.datetime, rest: dict[str, Any], frm: set[Status], *, is_alone: bool
) -> int:
    is_printed = mailing.type == Mailing.Type.DOCUMENT
    _move(mailing, Status.SENDING, frm=frm, started_at=now, send_at=None, **rest)
    try:
        compile_it = compiling.compile_document if is_printed else compiling.compile_mailing
        compile_it(mailing)
    except compiling.CannotCompile as refusal:
        raise CannotStart(str(refusal)) from refusal
    frozen = audience.freeze(mailing, now=now)
    if is_alone and not frozen.gets:
        raise CannotStart(_("Nobody would get it."))
    if is_printed:
        chunks.cut(mailing, now=now, size=PRINTED_AT_ONCE)
    else:
        _choose_account(mailing)
        chunks.cut(mailing, now=now)
        domains.open_tallies(mailing.pk)
    happenings.note(mailing.pk, "started", now=now, by=by, gets=frozen.gets, held=frozen.held)
    return frozen.gets


def _refuse_alone(mailing: Mailing) -> None:
    if mailing.then_of_id and (first := cascade.waits_for(mailing)):
        raise CannotStart(_("It goes together with “%(name)s”. Start that one.") % {"name": first.name})


def _choose_account(mailing: Mailing) -> None:
    try:
        account = accounts.choose(mailing)
    except accounts.Unusable as refusal:
        raise CannotStart(str(refusal)) from refusal
    Mailing.objects.filter(pk=mailing.pk).update(account=account)
    mailing.account = account


def undo(mailing: Mailing, *, by: Author, now: dt.datetime) -> Mailing:
    """Take back a start of which nothing has been handed over: it is a draft again."""
    started_at = mailing.started_at
    with transaction.atomic():
        ours = Chunk.objects.select_for_update().filter(mailing=mailing)
        if mailing.status in BEGUN and (any(chunk.attempts for chunk in ours) or not ours):
            raise CannotMove(
                _("Too late to undo: the first messages have been handed over. You can pause or cancel it.")
            )
        _move(mailing, Status.DRAFT, frm=set(BEGUN), started_at=None, rests_until=None, rests_because="", **UNPLANNED)
        ours.delete()
        mailing.tallies.all().delete()
        mailing.domain_tallies.all().delete()
        audience.thaw(mailing)
        happenings.note(mailing.pk, "undone", now=now, by=by)
        for one in mailing.companions.filter(status__in=BEGUN, started_at=started_at).order_by("pk"):
            undo(one, by=by, now=now)
    return mailing


def take_back(mailing: Mailing, *, by: Author, now: dt.datetime) -> Mailing:
    """Throw printed letters away that are not in the post yet: it is a draft again."""
    with transaction.atomic():
        if mailing.type != Mailing.Type.DOCUMENT or mailing.posted_at:
            raise CannotMove(_("These letters are in the post. What was sent cannot be taken back."))
        chunks_of_it = Chunk.objects.select_for_update().filter(mailing=mailing)
        if any(chunk.state == Chunk.State.WORKING for chunk in chunks_of_it):
            raise CannotMove(_("Letters are being printed at this moment. Pause first, and try again in a moment."))
        _move(mailing, Status.DRAFT, frm={Status.PAUSED, Status.SENT, Status.CANCELLED}, **UNPLANNED, **ANEW)
        mailing.print_runs.all().delete()
        chunks_of_it.delete()
        mailing.tallies.all().delete()
        mailing.messages.all().delete()
        happenings.note(mailing.pk, "taken_back", now=now, by=by)
    statistics.refresh(mailing, now=now)
    return mailing


def begin_at_once(mailing: Mailing, *, by: Author, now: dt.datetime) -> Mailing:
    """Do not wait until the time to undo is over."""
    waiting = Mailing.objects.filter(pk=mailing.pk, status=Status.SENDING, rests_because=resting.UNDO)
    if not waiting.update(rests_until=None, rests_because=""):
        raise CannotMove(_("It does not wait any more."))
    mailing.refresh_from_db()
    return mailing


def _is_large(mailing: Mailing, gets: int) -> bool:
    limit = policy.of_house().approval_from
    return limit is not None and gets >= limit and mailing.approved_at is None


def _ask(mailing: Mailing, *, by: Author, now: dt.datetime, gets: int, at: dt.datetime | None) -> Mailing:
    with transaction.atomic():
        _move(
            mailing,
            Status.APPROVAL,
            frm={Status.DRAFT, Status.SCHEDULED},
            send_at=at,
            asked_by=by if isinstance(by, User) else None,
        )
        happenings.note(mailing.pk, "approval_asked", now=now, by=by, gets=gets, at=at.isoformat() if at else "")
    return mailing


def approve(mailing: Mailing, *, by: User, now: dt.datetime, hold: dt.timedelta = AT_ONCE) -> Mailing:
    """Let a large mailing of somebody else go: at once, or when it was planned."""
    if mailing.asked_by_id == by.pk:
        raise CannotMove(_("Somebody else has to approve it: four eyes see more than two."))
    if mailing.status == Status.APPROVAL and mailing.send_at and mailing.send_at <= now:
        raise CannotMove(_("The moment it was planned for has passed. Decline it, so that a new one is chosen."))
    with transaction.atomic():
        _move(mailing, Status.APPROVAL, frm={Status.APPROVAL}, approved_by=by, approved_at=now)
        happenings.note(mailing.pk, "approved", now=now, by=by)
        if mailing.send_at is None:
            return _begin(mailing, by, now, hold, frm={Status.APPROVAL})
        return _plan(mailing, mailing.send_at, by, now, frm={Status.APPROVAL})


def decline(mailing: Mailing, *, by: User, now: dt.datetime, why: str = "") -> Mailing:
    """Send it back to its author."""
    with transaction.atomic():
        _move(mailing, Status.DRAFT, frm={Status.APPROVAL}, **UNPLANNED)
        happenings.note(mailing.pk, "declined", now=now, by=by, why=why[:1000])
    return mailing


def schedule(mailing: Mailing, *, at: dt.datetime, by: Author, now: dt.datetime) -> Mailing:
    """Let it start by itself at a moment. The check is done now, and again then."""
    if at <= now:
        raise CannotMove(_("Choose a moment that is still to come."))
    checked = preflight.examine(mailing, now=now)
    _refuse([*checked.findings, *preflight.of_companions(mailing)])
    _refuse_alone(mailing)
    if _is_large(mailing, checked.counts.gets):
        return _ask(mailing, by=by, now=now, gets=checked.counts.gets, at=at)
    with transaction.atomic():
        return _plan(mailing, at, by, now, frm={Status.DRAFT, Status.SCHEDULED})


def _plan(mailing: Mailing, at: dt.datetime, by: Author, now: dt.datetime, *, frm: set[Status]) -> Mailing:
    _move(mailing, Status.SCHEDULED, frm=frm, send_at=at)
    if not mailing.refresh_at_start and not mailing.companions.exists():  # a family is frozen together
        audience.freeze(mailing, now=now)  # who is in it now gets it, whoever joins or leaves until then
    happenings.note(mailing.pk, "scheduled", now=now, by=by, at=at.isoformat())
    return mailing


def local_moment(text: str, zone: ZoneInfo) -> dt.datetime:
    """Read "2026-11-24T10:00" as a wall clock in a zone. Raises CannotMove for a moment the clock jumps over."""
    try:
        wall = dt.datetime.fromisoformat(text)
    except ValueError:
        raise CannotMove(_("Say when: a date and a time.")) from None
    if wall.tzinfo is not None:
        return wall
    moment = wall.replace(tzinfo=zone).astimezone(dt.UTC)  # of an hour that comes twice the first
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        raise CannotMove(_("On that night the clock jumps over this time. Choose another."))
    return moment


def unschedule(mailing: Mailing, *, by: Author, now: dt.datetime) -> Mailing:
    """Make a planned mailing a draft again."""
    with transaction.atomic():
        _move(mailing, Status.DRAFT, frm={Status.SCHEDULED, Status.APPROVAL}, **UNPLANNED)
        audience.thaw(mailing)
        happenings.note(mailing.pk, "unscheduled", now=now, by=by)
    return mailing


def pause(mailing: Mailing, *, by: Author, now: dt.datetime, why: str = "", **detail: object) -> Mailing:
    """Hand nothing over any more until somebody resumes; what is on the wire gets its answer."""
    with transaction.atomic():
        _move(mailing, Status.PAUSED, frm={Status.SENDING})
        happenings.note(mailing.pk, "paused", now=now, by=by, why=why, **detail)
    return mailing


def resume(mailing: Mailing, *, by: Author, now: dt.datetime, has_read: bool = False) -> Mailing:
    """Go on with those who have not had it. After a breaker somebody has to have read why it stopped."""
    with transaction.atomic():
        keys = happenings.breakers_of_pause(mailing)
        if keys and not has_read and mailing.status == Status.PAUSED:
            raise CannotMove(_("It stopped by itself. Read why, and say that you have, before it goes on."))
        read = sorted({*mailing.tripped, *keys})
        _move(mailing, Status.SENDING, frm={Status.PAUSED}, tripped=read)
        Chunk.objects.filter(mailing=mailing).update(issued_at=None, not_before=None)
        happenings.note(mailing.pk, "resumed", now=now, by=by)
    return mailing


def cancel(mailing: Mailing, *, by: Author, now: dt.datetime) -> Mailing:
    """Stop for good. Nobody who waits gets it; who had it, had it."""
    with transaction.atomic():
        _move(mailing, Status.CANCELLED, frm={Status.SENDING, Status.PAUSED})
        happenings.note(mailing.pk, "cancelled", now=now, by=by)
    chunks.clear_cancelled(now=now)
    return mailing


def reopen(mailing: Mailing, *, now: dt.datetime) -> Mailing:
    """Send a mailing that was over to those who were added to it; one that is on its way stays as it is."""
    if mailing.status in BEGUN:
        return mailing
    _move(mailing, Status.SENDING, frm={Status.SENT, Status.CANCELLED}, finished_at=None)
    return mailing


def begin_answering(mailing: Mailing, *, now: dt.datetime) -> Mailing:
    """Begin a form response: its content is frozen, it has nobody yet, and waits."""
    _move(mailing, Status.SENT, frm={Status.DRAFT}, frozen_at=now, started_at=now, finished_at=now)
    return mailing


def due(*, now: dt.datetime) -> list[int]:
    """Planned mailings whose moment has come."""
    return list(Mailing.objects.filter(status=Status.SCHEDULED, send_at__lte=now).values_list("pk", flat=True))


def start_due(number: int, *, now: dt.datetime) -> None:
    """Start a planned mailing. If it cannot go it is a draft again, and its page says why."""
    planned = Mailing.objects.filter(pk=number, status=Status.SCHEDULED, send_at__lte=now)
    with transaction.atomic():
        mailing = planned.select_for_update(skip_locked=True).first()
        if mailing is None:  # started, taken off the schedule, or in somebody's hands
            return
        if mailing.send_at and now > mailing.send_at + dt.timedelta(minutes=policy.of_house().late_minutes):
            _back_to_draft(mailing)
            happenings.note(mailing.pk, "too_late", now=now, at=mailing.send_at.isoformat())
            return
        try:
            start(mailing, by=None, now=now)
        except CannotStart as refusal:
            _back_to_draft(mailing)
            sentences = [finding.sentence for finding in refusal.problems] or [str(refusal)]
            happenings.note(mailing.pk, "not_started", now=now, problems=sentences)


def _back_to_draft(mailing: Mailing) -> None:
    planned = mailing.send_at
    _move(mailing, Status.DRAFT, frm={Status.SCHEDULED}, **UNPLANNED)
    audience.thaw(mailing)
    mailing.send_at = planned


def finish_done(*, now: dt.datetime) -> list[int]:
    """Finish every mailing with nobody left waiting; cut chunks anew should somebody wait in none."""
    without_work = (
        Mailing.objects.filter(status=Status.SENDING)
        .exclude(trials.waiting())
        .exclude(pk__in=Chunk.objects.exclude(state=Chunk.State.DONE).values("mailing"))
    )
    return [mailing.pk for mailing in without_work if _finish(mailing, now)]


def _finish(mailing: Mailing, now: dt.datetime) -> bool:
    if Message.objects.filter(mailing=mailing, reason="temporary", state=Message.State.DEFERRED).exists():
        return False
    if Message.objects.filter(mailing=mailing, state=Message.State.PENDING).exists():
        chunks.cut_left_over(mailing.pk, now=now)
        return False
    try:
        with transaction.atomic():
            _move(mailing, Status.SENT, frm={Status.SENDING}, finished_at=now)
            happenings.note(mailing.pk, "finished", now=now)
    except CannotMove:
        return False
    statistics.refresh(mailing, now=now)
    return True


def _refuse(findings: Iterable[Finding]) -> None:
    problems = [finding for finding in findings if finding.is_error]
    if problems:
        raise CannotStart(problems[0].sentence, problems)


def _move(mailing: Mailing, to: Status, *, frm: set[Status], **fields: object) -> None:
    """The conditional UPDATE; the row stays locked until the caller commits."""
    allowed = [status for status in frm if to in MOVES[status] or status is to]
    moved = Mailing.objects.filter(pk=mailing.pk, status__in=allowed).update(status=to, **fields)
    mailing.refresh_from_db()
    if not moved:
        raise CannotMove(_refusal(mailing))
    Mailing.with_editions.filter(edition_of=mailing.pk).update(status=to)  # its words are as open to change as it is


def _refusal(mailing: Mailing) -> str:
    return {
        Status.DRAFT: _("This mailing is a draft: nothing is being sent."),
        Status.APPROVAL: _("This mailing waits for somebody else to approve it."),
        Status.SCHEDULED: _("This mailing is planned and has not started."),
        Status.SENDING: _("This mailing is already being sent."),
        Status.PAUSED: _("This mailing is paused."),
        Status.SENT: _("This mailing has been sent."),
        Status.CANCELLED: _("This mailing was cancelled."),
    }[Status(mailing.status)]
