"""Templates of our own: the gallery, saving a mail as one, beginning with one, taking them along as JSON."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_POST

from mailings import content, library, starters
from mailings.material import templates
from mailings.material.models import Template
from mailings.models import Mailing
from mailings.rendering.blocks import Document, NoSuchBlock
from mailings.views import shown
from mailings.views.shown import MAIL_POLICY
from mailings.views.wizard import of_words


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    """Our own templates, and those that came along."""
    language = get_language() or "en"
    context = {
        "ours": Template.objects.select_related("by").defer("content").order_by("name"),
        "starters": starters.STARTERS.values(),
        "language": language if language in starters.LANGUAGES else "en",
    }
    return render(request, "mailings/templates.html", context)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_words
def save(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Keep this mail as a template."""
    try:
        name, purpose = request.POST.get("name", ""), request.POST.get("purpose", "")
        kept = templates.save(mailing, name, purpose, by=request.user, now=timezone.now())
        messages.success(request, _("“%(name)s” is a template now: all of you can begin with it.") % {"name": kept})
    except templates.CannotSave as refusal:
        messages.error(request, str(refusal))
    return redirect("mailings:content", mailing.pk)


@require_POST
@permission_required("mailings.add_mailing", raise_exception=True)
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a mailing that begins with this template."""
    template = get_object_or_404(Template, pk=pk)
    mailing = library.new(name=template.name, by=cast("User", request.user))
    try:
        content.start_from_template(mailing, template, now=timezone.now())
    except NoSuchBlock as refusal:
        messages.error(request, str(refusal))
    return redirect("mailings:setup", mailing.pk)


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
@csp_override(MAIL_POLICY)
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """A template as a mail: the small picture in the gallery."""
    template = get_object_or_404(Template, pk=pk)
    try:
        return shown.mail(Document.read(template.content), name=template.name, subject=template.subject)
    except NoSuchBlock as refusal:
        return HttpResponse(str(refusal), content_type="text/plain; charset=utf-8")


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """A template as JSON, its pictures in it."""
    template = get_object_or_404(Template, pk=pk)
    answer = HttpResponse(templates.written(template), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{slugify(template.name) or "template"}.json"'
    return answer


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def add(request: HttpRequest) -> HttpResponse:
    """Take a template in from a file."""
    file = request.FILES.get("file")
    try:
        if file is None:
            raise templates.CannotRead(_("Choose a file."))
        one = templates.read(file.read(templates.MAX_BYTES + 1), by=request.user, now=timezone.now())
        messages.success(request, _("“%(name)s” is in the library.") % {"name": one})
    except templates.CannotRead as refusal:
        messages.error(request, str(refusal))
    return redirect("mailings:templates")


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a template; mails that began with it stay as they are."""
    one = get_object_or_404(Template, pk=pk)
    one.delete()
    messages.success(request, _("“%(title)s” is gone.") % {"title": one})
    return redirect("mailings:templates")
