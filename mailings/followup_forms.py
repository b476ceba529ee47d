"""What is filled in to follow up."""

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from recipients.forms import AddToForm, OneLine


class FollowUpForm(AddToForm):
    """Where people go: a list that exists, or one that is made for them."""

    new_project = OneLine(label=_("New project"), max_length=200, required=False)


class TasksForm(forms.Form):
    """A task for each of them."""

    title = OneLine(label=_("What is to be done"), max_length=200)
    due_on = forms.DateField(
        label=_("Day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    assignee = forms.ModelChoiceField(
        User.objects.none(), label=_("For whom has no contact among us"), required=False, empty_label=_("Nobody yet")
    )

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, auto_id="task_%s", **options)  # type: ignore[arg-type,misc]
        field = self.fields["assignee"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = User.objects.filter(is_active=True).order_by("first_name", "email")
        for field in self.fields.values():
            field.widget.attrs["form"] = "found"  # the dialog lies outside the form that holds the ticks
            field.widget.attrs.pop("required", None)
        self.use_required_attribute = False  # the other buttons of the form need none of these
