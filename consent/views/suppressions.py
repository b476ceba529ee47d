"""The list of addresses that may not be mailed: search, put on, take off."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import pseudonyms, suppressions
from consent.export import CHUNK, Table
from consent.forms import BlockForm, ReleaseForm
from consent.models import Suppression, SuppressionReason
from consent.views import exporting, pages
from consent.views.addresses import actor


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List suppressed addresses, newest first, searched and narrowed by reason."""
    asked = request.GET.dict()
    found, words, reason, released = _found(asked)
    context = {
        "page": pages.newest_first(found, asked),
        "reasons": SuppressionReason.choices,
        "reason": reason,
        "words": words,
        "released": released,
        "final": suppressions.FINAL,
        "nothing": not (words or reason or released) and not found.exists(),
    }
    fragment = "#found" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"consent/suppressions.html{fragment}", context)


def _found(asked: Mapping[str, str]) -> tuple[QuerySet[Suppression], str, str, bool]:
    words, reason = asked.get("q", "").strip().lower()[:100].replace("\x00", ""), asked.get("reason", "")
    released = asked.get("show") == "released"
    found = Suppression.objects.filter(released_at__isnull=not released).select_related(
        "subscription_type", "released_by"
    )
    if words:  # a whole address also finds the block that knows it by its pseudonym only
        erased = pseudonyms.every("email", words) if "@" in words else []
        found = (
            found.filter(Q(address__contains=words) | Q(address__in=erased))
            if erased
            else found.filter(address__contains=words)
        )
    if reason in SuppressionReason.values:
        found = found.filter(reason=reason)
    if why := asked.get("why", "")[:30]:
        told = found.filter(actor="self")
        found = told.filter(evidence__why=why) if why != "none" else told.exclude(evidence__has_key="why")
    return found, words, reason, released


@require_POST
@exporting.may_export
def export(request: HttpRequest) -> HttpResponseBase:
    """The list as it is searched, as a file."""
    asked = request.POST.dict()
    found, words, reason, released = _found(asked)
    headers = [_("Address"), _("Channel"), _("Reason"), _("Subscription type"), _("Since"), _("Until"), _("Lifted at")]
    names = dict(SuppressionReason.choices)

    def rows() -> Iterator[Sequence[Any]]:
        for row in found.order_by("pk").iterator(chunk_size=CHUNK):
            kind = row.subscription_type.name if row.subscription_type else ""
            address = _("Erased address") if row.hashed_with else row.address
            yield address, row.channel, str(names[row.reason]), kind, row.created_at, row.until, row.released_at

    table = Table(
        "suppressions", _("Suppressions"), headers, rows, {"words": words, "reason": reason, "released": released}
    )
    return exporting.respond(request, table, back="consent:suppressions")


@permission_required("consent.add_suppression", raise_exception=True)
@require_http_methods(["GET", "POST"])
def block(request: HttpRequest) -> HttpResponse:
    """Put an address on the list by hand."""
    form = BlockForm(request.POST or None, initial={"address": request.GET.get("address", ""), "reason": "manual"})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        is_new = suppressions.add(
            "email",
            values["address"],
            values["reason"],
            subscription_type=values["subscription_type"],
            evidence={"note": values["note"]},
            actor=actor(request.user),
            now=timezone.now(),
        )
        said = _("%(address)s gets no more of it") if is_new else _("%(address)s was on the list already")
        messages.success(request, said % {"address": values["address"]})
        return redirect("consent:suppressions")
    return render(request, "consent/block.html", {"form": form}, status=422 if form.errors else 200)


@permission_required("consent.change_suppression", raise_exception=True)
@require_http_methods(["GET", "POST"])
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an address off the list, with the reason why."""
    suppression = get_object_or_404(Suppression.objects.filter(released_at=None), pk=pk)
    form = ReleaseForm(request.POST or None)
    is_final = suppression.reason in suppressions.FINAL
    if request.method == "POST" and form.is_valid():
        try:
            suppressions.release(suppression, by=request.user, because=form.cleaned_data["because"], now=timezone.now())
        except suppressions.MayNotRelease as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(address)s is off the list") % {"address": suppression.address})
            return redirect("consent:suppressions")
    context = {"form": form, "suppression": suppression, "is_final": is_final}
    return render(request, "consent/release.html", context, status=422 if form.errors else 200)
