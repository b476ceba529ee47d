"""What one may write about people, companies and lists. Values are tidied here; the database keeps the rules."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from consent import addresses
from recipients import choices, people, phones
from recipients.models import Company, Person, Project, Selection

MOST_ADDRESSES = 10


def one_line(text: str) -> str:
    """Make a value of one line: no line breaks, no control characters, single spaces."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


class OneLine(forms.CharField):
    """A name and the like: whatever is pasted ends up on one line."""

    def to_python(self, value: Any) -> Any:
        return one_line(super().to_python(value) or "")


class Listed(forms.ChoiceField):
    """A choice from a short list; a value that came from elsewhere (an import) may stay."""

    def __init__(self, *, known: list[tuple[str, Any]], label: Any) -> None:
        super().__init__(choices=known, label=label, required=False)
        self.known = known

    def keep(self, value: str) -> None:
        if value not in {code for code, _name in self.known}:
            self.choices = [*self.known, (value, value)]


class Colleague(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when running
    """One of us, by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.get_full_name() or obj.email or obj.username)


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    all_may_be_empty = True  # so no field says it

    first_name = OneLine(label=_("First name"), max_length=100, required=False)
    middle_name = OneLine(label=_("Middle name"), max_length=50, required=False)
    last_name = OneLine(label=_("Last name"), max_length=100, required=False)
    email = forms.CharField(
        label=_("E-mail"), max_length=400, required=False, widget=forms.TextInput(attrs={"inputmode": "email"})
    )
    other_addresses = forms.CharField(
        label=_("Other addresses"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One per line. Mail goes to the first address."),
    )
    title = OneLine(label=_("Title"), max_length=100, required=False)
    company_name = OneLine(
        label=_("Company"),
        max_length=200,
        required=False,
        help_text=_("A new name makes a new company."),
        widget=forms.TextInput(attrs={"list": "companies", "autocomplete": "off"}),
    )
    language = Listed(label=_("Language"), known=choices.LANGUAGES)
    country = Listed(label=_("Country"), known=choices.COUNTRIES)
    phone = OneLine(label=_("Phone"), max_length=30, required=False)
    our_contact = Colleague(
        User.objects.filter(is_active=True).order_by("first_name", "last_name"),
        label=_("Our contact"),
        required=False,
        empty_label=_("Nobody"),
    )

    class Meta:
        model = Person
        fields: ClassVar = (
            "first_name",
            "middle_name",
            "last_name",
            "title",
            "language",
            "country",
            "phone",
            "our_contact",
            "notes",
            "is_former_employee",
        )
        labels: ClassVar = {"notes": _("Notes")}
        widgets: ClassVar = {"notes": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, data: Mapping[str, Any] | None = None, *, instance: Person | None = None) -> None:
        super().__init__(data, instance=instance)
        for name in ("language", "country"):
            field = self.fields[name]
            if isinstance(field, Listed):
                field.keep(getattr(self.instance, name))
        if instance is not None:
            known = [row.address for row in instance.email_addresses.order_by("rank")]
            self.initial["email"] = known[0] if known else ""
            self.initial["other_addresses"] = "\n".join(known[1:])
            self.initial["phone"] = phones.said(instance.phone, instance.home) if instance.phone else ""
            self.initial["company_name"] = instance.company.name if instance.company else ""

    def clean_email(self) -> str:
        return _address(self.cleaned_data["email"]) if self.cleaned_data["email"].strip() else ""

    def clean_other_addresses(self) -> list[str]:
        lines = [line for line in self.cleaned_data["other_addresses"].splitlines() if line.strip()]
        if len(lines) >= MOST_ADDRESSES:
            raise ValidationError(_("A person has at most %(most)d addresses."), params={"most": MOST_ADDRESSES})
        found, mistakes = [], []
        for line in lines:
            try:
                found.append(_address(line))
            except ValidationError as mistake:
                mistakes.append(f"{line.strip()[:80]}: {mistake.messages[0]}")
        if mistakes:
            raise ValidationError(mistakes)
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if phone := cleaned.get("phone"):
            try:
                cleaned["phone"] = phones.normalise(phone, cleaned.get("country") or settings.HOME_COUNTRY)
            except phones.InvalidPhone as mistake:
                self.add_error("phone", str(mistake))
        known = [cleaned.get(name) for name in ("first_name", "last_name", "email")]
        if not any(known) and not self.errors:
            raise ValidationError(_("Give at least a name or an address."))
        return cleaned

    def write(self) -> Person:
        """Save the person, the addresses and, where the name is new, the company."""
        person = self.instance
        name = self.cleaned_data["company_name"]
        person.company = _company(name) if name else None
        wanted = [self.cleaned_data["email"], *self.cleaned_data["other_addresses"]]
        return people.write(person, list(dict.fromkeys(address for address in wanted if address)))


class CompanyForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    name = OneLine(label=_("Name"), max_length=200)
    country = Listed(label=_("Country"), known=choices.COUNTRIES)
    city = OneLine(label=_("City"), max_length=100, required=False)
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")

    class Meta:
        model = Company
        fields: ClassVar = ("name", "city", "country", "website")

    def __init__(self, data: Mapping[str, Any] | None = None, *, instance: Company | None = None) -> None:
        super().__init__(data, instance=instance)
        country = self.fields["country"]
        if isinstance(country, Listed):
            country.keep(self.instance.country)


class SelectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    name = OneLine(label=_("Name"), max_length=200)

    class Meta:
        model = Selection
        fields: ClassVar = ("name", "description")
        labels: ClassVar = {"description": _("Description")}
        widgets: ClassVar = {"description": forms.Textarea(attrs={"rows": 3, "maxlength": 2000})}


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    name = OneLine(label=_("Name"), max_length=200)

    class Meta:
        model = Project
        fields: ClassVar = ("name", "status", "starts_on", "ends_on", "description")
        labels: ClassVar = {
            "description": _("Description"),
            "status": _("Status"),
            "starts_on": _("Starts on"),
            "ends_on": _("Ends on"),
        }
        widgets: ClassVar = {
            "description": forms.Textarea(attrs={"rows": 3, "maxlength": 2000}),
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("starts_on"), cleaned.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", _("The end lies before the start."))
        return cleaned


class AddToForm(forms.Form):
    """Where the picked people go: a selection that exists, a new one, or a project."""

    selection = forms.ModelChoiceField(Selection.objects.none(), label=_("Selection"), required=False)
    new_selection = OneLine(label=_("New selection"), max_length=200, required=False)
    project = forms.ModelChoiceField(Project.objects.none(), label=_("Project"), required=False)

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        for name, rows in (
            ("selection", Selection.objects.by_hand().order_by("name")),
            ("project", Project.objects.order_by("name")),
        ):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows
                field.empty_label = _("None")
        for field in self.fields.values():
            field.widget.attrs["form"] = "found"  # the dialog lies outside the form that holds the ticks

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not any(cleaned.values()):
            raise ValidationError(_("Choose a selection or a project, or name a new selection."))
        return cleaned


def _address(text: str) -> str:
    try:
        return addresses.normalise(text)
    except addresses.InvalidAddress as mistake:
        raise ValidationError(str(mistake)) from mistake


def _company(name: str) -> Company:
    return Company.objects.filter(name__iexact=name).order_by("pk").first() or Company.objects.create(name=name)
