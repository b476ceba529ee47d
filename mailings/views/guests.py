"""The one-off list of a mailing: put a file in, see who of it gets the mailing and why the others do not, take people off."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from mailings import guests, reasons
from mailings.models import Mailing
from mailings.views.trail import Trail, number, words
from mailings.views.wizard import of_draft
from recipients.imports import rows

PAGE = 100


@require_GET
@of_draft
def one_off(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """The list with a verdict for each, by reason and by words."""
    if not guests.may_have(mailing):
        raise Http404
    return _page(request, mailing)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def take(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Read a file into the list; what could not be read is said, row by row."""
    if not guests.may_have(mailing):
        raise Http404
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        return _page(request, mailing, problem=_("Choose a file first."))
    try:
        taken = guests.take(mailing, file)
    except (rows.Unreadable, guests.NotTaken) as refusal:
        return _page(request, mailing, problem=str(refusal))
    if taken.new:
        said = ngettext("%(count)s person was put on the list.", "%(count)s people were put on the list.", taken.new)
        messages.success(request, said % {"count": taken.new})
    if taken.known:
        more = ngettext("%(count)s stood there already.", "%(count)s stood there already.", taken.known)
        messages.info(request, more % {"count": taken.known})
    if taken.refused:
        return _page(request, mailing, taken=taken)
    return redirect("mailings:one_off", mailing.pk)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def remove(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Take one person off the list, or everybody."""
    only = [number(request.POST["number"])] if "number" in request.POST else None
    gone = guests.remove(mailing, only)
    said = ngettext("%(count)s person was taken off the list.", "%(count)s people were taken off the list.", gone)
    messages.success(request, said % {"count": gone})
    return redirect("mailings:recipients" if only is None else "mailings:one_off", mailing.pk)


def _page(
    request: HttpRequest, mailing: Mailing, *, problem: str = "", taken: guests.Taken | None = None
) -> HttpResponse:
    trail = Trail.of(request, size=PAGE)
    everybody = guests.judged(mailing, now=timezone.now())
    reason, said = request.GET.get("reason", ""), words(request).casefold()
    wanted = [
        one
        for one in everybody
        if (not reason or one.reason == reason or (reason == "gets" and not one.reason))
        and (not said or said in f"{one.name} {one.address}".casefold())
    ]
    shown = [one for one in wanted if one.pk > number(trail.after)]
    page, is_last = shown[:PAGE], len(shown) <= PAGE
    held = sorted({one.reason for one in everybody if one.reason})
    context = {
        "mailing": mailing,
        "step": "recipients",
        "total": len(everybody),
        "gets": sum(not one.reason for one in everybody),
        "held": {code: reasons.words(code) for code in held},
        "reason": reason,
        "words": words(request),
        "rows": reasons.explain(page, {}),
        "first": trail.first,
        "last": trail.first + len(page) - 1,
        "previous": trail.previous,
        "next": "" if is_last else trail.next(str(page[-1].pk)),
        "problem": problem,
        "refused": taken.refused[: guests.SHOWN] if taken else [],
        "refused_in_all": len(taken.refused) if taken else 0,
        "most": guests.MOST,
    }
    return render(request, "mailings/one_off.html", context, status=422 if problem else 200)
