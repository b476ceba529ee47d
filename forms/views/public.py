"""The form as visitors meet it: its page, in a frame on another site, and as an interface for programs.

No cookie and no login: the page carries a ticket of its own. Looking changes nothing. The answer to a good submission is
the same for everybody, so that it tells nobody whether an address is known.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csp import csp_override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent import seen as acts
from consent.views import visitors
from forms import answers, arriving, counters, counting, guard, look, publishing, sheet, submissions
from forms.definition import Definition
from forms.guard import Sign
from forms.models import Form, Version
from forms.publishing import Door
from mailings.material import brand
from tracking.hits import ARRIVES

EMBEDS = frozenset({"page", "inline", "popup", "tab", "plain", "api"})
CAMPAIGN = {"utm_source": "source", "utm_medium": "medium", "utm_campaign": "campaign"}


@csrf_exempt
@login_not_required
@never_cache
@xframe_options_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, key: str) -> HttpResponse:
    """Show the form, or take an answer."""
    form, version = _known(key) if request.method == "POST" else _find(key)
    definition = publishing.shown(version)
    language = _language(request, definition)
    with translation.override(language):
        if (door := publishing.door(form, now=timezone.now())) is not Door.OPEN:
            response = _closed(request, form, definition, language, door)
        elif request.method == "POST":
            response = _take(request, form, version, definition, language)
        else:
            response = _blank(request, form, version, definition, language)
    return _framed(request, response, form)


@login_not_required
@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """The one line of another site's page: an address that stays the same, whatever is built behind it."""
    dist = settings.BASE_DIR / "assets" / "dist"
    built = dist / json.loads((dist / "manifest.json").read_text())["js/embed.js"]["file"]
    response = HttpResponse(built.read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@login_not_required
@require_safe
def style(request: HttpRequest, key: str) -> HttpResponse:
    """The sender's colours, as a style sheet of our own origin; a form without its own takes the brand kit's."""
    form = get_object_or_404(Form, key=key)
    kit = brand.kit()
    colours = ({"colour": kit.accent} if kit else {}) | form.style
    return HttpResponse(look.sheet(colours), content_type="text/css; charset=utf-8")


@login_not_required
@never_cache
@require_safe
def challenge(request: HttpRequest, key: str) -> HttpResponse:
    """A small sum for the browser to solve."""
    form, _version = _find(key)
    return JsonResponse(guard.challenge(form))


@csrf_exempt
@login_not_required
@require_POST
def noted(request: HttpRequest, key: str) -> HttpResponse:
    """The page says that it was seen, begun, or how far somebody came: only counters, nothing about anybody."""
    form, version = _find(key)
    what, field = request.POST.get("what", ""), request.POST.get("field", "")[:24]
    known = {one.id for one in publishing.shown(version).fields}
    (times,) = counters.count({f"forms:noted:{form.pk}:{visitors.ip(request)}": guard.AN_HOUR})
    if times <= settings.FORMS_NOTES:
        where = counting.Where(_embed(request.POST.get("embed", "")), request.POST.get("source", "")[:100])
        counting.note(form, what, where, field=field if field in known else "", now=timezone.now())
    return HttpResponse(status=204)


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def api(request: HttpRequest, key: str) -> HttpResponse:
    """The form for programs: GET says what it asks, POST answers it; `{"fields": {"email": "ada@example.org"}}`."""
    form, version = _find(key)
    definition = publishing.shown(version)
    origin = request.headers.get("Origin", "")
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
    elif publishing.door(form, now=timezone.now()) is not Door.OPEN:
        response = JsonResponse({"problem": "closed"}, status=410)
    elif request.method == "POST":
        with translation.override(_language(request, definition)):
            response = _answer_program(request, form, version, definition)
    else:
        response = JsonResponse(sheet.described(form, version, definition))
    if origin in form.origins:
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key"
        response["Vary"] = "Origin"
    return response


def _known(key: str) -> tuple[Form, Version]:
    """Give the form as it was a moment ago; whether it still is, is seen when an answer is written."""
    form = publishing.known(key)
    return (form, form.published) if form and form.published else _find(key)


def _find(key: str) -> tuple[Form, Version]:
    form = publishing.find(key)
    if form is None or form.published is None:
        raise Http404
    return form, form.published


def _language(request: HttpRequest, definition: Definition) -> str:
    asked = request.GET.get("lang", "")
    if asked in definition.languages:
        return asked
    wanted = translation.get_language_from_request(request)
    return wanted if wanted in definition.languages and "lang" not in request.GET else definition.language


def _embed(text: str) -> str:
    return text if text in EMBEDS else "page"


def _blank(request: HttpRequest, form: Form, version: Version, definition: Definition, language: str) -> HttpResponse:
    given = {one.name: request.GET.getlist(one.name)[:1] for one in definition.questions if one.name in request.GET}
    if form.fills_in and (token := request.GET.get(ARRIVES)):
        who = arriving.known(token)
        given = {one.name: [who[one.kind]] for one in definition.questions if one.kind in who} | given
    return _show(request, form, version, definition, language, sheet.prefilled(definition, given))


def _show(
    request: HttpRequest,
    form: Form,
    version: Version,
    definition: Definition,
    language: str,
    read: answers.Read,
    *,
    problem: str = "",
    sure: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "sheet": sheet.draw(definition, read, language),
        "ticket": guard.ticket(version, form.key),
        "proof": form.asks_proof_of_work,
        "honeypot": guard.HONEYPOT,
        "embed": _embed(request.GET.get("embed", "")),
        "campaign": _campaign(request),
        "problem": problem,
        "sure": sure,
        "here": request.get_full_path(),
        "other_languages": [code for code in definition.languages if code != language],
        "sender": settings.SENDER_NAME,
    }
    return render(request, "webforms/public/form.html", context, status=status)


def _take(request: HttpRequest, form: Form, version: Version, definition: Definition, language: str) -> HttpResponse:
    given = {name: request.POST.getlist(name) for name in request.POST}
    files = {name: request.FILES.getlist(name) for name in request.FILES}
    try:
        paper = _paper(request, form, version)
    except guard.Expired:
        words = _("This page was open for a long time. Everything is still here: send it once more.")
        kept = answers.Read(answers.read(definition, given).values, answers.read(definition, given).typed)
        return _show(request, form, version, definition, language, kept, problem=words, status=422)
    shown = publishing.shown(paper.version)
    read = answers.read(shown, given, files)
    if not read.is_good:
        return _show(request, form, paper.version, shown, language, read, status=422)
    if read.doubt and request.POST.get("sure") != read.address:
        asked = answers.doubted(shown, read)
        return _show(request, form, paper.version, shown, language, asked, sure=read.address, status=422)
    try:
        sign = _weighed(request, form, read.address, paper.sign)
    except guard.TooMany:
        words = _("Many answers are coming in just now. Everything is still here: send it once more in an hour.")
        return _show(request, form, paper.version, shown, language, read, problem=words, status=429)
    try:
        _keep(request, form, read, files, replace(paper, sign=sign))
    except submissions.Moved:
        form, _version = _find(form.key)
        if (door := publishing.door(form, now=timezone.now())) is not Door.OPEN:
            return _closed(request, form, definition, language, door)
        _keep(request, form, read, files, replace(paper, sign=sign))
    return _thanks(request, form, paper.version, language, read)


@dataclass(frozen=True, slots=True)
class Paper:
    """The page that an answer was written on: its version of the form, its own number, and what looks wrong about it."""

    version: Version
    nonce: str
    sign: Sign | None


def _paper(request: HttpRequest, form: Form, version: Version) -> Paper:
    sign = _sign(request, form)
    if "ticket" not in request.POST:
        is_foreign = sign is None and not _is_from(request, form.origins)
        return Paper(version, secrets.token_urlsafe(16), Sign.FOREIGN_SITE if is_foreign else sign)
    ticket = guard.read_ticket(request.POST["ticket"], form)
    if ticket.version != version.number:
        version = Version.objects.filter(form=form, number=ticket.version).first() or version
    if guard.is_too_fast(ticket, timezone.now()):
        sign = sign or Sign.TOO_FAST
    return Paper(version, ticket.nonce, sign)


def _weighed(request: HttpRequest, form: Form, address: str, sign: Sign | None) -> Sign | None:
    """Count an answer; a robot's does not count for the address that it used. Raises TooMany."""
    proof = request.POST.get("altcha", "")
    weight = guard.weigh(form, visitors.ip(request) or "", "" if sign else address, proof)
    if form.asks_proof_of_work and proof and not weight.is_proven:
        return sign or Sign.NO_PROOF
    return sign or (Sign.TOO_OFTEN if weight.comes_too_often else None)


def _sign(request: HttpRequest, form: Form) -> Sign | None:
    if request.POST.get(guard.HONEYPOT):
        return Sign.HIDDEN_FIELD
    origin = request.headers.get("Origin", "")
    if "ticket" in request.POST and origin not in ("", "null") and not _is_ours(request, origin):
        return None if origin in form.origins else Sign.FOREIGN_SITE
    return None


def _keep(request: HttpRequest, form: Form, read: answers.Read, files: Mapping[str, Any], paper: Paper) -> None:
    questions = publishing.shown(paper.version).questions
    by_number = {one.id: files.get(one.name, []) for one in questions if one.kind == "upload"}
    embed = _embed(request.POST.get("embed", request.GET.get("embed", "plain" if "ticket" not in request.POST else "")))
    arrival = submissions.Arrival(
        nonce=paper.nonce,
        seen=_seen(request, form),
        embed=embed,
        campaign=_campaign(request),
        sign=paper.sign,
    )
    submissions.take(form, paper.version, read, arrival, files=by_number, now=timezone.now())


def _seen(request: HttpRequest, form: Form) -> acts.Seen:
    shown_at = request.POST.get("shown_at", "")[:2000]
    seen = visitors.seen(request, "", f"/f/{form.key}/")
    is_address = urlsplit(shown_at).scheme in ("http", "https") if shown_at else False
    return acts.Seen(
        language=seen.language, url=shown_at if is_address else seen.url, ip=seen.ip, user_agent=seen.user_agent
    )


def _thanks(request: HttpRequest, form: Form, version: Version, language: str, read: answers.Read) -> HttpResponse:
    definition = publishing.shown(version)
    asks = bool(read.types) and submissions.must_confirm(form, definition, read)
    if definition.redirect and look.may_lead_to(definition.redirect, form.origins) and not asks:
        return HttpResponseRedirect(definition.redirect)
    embed = _embed(request.POST.get("embed", ""))
    mark = (form.key, version.pk, language, embed, asks, request.COOKIES.get("theme"))
    if mark not in _said_thanks:
        context = {
            "form": form,
            "sheet": sheet.cover(definition, language),
            "thanks": definition.say(definition.thanks, language),
            "asks": asks,
            "embed": embed,
        }
        if len(_said_thanks) >= publishing.MOST_KEPT:
            _said_thanks.clear()
        _said_thanks[mark] = render_to_string("webforms/public/thanks.html", context, request)
    return HttpResponse(_said_thanks[mark])


_said_thanks: dict[tuple[object, ...], str] = {}  # the page after an answer is the same for everybody


def _closed(request: HttpRequest, form: Form, definition: Definition, language: str, door: Door) -> HttpResponse:
    context = {
        "form": form,
        "sheet": sheet.cover(definition, language),
        "words": definition.say(definition.closed, language),
        "door": door,
        "embed": _embed(request.GET.get("embed", "")),
    }
    return render(request, "webforms/public/closed.html", context, status=410 if request.method == "POST" else 200)


def _answer_program(request: HttpRequest, form: Form, version: Version, definition: Definition) -> JsonResponse:
    origin = request.headers.get("Origin", "")
    if origin and origin not in form.origins and not _is_ours(request, origin):
        return JsonResponse({"problem": _("This site may not send this form")}, status=403)
    try:
        given = json.loads(request.body or b"{}")
        fields = given["fields"]
        typed = {str(name)[:40]: _as_list(value) for name, value in fields.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return JsonResponse({"problem": _("Send JSON such as {“fields”: {“email”: “ada@example.org”}}")}, status=400)
    read = answers.read(definition, typed)
    if not read.is_good:
        names = {one.id: one.name for one in definition.fields}
        problems = {names[number]: problem.sentence for number, problem in read.problems.items()}
        return JsonResponse({"problems": problems}, status=422)
    try:
        weight = guard.weigh(form, visitors.ip(request) or "", read.address, str(given.get("altcha", "")))
    except guard.TooMany:
        return JsonResponse({"problem": _("Too many answers; try again in an hour")}, status=429)
    key = request.headers.get("Idempotency-Key", "")[:43]
    nonce = f"api:{key}" if key else secrets.token_urlsafe(16)
    sign = Sign.TOO_OFTEN if weight.comes_too_often else None
    arrival = submissions.Arrival(nonce=nonce[:43], seen=_seen(request, form), embed="api", sign=sign)
    submissions.take(form, version, read, arrival, now=timezone.now())
    return JsonResponse({"taken": True})


def _as_list(value: object) -> list[str]:
    several = value if isinstance(value, list) else [value]
    return [("yes" if one is True else "" if one in (None, False) else str(one)) for one in several[:300]]


def _campaign(request: HttpRequest) -> dict[str, str]:
    given = {**request.GET.dict(), **request.POST.dict()}
    return {name: given[key][:100] for key, name in CAMPAIGN.items() if given.get(key)}


def _is_from(request: HttpRequest, origins: list[str]) -> bool:
    origin = request.headers.get("Origin", "")
    if origin in ("", "null"):
        parts = urlsplit(request.headers.get("Referer", ""))
        origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return origin in origins or _is_ours(request, origin)


def _is_ours(request: HttpRequest, origin: str) -> bool:
    return origin in (f"{request.scheme}://{request.get_host()}", settings.BASE_URL)


def _framed(request: HttpRequest, response: HttpResponse, form: Form) -> HttpResponse:
    """Let the form's own sites show it in a frame, and nobody else."""
    policy: dict[str, list[str]] = {
        name: [str(value) for value in values] for name, values in settings.SECURE_CSP.items()
    }
    policy["frame-ancestors"] = [*policy["frame-ancestors"], *form.origins]
    policy["img-src"] = [*policy["img-src"], "https:"]
    response["Referrer-Policy"] = "same-origin"  # so that our own posts name their origin
    return csp_override(policy)(lambda _request: response)(request)
