"""The pages on which somebody asks for their own data, and gets it or is forgotten. Looking changes nothing."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import addresses, requests
from consent.models import SubjectRequest
from consent.views import visitors
from consent.views.public import not_a_link

MOST, WHILE = 10, 3600  # requests from one place in so many seconds
FILES = {"json": ("application/json", "json"), "csv": ("application/zip", "zip")}


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Take an address; the answer is the same whether it is known or not."""
    language = request.GET.get("lang", "")
    with translation.override(language if language in dict(settings.LANGUAGES) else translation.get_language()):
        problem = _take(request) if request.method == "POST" else ""
        context = {
            "sender": settings.SENDER_NAME,
            "address": request.POST.get("address", "")[:320],
            "problem": problem,
            "is_done": request.method == "POST" and not problem,
            **_frame(request),
        }
        return _sealed(render(request, "consent/data_ask.html", context, status=422 if problem else 200))


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest, key: str) -> HttpResponse:
    """Show what can be done, give the copy, or take the wish to be erased."""
    asked = requests.find(key, at=timezone.now())
    if asked is None:
        return _sealed(not_a_link(request))
    language = request.GET.get("lang", "") or asked.language
    with translation.override(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        action = request.POST.get("action", "") if request.method == "POST" else ""
        response = _act(request, asked, action) if action else None
        return _sealed(response or _page(request, asked))


def _take(request: HttpRequest) -> str:
    try:
        address = addresses.normalise(request.POST.get("address", "")[:1000])
    except addresses.InvalidAddress as mistake:
        return str(mistake)
    if not request.POST.get("website") and not _comes_too_often(visitors.ip(request) or ""):
        requests.ask(address, language=translation.get_language() or "", now=timezone.now())
    return ""


def _act(request: HttpRequest, asked: SubjectRequest, action: str) -> HttpResponse | None:
    now = timezone.now()
    if requests.state(asked, at=now) in (requests.State.ERASING, requests.State.ERASED):
        return None
    if action in FILES:
        requests.identify(asked, how="link", now=now)
        kind, ending = FILES[action]
        headers = {"Content-Disposition": f'attachment; filename="your-data.{ending}"'}
        return HttpResponse(requests.copy(asked, action, now=now), content_type=kind, headers=headers)
    if action == "erase" and request.POST.get("sure"):
        requests.identify(asked, how="link", now=now)
        requests.ask_erasure(asked, actor="self", now=now)
    return None


def _page(request: HttpRequest, asked: SubjectRequest) -> HttpResponse:
    asked.refresh_from_db()
    context = {
        "sender": settings.SENDER_NAME,
        "state": requests.state(asked, at=timezone.now()),
        "forgot_to_tick": request.POST.get("action") == "erase" and not request.POST.get("sure"),
        "expires_at": asked.expires_at,
        **_frame(request),
    }
    return render(request, "consent/data.html", context)


def _frame(request: HttpRequest) -> dict[str, str]:
    other = "nl" if translation.get_language() == "en" else "en"
    return {"other_language": other, "here": request.get_full_path()}


def _sealed(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _comes_too_often(ip: str) -> bool:
    key = f"consent:data:{ip}"
    cache.add(key, 0, WHILE)
    try:
        return cache.incr(key) > MOST
    except ValueError:  # it ran out in between
        return False
