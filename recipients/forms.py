"""What one may write about people, companies and lists. Values are tidied here; the database keeps the rules."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from recipients.models import Project, Selection, Task


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
