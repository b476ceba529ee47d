"""The library of links: names and actions that mailings share, and who clicked them."""

from typing import cast

from django.contrib import messages as notices
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailings import clickers, followup
from mailings.followup_forms import FollowUpForm
from mailings.link_forms import ActionForm, LibraryLinkForm
from recipients import paging
from recipients.models import Person, Project
from tracking import actions, library
from tracking.models import Act, LibraryLink, LinkAction

NEWEST = paging.Order(("id",), descending=True)


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    """The links of the library with their totals, by name."""
    links = list(library.in_use().prefetch_related("actions").order_by("name", "pk"))
    totals = clickers.totals(links)
    nothing = clickers.Total()
    context = {"rows": [(link, totals.get(link.pk, nothing)) for link in links]}
    return render(request, "mailings/link_library.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("mailings.change_mailing", raise_exception=True)
def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a link. Mailings that were sent lead to the new address within a minute."""
    known = get_object_or_404(LibraryLink, pk=pk) if pk else None
    form = LibraryLinkForm(request.POST or None, instance=known)
    if request.method == "POST" and form.is_valid():
        if known is None:
            form.instance.created_by = request.user
        saved = form.save()
        notices.success(request, _("Saved"))
        return redirect("mailings:library_link", saved.pk)
    context = {"form": form, "title": str(known) if known else _("New link"), "known": known}
    return render(request, "mailings/link_form.html", context, status=422 if form.errors else 200)


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One link: what a click does, its mailings, who clicked; and a dry run for one person."""
    link = get_object_or_404(LibraryLink, pk=pk)
    return _show(request, link, ActionForm())


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def add_action(request: HttpRequest, pk: int) -> HttpResponse:
    """One more thing that a click does."""
    link, form = get_object_or_404(LibraryLink, pk=pk), ActionForm(request.POST)
    if not form.is_valid():
        return _show(request, link, form, status=422)
    LinkAction.objects.create(link=link, does=form.cleaned_data["does"], detail=form.detail)
    notices.success(request, _("Added. It counts from the next click on."))
    return redirect("mailings:library_link", link.pk)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def remove_action(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A click does this no more; what was done stays done."""
    get_object_or_404(LinkAction, pk=number, link=pk).delete()
    notices.success(request, _("Removed. What was done stays done."))
    return redirect("mailings:library_link", pk)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of the list, or back in it. Links in mailings that were sent work for ever."""
    link = get_object_or_404(LibraryLink, pk=pk)
    link.archived_at = None if link.archived_at else timezone.now()
    link.save(update_fields=["archived_at"])
    notices.success(request, _("Put away: %(name)s.") % {"name": link.name} if link.archived_at else _("Put back."))
    return redirect(
        "mailings:link_library" if link.archived_at else "mailings:library_link", *([] if link.archived_at else [pk])
    )


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Put everybody who clicked on a selection or a project."""
    link, form = get_object_or_404(LibraryLink, pk=pk), FollowUpForm(request.POST)
    if not form.is_valid():
        for mistake in form.non_field_errors() or [_("That list is not there any more.")]:
            notices.error(request, str(mistake))
        return redirect("mailings:library_link", pk)
    given = form.cleaned_data
    target = followup.Target(given["selection"], given["project"], given["new_selection"], given["new_project"])
    added = followup.add(clickers.people(link), target, by=cast("User", request.user))
    text = ngettext("%(number)s person is new on “%(name)s”.", "%(number)s people are new on “%(name)s”.", added.new)
    notices.success(request, text % {"number": number_format(added.new, force_grouping=True), "name": added.to.name})
    return redirect("recipients:project" if isinstance(added.to, Project) else "recipients:selection", added.to.pk)


def _show(request: HttpRequest, link: LibraryLink, form: ActionForm, status: int = 200) -> HttpResponse:
    does = list(link.actions.order_by("pk"))
    page = paging.page(clickers.clicks(link), NEWEST, request.GET.dict())
    words = request.GET.get("person", "").strip()[:100]
    person = Person.objects.matching(words).order_by("pk").first() if words else None
    context = {
        "link": link,
        "address": library.address(link),
        "actions": [(action, actions.describe(action)) for action in does],
        "conflicts": actions.conflicts(does),
        "uses": clickers.uses(link),
        "page": page,
        "clickers": clickers.with_people(page.rows),
        "where": paging.said(page, paging.total(clickers.clicks(link))),
        "form": form,
        "words": words,
        "person": person,
        "foreseen": [words for _action, words in actions.foresee(does, person)] if person else [],
        "failed": Act.objects.filter(action__link=link, state=Act.State.FAILED)
        .select_related("action", "person")
        .order_by("-pk")[:5],
        "done": Act.objects.filter(action__link=link, state=Act.State.DONE).count(),
        "follow_up": FollowUpForm(),
    }
    return render(request, "mailings/library_link.html", context, status=status)
