"""A slice of a mailing's recipients as a file: who, in which state, why, and what they did."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consent.export import CHUNK, Table
from consent.views import exporting
from mailings import reports, slices
from mailings.models import Mailing, Message
from mailings.slices import Slice

MOMENTS = ("sent_at", "delivered_at", "opened_at", "clicked_at", "bounced_at", "complained_at", "unsubscribed_at")


@require_POST
@exporting.may_export
def messages(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The recipients that the page shows, as a file."""
    mailing = get_object_or_404(Mailing, pk=pk)
    slice_ = Slice.asked(mailing, request.POST.dict())
    asked = {"number": mailing.pk, "words": slice_.words, **slice_.query}
    table = Table("messages", mailing.name, _headers(), lambda: _rows(slice_), asked)
    return exporting.respond(request, table, back=reverse("mailings:messages", args=[mailing.pk]))


def _headers() -> list[str]:
    return [
        _("First name"), _("Middle name (van, de)"), _("Last name"), _("Company"), _("Address"), _("Status"), _("Because"),
        _("Sent"), _("Delivered"), _("Opened"), _("Clicked"), _("Bounced"), _("Complained"), _("Unsubscribed"), _("Number"),
    ]  # fmt: skip


def _rows(slice_: Slice) -> Iterator[Sequence[Any]]:
    states = {code: str(label) for code, label in Message.State.choices}
    found = slices.messages(slice_).order_by("pk").values_list(
        "person__first_name", "person__middle_name", "person__last_name", "person__company__name", "address", "state",
        "reason", *MOMENTS, "person",
    )  # fmt: skip
    for *who, state, reason, a, b, c, d, e, f, g, number in found.iterator(chunk_size=CHUNK):
        yield (*who, states[state], str(reports.WORDS.get(reason, reason)), a, b, c, d, e, f, g, number)
