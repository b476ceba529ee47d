"""The Mailings page, making and copying mailings, and the lists of mailings that other pages load."""

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailings import library, months, reasons
from mailings.forms import NewMailingForm
from mailings.models import Mailing
from mailings.views.trail import Trail, number, words
from recipients.models import Person, Project, Selection

PAGE = 50
SHORT = 20  # mailings on the card of a selection, a project or a person


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All mailings by state, the newest first."""
    searched, kind = words(request), request.GET.get("type", "")
    tab = request.GET.get("tab", "all")
    kept = library.matching(searched)
    if kind in Mailing.Type:
        kept = kept.filter(type=kind)
    folder = request.GET.get("folder", "").strip()[:100]
    if folder:
        kept = kept.filter(folder=folder)
    trail = Trail.of(request, size=PAGE)
    page = library.page(library.under(tab, kept), after=trail.after, limit=PAGE)
    context = {
        "tabs": [
            (one, f"?{urlencode({**_without(trail.asked, 'tab'), 'tab': one.code})}") for one in library.tabs(kept)
        ],
        "tab": tab,
        "words": searched,
        "type": kind,
        "types": Mailing.Type.choices,
        "folder": folder,
        "folders": library.folders(),
        "rows": page.rows,
        "is_empty": not page.rows and not searched and not kind and not folder and not Mailing.objects.exists(),
        "first": trail.first,
        "last": trail.first + len(page.rows) - 1,
        "previous": trail.previous,
        "next": trail.next(page.after),
    }
    part = "mailings/list.html#mailings" if request.headers.get("HX-Request") == "true" else "mailings/list.html"
    return render(request, part, context)


@require_GET
def by_month(request: HttpRequest) -> HttpResponse:
    """The calendar: what was sent and what is planned, day by day."""
    today = timezone.localdate()
    month = months.of(months.read(request.GET.get("month", ""), today=today))
    return render(request, "mailings/calendar.html", {"month": month, "today": today})


def _without(asked: Any, name: str) -> dict[str, str]:
    return {key: value for key, value in asked.items() if key != name}


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("mailings.add_mailing", raise_exception=True)
def new(request: HttpRequest) -> HttpResponse:
    """Make a mailing, perhaps for a selection or a project."""
    if request.method != "POST":
        given = {name: request.GET[name] for name in ("selection", "project") if request.GET.get(name, "").isdigit()}
        form = NewMailingForm(initial={"type": Mailing.Type.EMAIL, **given})
    else:
        form = NewMailingForm(request.POST)
        if form.is_valid():
            return redirect("mailings:setup", _made(form, request).pk)
    linked = Selection.objects.filter(pk=number(form["selection"].value())).first()
    project = Project.objects.filter(pk=number(form["project"].value())).first()
    context = {"form": form, "selection": linked, "project": project}
    return render(request, "mailings/new.html", context, status=422 if form.errors else 200)


def _made(form: NewMailingForm, request: HttpRequest) -> Mailing:
    given = form.cleaned_data
    return library.new(
        name=given["name"],
        kind=given["type"],
        by=cast("User", request.user),
        selection=given["selection"].pk if given["selection"] else None,
        project=given["project"].pk if given["project"] else None,
    )


@require_POST
@permission_required("mailings.add_mailing", raise_exception=True)
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """Copy a mailing into a new draft and go there."""
    copy = library.duplicate(get_object_or_404(Mailing, pk=pk), by=cast("User", request.user))
    return redirect("mailings:setup", copy.pk)


@require_POST
@permission_required("mailings.delete_mailing", raise_exception=True)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a mailing out of sight; nothing is lost."""
    mailing = get_object_or_404(Mailing, pk=pk)
    try:
        library.archive(mailing, now=timezone.now())
    except library.CannotArchive as refusal:
        messages.error(request, str(refusal))
    else:
        text = _("“%(name)s” is archived. You can take it back from Archived.")
        messages.success(request, text % {"name": mailing.name})
    return redirect("mailings:list")


