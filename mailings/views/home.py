"""The first page after logging in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Greet, and show what is being sent, what was sent and what comes."""
    return render(request, "mailings/home.html", {"now": timezone.localtime()})
