"""Companies: the list, and one with its people."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.views import exporting
from recipients import paging, tables, timeline, todos
from recipients.cards import CompanyForm
from recipients.forms import AddToForm, TaskForm
from recipients.models import Company, Person
from recipients.views import cards, lives

BY_NAME = paging.Order(("name", "id"))
BY_PERSON = paging.Order(("sort_name", "id"))


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List companies with the number of people we know there."""
    asked = request.GET.dict()
    words = asked.get("q", "").strip()[:100]
    found = Company.objects.filter(name__holds=words) if words else Company.objects.all()
    page = paging.page(found, BY_NAME, asked)
    heads = Person.objects.filter(company__in=page.rows).values_list("company").annotate(heads=Count("pk"))
    known = dict(heads.order_by().values_list("company", "heads"))
    context = {
        "page": page,
        "rows": [(company, known.get(company.pk, 0)) for company in page.rows],
        "where": paging.said(page, paging.total(found, everything=not words)),
        "words": words,
        "nobody": not words and not page.rows and "after" not in asked,
    }
    fragment = "#found" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"recipients/companies.html{fragment}", context)


@require_POST
@exporting.may_export
def export(request: HttpRequest) -> HttpResponseBase:
    """Give the companies that are found as a file."""
    words = request.POST.get("q", "").strip()[:100]
    found = Company.objects.filter(name__holds=words) if words else Company.objects.all()
    table = tables.companies(found, name=_("Companies"), asked={"words": words})
    return exporting.respond(request, table, back="recipients:companies")


@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one company: how to reach it, what we know, its people, and what happened."""
    company = get_object_or_404(Company.objects.select_related("our_contact", "support_contact"), pk=pk)
    found = Person.objects.filter(company=company)
    page = paging.page(found.defer("notes").with_addresses(), BY_PERSON, request.GET.dict())
    total = paging.total(found)
    context = {
        **cards.shown(company),
        "page": page,
        "total": total,
        "where": paging.said(page, total),
        "tasks": todos.open_of(company),
        "task_form": TaskForm(assignee=request.user),
        "kinds": timeline.known(company),
        "add_to": AddToForm(),
    }
    return render(request, "recipients/company.html", context)


@require_safe
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a page of the time line."""
    return lives.history(request, get_object_or_404(Company, pk=pk))


@permission_required("recipients.change_company", raise_exception=True)
@require_http_methods(["GET", "POST"])
def part(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Change one part of the card where it stands."""
    return lives.part(request, get_object_or_404(Company, pk=pk), name)


@permission_required("recipients.add_company", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write down a new company."""
    form = CompanyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        company = form.write(by=lives.who(request), now=timezone.now())
        messages.success(request, _("%(name)s is written down") % {"name": company})
        return redirect("recipients:company", company.pk)
    return render(request, "recipients/company_form.html", {"form": form}, status=422 if form.errors else 200)


@permission_required("recipients.change_company", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a company; its people are found by its new name."""
    company = get_object_or_404(Company, pk=pk)
    title = company.name
    form = CompanyForm(request.POST if request.method == "POST" else None, instance=company)
    if request.method == "POST" and form.is_valid():
        form.write(by=lives.who(request), now=timezone.now())
        messages.success(request, _("Saved"))
        return redirect("recipients:company", company.pk)
    context = {"form": form, "company": company, "title": title}
    return render(request, "recipients/company_form.html", context, status=422 if form.errors else 200)
