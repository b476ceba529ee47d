"""The search box of every page, opened by Ctrl K: whatever has a name."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recipients import finding


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find a few of each kind; a fragment while one types, a page of its own without script."""
    words = request.GET.get("q", "").strip()[:100]
    context = {"words": words, "found": finding.find(words, request.user) if words else None}
    fragment = "#hits" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"recipients/search.html{fragment}", context)
