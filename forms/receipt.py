"""What somebody filled in, in words: for a receipt, a mail to colleagues, a page, an export."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent.models import SubscriptionType
from forms.definition import Definition, Field
from forms.models import Submission
from recipients.choices import COUNTRIES


@dataclass(frozen=True, slots=True)
class Row:
    """One question and its answer."""

    number: str  # of the field
    kind: str
    label: str
    answer: str


def rows(submission: Submission, language: str = "") -> list[Row]:
    """Give questions and answers, in the language of whoever reads; unanswered and hidden questions are left out."""
    definition = Definition.read(submission.version.definition)
    tongue = language or submission.language
    with translation.override(tongue):
        types = {one.pk: one.name for one in SubscriptionType.objects.filter(pk__in=definition.types)}
        return [
            Row(one.id, one.kind, definition.say(one.label, tongue) or one.name, said(one, value, definition, types))
            for one in definition.questions
            if (value := submission.answers.get(one.id)) not in (None, "", [])
        ]


def said(one: Field, value: Any, form: Definition, types: Mapping[int, str]) -> str:
    """Say one answer in words, in the active language."""
    tongue = translation.get_language() or form.language
    if one.kind in ("box", "consent"):
        return _("Yes")
    if one.kind == "country":
        return str(dict(COUNTRIES).get(value, value))
    if one.kind == "date":
        return date_format(dt.date.fromisoformat(value), "j F Y")
    if one.kind == "rating":
        return _("%(stars)s of %(most)s") % {"stars": value, "most": one.maximum or 5}
    if one.kind == "subscriptions":
        return ", ".join(types.get(int(number), number) for number in value)
    if one.kind == "upload":
        count = len(value)
        return ngettext("%(count)s file", "%(count)s files", count) % {"count": count} + f": {_names(value)}"
    labels = {option.value: form.say(option.label, tongue) for option in one.options}
    if isinstance(value, list):
        return ", ".join(labels.get(part) or part for part in value)
    return labels.get(value) or str(value)


def names(one: Field, form: Definition, language: str) -> dict[str, str]:
    """Give the words of each answer that a question knows, by the value that is kept, in the form's order."""
    with translation.override(language):
        if one.kind in ("box", "consent"):
            return {"yes": _("Yes")}
        if one.kind == "rating":
            return {str(star): str(star) for star in range(1, (one.maximum or 5) + 1)}
        if one.kind == "subscriptions":
            return {str(row.pk): row.name for row in SubscriptionType.objects.filter(pk__in=one.types).order_by("pk")}
        if one.kind == "country":
            return {}
        return {option.value: form.say(option.label, language) or option.value for option in one.options}


def _names(files: list[Mapping[str, Any]]) -> str:
    return ", ".join(str(file.get("name", "")) for file in files)
