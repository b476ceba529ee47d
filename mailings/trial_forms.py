"""What people type into an A/B test: its rules, and what differs per variant."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings.editions import OWN
from mailings.forms import AddressField
from mailings.models import Mailing, Trial


class TrialForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """How many get the test, how long it runs, and who wins."""

    share = forms.IntegerField(label=gettext_lazy("Percent that get the test"), min_value=1, max_value=100)
    hours = forms.IntegerField(label=gettext_lazy("Hours to wait after the last test mail"), min_value=1, max_value=240)

    class Meta:
        model = Trial
        fields = ("judge", "share", "hours", "otherwise")
        labels = {"judge": gettext_lazy("Who wins"), "otherwise": gettext_lazy("When the difference may be chance")}


class VariantForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """What is particular about one variant."""

    from_address = AddressField(label=gettext_lazy("From, address"), required=False)

    class Meta:
        model = Mailing
        fields = ("subject", "preheader", "from_name", "from_address")
        labels = {
            "subject": gettext_lazy("Subject"),
            "preheader": gettext_lazy("Preheader"),
            "from_name": gettext_lazy("From, name"),
        }

    def __init__(self, *args: Any, about: str, main: Mailing, **options: Any) -> None:
        super().__init__(*args, **options)
        self._domain = main.from_address.rpartition("@")[2].lower()
        for name in [name for name in self.fields if name not in OWN[about]]:
            del self.fields[name]

    def clean_subject(self) -> str:
        return " ".join(self.cleaned_data["subject"].split())

    def clean_preheader(self) -> str:
        return " ".join(self.cleaned_data["preheader"].split())

    def clean_from_name(self) -> str:
        return " ".join(self.cleaned_data["from_name"].split())

    def clean_from_address(self) -> str:
        address = str(self.cleaned_data["from_address"])
        if address and address.rpartition("@")[2].lower() != self._domain:
            text = _("The same domain as the mailing’s own From: %(domain)s. Another one is signed by other keys.")
            raise forms.ValidationError(text % {"domain": self._domain})
        return address

    def keep(self) -> None:
        """Save what is valid."""
        if changed := [name for name in self.changed_data if name in self.cleaned_data]:
            values = {name: self.cleaned_data[name] for name in changed}
            Mailing.with_editions.filter(pk=self.instance.pk).update(**values)


def variant_forms(trial: Trial, variants: list[Mailing], data: Mapping[str, Any] | None = None) -> list[VariantForm]:
    """Give a form per variant, each with names of its own."""
    return [
        VariantForm(data, instance=one, prefix=f"v{one.pk}", about=trial.about, main=trial.mailing) for one in variants
    ]
