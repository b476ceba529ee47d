"""The files that go along with a mailing: put there, looked at, taken off."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mailings import attachments
from mailings.models import Attachment, Mailing
from mailings.views.trail import number
from mailings.views.wizard import of_draft

HERE = "#attachments"


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def add(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Take files in; each that cannot go along is named with why."""
    files = [one for one in request.FILES.getlist("file") if isinstance(one, UploadedFile)]
    if not files:
        messages.error(request, _("Choose a file first."))
    for file in files[: attachments.MOST]:
        data = file.read(attachments.LARGEST + 1)
        try:
            attachments.add(mailing, file.name or "", data, by=cast("User", request.user), now=timezone.now())
        except attachments.CannotAttach as refusal:
            messages.error(request, str(refusal))
    return redirect(f"{_setup(mailing)}{HERE}")


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def remove(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Take a file off."""
    attachments.remove(mailing, number(request.POST.get("number", "")))
    return redirect(f"{_setup(mailing)}{HERE}")


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def download(_request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Give the file to who writes or reads the mailing; never shown within a page of ours."""
    one = get_object_or_404(Attachment, mailing=pk, pk=number)
    try:
        answer = HttpResponse(attachments.data_of(one), content_type="application/octet-stream")
    except FileNotFoundError as gone:
        raise Http404 from gone
    answer.headers["Content-Disposition"] = attachments.disposition(one)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _setup(mailing: Mailing) -> str:
    return reverse("mailings:setup", args=[mailing.pk])
