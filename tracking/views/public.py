"""What strangers and mail providers see: one page for every address that is none of ours, and the doors for webhooks."""

import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tracking.models import Hook, LibraryLink
from tracking.webhooks import door

log = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
def no_such_page(request: HttpRequest, rest: str) -> HttpResponse:
    """One answer for every token that is forged, cut or unknown."""
    return render(request, "404_public.html", status=404)


@login_not_required
@require_safe
def library_link(request: HttpRequest, pk: int) -> HttpResponse:
    """A link of the library without a mail around it: the page, or the text. Nobody is known, so nothing is asked."""
    found = LibraryLink.objects.filter(pk=pk).first()
    if found is None:
        return render(request, "404_public.html", status=404)
    if found.response == found.Response.PAGE:
        return redirect(found.url)
    return render(request, "mailings/act.html", {"text": found.text, "on": found.url, "sender": settings.SENDER_NAME})


@csrf_exempt
@login_not_required
@require_http_methods(["POST", "HEAD", "GET"])
def hook(request: HttpRequest, provider: str, pk: int) -> HttpResponse:
    """A provider tells what became of our mail. Some look with HEAD or GET first whether anybody is at home."""
    if request.method != "POST":
        return HttpResponse(content_type="text/plain")
    found = Hook.objects.filter(pk=pk, provider=provider, is_active=True).first()
    if found is None:
        return HttpResponse("No such hook\n", status=404, content_type="text/plain")
    now = timezone.now()
    try:
        door.take_in(found, request, now=now)
    except RequestDataTooBig:
        return HttpResponse("Too large\n", status=413, content_type="text/plain")
    except door.Refused as refusal:
        return _refused(found, refusal)
    return HttpResponse("OK\n", content_type="text/plain")


def _refused(found: Hook, refusal: door.Refused) -> HttpResponse:
    """Say no without saying why: the reason is for those who set it up."""
    log.warning("hook %s refused a post: %s", found.pk, refusal)
    if refusal.asks:
        headers = {"WWW-Authenticate": 'Basic realm="Postduif"'}
        return HttpResponse("Who are you?\n", status=401, content_type="text/plain", headers=headers)
    Hook.objects.filter(pk=found.pk).update(refused_at=timezone.now(), problem=str(refusal)[:1000])
    return HttpResponse("Refused\n", status=400, content_type="text/plain")
