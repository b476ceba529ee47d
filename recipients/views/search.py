"""The search box of every page: people, companies, selections, projects."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recipients.models import Company, Person, Project, Selection

EACH = 5


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find a few of each kind; a fragment while one types, a page of its own without script."""
    words = request.GET.get("q", "").strip()[:100]
    context: dict[str, object] = {"words": words}
    if words:
        people = Person.objects.matching(words).select_related("company").with_addresses()
        context |= {
            "people": people.order_by("sort_name", "id")[:EACH],
            "companies": Company.objects.filter(name__icontains=words).order_by("name")[:EACH],
            "selections": Selection.objects.filter(name__icontains=words).order_by("-pk")[:EACH],
            "projects": Project.objects.filter(name__icontains=words).order_by("-pk")[:EACH],
        }
    fragment = "#hits" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"recipients/search.html{fragment}", context)
