"""Requests of people about their own data, for staff: start one, know who asks, give the copy, erase, close."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from consent import explain, pseudonyms, requests
from consent.forms import AddressField
from consent.models import SubjectRequest
from consent.views import pages
from consent.views.addresses import actor
from consent.views.data import FILES

STATES: dict[str, tuple[str, str, str | Promise]] = {
    "waiting": ("info", "clock", gettext_lazy("Link on its way")),
    "sent": ("info", "mail", gettext_lazy("Link sent")),
    "failed": ("bad", "x", gettext_lazy("Link not sent")),
    "expired": ("warn", "clock", gettext_lazy("Link not used")),
    "identified": ("live", "fingerprint", gettext_lazy("It is them")),
    "erasing": ("live", "trash-2", gettext_lazy("Being erased")),
    "erased": ("off", "trash-2", gettext_lazy("Erased")),
    "answered": ("ok", "check", gettext_lazy("Answered")),
}
# Tables in the words of whoever reads what was erased; others are shown as they are called.
TABLES: dict[str, str | Promise] = {
    "people": gettext_lazy("People"),
    "messages": gettext_lazy("Messages"),
    "events": gettext_lazy("Opens, clicks and bounces"),
    "link_acts": gettext_lazy("What their clicks did"),
    "mail_received": gettext_lazy("Mail received"),
    "consent_details": gettext_lazy("Evidence of consent"),
    "standings": gettext_lazy("Standings of consent"),
    "grounds": gettext_lazy("Grounds of consent"),
    "blocks": gettext_lazy("Blocks, kept as a code"),
    "links": gettext_lazy("Links to unsubscribe"),
    "confirmations": gettext_lazy("Confirmations"),
    "requests": gettext_lazy("Requests"),
    "rejected_rows": gettext_lazy("Rejected rows of imports"),
    "handled_bounces": gettext_lazy("Handled bounces"),
    "bounces_in_a_row": gettext_lazy("Bounces in a row"),
    "files": gettext_lazy("Files"),
}


class RequestForm(forms.Form):
    """A request that reached us by another way than the page."""

    address = AddressField(label=gettext_lazy("E-mail"))
    language = forms.ChoiceField(label=gettext_lazy("Language of our mail"), choices=settings.LANGUAGES)
    note = forms.CharField(
        label=gettext_lazy("How they asked"),
        max_length=1000,
        required=False,
        help_text=gettext_lazy("Their mail of 3 March, a call, a letter"),
    )


@permission_required("consent.view_subjectrequest", raise_exception=True)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List the requests; those to be answered come first, the most urgent on top."""
    asked = request.GET.dict()
    is_open = asked.get("show") != "closed"
    found: QuerySet[SubjectRequest] = SubjectRequest.objects.filter(closed_at__isnull=is_open)
    page = pages.newest_first(found, asked)
    now = timezone.now()
    context = {
        "page": page,
        "rows": [_row(one) for one in page.rows],
        "is_open": is_open,
        "late": requests.opened().filter(due_on__lt=timezone.localdate(now)).count(),
        "nothing": not SubjectRequest.objects.exists(),
        "link": f"{settings.BASE_URL}/data/",
    }
    return render(request, "consent/requests.html", context)


@permission_required("consent.add_subjectrequest", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Start a request on somebody's behalf: the link goes to their address."""
    first = {"address": request.GET.get("address", ""), "language": translation.get_language()}
    form = RequestForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made = requests.ask(
            values["address"],
            language=values["language"],
            actor=actor(request.user),
            note=values["note"],
            now=timezone.now(),
        )
        if made:
            messages.success(request, _("The link is on its way to %(address)s") % {"address": values["address"]})
            return redirect("consent:request", made.pk)
        form.add_error("address", _("They asked within a day; at most one link a day goes to an address"))
    return render(request, "consent/request_form.html", {"form": form}, status=422 if form.errors else 200)


@permission_required("consent.view_subjectrequest", raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one request and what can be done with it now."""
    return _detail(request, get_object_or_404(SubjectRequest, pk=pk))


@permission_required("consent.change_subjectrequest", raise_exception=True)
@require_http_methods(["POST"])
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how they were identified, give the copy, erase, or close."""
    asked, now = get_object_or_404(SubjectRequest, pk=pk), timezone.now()
    action = request.POST.get("action", "")
    if action == "erase" and not request.user.has_perm("consent.erase_subject"):
        return render(request, "403.html", status=403)
    try:
        if action == "identify":
            return _identify(request, asked)
        if action in FILES:
            kind, ending = FILES[action]
            headers = {"Content-Disposition": f'attachment; filename="request-{asked.pk}.{ending}"'}
            return HttpResponse(requests.copy(asked, action, now=now), content_type=kind, headers=headers)
        if action == "erase":
            requests.ask_erasure(asked, actor=actor(request.user), now=now)
            messages.success(request, _("They get nothing from now on, and are erased within a minute"))
        elif action == "close":
            requests.close(asked, now=now)
            messages.success(request, _("Closed"))
    except requests.CannotAct as refusal:
        return _detail(request, asked, str(refusal), status=422)
    return redirect("consent:request", pk)


def _identify(request: HttpRequest, asked: SubjectRequest) -> HttpResponse:
    how = request.POST.get("how", "").strip()
    if not how:
        return _detail(request, asked, _("Say how you know that it is them"), status=422)
    requests.identify(asked, how=f"{actor(request.user)}: {how}", now=timezone.now())
    return redirect("consent:request", asked.pk)


def _detail(request: HttpRequest, asked: SubjectRequest, problem: str = "", status: int = 200) -> HttpResponse:
    asked.refresh_from_db()
    rows = dict(asked.erased.get("rows", {}))
    context = {
        **_row(asked),
        "problem": problem,
        "by": explain.actor_name(asked.actor),
        "erased": [(TABLES.get(name, name), count) for name, count in rows.items()],
        "left": requests.left_of(asked),
        "is_late": asked.closed_at is None and asked.due_on < timezone.localdate(),
    }
    return render(request, "consent/request.html", context, status=status)


def _row(asked: SubjectRequest) -> dict[str, Any]:
    state = requests.state(asked, at=timezone.now())
    tone, icon, label = STATES[state]
    return {
        "asked": asked,
        "state": str(state),
        "tone": tone,
        "icon": icon,
        "label": label,
        "address": "" if pseudonyms.is_one(asked.address) else asked.address,
    }
