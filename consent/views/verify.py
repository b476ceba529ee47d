"""The queue of those who must confirm first, the letter for one of them, and who was asked."""

import datetime as dt
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import addresses, double_opt_in, explain, preferences, rules, verifying
from consent.double_opt_in import State
from consent.models import Confirmation, SubscriptionType
from consent.verifying import Someone
from consent.views import pages


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Show who must confirm first and what helps; a POST asks those whom we may ask by mail."""
    types = list(SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk"))
    chosen = next((one for one in types if one.code == request.GET.get("type")), types[0] if types else None)
    if request.method == "POST" and chosen:
        return _ask(request, chosen)
    now, source = timezone.now(), request.GET.get("source", "")
    groups = verifying.groups(chosen, at=now) if chosen else []
    askable = sum(group.askable for group in groups)
    rows: list[Someone] = []
    if chosen and source in rules.SOURCES:
        after = request.GET.get("after", "")[:320].replace("\x00", "")
        rows = verifying.people(chosen, at=now, sources=[source], after=after, limit=pages.SIZE + 1)
    context = {
        "types": types,
        "chosen": chosen,
        "groups": [(group, explain.source_name(group.source), rules.SOURCES.get(group.source)) for group in groups],
        "people": sum(group.people for group in groups),
        "open": sum(group.open for group in groups),
        "askable": askable,
        "at_once": min(askable, verifying.AT_ONCE),
        "source": rules.SOURCES.get(source),
        "rows": rows[: pages.SIZE],
        "after": rows[pages.SIZE - 1].address if len(rows) > pages.SIZE else "",
    }
    return render(request, "consent/verify.html", context)


def _ask(request: HttpRequest, chosen: SubscriptionType) -> HttpResponse:
    if not _may(request.user):
        return render(request, "403.html", status=403)
    done = verifying.ask(chosen, actor=f"user:{request.user.pk}", now=timezone.now())
    sent = done.get("asked", 0)
    words = ngettext("%(count)d confirmation is on its way", "%(count)d confirmations are on their way", sent)
    messages.success(request, words % {"count": sent})
    if left := sum(done.values()) - sent:
        messages.info(request, _("%(count)d were not asked: blocked, or asked within a day") % {"count": left})
    return redirect(f"{reverse('consent:verify')}?type={chosen.code}")


def _may(user: User | AnonymousUser) -> bool:
    return user.has_perm("consent.add_confirmation")


@require_POST
@permission_required("consent.add_confirmation", raise_exception=True)
def letter(request: HttpRequest) -> HttpResponse:
    """Write the letter that a user may send to one person themselves: a text, with a link to sign up by."""
    try:
        address = addresses.normalise(request.POST.get("address", "")[:1000])
    except addresses.InvalidAddress as mistake:
        messages.error(request, str(mistake))
        return redirect("consent:verify")
    chosen = get_object_or_404(SubscriptionType, code=request.POST.get("type", "")[:50])
    link = f"{settings.BASE_URL}{preferences.path(preferences.keys_of([address])[address])}"
    subject = _("May we send you %(name)s?") % {"name": chosen.name}
    body = _(
        "Hello,\n\nWe would like to send you %(name)s, and do that only with your consent. "
        "If you want it, turn it on here:\n\n%(link)s\n\nIf not, you need do nothing.\n\n%(sender)s"
    ) % {"name": chosen.name, "link": link, "sender": settings.SENDER_NAME}
    context = {
        "address": address,
        "chosen": chosen,
        "subject": subject,
        "body": body,
        "mailto": f"mailto:{quote(address, safe='@')}?subject={quote(subject)}&body={quote(body)}",
        "may_write": request.user.has_perm("mailings.add_personalmail"),
    }
    return render(request, "consent/letter.html", context)


@require_GET
def confirmations(request: HttpRequest) -> HttpResponse:
    """List who was asked to confirm, newest first, and how that stands."""
    now, state = timezone.now(), request.GET.get("state", "")
    found = Confirmation.objects.prefetch_related("subscription_types")
    if state == State.CONFIRMED:
        found = found.filter(confirmed_at__isnull=False)
    elif state == State.ASKED:
        found = found.filter(closed_at=None, expires_at__gt=now)
    elif state == State.EXPIRED:
        found = found.filter(closed_at=None, expires_at__lte=now)
    elif state == State.DECLINED:
        found = found.filter(declined=True)
    if words := request.GET.get("q", "").strip().lower()[:100].replace("\x00", ""):
        found = found.filter(address__contains=words)
    page = pages.newest_first(found, request.GET.dict())
    context = {
        "page": page,
        "rows": [(asked, double_opt_in.state(asked, at=now)) for asked in page.rows],
        "state": state,
        "words": words,
    }
    return render(request, "consent/confirmations.html", context)


@require_POST
@permission_required("consent.add_confirmation", raise_exception=True)
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the mail sent once more."""
    asked = get_object_or_404(Confirmation, pk=pk)
    try:
        double_opt_in.resend(asked, now=timezone.now())
    except double_opt_in.CannotResend as refusal:
        messages.error(request, f"{refusal}.")
    else:
        messages.success(request, _("%(address)s gets the mail again") % {"address": asked.address})
    back = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = reverse("consent:confirmations")
    return redirect(back)


def latest(address: str, *, now: dt.datetime) -> list[tuple[Confirmation, State]]:
    """Give the last requests to one address, for its panel."""
    found = Confirmation.objects.filter(address=address).prefetch_related("subscription_types").order_by("-pk")[:3]
    return [(asked, double_opt_in.state(asked, at=now)) for asked in found]
