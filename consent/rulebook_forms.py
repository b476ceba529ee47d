"""What an administrator fills in to change a rule. The rulebook judges it."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent import rulebook, rules

NOTE = _("Why")
NOTE_HELP = _("It stays in the history, under your name")


class SourceForm(forms.Form):
    """One row of the rule table: only as strict as the policy, or stricter."""

    status = forms.ChoiceField(label=_("Verdict"))
    months = forms.IntegerField(label=_("Counts for so many months"), min_value=0, max_value=rulebook.LONGEST_WINDOW)
    remedy = forms.CharField(
        label=_("When it is missing or over"),
        required=False,
        max_length=300,
        help_text=_("In your own words; empty: as it was shipped"),
    )
    note = forms.CharField(label=NOTE, max_length=500, help_text=NOTE_HELP)

    def __init__(self, data: Any = None, *, rule: rules.SourceRule) -> None:
        shipped = rules.SOURCES[rule.code]
        own_words = rule.remedy if rule.remedy != shipped.remedy else ""
        super().__init__(data, initial={"status": rule.status.value, "months": rule.months, "remedy": own_words})
        self.code = rule.code
        choices = [(status.value, rulebook.STATUSES[status]) for status in rulebook.STRICTER[shipped.status]]
        self.fields["status"].choices = choices  # type: ignore[attr-defined]
        if shipped.status is not rules.Status.ALLOWED:
            del self.fields["months"]
        elif not shipped.months:
            self.fields["months"].help_text = _("0: until withdrawn")

    def change(self, *, by: int | None, now: dt.datetime) -> None:
        """Do it; raises `rulebook.CannotChange`."""
        given = self.cleaned_data
        months = given.get("months", 0)
        rulebook.change_source(
            self.code,
            status=given["status"],
            months=months,
            remedy=given["remedy"],
            note=given["note"],
            by=by,
            now=now,
        )


class RolesForm(forms.Form):
    """The names of functions, one word each."""

    names = forms.CharField(
        label=_("Names"),
        max_length=70_000,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false"}),
        help_text=_("What stands before the @, separated by spaces. Compared whole: “info” is not “infodag”"),
    )
    note = forms.CharField(label=NOTE, max_length=500, help_text=NOTE_HELP)

    def change(self, *, by: int | None, now: dt.datetime) -> None:
        """Do it; raises `rulebook.CannotChange`."""
        rulebook.change_roles(self.cleaned_data["names"], note=self.cleaned_data["note"], by=by, now=now)
