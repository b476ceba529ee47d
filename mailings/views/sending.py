"""The page of a mailing that is planned or on its way, and the buttons that move it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from mailings import accounts, again, audience, lifecycle, policy, responses, tasks, trials
from mailings.delivery import happenings, progress, throttle
from mailings.forms import SendingForm
from mailings.models import Mailing
from mailings.slices import Slice
from mailings.views import reports

Status = Mailing.Status
MOVING = (Status.SENDING, Status.PAUSED)
may_send = permission_required("mailings.send_mailing", raise_exception=True)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A mailing's own page: what is planned, how far it is, or what came of it."""
    mailing = _mailing(pk)
    if mailing.status in (Status.SCHEDULED, Status.APPROVAL):
        counts = audience.last_counts(mailing) or audience.recount(mailing, now=timezone.now())
        context = {
            "mailing": mailing,
            "counts": counts,
            "happenings": happenings.told(mailing),
            "may_approve": request.user.pk != mailing.asked_by_id,
        }
        return render(request, "mailings/planned.html", context)
    if mailing.status in MOVING:
        return render(request, "mailings/sending.html", _progress(mailing))
    return reports.summary(request, pk)


@require_POST
@may_send
def begin_answering(request: HttpRequest, pk: int) -> HttpResponse:
    """Start a form response: from now on forms can answer with it."""
    mailing = get_object_or_404(Mailing, pk=pk, type=Mailing.Type.RESPONSE)
    try:
        responses.begin(mailing, by=request.user, now=timezone.now())
    except lifecycle.CannotMove as refusal:
        problems = getattr(refusal, "problems", ())
        for sentence in [finding.sentence for finding in problems] or [str(refusal)]:
            messages.error(request, sentence)
        return redirect("mailings:content", pk)
    messages.success(request, _("It answers from now on. Choose it in the settings of a form."))
    return redirect("mailings:detail", pk)


@require_GET
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """The moving part of the page; once nothing moves any more the page is asked for anew."""
    mailing = _mailing(pk)
    if mailing.status == Status.DRAFT:  # whoever took it back is on the way to its next page
        return HttpResponse(status=204)
    if mailing.status not in MOVING:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "mailings/progress.html", _progress(mailing))


@require_POST
@may_send
def send(request: HttpRequest, pk: int) -> HttpResponse:
    def start(mailing: Mailing) -> str:
        lifecycle.start(mailing, by=request.user, now=timezone.now(), hold=_hold())
        return _waits(mailing) or _("On its way.")

    return _move(request, pk, start)


@require_POST
@may_send
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes `send_at` as a wall clock ("2026-11-24T10:00") and perhaps `time_zone`, a name like Europe/Amsterdam."""

    def plan(mailing: Mailing) -> str:
        at = lifecycle.local_moment(request.POST.get("send_at", ""), _zone(request))
        lifecycle.schedule(mailing, at=at, by=request.user, now=timezone.now())
        return _waits(mailing) or _("Planned for %(moment)s.") % {
            "moment": date_format(timezone.localtime(at), "l j F, H:i")
        }

    return _move(request, pk, plan)


@require_POST
@may_send
def unschedule(request: HttpRequest, pk: int) -> HttpResponse:
    def take_off(mailing: Mailing) -> str:
        lifecycle.unschedule(mailing, by=request.user, now=timezone.now())
        return _("Off the schedule. It is a draft again.")

    return _move(request, pk, take_off)


@require_POST
@may_send
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    def hold(mailing: Mailing) -> str:
        lifecycle.pause(mailing, by=request.user, now=timezone.now())
        return _("Paused. Nobody gets it twice when you resume.")

    return _move(request, pk, hold)


@require_POST
@may_send
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    def go_on(mailing: Mailing) -> str:
        has_read = request.POST.get("has_read") == "1"
        lifecycle.resume(mailing, by=request.user, now=timezone.now(), has_read=has_read)
        return _("Going on where it was.")

    return _move(request, pk, go_on)


@require_POST
@may_send
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    def stop(mailing: Mailing) -> str:
        lifecycle.cancel(mailing, by=request.user, now=timezone.now())
        return _("Cancelled. Who had not had it yet does not get it.")

    return _move(request, pk, stop)


@require_POST
@may_send
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a start back before anybody has got it."""

    def take_back(mailing: Mailing) -> str:
        lifecycle.undo(mailing, by=request.user, now=timezone.now())
        return _("Taken back. Nobody got it; it is a draft again.")

    return _move(request, pk, take_back)


@require_POST
@may_send
def at_once(request: HttpRequest, pk: int) -> HttpResponse:
    """Do not wait until the time to undo is over."""

    def begin(mailing: Mailing) -> str:
        lifecycle.begin_at_once(mailing, by=request.user, now=timezone.now())
        return _("On its way.")

    return _move(request, pk, begin)


