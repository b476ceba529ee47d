"""The page of a mailing that is planned or on its way, and the buttons that move it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError

from mailings import audience, lifecycle, tasks
from mailings.channels.smtp import Account
from mailings.delivery import happenings, progress
from mailings.models import Mailing
from mailings.views import reports

Status = Mailing.Status
MOVING = (Status.SENDING, Status.PAUSED)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A mailing's own page: what is planned, how far it is, or what came of it."""
    mailing = _mailing(pk)
    if mailing.status == Status.SCHEDULED:
        counts = audience.last_counts(mailing) or audience.recount(mailing, now=timezone.now())
        return render(request, "mailings/planned.html", {"mailing": mailing, "counts": counts})
    if mailing.status in MOVING:
        return render(request, "mailings/sending.html", _progress(mailing))
    return reports.summary(request, pk)


@require_GET
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """The moving part of the page; once nothing moves any more the page is asked for anew."""
    mailing = _mailing(pk)
    if mailing.status not in MOVING:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "mailings/progress.html", _progress(mailing))


@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    def start(mailing: Mailing) -> str:
        lifecycle.start(mailing, by=request.user, now=timezone.now())
        return _("On its way.")

    return _move(request, pk, start)


@require_POST
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes `send_at` as a wall clock ("2026-11-24T10:00") and perhaps `time_zone`, a name like Europe/Amsterdam."""

    def plan(mailing: Mailing) -> str:
        at = lifecycle.local_moment(request.POST.get("send_at", ""), _zone(request))
        lifecycle.schedule(mailing, at=at, by=request.user, now=timezone.now())
        return _("Planned for %(moment)s.") % {"moment": date_format(timezone.localtime(at), "l j F, H:i")}

    return _move(request, pk, plan)


@require_POST
def unschedule(request: HttpRequest, pk: int) -> HttpResponse:
    def take_off(mailing: Mailing) -> str:
        lifecycle.unschedule(mailing, by=request.user, now=timezone.now())
        return _("Off the schedule. It is a draft again.")

    return _move(request, pk, take_off)


@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    def hold(mailing: Mailing) -> str:
        lifecycle.pause(mailing, by=request.user, now=timezone.now())
        return _("Paused. Nobody gets it twice when you resume.")

    return _move(request, pk, hold)


@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    def go_on(mailing: Mailing) -> str:
        lifecycle.resume(mailing, by=request.user, now=timezone.now())
        return _("Going on where it was.")

    return _move(request, pk, go_on)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    def stop(mailing: Mailing) -> str:
        lifecycle.cancel(mailing, by=request.user, now=timezone.now())
        return _("Cancelled. Who had not had it yet does not get it.")

    return _move(request, pk, stop)


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
    found = Mailing.objects.select_related("subscription_type", "created_by").defer("content", "compiled")
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
        "states": seen.states.items(),
        "sum": seen.states.values(),
        "chart": progress.chart(mailing, now=now),
        "domains": progress.domains(mailing, seen.audience),
        "refused": progress.refused(mailing) if seen.states["failed"] else [],
        "happenings": happenings.told(mailing),
        "zone": settings.TIME_ZONE.rpartition("/")[2].replace("_", " "),
        "account": Account.from_url(settings.SMTP_URL),
    }
