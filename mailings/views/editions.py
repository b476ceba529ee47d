"""The page of a mailing's editions: its languages."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mailings import editions
from mailings.models import Mailing
from mailings.views.trail import number
from mailings.views.wizard import of_draft


@require_GET
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def index(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Which editions there are, and what can be added."""
    kept = editions.of(mailing)
    context = {
        "mailing": mailing,
        "step": "content",
        "main_language": editions.name_of(editions.language_of(mailing)),
        "languages": [(one, editions.label(one)) for one in kept if one.edition_language],
        "left": editions.languages_left(mailing),
        "readers": editions.readers(mailing),
    }
    return render(request, "mailings/editions.html", context)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def add_language(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Add a language, and go there to write it."""
    try:
        edition = editions.add_language(mailing, request.POST.get("language", ""))
    except editions.CannotAdd as refusal:
        messages.error(request, str(refusal))
        return redirect("mailings:editions", mailing.pk)
    text = _("It begins with the words there are. Write them in %(language)s.")
    messages.success(request, text % {"language": editions.label(edition)})
    return redirect("mailings:content", edition.pk)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def remove(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Take an edition away."""
    editions.remove(mailing, number(request.POST.get("edition", "")))
    messages.success(request, _("Taken away."))
    return redirect("mailings:editions", mailing.pk)
