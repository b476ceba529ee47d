"""Web forms: nothing to fill in yet, so the page says what will be here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List web forms: there are none yet."""
    return render(request, "webforms/list.html")
