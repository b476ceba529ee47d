"""The answers to a form as a table to export: a column per question, of every version that visitors saw."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consent.export import CHUNK, Table
from forms import receipt
from forms.definition import Definition
from forms.models import Form, Submission, Version


def answers(form: Form, found: QuerySet[Submission], *, asked: Mapping[str, Any]) -> Table:
    """Give the answers that are found, the oldest first; what a question is called follows its newest version."""
    questions = _questions(form)
    headers = [
        _("Number"), _("Sent at"), _("State"), _("Person"), _("E-mail"), _("Language"), _("Page"), _("Source"),
        _("Campaign"), *questions.values(),
    ]  # fmt: skip

    def rows() -> Iterator[Sequence[Any]]:
        tongue = get_language() or ""
        chosen = found.select_related("version", "person").order_by("pk")
        for row in chosen.iterator(chunk_size=CHUNK):
            said = {one.number: one.answer for one in receipt.rows(row, tongue)}
            campaign = row.campaign or {}
            yield (
                row.pk, row.submitted_at, row.get_state_display(), str(row.person or ""), row.address, row.language,
                row.url, campaign.get("source", ""), campaign.get("campaign", ""),
                *(said.get(number, "") for number in questions),
            )  # fmt: skip

    return Table("answers", form.name, headers, rows, {"number": form.pk, **asked})


def _questions(form: Form) -> dict[str, str]:
    """Every question that any version asked: its number and its words."""
    tongue = get_language() or ""
    found: dict[str, str] = {}
    for version in Version.objects.filter(form=form).order_by("-number"):
        definition = Definition.read(version.definition)
        for one in definition.questions:
            found.setdefault(one.id, definition.say(one.label, tongue) or one.name)
    return found
