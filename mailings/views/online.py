"""The online version of a mail: public, the same HTML, under a policy of its own."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from mailings import editions, reading
from mailings.models import Message
from mailings.rendering.blocks import NoSuchBlock
from mailings.rendering.escaping import RenderError
from mailings.views.shown import MAIL_POLICY
from tracking import tokens

# Links must lead somewhere from here; scripts still never run and no cookie is read.
POLICY = MAIL_POLICY | {"sandbox": ["allow-top-navigation", "allow-popups", "allow-popups-to-escape-sandbox"]}


@login_not_required
@require_safe
def view_online(request: HttpRequest, token: str) -> HttpResponse:
    """Show the mail this token belongs to; any other token gets the one page that tells nothing apart."""
    seen = _seen(token)
    if seen is None:
        return render(request, "404_public.html", status=404)
    response: HttpResponse = csp_override(POLICY)(lambda _request: HttpResponse(seen.html))(request)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-store"
    return response


def _seen(token: str) -> reading.Seen | None:
    try:
        number, message_number = tokens.read("view", token)
    except tokens.BadToken:
        return None
    mailing = editions.find(number)
    if mailing is None:
        return None
    try:
        if message_number == tokens.TEST:
            return reading.preview(mailing, reading.sample(), now=timezone.now())
        message = Message.objects.filter(pk=message_number, mailing=mailing).exclude(data={}).first()
        return reading.online(mailing, message, now=timezone.now()) if message else None
    except (RenderError, NoSuchBlock):
        return None
