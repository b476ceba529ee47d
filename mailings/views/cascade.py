"""Other channels behind a mailing: put there and taken away."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from mailings import cascade
from mailings.models import Mailing
from mailings.views.trail import number
from mailings.views.wizard import of_draft


@require_POST
@permission_required("mailings.add_mailing", raise_exception=True)
@of_draft
def add(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Put a channel behind, and write what it says."""
    try:
        made = cascade.add(mailing, request.POST.get("kind", ""), by=cast("User", request.user))
    except cascade.CannotAdd as refusal:
        messages.error(request, str(refusal))
        return redirect("mailings:recipients", mailing.pk)
    return redirect("mailings:setup", made.pk)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def remove(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Take one away."""
    cascade.remove(mailing, number(request.POST.get("number", "")))
    return redirect("mailings:recipients", mailing.pk)
