"""What staff fill in: consent by hand, a blocked address, a subscription type. The ledger and the gate judge it."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent import addresses, evidence_files, law, ledger, overview, rulebook, rules
from consent.models import EvidenceFile, LegalBasis, PrivacyNotice, Purpose, SubscriptionType, SuppressionReason


class AddressField(forms.CharField):
    """An e-mail address, given back in the one form to which consent is bound."""

    def __init__(self, **more: Any) -> None:
        attributes = {"type": "text", "inputmode": "email", "autocomplete": "off", "spellcheck": "false"}
        super().__init__(max_length=1000, widget=forms.TextInput(attributes), **more)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return self.read(text) if text else ""
        except addresses.InvalidAddress as mistake:
            raise forms.ValidationError(str(mistake)) from mistake

    def read(self, text: str) -> str:
        return addresses.normalise(text)


class AnyAddressField(AddressField):
    """An e-mail address, or a mobile number that begins with +."""

    def read(self, text: str) -> str:
        return addresses.of_any_channel(text)[1]


class TypeChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Subscription types in use, by their name in the reader's language."""

    def __init__(self, **more: Any) -> None:
        in_use = SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk")
        super().__init__(queryset=in_use, **({"empty_label": _("Choose")} | more))


class RecordForm(forms.Form):
    """Consent written down by hand: for whom, for what, from where, and the evidence that this source needs."""

    address = AnyAddressField(label=_("E-mail, or a mobile number with +"))
    subscription_type = TypeChoice(label=_("Subscription type"))
    source = forms.ChoiceField(label=_("Where does it come from?"))
    evidence_on = forms.DateField(label=_("Date"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        sources = rulebook.current().sources
        recordable = [rule for rule in sources.values() if rule.is_recordable]
        self.fields["source"].choices = [("", _("Choose")), *((rule.code, rule.name) for rule in recordable)]  # type: ignore[attr-defined]
        self.rule: rules.SourceRule | None = sources.get(str(self["source"].value() or ""))
        if self.rule is None or not self.rule.is_recordable:
            self.rule = None
            del self.fields["evidence_on"]
            return
        self.fields["evidence_on"].label = str(self.rule.date_label)
        for piece in self.rule.evidence_fields:
            self.fields[f"evidence_{piece.key}"] = forms.CharField(
                label=str(piece.label),
                required=piece.is_required,
                max_length=4000,
                widget=forms.Textarea({"rows": 3}) if piece.key == "wording" else forms.TextInput(),
            )
        if self.rule.may_be_soft:
            for flag, label in law.SOFT_FLAGS.items():
                self.fields[f"evidence_{flag}"] = forms.BooleanField(label=label, required=False)  # type: ignore[arg-type]
        self.fields["basis"] = BasisChoice(label=_("Legal basis"), required=False)
        if self.rule.code in evidence_files.ON_PAPER:
            self.fields["scan"] = forms.FileField(
                label=_("Scan of the paper"),
                required=False,
                help_text=_("PDF, PNG, JPEG or TIFF, at most 10 MB; kept with its fingerprint"),
                widget=forms.FileInput({"accept": ".pdf,.png,.jpg,.jpeg,.tif,.tiff"}),
            )
        if self.rule.may_be_explicit:
            self.fields["box_ticked"] = forms.BooleanField(
                label=_("They ticked a box that was not ticked beforehand"), required=False
            )

    def entry(self, *, actor: str, scan: EvidenceFile | None = None) -> ledger.Entry:
        """Give the entry for the ledger, with the hash of the scan that was kept."""
        values = self.cleaned_data
        pieces = {name.removeprefix("evidence_"): values[name] for name in values if name.startswith("evidence_")}
        evidence_on: dt.date = pieces.pop("on")
        of: SubscriptionType = values["subscription_type"]
        basis: LegalBasis | None = values.get("basis")
        if scan:
            pieces |= {"file": scan.digest, "file_name": scan.file_name}
        return ledger.Entry(
            address=values["address"],
            channel=addresses.of_any_channel(values["address"])[0],
            purpose=of.purpose_id,
            subscription_type=of.pk,
            source=values["source"],
            box_ticked=bool(values.get("box_ticked")),
            evidence_on=evidence_on,
            evidence={key: law.YES if value is True else value for key, value in pieces.items() if value},
            actor=actor,
            basis=basis.code if basis else "",
            country=overview.country_of(values["address"]),
        )


class BasisChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Legal bases in use, by their name in the reader's language."""

    def __init__(self, **more: Any) -> None:
        in_use = LegalBasis.objects.filter(is_active=True).order_by("pk")
        super().__init__(queryset=in_use, empty_label=_("As the source says"), **more)


class BlockForm(forms.Form):
    """An address put on the list by hand, at the person's own word or ours."""

    REASONS = (
        (SuppressionReason.MANUAL.value, _("We should not write to it")),
        (SuppressionReason.UNSUBSCRIBED.value, _("They asked us to stop")),
        (SuppressionReason.OBJECTION.value, _("They objected to marketing")),
    )
    address = AddressField(label=_("E-mail"))
    reason = forms.ChoiceField(label=_("Why"), choices=REASONS, widget=forms.RadioSelect)
    subscription_type = TypeChoice(label=_("For which mailings"), required=False, empty_label=_("All mailings"))
    note = forms.CharField(
        label=_("What happened"), max_length=500, help_text=_("Their mail of 3 March, a call, a letter")
    )


class ReleaseForm(forms.Form):
    """Why an address comes off the list."""

    because = forms.CharField(label=_("Why may we write to it again?"), max_length=500)


class PurposeForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """Why we write to people, in both languages."""

    class Meta:
        model = Purpose
        fields = ("name_en", "name_nl", "description_en", "description_nl", "is_active")
        widgets = {"description_en": forms.Textarea({"rows": 2}), "description_nl": forms.Textarea({"rows": 2})}


class TypeForm(forms.ModelForm):  # type: ignore[type-arg]
    """A class of mailings that one can refuse, in both languages."""

    class Meta:
        model = SubscriptionType
        fields = ("purpose", "name_en", "name_nl", "description_en", "description_nl", "is_active")
        widgets = {"description_en": forms.Textarea({"rows": 2}), "description_nl": forms.Textarea({"rows": 2})}


class BasisForm(forms.ModelForm):  # type: ignore[type-arg]
    """A legal basis, in both languages."""

    class Meta:
        model = LegalBasis
        fields = ("name_en", "name_nl", "description_en", "description_nl", "is_active")
        widgets = {"description_en": forms.Textarea({"rows": 2}), "description_nl": forms.Textarea({"rows": 2})}


class NoticeForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new version of the privacy notice: what it says, where it stands, who is responsible."""

    class Meta:
        model = PrivacyNotice
        fields = ("version", "url", "controller", "contact", "text", "mails_new")
        help_texts = {
            "mails_new": _(
                "Whoever signs up, or is written down by hand, gets one mail that tells what you keep, why, and how to end it."
            )
        }
        widgets = {"contact": forms.Textarea({"rows": 2}), "text": forms.Textarea({"rows": 12})}
