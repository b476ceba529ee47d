"""The first page after logging in."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mailings import dashboard


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Greet, and show what is on its way, what waits, what was sent and what comes."""
    now = timezone.now()
    context: dict[str, object] = {"sending": dashboard.sending(now=now), "now": now}
    if request.headers.get("HX-Request") == "true":
        return render(request, "mailings/home.html#sending", context)
    context |= {
        "greeting": _greeting(timezone.localtime(now)),
        "is_new": dashboard.is_new_house(),
        "to_do": dashboard.to_do(),
        "results": dashboard.results(),
        "planned": dashboard.planned(),
        "health": dashboard.health(now=now),
    }
    return render(request, "mailings/home.html", context)


def _greeting(now: datetime) -> str:
    if now.hour < 6:
        return _("Good night")
    if now.hour < 12:
        return _("Good morning")
    return _("Good afternoon") if now.hour < 18 else _("Good evening")
