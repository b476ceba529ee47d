"""What an administrator types about sending accounts and the rules of the house."""

from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import addresses, sealed
from mailings import senders, texterrors
from mailings.accounts import ASKED, CHANNELS, Kind
from mailings.models import GroupLimit, SendingAccount, SendingPolicy, TextError, TextPrice
from recipients import phones

LARGEST = {"at_once": 100, "port": 65_535, "connections": 100, "most": 100_000}
SECURITY = (
    ("starttls", gettext_lazy("STARTTLS (port 587)")),
    ("tls", gettext_lazy("TLS from the first byte (port 465)")),
    ("", gettext_lazy("none (a server beside this one)")),
)
SES_REGION = "eu-west-1"


class SenderField(forms.CharField):
    """What a text message comes from."""

    def __init__(self, **options: Any) -> None:
        hint = _(
            "A number such as +31612345678, a name of at most 11 letters and digits, or a Messaging Service (MG…)."
        )
        super().__init__(max_length=40, help_text=hint, **options)

    def clean(self, value: Any) -> str:
        """Give the sender without the spaces of a number, or the sentence that says what is wrong."""
        text = " ".join(str(super().clean(value)).split())
        if text.startswith("+"):
            text = "+" + "".join(one for one in text if one.isdigit())
        if text and senders.kind(text) is None:
            raise forms.ValidationError(self.help_text)
        return text


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """An account of one kind. Its secret is written, never shown: an empty field keeps what is there."""

    from_domains = forms.CharField(
        label=gettext_lazy("From domains"),
        required=False,
        help_text=gettext_lazy("Mailings from these domains go through this account; separate several by a comma."),
    )
    secret = forms.CharField(required=False, widget=forms.PasswordInput(render_value=False))

    class Meta:
        model = SendingAccount
        fields = (
            "name",
            "is_default",
            "is_active",
            "per_minute",
            "per_day",
            "warm_up_from",
            "warm_up_first",
            "warm_up_growth",
        )
        widgets = {"warm_up_from": forms.DateInput({"type": "date"}, "%Y-%m-%d")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kept = self.instance
        asked = self.asked = ASKED[kept.kind]
        self.initial["from_domains"] = ", ".join(kept.from_domains)
        if kept.kind in CHANNELS:  # text messages name their account; there is no domain to go by
            del self.fields["from_domains"], self.fields["is_default"]
        for name, label in asked.options.items():
            self.fields[f"option_{name}"] = self._option(name, str(label), needed=name in asked.needed)
        self.fields["secret"].label = str(asked.secret)
        self.fields["secret"].widget.attrs["autocomplete"] = "new-password"
        if kept.secret:
            self.fields["secret"].help_text = _("There is one. Leave this empty to keep it.")
        elif asked.is_secret_needed:
            self.fields["secret"].required = True
        for field in self.fields.values():
            if isinstance(field, forms.CharField | forms.IntegerField | forms.FloatField):
                field.widget.attrs.setdefault("autocomplete", "off")

    def _option(self, name: str, label: str, *, needed: bool) -> forms.Field:
        first = self.instance.options.get(name, "")
        if name == "security":
            first = self.instance.options.get(name, "starttls")
            return forms.ChoiceField(label=label, choices=SECURITY, required=False, initial=first)
        if name in LARGEST:
            most = LARGEST[name]
            return forms.IntegerField(label=label, min_value=1, max_value=most, required=needed, initial=first or None)
        if name == "region" and not first:
            first = SES_REGION if self.instance.kind == Kind.SES else ""
        if name == "sender":
            return SenderField(label=label, required=needed, initial=first)
        if name == "api_url":
            return forms.URLField(label=label, required=needed, initial=first, assume_scheme="https")
        return forms.CharField(label=label, max_length=200, required=needed, initial=first)

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields in the order of the page, under their headings."""
        options = [self[name] for name in self.fields if name.startswith("option_")]
        first = [self["name"], *options, self["secret"]]
        limits = ("per_minute", "per_day", "warm_up_from", "warm_up_first", "warm_up_growth")
        return [
            ("", first),
            (
                _("What goes through it"),
                [self[name] for name in ("from_domains", "is_default", "is_active") if name in self.fields],
            ),
            (_("What it may take"), [self[name] for name in limits]),
        ]

    def clean_from_domains(self) -> list[str]:
        found: list[str] = []
        for word in self.cleaned_data["from_domains"].replace(";", ",").split(","):
            if not (domain := word.strip().removeprefix("@")):
                continue
            try:
                found.append(addresses.normalise(f"a@{domain}").partition("@")[2])
            except addresses.InvalidAddress as mistake:
                raise forms.ValidationError(f"{domain[:80]}: {mistake}") from mistake
        return list(dict.fromkeys(found))

    def clean(self) -> dict[str, Any]:
        """A warm-up needs its first day's number; the default account is in use."""
        given = super().clean() or self.cleaned_data
        if given.get("warm_up_from") and not given.get("warm_up_first"):
            self.add_error("warm_up_first", _("Say how many on the first day."))
        if (given.get("warm_up_growth") or 1) < 1:
            self.add_error("warm_up_growth", _("A warm-up grows: 1.5 is half as many more each day."))
        if given.get("is_default") and not given.get("is_active"):
            self.add_error("is_default", _("The default account has to be in use."))
        return given

    def validate_constraints(self) -> None:
        """Another default account makes way when this one is saved."""

    @transaction.atomic
    def save(self, commit: bool = True) -> SendingAccount:  # noqa: FBT001, FBT002 as Django has it
        given, account = self.cleaned_data, self.instance
        account.from_domains = given.get("from_domains", [])
        account.options = {
            name: given[f"option_{name}"]
            for name in self.asked.options
            if given.get(f"option_{name}") not in ("", None)
        }
        if given["secret"]:
            account.secret = sealed.seal(given["secret"])
        if account.is_default:
            SendingAccount.objects.filter(is_default=True).exclude(pk=account.pk).update(is_default=False)
        kept: SendingAccount = super().save(commit)
        return kept


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """The rules of the house for sending."""

    class Meta:
        model = SendingPolicy
        fields = (
            "undo_seconds",
            "late_minutes",
            "approval_from",
            "per_minute",
            "breaker_first",
            "bounce_percent",
            "complaint_percent",
            "refused_percent",
            "texts_from",
            "texts_until",
            "currency",
        )
        widgets = {
            "texts_from": forms.TimeInput({"type": "time"}, "%H:%M"),
            "texts_until": forms.TimeInput({"type": "time"}, "%H:%M"),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["undo_seconds"].widget.attrs["max"] = 600
        self.fields["texts_until"].help_text = _(
            "Marketing waits outside these hours, by the clock of who gets it. Twice the same: at any hour."
        )
        for name in ("bounce_percent", "complaint_percent", "refused_percent"):
            self.fields[name].widget.attrs |= {"step": "any", "min": 0, "max": 100}

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].strip().upper()
        if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
            raise forms.ValidationError(_("Three letters, such as EUR."))
        return currency

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for name in ("bounce_percent", "complaint_percent", "refused_percent"):
            if not 0 <= (given.get(name) or 0) <= 100:
                self.add_error(name, _("A percentage lies between 0 and 100."))
        if (given.get("undo_seconds") or 0) > 600:
            self.add_error("undo_seconds", _("Ten minutes at most."))
        return given


class GroupLimitForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """How much one group of receiving domains gets through one account."""

    class Meta:
        model = GroupLimit
        fields = ("group", "account", "per_minute")
        labels = {
            "group": gettext_lazy("Receiving side"),
            "account": gettext_lazy("Through"),
            "per_minute": gettext_lazy("Messages per minute"),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        account = self.fields["account"]
        assert isinstance(account, forms.ModelChoiceField)  # noqa: S101 a foreign key of the model
        account.empty_label = _("the account of SMTP_URL")
        self.fields["group"].widget.attrs |= {"list": "groups", "autocomplete": "off"}
        self.fields["per_minute"].required = True

    def clean_group(self) -> str:
        group: str = self.cleaned_data["group"].strip().lower().removeprefix("@")
        if not group:
            raise forms.ValidationError(_("Name a provider or a domain."))
        return group

    def validate_constraints(self) -> None:
        """A limit that is there already is changed."""

    def save(self, commit: bool = True) -> GroupLimit:  # noqa: FBT001, FBT002 as Django has it
        given = self.cleaned_data
        kept, _is_new = GroupLimit.objects.update_or_create(
            account=given["account"], group=given["group"], defaults={"per_minute": given["per_minute"]}
        )
        return kept


class TextPriceForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """The price of a part to one country, or to all that are not named."""

    class Meta:
        model = TextPrice
        fields = ("country", "price")
        help_texts = {"country": gettext_lazy("Two letters, such as NL. Empty: all other countries.")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["country"].widget.attrs |= {"autocomplete": "off", "maxlength": 2}

    def clean_country(self) -> str:
        country: str = self.cleaned_data["country"].strip().upper()
        if country and country not in phones.COUNTRIES:
            raise forms.ValidationError(_("There is no such country: two letters, such as NL or BE."))
        return country

    def validate_unique(self) -> None:
        """A price that is there already is changed."""

    def validate_constraints(self) -> None:
        """The same."""

    def save(self, commit: bool = True) -> TextPrice:  # noqa: FBT001, FBT002 as Django has it
        given = self.cleaned_data
        kept, _is_new = TextPrice.objects.update_or_create(country=given["country"], defaults={"price": given["price"]})
        return kept


class TextErrorForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """What an error number means; one that is there already gets the new meaning."""

    meaning = forms.ChoiceField(label=gettext_lazy("What it means"), choices=texterrors.Meaning.choices)

    class Meta:
        model = TextError
        fields = ("code", "meaning")
        help_texts = {"code": gettext_lazy("Five figures, such as 30005.")}

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        if len(code) != 5 or not (code.isascii() and code.isdecimal()):
            raise forms.ValidationError(_("An error number has five figures."))
        return code

    def validate_unique(self) -> None:
        """A number that is there already gets the new meaning."""

    def save(self, commit: bool = True) -> TextError:  # noqa: FBT001, FBT002 as Django has it
        given = self.cleaned_data
        kept, _is_new = TextError.objects.update_or_create(code=given["code"], defaults={"meaning": given["meaning"]})
        return kept
