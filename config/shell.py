"""The frame around every page: theme, place in the navigation, messages after an htmx request, settings."""

import json
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

THEMES = {"light": "duif", "dark": "duif-dark"}  # "system" is neither: the browser decides
YEAR = 365 * 24 * 3600
SECTIONS = (
    ("/mailings/", "mailings"),
    ("/links/", "mailings"),
    ("/library/", "mailings"),
    ("/people/", "people"),
    ("/companies/", "people"),
    ("/tasks/", "people"),
    ("/selections/", "selections"),
    ("/projects/", "projects"),
    ("/forms/", "forms"),
    ("/consent/", "consent"),
    ("/reports/", "reports"),
    ("/bounces/", "reports"),
    ("/settings/", "settings"),
    ("/account/", "settings"),
)


def context(request: HttpRequest) -> dict[str, object]:
    """What base.html needs to know."""
    chosen = request.COOKIES.get("theme", "system")
    section = next((name for start, name in SECTIONS if request.path.startswith(start)), "")
    return {
        "theme": chosen if chosen in THEMES else "system",
        "data_theme": THEMES.get(chosen, ""),
        "section": "home" if request.path == "/" else section,
    }


def back(request: HttpRequest) -> str:
    """The page to return to: asked for, or where the request came from, never another site's."""
    wanted = request.POST.get("next") or request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("home")


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the system's choice in this browser."""
    response = HttpResponseRedirect(back(request))
    response.set_cookie("theme", request.POST.get("theme", "system")[:10], max_age=YEAR, samesite="Lax")
    return response


@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    """Show what one can set: language, look, password, second factor."""
    return render(request, "settings.html")


class MessagesForHtmx:
    """Hand Django's messages to the page after an htmx request, as an event that shows them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        goes_elsewhere = 300 <= response.status_code < 400 or response.has_header("HX-Redirect")
        if request.headers.get("HX-Request") != "true" or goes_elsewhere or response.has_header("HX-Trigger"):
            return response
        if said := [{"text": str(message), "level": message.level_tag} for message in messages.get_messages(request)]:
            response["HX-Trigger"] = json.dumps({"messages": {"messages": said}})
        return response


class RefuseNul:
    """Answer 400 to an address with a NUL in it: no text of ours holds one, and PostgreSQL refuses to compare it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return render(request, "400.html", status=400)
        return self.get_response(request)
