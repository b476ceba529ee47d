"""Pages of text messages: step Content, what all of them cost, the way out of one, and what a provider tells."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from consent import unsubscribe
from mailings import content, incoming, reading, senders, texts
from mailings.models import Mailing, Message, SendingAccount, TextReply
from mailings.reading import Reader
from mailings.rendering import sms, variables
from mailings.views.trail import number
from tracking import tokens

LARGEST = 20_000  # bytes of what a provider tells
# what the buttons below the text put behind it
ENDINGS = {"link": "[[link.unsubscribe]]", "stop": "STOP"}


def edit(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Step Content of a text message. Saves by itself; the answer is what has to change on the page."""
    if request.method != "POST":
        part = "mailings/text.html#looked" if "look" in request.GET else "mailings/text.html"
        return render(request, part, _context(request, mailing) | {"swapped": "look" in request.GET})
    text, plain = request.POST.get("text", "")[: sms.LONGEST * 4], request.POST.get("plain") == "on"
    act = request.POST.get("do", "")
    if act == "plain":
        text = sms.plain(text)
    elif act in ENDINGS:
        text = f"{text.rstrip()}\n{_ending(act)}".lstrip()
    given = request.POST.get("version", "")
    version = int(given) if given.isdecimal() and len(given) < 10 else -1
    try:
        texts.save(
            mailing, text, plain=plain, version=version, window=request.POST.get("window", "")[:32], now=timezone.now()
        )
    except content.Changed as refusal:
        if request.headers.get("HX-Request") != "true":
            messages.error(request, str(refusal))
            return redirect("mailings:content", mailing.pk)
        return render(request, "mailings/text.html#conflict", {"refusal": refusal, "mailing": mailing}, status=409)
    if request.headers.get("HX-Request") != "true":
        return redirect("mailings:content", mailing.pk)
    part = "mailings/text.html#again" if act else "mailings/text.html#said"
    return render(request, part, _context(request, mailing))


def _ending(act: str) -> str:
    if act == "link":
        return f"{_('Unsubscribe:')} {ENDINGS[act]}"
    return _("Stop? Answer %(word)s") % {"word": ENDINGS[act]}


def _context(request: HttpRequest, mailing: Mailing) -> dict[str, Any]:
    who = _reader(request, mailing)
    compiled = texts.compiled_of(mailing)
    text = texts.text_of(mailing)
    sender = texts.sender_of(mailing)
    return {
        "mailing": mailing,
        "step": "content",
        "text": text,
        "plain": texts.is_plain(mailing),
        "who": who,
        "seen": texts.seen(mailing, who.data),
        "own": sms.offenders(text),
        "problems": compiled.problems,
        "links": compiled.links,
        "groups": variables.groups(),
        "sender": sender,
        "is_answerable": senders.kind(sender) in senders.ANSWERABLE,
        "window": secrets.token_hex(8),
    }


def _reader(request: HttpRequest, mailing: Mailing) -> Reader:
    asked = request.POST.get("as", request.GET.get("as"))
    if asked is None and request.method == "GET":
        first = reading.readers(mailing, "", now=timezone.now(), limit=1)
        asked = str(first[0].person) if first else ""
    asked = asked or ""
    found = reading.reader(mailing, int(asked)) if asked.isdecimal() and len(asked) < 18 else None
    return found or reading.sample()


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def survey(request: HttpRequest, pk: int) -> HttpResponse:
    """What everybody's text takes together: parts, the longest, the price by country."""
    mailing = get_object_or_404(Mailing, pk=pk, type=Mailing.Type.SMS)
    found = texts.survey_sent(mailing) if mailing.frozen_at else texts.survey(mailing, now=timezone.now())
    longest = reading.reader(mailing, found.longest) if found.longest else None
    context = {"mailing": mailing, "survey": found, "longest": longest, "may_price": _may_price(request)}
    part = "mailings/text_survey.html#cost" if "short" in request.GET else "mailings/text_survey.html"
    return render(request, part, context)


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def cost(request: HttpRequest, pk: int) -> HttpResponse:
    """What was sent costs, by today's price list."""
    mailing = get_object_or_404(Mailing, pk=pk, type=Mailing.Type.SMS)
    return render(request, "mailings/text_survey.html#cost", {"survey": texts.survey_sent(mailing), "mailing": mailing})


def _may_price(request: HttpRequest) -> bool:
    return request.user.has_perm("mailings.change_sendingpolicy")


@login_not_required
@require_safe
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """The short link to the page to unsubscribe. It only leads there: nobody leaves by looking."""
    try:
        mailing, message, link = tokens.read_short(token)
    except tokens.BadToken:
        raise Http404 from None
    if link:
        raise Http404
    row = Message.objects.filter(pk=message, mailing=mailing).select_related("mailing").first()
    key = str(row.data.get("_u") or "") if row else ""
    if row is None or not key:
        return redirect(f"{settings.BASE_URL}/u/")
    click = tokens.make("click", mailing, message)
    path = unsubscribe.path(key, row.mailing.subscription_type_id) if row.mailing.subscription_type_id else "/u/"
    return redirect(f"{settings.BASE_URL}{path}?m={click}")


# what a provider tells --------------------------------------------------------------------------------------------------


def _genuine(request: HttpRequest, account: SendingAccount) -> dict[str, str] | None:
    """The values of a request that the provider signed; None of any other."""
    try:
        size = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return None
    if size > LARGEST:
        return None
    given = {name: str(value) for name, value in request.POST.items()}
    address = f"{settings.BASE_URL}{request.get_full_path()}"
    signature = request.headers.get("X-Twilio-Signature", "")[:100]
    if not incoming.is_genuine(account, address, given, signature):
        return None
    return {name: value.replace("\x00", "") for name, value in given.items()}  # no text in our tables holds one


@csrf_exempt
@login_not_required
@require_POST
def status(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of a text message. Told twice, or late, it does no harm."""
    account = get_object_or_404(SendingAccount, pk=pk, kind=SendingAccount.Kind.TWILIO)
    given = _genuine(request, account)
    if given is None:
        return HttpResponse(status=403)
    try:
        incoming.status(given, request.GET.get("m", "")[:100], now=timezone.now())
    except tokens.BadToken:
        return HttpResponse(status=404)
    return HttpResponse(status=204)


@csrf_exempt
@login_not_required
@require_POST
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody answered; our words go back in the provider's own form (TwiML)."""
    account = get_object_or_404(SendingAccount, pk=pk, kind=SendingAccount.Kind.TWILIO)
    given = _genuine(request, account)
    if given is None:
        return HttpResponse(status=403)
    answer = incoming.reply(account, given, now=timezone.now())
    said = f"<Message>{escape(answer.words)}</Message>" if answer.words else ""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>'
    return HttpResponse(body, content_type="text/xml; charset=utf-8")


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def replies(request: HttpRequest) -> HttpResponse:
    """What people answered, the newest first."""
    before = number(request.GET.get("before", ""))
    found = TextReply.objects.select_related("person", "account").order_by("-pk")
    rows = list((found.filter(pk__lt=before) if before else found)[:51])
    context = {"rows": rows[:50], "next": rows[49].pk if len(rows) > 50 else None}
    return render(request, "mailings/text_replies.html", context)
