"""The library of pictures, and the public address each is served from."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from mailings.material import pictures, redrawing
from mailings.material.models import Picture

YEAR = 365 * 24 * 3600
AT_ONCE = 20  # files of one upload
NOTHING: dict[str, Any] = {"default-src": [CSP.NONE], "sandbox": True}


@login_not_required
@require_safe
@csp_override(NOTHING)
def serve(request: HttpRequest, name: str, width: int = 0) -> HttpResponse:
    """A picture as mail programs fetch it: the name is its content, so it may be kept for a year."""
    file = pictures.data(name, width)
    if file is None:
        return HttpResponse(status=404)
    answer = HttpResponse(file, content_type=pictures.TYPES[name.rpartition(".")[2]])
    answer["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"  # mail is read on other sites
    return answer


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    """The pictures, the newest first; in the editor's dialog the same as buttons."""
    words = request.GET.get("q", "").strip()[:100]
    archived = request.GET.get("tab") == "archived"
    after = request.GET.get("after", "")
    shelf = pictures.shelf(words, after=int(after) if after.isdecimal() and len(after) < 18 else 0, archived=archived)
    context = {"shelf": shelf, "words": words, "archived": archived, "is_empty": not Picture.objects.exists()}
    part = "#choices" if "choose" in request.GET else ""
    return render(request, f"mailings/pictures.html{part}", context)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def add(request: HttpRequest) -> HttpResponse:
    """Take pictures in. The editor asks for JSON: where the picture is, or why not."""
    taken, refused = _taken(request)
    if request.headers.get("Accept") == "application/json":
        if refused or not taken:
            return JsonResponse({"sentence": " ".join(refused) or _("Choose a picture.")}, status=422)
        one = taken[-1]
        return JsonResponse({"url": one.address, "alt": one.alt, "title": one.title, "width": one.width})
    if taken:
        text = ngettext("%(count)d picture is in the library.", "%(count)d pictures are in the library.", len(taken))
        messages.success(request, text % {"count": len(taken)})
    for sentence in refused or ([] if taken else [_("Choose a picture.")]):
        messages.error(request, sentence)
    return redirect("mailings:picture", taken[0].pk) if len(taken) == 1 else redirect("mailings:pictures")


def _taken(request: HttpRequest) -> tuple[list[Picture], list[str]]:
    taken, refused = [], []
    for file in request.FILES.getlist("file")[:AT_ONCE]:
        try:
            taken.append(_take(request, file))
        except redrawing.NotAPicture as refusal:
            refused.append(f"{file.name}: {refusal}")
    return taken, refused


def _take(request: HttpRequest, file: "UploadedFile[bytes]") -> Picture:
    data = file.read(redrawing.MAX_BYTES + 1)
    return pictures.take_in(data, file.name or "", by=request.user, now=timezone.now())


class PictureForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Picture
        fields = ("alt", "title")
        help_texts = {"alt": gettext_lazy("In a few words. It comes along whenever the picture is put into a mail.")}


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("mailings.change_mailing", raise_exception=True)
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One picture: what it shows, and how it leaves the library."""
    picture = get_object_or_404(Picture.objects.select_related("by"), pk=pk)
    form = PictureForm(request.POST or None, instance=picture)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved"))
        return redirect("mailings:pictures")
    context = {"picture": picture, "form": form}
    return render(request, "mailings/picture.html", context, status=422 if form.errors else 200)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a picture out of the library, bring it back, or delete it for good."""
    picture = get_object_or_404(Picture, pk=pk)
    match request.POST.get("act"):
        case "delete" if picture.archived_at:
            pictures.delete(picture)
            messages.success(request, _("“%(title)s” is gone.") % {"title": picture})
        case "restore":
            pictures.bring_back(picture)
            messages.success(request, _("“%(title)s” is back in the library.") % {"title": picture})
        case _other:
            pictures.archive(picture, now=timezone.now())
            messages.success(
                request, _("“%(title)s” left the library. Mails that show it still do.") % {"title": picture}
            )
    return redirect("mailings:pictures")
