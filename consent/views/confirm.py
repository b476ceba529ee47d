"""The page on which somebody confirms. A scanner that opens the link confirms nothing: the button is a POST."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import double_opt_in
from consent.models import Confirmation
from consent.views import visitors
from consent.views.public import not_a_link

PATH = "/confirm/…/"


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Show what is to be confirmed, or take the answer."""
    asked = double_opt_in.find(key)
    if asked is None:
        response = not_a_link(request)
    else:
        language = request.GET.get("lang", "") or asked.language
        with translation.override(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
            problem = _act(request, asked) if request.method == "POST" else ""
            response = _page(request, key, problem)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _act(request: HttpRequest, asked: Confirmation) -> str:
    action, now = request.POST.get("action", ""), timezone.now()
    if action == "confirm":
        names = ", ".join(one.name for one in asked.subscription_types.order_by("pk"))
        words = " / ".join([_("Is this right?"), names, _("Yes, send me this")])
        double_opt_in.confirm(asked, seen=visitors.seen(request, words, PATH), now=now)
    elif action == "decline":
        double_opt_in.decline(asked, now=now)
    elif action == "resend":
        try:
            double_opt_in.resend(asked, now=now)
        except double_opt_in.CannotResend as refusal:
            return str(refusal)
    return ""


def _page(request: HttpRequest, key: str, problem: str) -> HttpResponse:
    asked = Confirmation.objects.get(key=key)
    context = {
        "sender": settings.SENDER_NAME,
        "state": double_opt_in.state(asked, at=timezone.now()),
        "types": asked.subscription_types.order_by("pk"),
        "asked": asked,
        "problem": problem,
        "other_language": "nl" if translation.get_language() == "en" else "en",
        "here": request.get_full_path(),
    }
    return render(request, "consent/confirm.html", context)
