"""Take over another system's list of blocked addresses."""

import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.contrib.auth.decorators import permission_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from consent.models import SuppressionReason
from consent.views.addresses import actor
from recipients import blocklists
from recipients.imports import rows

LABELS = dict(SuppressionReason.choices)


class BlockListForm(forms.Form):
    """The file, what it means where it says nothing, and where it comes from."""

    file = forms.FileField(
        label=_("List of blocked addresses"),
        help_text=_(".xlsx, .xls, .ods or .csv with a column of addresses, and perhaps one that says why"),
        widget=forms.FileInput({"accept": ".xlsx,.xls,.ods,.csv,.txt,.tsv"}),
    )
    reason = forms.ChoiceField(
        label=_("Reason where the list gives none"),
        choices=[(one.value, LABELS[one.value]) for one in blocklists.CHOICES],
    )
    note = forms.CharField(label=_("Where it comes from"), max_length=200, help_text=_("Mailchimp, export of 3 March"))


@permission_required("consent.add_suppression", raise_exception=True)
@require_http_methods(["GET", "POST"])
def take_over(request: HttpRequest) -> HttpResponse:
    """Read the file, block who is on it, and say what became of every row."""
    form = BlockListForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "most": blocklists.MOST}
    if request.method == "POST" and form.is_valid() and (taken := _taken(request, form)):
        counts = [(LABELS[code], code, count) for code, count in taken.by_reason.most_common()]
        context |= {"taken": taken, "counts": counts, "name": form.cleaned_data["file"].name}
    return render(request, "recipients/block_list.html", context, status=422 if form.errors else 200)


def _taken(request: HttpRequest, form: BlockListForm) -> blocklists.Taken | None:
    values = form.cleaned_data
    file: UploadedFile[Any] = values["file"]
    if (file.size or 0) > rows.Limits().file:
        form.add_error("file", str(rows.Unreadable("too_large")))
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        with path.open("wb") as kept:
            for piece in file.chunks():
                kept.write(piece)
        try:
            return blocklists.take_over(
                path,
                name=file.name or "",
                otherwise=values["reason"],
                note=values["note"],
                actor=actor(request.user),
                now=timezone.now(),
            )
        except (rows.Unreadable, blocklists.NoAddresses) as refusal:
            form.add_error("file", str(refusal))
            return None
