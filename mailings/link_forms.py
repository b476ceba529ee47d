"""What authors fill in about links of the library, and what their clicks do."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from consent.forms import TypeChoice
from mailings.rendering import links
from recipients.models import Interest, Project, Selection
from tracking import deeds
from tracking.models import LibraryLink, LinkAction

Does = LinkAction.Does


class LibraryLinkForm(forms.ModelForm):  # type: ignore[type-arg]
    """A link with a name: where it leads, or the text it shows."""

    url = forms.CharField(
        label=_("Address of the page"),
        required=False,
        max_length=links.MAX_LENGTH,
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Such as https://example.org/open-day. With a text, it stands below it as the way on."),
    )

    class Meta:
        model = LibraryLink
        fields = ["name", "response", "url", "text"]
        widgets = {"text": forms.Textarea({"rows": 5})}

    def clean_url(self) -> str:
        text = self.cleaned_data["url"]
        if not text:
            return ""
        try:
            address = links.check(text)
            if not links.is_tracked(address):
                raise links.BadLink(str(_("A link of the library is a web address that is the same for everybody.")))
            return links.on_the_wire(address)
        except links.BadLink as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("response") == LibraryLink.Response.PAGE and not given.get("url") and "url" not in self.errors:
            self.add_error("url", _("Fill in where it leads, or choose to show a text."))
        if given.get("response") == LibraryLink.Response.TEXT and not given.get("text"):
            self.add_error("text", _("Write the text that is shown."))
        return given


class ActionForm(forms.Form):
    """One thing that a click does; which field it needs depends on what."""

    NEEDS = {
        Does.ADD_TO_SELECTION: ("selection",),
        Does.TAKE_OFF_SELECTION: ("selection",),
        Does.ADD_TO_PROJECT: ("project",),
        Does.TAKE_OFF_PROJECT: ("project",),
        Does.ADD_INTEREST: ("interest",),
        Does.REMOVE_INTEREST: ("interest",),
        Does.SET_FIELD: ("field", "value"),
        Does.CREATE_TASK: ("title", "days", "assignee"),
        Does.CALL: ("address",),
        Does.SUBSCRIBE: ("subscription_type",),
        Does.UNSUBSCRIBE: ("subscription_type",),
    }
    OPTIONAL = ("assignee",)
    does = forms.ChoiceField(label=_("What a click does"))
    selection = forms.ModelChoiceField(
        Selection.objects.none(), label=_("Selection"), required=False, empty_label=_("Choose")
    )
    project = forms.ModelChoiceField(
        Project.objects.none(), label=_("Project"), required=False, empty_label=_("Choose")
    )
    interest = forms.ModelChoiceField(
        Interest.objects.none(), label=_("Interest"), required=False, empty_label=_("Choose")
    )
    field = forms.ChoiceField(label=_("Field"), required=False)
    value = forms.CharField(label=_("Value"), required=False, max_length=500)
    title = forms.CharField(label=_("What is to be done"), required=False, max_length=200)
    days = forms.IntegerField(label=_("Days after the click"), required=False, min_value=0, max_value=365, initial=1)
    assignee = forms.ModelChoiceField(
        User.objects.none(),
        label=_("For"),
        required=False,
        empty_label=_("Nobody yet"),
        help_text=_("When the person has a contact among us, the task is theirs."),
    )
    subscription_type = TypeChoice(label=_("Subscription type"), required=False)
    address = forms.CharField(
        label=_("Address that is called"), required=False, max_length=2000, widget=forms.TextInput({"inputmode": "url"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(does.value, does.label) for does in self.NEEDS]
        self.fields["does"].choices = choices  # type: ignore[attr-defined]
        self.fields["selection"].queryset = Selection.objects.by_hand().order_by("name")  # type: ignore[attr-defined]
        self.fields["interest"].queryset = Interest.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["assignee"].queryset = User.objects.filter(is_active=True).order_by("first_name", "email")  # type: ignore[attr-defined]
        self.fields["field"].choices = [("", _("Choose")), *deeds.fields()]  # type: ignore[attr-defined]
        self.fields["project"].queryset = Project.objects.order_by("name")  # type: ignore[attr-defined]
        for name in self.fields:
            if name != "does":
                kinds = [does.value for does, needs in self.NEEDS.items() if name in needs]
                self.fields[name].widget.attrs["data-for"] = " ".join(kinds)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name in self.NEEDS.get(given.get("does", ""), ()):
            if given.get(name) in (None, "") and name not in (*self.errors, *self.OPTIONAL):
                self.add_error(name, _("Fill this in."))
        if given.get("does") == Does.SET_FIELD and given.get("field") and given.get("value"):
            try:
                given["value"] = deeds.fitting(given["field"], given["value"])
            except ValueError as mistake:
                self.add_error("value", str(mistake))
        address = given.get("address") or "https://"
        if given.get("does") == Does.CALL and not address.startswith(("https://", "http://")):
            self.add_error("address", _("It starts with https://."))
        return given

    @property
    def detail(self) -> dict[str, Any]:
        """What the action keeps."""
        given = self.cleaned_data
        kept: dict[str, Any] = {}
        for name in self.NEEDS[Does(given["does"])]:
            value = given[name]
            kept["url" if name == "address" else name] = value.pk if hasattr(value, "pk") else value
        return kept
