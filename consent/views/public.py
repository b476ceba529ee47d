"""The unsubscribe page. Looking changes nothing; a POST does, from the page or by one click of RFC 8058.

No cookie, no session, no login: the key in the address is the right to it, so there is nothing a forged form could
add, and a forged key gets the one answer that every forged link gets.
"""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import addresses
from consent import unsubscribe as leaving
from consent.models import OptOutKey, SubscriptionType
from consent.views import visitors

PATH = "/u/…/"  # in the ledger: which page it was, without the key that opens it
WHYS = {
    "too_often": gettext_lazy("It came too often"),
    "not_relevant": gettext_lazy("It was not about me"),
    "never_asked": gettext_lazy("I never asked for it"),
    "other": gettext_lazy("Something else"),
}


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def unsubscribe(request: HttpRequest, key: str, type_id: int) -> HttpResponse:
    """Show the page, or do what was asked; always 200, never a redirect, the same however often."""
    language = request.GET.get("lang", "")
    with translation.override(language if language in ("en", "nl") else translation.get_language()):
        person, of_type = leaving.who(key), SubscriptionType.objects.filter(pk=type_id).first()
        if person is None or of_type is None:
            response = not_a_link(request)
        elif request.method == "POST":
            response = _act(request, person, of_type)
        elif request.method == "OPTIONS":
            response = HttpResponse(headers={"Allow": "GET, HEAD, OPTIONS, POST"})
        else:
            response = _page(request, person, of_type)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@csrf_exempt
@login_not_required
def not_a_link(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Give the one answer to every forged or cut link."""
    return render(request, "404_public.html", status=404)


def _act(request: HttpRequest, person: OptOutKey, of_type: SubscriptionType) -> HttpResponse:
    token, now = request.GET.get("m", "")[:100], timezone.now()
    if request.POST.get("List-Unsubscribe") == "One-Click":
        leaving.leave(person, of_type, how="one_click", token=token, now=now)
        return HttpResponse(_("You are unsubscribed"), content_type="text/plain; charset=utf-8")
    action = request.POST.get("action", "")
    if action == "leave":
        words = _("Unsubscribe from %(name)s") % {"name": of_type.name}
        leaving.leave(person, of_type, how="page", token=token, seen=visitors.seen(request, words, PATH), now=now)
    elif action == "leave_all":
        words = _("Unsubscribe from all mailings")
        leaving.leave(person, None, how="page", token=token, seen=visitors.seen(request, words, PATH), now=now)
    elif action == "come_back":
        words = _("Undo: keep sending it")
        leaving.come_back(person, of_type, token=token, seen=visitors.seen(request, words, PATH), now=now)
    elif action == "why" and request.POST.get("why") in WHYS:
        leaving.say_why(person, request.POST["why"], request.POST.get("words", ""))
    return _page(request, person, of_type, did=action)


def _page(request: HttpRequest, person: OptOutKey, of_type: SubscriptionType, did: str = "") -> HttpResponse:
    has_left_all = leaving.has_left_all(person)
    context = {
        "sender": settings.SENDER_NAME,
        "of_type": of_type,
        "did": did,
        "has_left": has_left_all or leaving.has_left(person, of_type),
        "has_left_all": has_left_all,
        "masked": addresses.masked(person.address) if did else "",  # no address before somebody acts
        "whys": WHYS,
        "other_language": "nl" if translation.get_language() == "en" else "en",
        "here": request.get_full_path(),
    }
    return render(request, "consent/unsubscribe.html", context)
