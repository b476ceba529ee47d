"""A letter from a Word file: step Content of such a mailing, the file taken in, given back, taken off."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mailings import reading
from mailings.letters import files, office, word
from mailings.letters.models import LetterFile
from mailings.letters.word import CannotUse
from mailings.models import Mailing
from mailings.rendering import variables
from mailings.views.trail import number
from mailings.views.wizard import of_draft

TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def edit(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Show the file: its fields, what is wrong with them, its pages for somebody."""
    context: dict[str, Any] = {
        "mailing": mailing,
        "step": "content",
        "file": files.named(mailing),
        "groups": variables.groups(),
        "own": [f"[[{name}]]" for name in word.OWN],
        "is_printable": office.is_here(),
        "without_office": office.without_office(),
        "who": _reader(request, mailing),
    }
    try:
        context["template"] = files.template(mailing)
    except CannotUse as refusal:
        context["refusal"] = str(refusal)
    return render(request, "mailings/letter_file.html", context)


def _reader(request: HttpRequest, mailing: Mailing) -> reading.Reader:
    asked = number(request.GET.get("as", ""))
    if not asked:
        first = reading.readers(mailing, "", now=timezone.now(), limit=1)
        asked = (first[0].person or 0) if first else 0
    return (reading.reader(mailing, asked) if asked else None) or reading.sample()


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def take(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Take a Word file in as the letter; one that cannot be used is named with why."""
    if mailing.type != Mailing.Type.DOCUMENT:
        raise Http404
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        messages.error(request, _("Choose a file first."))
        return redirect(_from(mailing), mailing.pk)
    try:
        files.take(mailing, file.name or "", file.read(word.LARGEST + 1), now=timezone.now())
    except CannotUse as refusal:
        messages.error(request, str(refusal))
        return redirect(_from(mailing), mailing.pk)
    return redirect("mailings:content", mailing.pk)


def _from(mailing: Mailing) -> str:
    return "mailings:content" if files.named(mailing) else "mailings:template"


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def drop(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Go back to a letter of blocks."""
    if not files.named(mailing):
        raise Http404
    try:
        files.drop(mailing, now=timezone.now())
    except CannotUse as refusal:
        messages.error(request, str(refusal))
    return redirect("mailings:content", mailing.pk)


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def download(_request: HttpRequest, pk: int) -> HttpResponse:
    """Give the file back as it was uploaded."""
    mailing = get_object_or_404(Mailing, pk=pk, type=Mailing.Type.DOCUMENT)
    try:
        answer = HttpResponse(files.data_of(mailing), content_type=TYPE)
    except LetterFile.DoesNotExist as gone:
        raise Http404 from gone
    answer.headers["Content-Disposition"] = f'attachment; filename="{mailing.pk}.docx"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