@require_POST
@permission_required("mailings.approve_mailing", raise_exception=True)
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a large mailing of somebody else go, or send it back."""

    def decide(mailing: Mailing) -> str:
        by, now = cast("User", request.user), timezone.now()
        if request.POST.get("answer") == "no":
            lifecycle.decline(mailing, by=by, now=now, why=request.POST.get("why", "").strip())
            return _("Declined. It is a draft again, and its page says why.")
        lifecycle.approve(mailing, by=by, now=now, hold=_hold())
        return _("Approved. It goes.")

    return _move(request, pk, decide)


@require_POST
@may_send
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send again: `to` is "unreached" (reload and resend), "failed", or empty for a slice or the messages ticked in it."""

    def once_more(mailing: Mailing) -> str:
        by, now, to = request.user, timezone.now(), request.POST.get("to")
        if to == "unreached":
            added = again.to_unreached(mailing, by=by, now=now)
        elif to == "failed":
            added = again.retry_failed(mailing, by=by, now=now)
        else:
            ticked = reports.ticked(request)
            added = again.to_slice(Slice.asked(mailing, request.POST.dict()), among=ticked, by=by, now=now)
        mailing.refresh_from_db()
        text = ngettext("%(n)s person gets it now.", "%(n)s people get it now.", added.gets)
        return text % {"n": number_format(added.gets, force_grouping=True)}

    return _move(request, pk, once_more)


@require_POST
@may_send
def evergreen(request: HttpRequest, pk: int) -> HttpResponse:
    """Let later joiners get a mailing that was sent, or no longer."""

    def keep_open(mailing: Mailing) -> str:
        is_open = request.POST.get("open") == "1"
        again.keep_open(mailing, is_open=is_open, by=request.user, now=timezone.now())
        if is_open:
            return _("Open: who joins the sources from now on gets it too.")
        return _("Closed: nobody gets it any more by joining.")

    return _move(request, pk, keep_open)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def options(request: HttpRequest, pk: int) -> HttpResponse:
    """How a draft goes: in which hours, through which account, and whether later joiners get it."""
    mailing = get_object_or_404(Mailing, pk=pk)
    if mailing.status != Status.DRAFT:
        messages.error(request, _("This mailing is not a draft any more."))
        return redirect("mailings:detail", pk)
    form = SendingForm(request.POST, instance=mailing)
    if not form.is_valid():
        for problem in form.errors.values():
            messages.error(request, str(problem[0]))
    else:
        form.save()
        messages.success(request, _("Saved"))
    return redirect("mailings:confirm", pk)


def _hold() -> timedelta:
    return timedelta(seconds=policy.of_house().undo_seconds)


def _waits(mailing: Mailing) -> str:
    if mailing.status == Status.APPROVAL:
        return _("It goes to so many people that somebody else has to approve it first.")
    if mailing.rests_until:
        return _("Nothing has left yet: you can still undo it.")
    return ""


@require_POST
@may_send
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget that a receiving side asked for less."""
    mailing, group = _mailing(pk), request.POST.get("group", "")
    if throttle.lift(mailing.account_id, group):
        happenings.note(mailing.pk, "lifted", now=timezone.now(), by=request.user, group=group or _("the mail server"))
        messages.success(request, _("Full speed again. If they ask for less once more, we slow down again."))
        _wake_workers()
    return redirect("mailings:detail", pk)


def _move(request: HttpRequest, pk: int, move: Callable[[Mailing], str]) -> HttpResponse:
    """Do it and say so, or say why not; either way show the mailing where it is now."""
    mailing = _mailing(pk)
    try:
        messages.success(request, move(mailing))
        _wake_workers()
    except lifecycle.CannotMove as refusal:
        messages.error(request, str(refusal))
    if mailing.status == Status.DRAFT:
        return redirect("mailings:confirm", pk)
    return redirect("mailings:detail", pk)


def _wake_workers() -> None:
    """Begin now instead of within a second; when the broker is away the clock does it later."""
    with suppress(OperationalError):
        tasks.tick.delay()


def _mailing(pk: int) -> Mailing:
    found = Mailing.objects.select_related("subscription_type", "created_by", "account").defer(
        "content", "compiled", "compiled_unseen"
    )
    return get_object_or_404(found, pk=pk)


def _zone(request: HttpRequest) -> ZoneInfo:
    name = request.POST.get("time_zone") or settings.TIME_ZONE
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise lifecycle.CannotMove(_("We do not know this time zone.")) from None


def _progress(mailing: Mailing) -> dict[str, Any]:
    now = timezone.now()
    seen = progress.of(mailing, now=now)
    return {
        "mailing": mailing,
        "progress": seen,
        "tested": trials.shown(mailing),
        "states": seen.states.items(),
        "sum": seen.states.values(),
        "chart": progress.chart(mailing, now=now),
        "domains": progress.domains_of(mailing),
        "rest": progress.rest(mailing, now=now),
        "throttles": progress.throttles(mailing, now=now),
        "tripped": happenings.tripped(mailing) if mailing.status == Status.PAUSED else None,
        "refused": progress.refused(mailing) if seen.states["failed"] else [],
        "happenings": happenings.told(mailing),
        "zone": settings.TIME_ZONE.rpartition("/")[2].replace("_", " "),
        "through": accounts.where(mailing.account),
    }
