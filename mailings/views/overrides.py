"""Sending without consent: the panel of the Confirm step, asking, and what a second person makes of it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mailings import overriding, reasons
from mailings.models import Mailing, Override


@require_POST
@permission_required(overriding.RIGHT, raise_exception=True)
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask to send this draft without consent, and say why."""
    mailing = get_object_or_404(Mailing, pk=pk)
    try:
        overriding.ask(mailing, request.POST.get("reason", "")[:2000], by=request.user, now=timezone.now())
    except overriding.CannotOverride as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Asked. A second person with the right decides."))
    return redirect("mailings:confirm", pk)


@require_POST
@permission_required(overriding.RIGHT, raise_exception=True)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, refuse or take back what was asked; `override` is its number, so that nobody decides about another one."""
    number = request.POST.get("override", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 16
    override = get_object_or_404(
        Override.objects.select_related("mailing"), pk=int(number) if is_number else 0, mailing=pk
    )
    now, act = timezone.now(), request.POST.get("act", "")
    try:
        if act == "approve":
            overriding.approve(override, by=request.user, now=now)
        elif act == "refuse":
            overriding.refuse(override, request.POST.get("note", "")[:2000], by=request.user, now=now)
        else:
            overriding.withdraw(override, by=request.user, now=now)
    except overriding.CannotOverride as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{override.get_state_display()}.")
    return redirect("mailings:confirm", pk)


def shown(user: User | AnonymousUser, mailing: Mailing) -> dict[str, Any]:
    """Give what the panel shows: nothing to whom has no right while nobody asked."""
    found = overriding.of(mailing)
    return {
        "override": found,
        "override_is_outdated": found is not None and overriding.is_outdated(found),
        "may_override": user.has_perm(overriding.RIGHT),
        "may_approve": found is not None and user.has_perm(overriding.RIGHT) and found.asked_by_id != user.pk,
    }


def reported(mailing: Mailing) -> dict[str, Any] | None:
    """Give what the report shows: who decided, and how many got it in spite of which reason."""
    found = overriding.report(mailing)
    if found is None:
        return None
    return {"report": found, "waived": [(code, reasons.words(code), people) for code, people in found.waived.items()]}
