"""The settings of a form: when it is open, what becomes of an answer, and who may show it."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import rules
from forms.models import Form
from mailings.material import brand

SOURCES = ("own_form", "newsletter_signup", "event_own_contact", "ad_response")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}").fullmatch


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """Name, doors, confirmation, processing, evidence, owners."""

    use_required_attribute = False
    colour = forms.CharField(
        label=gettext_lazy("Colour of the button"), required=False, widget=forms.TextInput({"type": "color"})
    )
    source = forms.ChoiceField(
        label=gettext_lazy("A yes here counts as"),
        help_text=gettext_lazy("The rule by which the ledger keeps it: see Consent, Sources."),
    )

    class Meta:
        model = Form
        fields = [
            "name", "description", "folder", "owners", "opens_at", "closes_at", "most_answers",
            "processing", "asks_confirmation", "source", "source_detail", "asks_proof_of_work", "fills_in",
        ]  # fmt: skip
        widgets = {
            "description": forms.Textarea({"rows": 2}),
            "opens_at": forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            "closes_at": forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        }
        help_texts = {
            "description": gettext_lazy("For colleagues; visitors do not see it."),
            "owners": gettext_lazy("Only they process its answers. Empty: everybody who may."),
            "most_answers": gettext_lazy("Then the form closes by itself. Empty: no limit."),
            "asks_confirmation": gettext_lazy(
                "Who ticks a box gets one mail with a link, and counts once they confirm. German law asks for it anyway."
            ),
            "asks_proof_of_work": gettext_lazy(
                "Keeps robots out without puzzles, cookies or a third party. Who has no script can answer all the same."
            ),
            "fills_in": gettext_lazy(
                "Name, address and company of whoever follows a link in their own mailing to this form. Never a yes."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = [(code, rules.SOURCES[code].name) for code in SOURCES]  # type: ignore[attr-defined]
        self.fields["owners"].queryset = Group.objects.order_by("name")  # type: ignore[attr-defined]
        kit = brand.kit()
        self.initial["colour"] = self.instance.style.get("colour", kit.accent if kit else "#0f6171")

    def clean_colour(self) -> str:
        colour = str(self.cleaned_data["colour"] or "#0f6171")
        if not COLOUR(colour):
            raise forms.ValidationError(_("Write a colour as #0f6171"))
        return colour

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        opens, closes = given.get("opens_at"), given.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("It must close after it opens"))
        return given

    def save(self, commit: bool = True) -> Form:  # noqa: FBT001, FBT002 (Django's own)
        self.instance.style = {**self.instance.style, "colour": self.cleaned_data["colour"]}
        saved: Form = super().save(commit)
        return saved


class OriginsForm(forms.Form):
    """The sites that may show the form or send it."""

    origins = forms.CharField(
        label=gettext_lazy("Sites that may show this form"),
        required=False,
        widget=forms.Textarea({"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy("One a line, such as https://www.example.org"),
    )

    def clean_origins(self) -> list[str]:
        found: list[str] = []
        for line in str(self.cleaned_data["origins"]).split():
            parts = urlsplit(line if "://" in line else f"https://{line}")
            is_good = parts.scheme in ("http", "https") and re.fullmatch(
                r"[a-z0-9.\-]+(:\d{1,5})?", parts.netloc.lower()
            )
            if not is_good:
                raise forms.ValidationError(
                    _("“%(line)s” is not a site: write https://www.example.org") % {"line": line}
                )
            origin = f"{parts.scheme}://{parts.netloc.lower()}"
            if origin not in found:
                found.append(origin)
        if len(found) > 50:
            raise forms.ValidationError(_("At most 50 sites"))
        return found
