"""The form of an imagined case, and the case it means."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent import law, rulebook, rules
from consent.models import Channel
from consent.verdict import MessageClass
from consent.whatif import Case

CLASSES = {
    MessageClass.MARKETING: _("Marketing"),
    MessageClass.TRANSACTIONAL: _("About an order, an account or an agreement"),
    MessageClass.ONE_TO_ONE: _("One to one, written by a named user"),
    MessageClass.FORM_RESPONSE: _("Answer to a form they just sent"),
}


class WhatIfForm(forms.Form):
    """An imagined case. It is asked by GET: an answer has an address that can be sent to somebody."""

    all_may_be_empty = True

    source = forms.ChoiceField(label=_("Where does the address come from?"))
    evidence_date = forms.DateField(
        label=_("Evidence complete as of"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: nothing can be shown"),
    )
    explicit = forms.BooleanField(label=_("They ticked a box that was not ticked beforehand"), required=False)
    confirmed = forms.BooleanField(label=_("They confirmed it by mail (double opt-in)"), required=False)
    country = forms.ChoiceField(
        label=_("Country"),
        required=False,
        choices=[("", _("Unknown")), *((regime.value, words) for regime, words in law.REGIMES.items())],
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    message_class = forms.ChoiceField(label=_("Kind of message"), choices=list(CLASSES.items()))
    address = forms.CharField(
        label=_("Address"), required=False, max_length=1000, help_text=_("Empty: an ordinary address of a person")
    )
    at = forms.DateTimeField(
        label=_("Sent on"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"],
        help_text=_("Empty: now"),
    )
    overlay = forms.ChoiceField(label=_("Judged by"), choices=[("1", _("Policy and law")), ("0", _("Policy alone"))])

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        sources = rulebook.current().sources
        groups = [
            (words, [(rule.code, rule.name) for rule in sources.values() if rule.status is status])
            for status, words in rulebook.STATUSES.items()
        ]
        self.fields["source"].choices = groups  # type: ignore[attr-defined]
        for flag, label in law.SOFT_FLAGS.items():
            self.fields[flag] = forms.BooleanField(label=str(label), required=False)

    def clean_evidence_date(self) -> dt.date | None:
        return _near(self.cleaned_data["evidence_date"])

    def clean_at(self) -> dt.datetime | None:
        return _near(self.cleaned_data["at"])

    @property
    def conditions(self) -> list[forms.BoundField]:
        return [self[flag] for flag in law.SOFT_FLAGS]

    def case(self, *, now: dt.datetime) -> Case:
        """Give the case that was filled in."""
        given = self.cleaned_data
        return Case(
            source=given["source"],
            evidence_date=given["evidence_date"],
            explicit=given["explicit"],
            confirmed=given["confirmed"],
            soft_opt_in=all(given[flag] for flag in law.SOFT_FLAGS),
            address=given["address"],
            country=given["country"],
            channel=given["channel"],
            message_class=MessageClass(given["message_class"]),
            at=given["at"] or now,
            overlay=given["overlay"] == "1",
        )


def _near[D: dt.date](day: D | None) -> D | None:
    if day and day.year not in rules.YEARS:
        raise forms.ValidationError(_("This date lies too far away"))
    return day
