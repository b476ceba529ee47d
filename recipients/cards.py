"""Forms of the cards: all that one may write about a person or a company, whole or a part at a time."""

import datetime as dt
import functools
import zoneinfo
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from consent import addresses, privacy_mail
from recipients import changes, choices, custom, people, phones
from recipients.forms import Colleague, Listed, OneLine
from recipients.models import Change, Company, CustomField, Interest, Person

MOST = 10  # addresses, and numbers, of one card
PERSON_PARTS: Mapping[str, Sequence[str]] = {
    "reach": ("email", "other_addresses", "mobile", "phone", "other_numbers"),
    "about": ("title", "company_name", "language", "our_contact", "support_contact", "is_former_employee"),
    "place": ("street", "postcode", "city", "region", "country", "time_zone"),
    "interests": ("interests",),
    "custom": (),  # whatever the house has made
    "notes": ("notes",),
}
COMPANY_PARTS: Mapping[str, Sequence[str]] = {
    "reach": ("email", "other_addresses", "phone", "other_numbers"),
    "about": ("website", "language", "our_contact", "support_contact"),
    "place": PERSON_PARTS["place"],
    "interests": ("interests",),
    "custom": (),
    "notes": ("notes",),
}
CONTINENTS = ("Europe", "America", "Africa", "Asia", "Atlantic", "Australia", "Indian", "Pacific")


@functools.cache
def time_zones() -> list[Any]:
    """Give the zones of the world, by continent."""
    groups: dict[str, list[tuple[str, str]]] = {name: [] for name in CONTINENTS}
    for zone in sorted(zoneinfo.available_timezones()):
        continent, _slash, place = zone.partition("/")
        if place and continent in groups:
            groups[continent].append((zone, place.replace("_", " ")))
    return [("", _("As in their country")), *groups.items()]


def colleagues(label: Any) -> Colleague:
    return Colleague(
        User.objects.filter(is_active=True).order_by("first_name", "last_name", "pk"),
        label=label,
        required=False,
        empty_label=_("Nobody"),
    )


class Lines(forms.CharField):
    """Several values, one on each line, the most important first."""

    widget = forms.Textarea

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "rows": 2}

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def run_validators(self, value: Any) -> None:
        """Each line is looked at by the form."""


class CardForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """What a person's and a company's card have in common. `part` names the part that is edited; else it is all."""

    all_may_be_empty = True  # so no field says it
    of: ClassVar[str]
    parts: ClassVar[Mapping[str, Sequence[str]]]

    email = forms.CharField(
        label=_("E-mail"), max_length=400, required=False, widget=forms.TextInput(attrs={"inputmode": "email"})
    )
    other_addresses = Lines(
        label=_("Other addresses"),
        required=False,
        help_text=_("One per line. Mail goes to the first address."),
    )
    phone = OneLine(label=_("Phone"), max_length=40, required=False)
    other_numbers = Lines(label=_("Other numbers"), required=False, help_text=_("One per line."))
    language = Listed(label=_("Language"), known=choices.LANGUAGES)
    country = Listed(label=_("Country"), known=choices.COUNTRIES)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones, required=False)
    street = OneLine(label=_("Street and number"), max_length=200, required=False)
    postcode = OneLine(label=_("Postcode"), max_length=20, required=False)
    city = OneLine(label=_("City"), max_length=100, required=False)
    region = OneLine(label=_("State or region"), max_length=100, required=False)
    our_contact = colleagues(_("Sales contact"))
    support_contact = colleagues(_("Support contact"))
    interests = forms.ModelMultipleChoiceField(
        Interest.objects.order_by("name"), label=_("Interests"), required=False, widget=forms.CheckboxSelectMultiple
    )
    notes = forms.CharField(
        label=_("Notes"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, instance: Any = None, part: str = "") -> None:
        super().__init__(data, instance=instance)
        self.own = custom.of(self.of)
        for field in self.own:
            value = self.instance.custom.get(field.key)
            self.fields[f"x_{field.key}"] = made = custom_input(field)
            self.initial[f"x_{field.key}"] = _shown(field, value)
            if isinstance(made, Listed) and value:
                made.keep(str(value))  # a choice that is offered no more
        self._fill_in()
        self.before = changes.snapshot(self.instance)
        if part:
            kept = {*self.parts[part], *(f"x_{field.key}" for field in self.own if part == "custom")}
            for name in [name for name in self.fields if name not in kept]:
                del self.fields[name]

    def _fill_in(self) -> None:
        for name in ("language", "country"):
            field = self.fields[name]
            if isinstance(field, Listed):
                field.keep(getattr(self.instance, name))
        home = self.instance.home
        for name in ("mobile", "phone"):
            if number := getattr(self.instance, name, ""):
                self.initial[name] = phones.said(number, home)
        if self.instance._state.adding:
            return
        known = list(self.instance.email_addresses.order_by("rank").values_list("address", flat=True))
        self.initial["email"] = known[0] if known else ""
        self.initial["other_addresses"] = "\n".join(known[1:])
        numbers = self.instance.phones.order_by("rank").values_list("number", flat=True)
        self.initial["other_numbers"] = "\n".join(phones.said(number, home) for number in numbers)
        self.initial["interests"] = list(self.instance.interests.values_list("pk", flat=True))

    @property
    def custom_fields(self) -> list[Any]:
        """The inputs of the house's own fields, for the page."""
        return [self[f"x_{field.key}"] for field in self.own if f"x_{field.key}" in self.fields]

    def clean_email(self) -> str:
        return _address(self.cleaned_data["email"]) if self.cleaned_data["email"].strip() else ""

    def clean_other_addresses(self) -> list[str]:
        lines = self.cleaned_data["other_addresses"]
        if len(lines) >= MOST:
            raise ValidationError(_("A person has at most %(most)d addresses."), params={"most": MOST})
        return _each(lines, _address)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        home = cleaned.get("country") or self.instance.home
        for name in ("mobile", "phone"):
            if cleaned.get(name):
                try:
                    cleaned[name] = phones.normalise(cleaned[name], home)
                except phones.InvalidPhone as mistake:
                    self.add_error(name, str(mistake))
        if numbers := cleaned.get("other_numbers"):
            try:
                cleaned["other_numbers"] = _each(numbers[: MOST + 1], lambda line: _number(line, home))
                if len(numbers) > MOST:
                    raise ValidationError(_("At most %(most)d numbers fit.") % {"most": MOST})
            except ValidationError as mistake:
                self.add_error("other_numbers", mistake)
        for field in self.own:
            self._read_custom(field, cleaned)
        return cleaned

    def _read_custom(self, field: CustomField, cleaned: dict[str, Any]) -> None:
        name = f"x_{field.key}"
        if name not in cleaned:
            return
        if cleaned[name] == self.initial[name]:
            cleaned[name] = self.instance.custom.get(field.key)
            return
        try:
            cleaned[name] = custom.read(field, str(cleaned[name] or ""))
        except custom.Unreadable as mistake:
            self.add_error(name, str(mistake))

    @transaction.atomic
    def write(self, *, by: User | None, now: dt.datetime) -> Any:
        """Save the card with all that hangs from it, and write down what changed."""
        is_new = self.instance._state.adding
        given = {
            field.key: self.cleaned_data[f"x_{field.key}"] for field in self.own if f"x_{field.key}" in self.fields
        }
        self.instance.custom = custom.changed(self.instance.custom, given)
        self._save()
        if "other_numbers" in self.fields:
            people.write_phones(self.instance, self.cleaned_data["other_numbers"])
        if "interests" in self.fields:
            self.instance.interests.set(self.cleaned_data["interests"])
        source = Change.Source.CREATED if is_new else Change.Source.EDIT
        changes.note(self.instance, self.before, source=source, by=by, now=now)
        if is_new and isinstance(self.instance, Person) and self._wanted:
            language = self.instance.language or settings.LANGUAGE_CODE
            privacy_mail.welcome(self._wanted[0], language=language, actor="system", now=now)
        return self.instance

    def _save(self) -> None:
        raise NotImplementedError

    @property
    def _wanted(self) -> list[str]:
        """The addresses, the one we write to first."""
        given = [self.cleaned_data["email"], *self.cleaned_data["other_addresses"]]
        return list(dict.fromkeys(address for address in given if address))


class PersonForm(CardForm):
    of = CustomField.Of.PERSON
    parts = PERSON_PARTS

    first_name = OneLine(label=_("First name"), max_length=100, required=False)
    middle_name = OneLine(label=_("Middle name"), max_length=50, required=False)
    last_name = OneLine(label=_("Last name"), max_length=100, required=False)
    title = OneLine(label=_("Title"), max_length=100, required=False)
    company_name = OneLine(
        label=_("Company"),
        max_length=200,
        required=False,
        help_text=_("A new name makes a new company."),
        widget=forms.TextInput(attrs={"list": "companies", "autocomplete": "off"}),
    )
    mobile = OneLine(label=_("Mobile"), max_length=40, required=False)

    class Meta:
        model = Person
        fields: ClassVar = (
            "first_name", "middle_name", "last_name", "title", "language", "country", "time_zone", "street",
            "postcode", "city", "region", "mobile", "phone", "our_contact", "support_contact", "notes",
            "is_former_employee",
        )  # fmt: skip

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, instance: Person | None = None, part: str = ""
    ) -> None:
        super().__init__(data, instance=instance, part=part)
        self.initial["company_name"] = self.instance.company.name if self.instance.company else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        names = ("first_name", "last_name", "email")
        if names[0] in self.fields and not any(cleaned.get(name) for name in names) and not self.errors:
            raise ValidationError(_("Give at least a name or an address."))
        return cleaned

    def _save(self) -> None:
        if "company_name" in self.fields:
            name = self.cleaned_data["company_name"]
            self.instance.company = _company(name) if name else None
        if "email" in self.fields:
            people.write(self.instance, self._wanted)
        else:
            self.instance.save()
            people.index([self.instance.pk])