@require_POST
@permission_required("mailings.delete_mailing", raise_exception=True)
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a mailing out of the archive."""
    mailing = get_object_or_404(Mailing, pk=pk)
    library.restore(mailing)
    messages.success(request, _("“%(name)s” is back.") % {"name": mailing.name})
    return redirect("mailings:list")


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def bulk(request: HttpRequest) -> HttpResponse:
    """Archive, duplicate or file the picked mailings."""
    numbers = [number(one) for one in request.POST.getlist("mailing")[:500]]
    picked = Mailing.objects.filter(pk__in=numbers).order_by("pk")
    act = {"archive": _archive, "restore": _restore, "duplicate": _duplicate, "file": _file}.get(
        request.POST.get("act", "")
    )
    if act and picked:
        act(request, picked)
    return redirect("mailings:list")


def _archive(request: HttpRequest, picked: QuerySet[Mailing]) -> None:
    done = 0
    for mailing in picked:
        try:
            library.archive(mailing, now=timezone.now())
            done += 1
        except library.CannotArchive as refusal:
            messages.error(request, str(refusal))
    if done:
        text = ngettext("%(count)d mailing archived.", "%(count)d mailings archived.", done)
        messages.success(request, text % {"count": done})


def _file(request: HttpRequest, picked: QuerySet[Mailing]) -> None:
    """Put them into a folder, or out of theirs; a folder is there while something is in it."""
    folder = " ".join(request.POST.get("folder", "").split())[:100]
    count = picked.update(folder=folder)
    if folder:
        text = ngettext("%(count)d mailing is in “%(folder)s”.", "%(count)d mailings are in “%(folder)s”.", count)
    else:
        text = ngettext("%(count)d mailing is in no folder.", "%(count)d mailings are in no folder.", count)
    messages.success(request, text % {"count": count, "folder": folder})


def _restore(request: HttpRequest, picked: QuerySet[Mailing]) -> None:
    for mailing in picked:
        library.restore(mailing)
    text = ngettext("%(count)d mailing is back.", "%(count)d mailings are back.", len(picked))
    messages.success(request, text % {"count": len(picked)})


def _duplicate(request: HttpRequest, picked: QuerySet[Mailing]) -> None:
    for mailing in picked:
        library.duplicate(mailing, by=cast("User", request.user))
    text = ngettext("%(count)d mailing copied.", "%(count)d mailings copied.", len(picked))
    messages.success(request, text % {"count": len(picked)})


# lists that the cards of selections, projects and persons load ------------------------------------------------------------


@require_GET
def of_selection(request: HttpRequest, pk: int) -> HttpResponse:
    """The mailings filed with a selection, or sent to it."""
    selection = get_object_or_404(Selection, pk=pk)
    kept = Mailing.objects.filter(selection=selection) | Mailing.objects.filter(sources__selection=selection)
    return _short(request, kept, new=f"selection={pk}")


@require_GET
def of_project(request: HttpRequest, pk: int) -> HttpResponse:
    """The mailings filed with a project, or sent to it."""
    project = get_object_or_404(Project, pk=pk)
    kept = Mailing.objects.filter(project=project) | Mailing.objects.filter(sources__project=project)
    return _short(request, kept, new=f"project={pk}")


def _short(request: HttpRequest, kept: QuerySet[Mailing], *, new: str) -> HttpResponse:
    page = library.page(kept.filter(archived_at=None).distinct(), limit=SHORT)
    return render(request, "mailings/of.html", {"rows": page.rows, "new": new})


@require_GET
def of_person(request: HttpRequest, pk: int) -> HttpResponse:
    """What this person got from us, and what they did with it."""
    person = get_object_or_404(Person, pk=pk)
    got = person.messages.select_related("mailing").defer(
        "data", "mailing__content", "mailing__compiled", "mailing__compiled_unseen"
    )
    received = [(message, reasons.words(message.reason)) for message in got.order_by("-pk")[:SHORT]]
    return render(request, "mailings/of.html#person", {"received": received})
