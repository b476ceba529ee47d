"""What selections and projects have in common on the page: members, adding, taking off."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent.views import exporting
from recipients import filters, members, paging, tables
from recipients.forms import AddToForm
from recipients.models import Person, Project, ProjectMember
from recipients.views import picked

BY_NAME = paging.Order(("sort_name", "id"))
OFFERED = 8


def members_page(request: HttpRequest, which: members.List) -> dict[str, object]:
    """The people on a list, searched as one types, a page at a time."""
    asked = request.GET.dict()
    words = asked.get("q", "").strip()[:100]
    everyone = members.of(which)
    narrowed = filters.read(asked)
    found = filters.apply(everyone.matching(words), narrowed, user=request.user)
    order = "-name" if asked.get("sort") == "-name" else "name"
    way = BY_NAME.backwards() if order == "-name" else BY_NAME
    page = paging.page(found.select_related("company").defer("notes").with_addresses(), way, asked)
    total = paging.total(found)
    heads = paging.total(everyone) if words or narrowed else total
    if isinstance(which, Project):
        roles = dict(ProjectMember.objects.filter(project=which, person__in=page.rows).values_list("person", "role"))
        for person in page.rows:
            person.role = roles.get(person.pk, "")  # type: ignore[attr-defined]
    return {
        "page": page,
        "total": total,
        "where": paging.said(page, total),
        "words": words,
        "filters": narrowed,
        **filters.offered(),
        "heads": heads,
        "sort": order,
        "add_to": AddToForm(),
    }


def offer(request: HttpRequest, which: members.List, template: str) -> HttpResponse:
    """Offer people to add, found by their words; those on the list already say so."""
    words = request.GET.get("add", "").strip()[:100]
    found: list[Person] = []
    on_list: set[int] = set()
    if words:
        found = list(
            Person.objects.matching(words)
            .select_related("company")
            .with_addresses()
            .order_by("sort_name", "id")[:OFFERED]
        )
        on_list = set(members.of(which).filter(pk__in=[person.pk for person in found]).values_list("pk", flat=True))
    total = paging.total(Person.objects.matching(words)) if len(found) == OFFERED else paging.Total(len(found))
    context = {"offered": found, "on_list": on_list, "words": words, "total": total}
    return render(request, template, context)


def add(request: HttpRequest, which: members.List) -> HttpResponse:
    """Add picked people, or everybody whom the words find."""
    words = request.POST.get("add", "").strip()[:100]
    added = members.add(which, picked.people(request, Person.objects.matching(words)))
    if added:
        messages.success(request, ngettext("%d person added", "%d people added", added) % added)
    else:
        messages.info(request, _("Nobody new: they were on the list already"))
    return redirect(f"recipients:{which._meta.model_name}", which.pk)


def export(request: HttpRequest, which: members.List) -> HttpResponseBase:
    """The people on a list, as they are searched, as a file."""
    words = request.POST.get("q", "").strip()[:100]
    what = which._meta.model_name or ""
    narrowed = filters.read(request.POST.dict())
    found = filters.apply(members.of(which).matching(words), narrowed, user=request.user)
    asked = {"number": which.pk, "words": words, **dict(narrowed.pairs)}
    table = tables.people(found, what=what, name=which.name, asked=asked)
    return exporting.respond(request, table, back=reverse(f"recipients:{what}", args=[which.pk]))


def remove(request: HttpRequest, which: members.List) -> HttpResponse:
    """Take picked people off the list, or everybody whom the search showed."""
    words = request.POST.get("q", "").strip()[:100]
    narrowed = filters.read(request.POST.dict())
    found = filters.apply(members.of(which).matching(words), narrowed, user=request.user)
    gone = members.remove(which, picked.people(request, found))
    said = ngettext("%d person taken off the list", "%d people taken off the list", gone) % gone
    messages.success(request, said)
    return redirect(f"recipients:{which._meta.model_name}", which.pk)
