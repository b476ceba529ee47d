"""People: the list, the card, writing and adding to lists."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.views import exporting
from recipients import filters, members, paging, people, tables, timeline, todos
from recipients.cards import PersonForm
from recipients.forms import AddToForm, TaskForm
from recipients.models import Company, Import, Merge, Person, Project, ProjectMember, Selection
from recipients.views import cards, lives, picked

ORDERS = {
    "name": paging.Order(("sort_name", "id")),
    "-name": paging.Order(("sort_name", "id"), descending=True),
    "newest": paging.Order(("id",), descending=True),
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List people by name or newest first, searched as one types."""
    asked = request.GET.dict()
    words = asked.get("q", "").strip()[:100]
    order = asked.get("sort", "name")
    narrowed = filters.read(asked)
    found = filters.apply(Person.objects.matching(words), narrowed, user=request.user)
    total = paging.total(found, everything=not words and not narrowed)
    page = paging.page(
        found.select_related("company").defer("notes").with_addresses(),
        ORDERS.get(order, ORDERS["name"]),
        asked,
    )
    context = {
        "page": page,
        "total": total,
        "where": paging.said(page, total),
        "words": words,
        "sort": order if order in ORDERS else "name",
        "filters": narrowed,
        **filters.offered(),
        "nobody": not words and not narrowed and not page.rows and "after" not in asked,
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "recipients/people.html#found", context)
    last = Import.objects.order_by("-pk").only("pk", "file_name", "state").first()
    return render(request, "recipients/people.html", {**context, "add_to": AddToForm(), "last_import": last})


@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one person: addresses, what we know, whether we may mail, which lists, and what happened."""
    person = Person.objects.select_related("company", "our_contact", "support_contact").filter(pk=pk).first()
    if person is None:
        merged = get_object_or_404(Merge, gone=pk)
        return redirect("recipients:person", merged.kept_id)
    context = {
        **cards.shown(person),
        "shared": people.shared_addresses(person),
        "selections": person.selections.order_by("name")[:20],
        "memberships": ProjectMember.objects.filter(person=person).select_related("project").order_by("-pk")[:20],
        "tasks": todos.open_of(person),
        "task_form": TaskForm(assignee=request.user),
        "kinds": timeline.known(person),
        "add_to": AddToForm(),
    }
    return render(request, "recipients/person.html", context)


@require_POST
@exporting.may_export
def export(request: HttpRequest) -> HttpResponseBase:
    """Give everybody who is found as a file."""
    words = request.POST.get("q", "").strip()[:100]
    narrowed = filters.read(request.POST.dict())
    found = filters.apply(Person.objects.matching(words), narrowed, user=request.user)
    asked = {"words": words, **dict(narrowed.pairs)}
    table = tables.people(found, what="people", name=_("People"), asked=asked)
    return exporting.respond(request, table, back="recipients:people")


@require_safe
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a page of the time line."""
    person = get_object_or_404(Person.objects.select_related("company"), pk=pk)
    return lives.history(request, person)


@permission_required("recipients.change_person", raise_exception=True)
@require_http_methods(["GET", "POST"])
def part(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Change one part of the card where it stands."""
    person = get_object_or_404(Person.objects.select_related("company"), pk=pk)
    return lives.part(request, person, name)


@permission_required("recipients.add_person", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write down a new person."""
    company = Company.objects.filter(pk=request.GET["company"]).first() if _is_number(request, "company") else None
    start = Person(company=company) if company else None
    form = PersonForm(request.POST if request.method == "POST" else None, instance=start)
    if request.method == "POST" and form.is_valid():
        person = form.write(by=lives.who(request), now=timezone.now())
        messages.success(request, _("%(name)s is written down") % {"name": person})
        _tell_shared(request, person)
        return redirect("recipients:person", person.pk)
    return render(request, "recipients/person_form.html", {"form": form}, status=422 if form.errors else 200)


@permission_required("recipients.change_person", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what we know about a person."""
    person = get_object_or_404(Person.objects.select_related("company"), pk=pk)
    title = str(person)
    form = PersonForm(request.POST if request.method == "POST" else None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.write(by=lives.who(request), now=timezone.now())
        messages.success(request, _("Saved"))
        _tell_shared(request, person)
        return redirect("recipients:person", person.pk)
    context = {"form": form, "person": person, "title": title}
    return render(request, "recipients/person_form.html", context, status=422 if form.errors else 200)


@permission_required("recipients.change_selection", raise_exception=True)
@require_POST
def add_to(request: HttpRequest) -> HttpResponse:
    """Put the picked people on a selection or a project."""
    chosen = picked.people(request, picked.shown(request))
    form = AddToForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(text) for errors in form.errors.values() for text in errors))
        return redirect(_back(request))
    lists: list[Selection | Project] = [
        row for row in (form.cleaned_data["selection"], form.cleaned_data["project"]) if row
    ]
    if form.cleaned_data["new_selection"]:
        owner = request.user if isinstance(request.user, User) else None
        lists.append(Selection.objects.create(name=form.cleaned_data["new_selection"], created_by=owner))
    for row in lists:
        added = members.add(row, chosen)
        said = ngettext("%(number)d person added to “%(list)s”", "%(number)d people added to “%(list)s”", added)
        messages.success(request, said % {"number": added, "list": row})
    return redirect(_back(request))


@require_safe
def company_names(request: HttpRequest) -> HttpResponse:
    """Offer company names while one types."""
    words = request.GET.get("company_name", "").strip()[:100]
    found = Company.objects.filter(name__holds=words).order_by("name")[:10] if words else []
    return render(request, "recipients/person_form.html#companies", {"companies": found})


def _tell_shared(request: HttpRequest, person: Person) -> None:
    for other in people.shared_addresses(person):
        text = _("%(name)s has the address %(address)s too. One of them will get the mail.")
        messages.warning(request, text % {"name": other.name, "address": other.address})


def _back(request: HttpRequest) -> str:
    """The page of this app that the form stood on."""
    wanted = request.POST.get("next", "")
    return wanted if wanted.startswith(("/people/", "/companies/", "/selections/", "/projects/")) else "/people/"


def _is_number(request: HttpRequest, key: str) -> bool:
    text = request.GET.get(key, "")
    return text.isascii() and text.isdigit() and len(text) < 16
