"""What one may write about people, companies and lists. Values are tidied here; the database keeps the rules."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from recipients import custom
from recipients.models import CustomField, Interest, Project, Selection, Task


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


class SelectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    name = OneLine(label=_("Name"), max_length=200)

    class Meta:
        model = Selection
        fields: ClassVar = ("name", "description")
        labels: ClassVar = {"description": _("Description")}
        widgets: ClassVar = {"description": forms.Textarea(attrs={"rows": 3, "maxlength": 2000})}


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    name = OneLine(label=_("Name"), max_length=200)
    kind = OneLine(
        label=_("Type"),
        max_length=60,
        required=False,
        help_text=_("In your own words: fair, webinar, campaign."),
        widget=forms.TextInput(attrs={"list": "kinds", "autocomplete": "off"}),
    )

    class Meta:
        model = Project
        fields: ClassVar = ("name", "kind", "status", "starts_on", "ends_on", "description")
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


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    title = OneLine(label=_("What is to be done"), max_length=200)
    assignee = Colleague(
        User.objects.filter(is_active=True).order_by("first_name", "last_name", "pk"),
        label=_("Who does it"),
        required=False,
        empty_label=_("Nobody yet"),
    )

    class Meta:
        model = Task
        fields: ClassVar = ("title", "kind", "due_on", "due_at", "assignee", "notes")
        labels: ClassVar = {"kind": _("Kind"), "due_on": _("Day"), "due_at": _("Time"), "notes": _("Notes")}
        widgets: ClassVar = {
            "due_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "due_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "notes": forms.Textarea(attrs={"rows": 2, "maxlength": 5000}),
        }

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, instance: Task | None = None, assignee: Any = None
    ) -> None:
        super().__init__(data, instance=instance, auto_id="task_%s")
        if instance is None and assignee is not None:
            self.initial["assignee"] = assignee.pk

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("due_at") and not cleaned.get("due_on"):
            self.add_error("due_on", _("A time needs its day."))
        if cleaned.get("kind") == Task.Kind.APPOINTMENT and not cleaned.get("due_on") and not self.errors:
            self.add_error("due_on", _("An appointment needs a day."))
        return cleaned


class CustomFieldForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """A field of the house's own. What it is of and which kind is chosen once: values are kept by them."""

    name = OneLine(label=_("Name"), max_length=60)
    words = forms.CharField(
        label=_("Choices"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("For a choice: one per line."),
    )

    class Meta:
        model = CustomField
        fields: ClassVar = ("of", "name", "kind")
        labels: ClassVar = {"of": _("Of whom"), "kind": _("Kind")}

    def __init__(self, data: Mapping[str, Any] | None = None, *, instance: CustomField | None = None) -> None:
        super().__init__(data, instance=instance)
        if instance is None:
            return
        del self.fields["of"], self.fields["kind"]
        self.initial["words"] = "\n".join(instance.choices)
        if instance.kind != CustomField.Kind.CHOICE:
            del self.fields["words"]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if not any(letter.isalnum() for letter in name):
            raise ValidationError(_("Give it a name with letters."))
        return name

    def clean_words(self) -> list[str]:
        lines = [one_line(line) for line in self.cleaned_data["words"].splitlines()]
        words = list({line.casefold(): line for line in reversed(lines) if line}.values())[::-1]
        if len(words) > custom.MOST_CHOICES:
            raise ValidationError(_("At most %(most)d choices fit.") % {"most": custom.MOST_CHOICES})
        if any(len(word) > custom.LONGEST_CHOICE for word in words):
            raise ValidationError(_("At most %(most)d characters fit.") % {"most": custom.LONGEST_CHOICE})
        return words

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        of = cleaned.get("of") or self.instance.of
        kind = cleaned.get("kind") or self.instance.kind
        if kind == CustomField.Kind.CHOICE and "words" not in self.errors and not cleaned.get("words"):
            self.add_error("words", _("A choice needs at least one word to choose."))
        others = CustomField.objects.filter(of=of).exclude(pk=self.instance.pk)
        if others.filter(name__iexact=cleaned.get("name", "")).exists():
            self.add_error("name", _("There is one with this name already."))
        if self.instance.pk is None and others.count() >= custom.MOST:
            raise ValidationError(_("A card has at most %(most)d fields of our own.") % {"most": custom.MOST})
        if "words" in cleaned:
            self.instance.choices = cleaned["words"] if kind == CustomField.Kind.CHOICE else []
        return cleaned


class InterestForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    name = OneLine(label=_("Name"), max_length=100)

    class Meta:
        model = Interest
        fields: ClassVar = ("name",)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if Interest.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is one with this name already."))
        return name
