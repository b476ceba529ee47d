"""The sign-up page of one's own, and its poster: where people sign up who may not be asked by a mail to many.

Whatever is typed in, the answer is the same: it tells nobody whether an address is known, blocked or was asked before.
"""

import io
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from consent import addresses, double_opt_in
from consent.double_opt_in import Request
from consent.models import SubscriptionType
from consent.views import visitors

FORM = "Sign-up page, version 1"
MOST, WHILE = 20, 3600  # requests from one place in so many seconds

# its drawing needs no picture library; the package has no types
_qrcode: Any = import_module("qrcode")
_drawing: Any = import_module("qrcode.image.svg").SvgPathImage


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Let somebody sign up: they get a mail, and count only once they confirm."""
    language = request.GET.get("lang", "")
    with translation.override(language if language in dict(settings.LANGUAGES) else translation.get_language()):
        types = list(SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk"))
        problem = _take(request, types) if request.method == "POST" else ""
        context = {
            "sender": settings.SENDER_NAME,
            "types": types,
            "ticked": request.POST.getlist("type")[:50],
            "address": request.POST.get("address", "")[:320],
            "problem": problem,
            "is_done": request.method == "POST" and not problem,
            "other_language": "nl" if translation.get_language() == "en" else "en",
            "here": request.get_full_path(),
        }
        return render(request, "consent/join.html", context, status=422 if problem else 200)


@require_GET
def poster(request: HttpRequest) -> HttpResponse:
    """Show the sign-up page as a poster to print."""
    return render(request, "consent/poster.html", {"sender": settings.SENDER_NAME, "link": _link()})


@require_GET
def code(request: HttpRequest) -> HttpResponse:
    """Draw the QR code of the sign-up page."""
    drawn = io.BytesIO()
    _qrcode.make(_link(), image_factory=_drawing, border=0).save(drawn)
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


def _link() -> str:
    return f"{settings.BASE_URL}{reverse('consent:join')}"


def _take(request: HttpRequest, types: list[SubscriptionType]) -> str:
    """Ask for confirmation; give what is wrong with the form itself, which says nothing about anybody."""
    try:
        address = addresses.normalise(request.POST.get("address", "")[:1000])
    except addresses.InvalidAddress as mistake:
        return str(mistake)
    chosen = [one for one in types if str(one.pk) in request.POST.getlist("type")[:50]]
    if not chosen:
        return _("Choose what you want to get")
    seen = visitors.seen(request, _wording(chosen), reverse("consent:join"))
    if request.POST.get("website") or _comes_too_often(seen.ip or ""):
        return ""  # a robot: it is answered like everybody else
    asked = Request(
        address=address,
        subscription_types=chosen,
        source="newsletter_signup",
        evidence={"form": FORM, "page": seen.url},
        wording=seen.wording,
        language=seen.language,
        ip=seen.ip,
    )
    double_opt_in.ask(asked, now=timezone.now())
    return ""


def _wording(chosen: list[SubscriptionType]) -> str:
    named = [": ".join(word for word in (one.name, one.description) if word) for one in chosen]
    return " / ".join([_("What may we send you?"), *named, _("Sign up")])


def _comes_too_often(ip: str) -> bool:
    key = f"consent:join:{ip}"
    cache.add(key, 0, WHILE)
    try:
        return cache.incr(key) > MOST
    except ValueError:  # it ran out in between
        return False