class CompanyForm(CardForm):
    of = CustomField.Of.COMPANY
    parts = COMPANY_PARTS
    all_may_be_empty = False

    name = OneLine(label=_("Name"), max_length=200)
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")

    class Meta:
        model = Company
        fields: ClassVar = (
            "name", "website", "language", "country", "time_zone", "street", "postcode", "city", "region", "phone",
            "our_contact", "support_contact", "notes",
        )  # fmt: skip

    def _save(self) -> None:
        if self.before.get("name") == self.instance.name and self.instance.pk:
            self.instance.save()
        else:
            people.rename_company(self.instance)
        if "email" in self.fields:
            people.write_company_addresses(self.instance, self._wanted)


def custom_input(field: CustomField) -> forms.Field:
    """Give the input of a custom field; what it says is read by `custom.read`."""
    kind = CustomField.Kind
    if field.kind == kind.CHOICE:
        listed = [("", _("Unknown")), *((one, one) for one in field.choices)]
        return Listed(known=listed, label=field.name)
    if field.kind == kind.YESNO:
        return forms.ChoiceField(
            label=field.name, required=False, choices=[("", _("Unknown")), ("yes", _("Yes")), ("no", _("No"))]
        )
    if field.kind == kind.DATE:
        return forms.CharField(
            label=field.name, required=False, max_length=30, widget=forms.DateInput(attrs={"type": "date"})
        )
    inputs = {"inputmode": "decimal"} if field.kind == kind.NUMBER else {}
    return OneLine(
        label=field.name, required=False, max_length=custom.LONGEST_TEXT, widget=forms.TextInput(attrs=inputs)
    )


def _shown(field: CustomField, value: Any) -> str:
    """Give a value as its input holds it."""
    if value is None:
        return ""
    if field.kind == CustomField.Kind.YESNO:
        return "yes" if value else "no"
    return str(value)


def _each(lines: Collection[str], read: Any) -> list[str]:
    found, mistakes = [], []
    for line in lines:
        try:
            found.append(read(line))
        except ValidationError as mistake:
            mistakes.append(f"{line[:80]}: {mistake.messages[0]}")
    if mistakes:
        raise ValidationError(mistakes)
    return found


def _address(text: str) -> str:
    try:
        return addresses.normalise(text)
    except addresses.InvalidAddress as mistake:
        raise ValidationError(str(mistake)) from mistake


def _number(text: str, country: str) -> str:
    try:
        return phones.normalise(text, country or settings.HOME_COUNTRY)
    except phones.InvalidPhone as mistake:
        raise ValidationError(str(mistake)) from mistake


def _company(name: str) -> Company:
    return Company.objects.filter(name__iexact=name).order_by("pk").first() or Company.objects.create(name=name)
