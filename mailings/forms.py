"""What people type into the wizard, apart from the content."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import addresses
from consent.models import SubscriptionType
from mailings import accounts, medium, policy, senders, sources, windows
from mailings.medium import Content
from mailings.models import Mailing, SendingAccount
from mailings.rendering import variables
from recipients.models import Project, Selection

LISTED = 200  # choices in a list; the linked one is always among them


class AddressField(forms.CharField):
    """An e-mail address in the one form we keep."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=320, widget=forms.EmailInput, **options)

    def clean(self, value: Any) -> str:
        """Give the normalised address, or the sentence that says what is wrong."""
        text = str(super().clean(value))
        if not text:
            return ""
        try:
            return addresses.normalise(text)
        except addresses.InvalidAddress as mistake:
            raise forms.ValidationError(str(mistake)) from mistake


class NewMailingForm(forms.Form):
    """Its name, and what it is for."""

    name = forms.CharField(label=gettext_lazy("Name of mailing"), max_length=200)
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=Mailing.Type, initial=Mailing.Type.EMAIL)
    selection = forms.ModelChoiceField(Selection.objects.all(), required=False, widget=forms.HiddenInput)
    project = forms.ModelChoiceField(Project.objects.all(), required=False, widget=forms.HiddenInput)


class SetupForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """Step 1. Everything but the name may be empty in a draft; the check before sending asks for the rest.

    A mistake in a variable is kept and remarked upon: what somebody typed is never lost.
    """

    from_address = AddressField(label=gettext_lazy("From, address"), required=False)
    reply_to = AddressField(
        label=gettext_lazy("Reply to"),
        required=False,
        help_text=gettext_lazy("Where answers go. When empty, to the From address."),
    )

    class Meta:
        model = Mailing
        fields: tuple[str, ...] = (
            "name",
            "subject",
            "preheader",
            "from_name",
            "from_address",
            "from_whose",
            "reply_to",
            "reply_whose",
            "message_class",
            "subscription_type",
            "selection",
            "project",
            "track_opens",
            "track_clicks",
            *Mailing.CAMPAIGN,
        )
        labels = {
            "utm_source": gettext_lazy("Source"),
            "utm_medium": gettext_lazy("Medium"),
            "utm_campaign": gettext_lazy("Campaign"),
            "utm_content": gettext_lazy("Content"),
            "utm_term": gettext_lazy("Term"),
            "subject": gettext_lazy("Subject"),
            "preheader": gettext_lazy("Preheader"),
            "from_name": gettext_lazy("From, name"),
            "from_whose": gettext_lazy("Whose name and address"),
            "reply_whose": gettext_lazy("Who gets the answers"),
            "message_class": gettext_lazy("Kind of message"),
            "subscription_type": gettext_lazy("Subscription type"),
            "selection": gettext_lazy("Selection"),
            "project": gettext_lazy("Project"),
        }
        help_texts = {
            "name": gettext_lazy("For you and your colleagues; readers never see it."),
            "preheader": gettext_lazy("What an inbox shows behind the subject."),
            "from_whose": gettext_lazy(
                "The contact on the person’s card, else on the company’s. Who has none, or one at another domain, gets it from the address above."
            ),
            "reply_whose": gettext_lazy("Who has no such contact answers to the address above."),
            "message_class": gettext_lazy("Marketing asks for consent. Only what people must know does without."),
            "subscription_type": gettext_lazy("Who has refused this type gets nothing."),
            "selection": gettext_lazy("The mailing is listed there, and its people become recipients."),
            "project": gettext_lazy("With a selection as well, the Recipients step says whose people count."),
            "track_opens": gettext_lazy("An invisible picture tells that the mail was opened."),
            "utm_source": gettext_lazy("utm_source, such as newsletter"),
            "utm_medium": gettext_lazy("utm_medium, such as email"),
            "utm_campaign": gettext_lazy("utm_campaign, such as spring-fair"),
            "utm_content": gettext_lazy("utm_content"),
            "utm_term": gettext_lazy("utm_term"),
            "track_clicks": gettext_lazy("Links lead over our own address, so that clicks count."),
        }

    @property
    def campaign(self) -> list[forms.BoundField]:
        """The campaign parameters."""
        return [self[name] for name in Mailing.CAMPAIGN]

    def __init__(self, *args: Any, may_choose_class: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        kept = self.instance
        self._may_choose_class = may_choose_class
        self._class_before = kept.message_class
        self._whose_before = (kept.from_whose, kept.reply_whose)
        for name in ("message_class", "from_whose", "reply_whose"):
            if name in self.fields:
                self.fields[name].required = False  # left out it stays what it is
        self._links_before = {"selection_before": kept.selection_id, "project_before": kept.project_id}
        for name, rows in (("selection", Selection.objects.all()), ("project", Project.objects.all())):
            self._choose_from(name, rows, getattr(kept, f"{name}_id"))
        types = SubscriptionType.objects.filter(is_active=True) | SubscriptionType.objects.filter(
            pk=kept.subscription_type_id
        )
        choice = self._choice("subscription_type")
        choice.queryset = types.order_by("pk")
        choice.empty_label = _("Choose what it is")
        for name in {"subject", "preheader"} & self.fields.keys():
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def _choice(self, name: str) -> "forms.ModelChoiceField[Any]":
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 foreign keys of the model
        return field

    def _choose_from(self, name: str, rows: QuerySet[Any], kept: int | None) -> None:
        newest = list(rows.order_by("-pk").values_list("pk", flat=True)[:LISTED])
        field = self._choice(name)
        field.queryset = rows.filter(pk__in=[*newest, kept] if kept else newest).order_by("name", "pk")
        field.empty_label = _("None")

    def keep(self) -> None:
        """Save every field that is valid, whatever is wrong with the others; follow a newly linked selection."""
        changed = [name for name in self.changed_data if name in self.cleaned_data]
        if changed:
            self.instance.save(update_fields=[*changed, "updated_at"])
            sources.follow_links(self.instance, **self._links_before)

    def clean_name(self) -> str:
        return _one_line(self.cleaned_data["name"])

    def clean_message_class(self) -> str:
        chosen = str(self.cleaned_data["message_class"] or self._class_before)
        if chosen not in (self._class_before, "marketing") and not self._may_choose_class:
            raise forms.ValidationError(_("You do not have the right to send without asking for consent."))
        return chosen

    def clean_from_whose(self) -> str:
        return str(self.cleaned_data["from_whose"] or self._whose_before[0])

    def clean_reply_whose(self) -> str:
        return str(self.cleaned_data["reply_whose"] or self._whose_before[1])

    def clean_subject(self) -> str:
        return _one_line(self.cleaned_data["subject"])

    def clean_preheader(self) -> str:
        return _one_line(self.cleaned_data["preheader"])

    def clean_from_name(self) -> str:
        name = _one_line(self.cleaned_data["from_name"])
        if "@" in name:
            raise forms.ValidationError(_("An address in the name looks like a trick to mail systems. Write a name."))
        return name

    def remarks(self) -> dict[str, str]:
        """What is kept, but must be mended before sending: {field: sentence}."""
        texts = {name: str(self[name].value() or "") for name in ("subject", "preheader") if name in self.fields}
        return {name: remark for name, text in texts.items() if (remark := mistake_in(text))}


class TextSetupForm(SetupForm):
    """Step 1 of a text message: who it comes from is an account."""

    subject = preheader = from_address = from_name = reply_to = None  # type: ignore[assignment]  # Django's way to leave a field out

    class Meta(SetupForm.Meta):
        fields = (
            "name",
            "account",
            "message_class",
            "subscription_type",
            "selection",
            "project",
            "track_clicks",
            *Mailing.CAMPAIGN,
        )
        labels = {**SetupForm.Meta.labels, "account": gettext_lazy("From")}
        help_texts = {
            **SetupForm.Meta.help_texts,
            "track_clicks": gettext_lazy("Links become short ones of ours, so that clicks count."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choice = self._choice("account")
        choice.queryset = accounts.serving("sms").order_by("name", "pk")
        choice.label_from_instance = _as_sender  # type: ignore[assignment, method-assign]  # Django's own way to name choices
        choice.empty_label = _("The first that is in use")

    def limits(self) -> list[tuple[str, str, str]]:
        """What a writer must know of each kind of sender there is to choose."""
        kinds = {senders.kind(str(one.options.get("sender", ""))) for one in self._choice("account").queryset or ()}
        return [(one, str(senders.NAMES[one]), str(senders.LIMITS[one])) for one in senders.Sender if one in kinds]


def _as_sender(account: SendingAccount) -> str:
    return f"{account.options.get('sender', '')} ({account.name})"


SETUP_FORMS: Mapping[Content, type[SetupForm]] = {Content.BLOCKS: SetupForm, Content.TEXT: TextSetupForm}


class OptionsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """How an audience is read. Who counts of a selection and a project is asked only where both are linked."""

    class Meta:
        model = Mailing
        fields = ("one_per_address", "refresh_at_start", "include_companies", "prefer_company", "both_links")
        labels = {
            "one_per_address": gettext_lazy("One message per address"),
            "refresh_at_start": gettext_lazy("Read the sources again when sending starts"),
            "include_companies": gettext_lazy("Include companies, at their own address"),
            "prefer_company": gettext_lazy("Prefer the company: its people then get nothing"),
            "both_links": gettext_lazy("Of the linked selection and project"),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not (self.instance.selection_id and self.instance.project_id):
            del self.fields["both_links"]
        if not medium.of(self.instance).company_addresses:
            del self.fields["include_companies"], self.fields["prefer_company"]

    def clean(self) -> dict[str, Any]:
        """Whoever prefers companies includes them."""
        given = super().clean() or self.cleaned_data
        if given.get("prefer_company") and "prefer_company" in self.changed_data:
            given["include_companies"] = True
        elif not given.get("include_companies"):
            given["prefer_company"] = False
        return given


DAYS = (
    (0, gettext_lazy("Monday")),
    (1, gettext_lazy("Tuesday")),
    (2, gettext_lazy("Wednesday")),
    (3, gettext_lazy("Thursday")),
    (4, gettext_lazy("Friday")),
    (5, gettext_lazy("Saturday")),
    (6, gettext_lazy("Sunday")),
)
WORKING_DAYS = [0, 1, 2, 3, 4]


SOME_HOURS = ("some", gettext_lazy("only on some days and hours"))


class SendingForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    """How it goes: in which hours and by whose clock, through which account, and to whom besides."""

    any_hour = forms.ChoiceField(
        label=gettext_lazy("Hours"),
        choices=(("any", gettext_lazy("at any hour")), SOME_HOURS),
        widget=forms.RadioSelect,
        required=False,
    )
    days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Days"), choices=DAYS, coerce=int, widget=forms.CheckboxSelectMultiple, required=False
    )
    opens = forms.TimeField(
        label=gettext_lazy("From"), required=False, widget=forms.TimeInput({"type": "time", "class": "w-36!"}, "%H:%M")
    )
    closes = forms.TimeField(
        label=gettext_lazy("Until"), required=False, widget=forms.TimeInput({"type": "time", "class": "w-36!"}, "%H:%M")
    )
    whose = forms.ChoiceField(
        label=gettext_lazy("By whose clock"),
        choices=((windows.OURS, gettext_lazy("ours")), (windows.THEIRS, gettext_lazy("each recipient's own"))),
        required=False,
    )

    class Meta:
        model = Mailing
        fields = ("evergreen", "account")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kept = windows.Window.read(self.instance.window)
        start = kept or windows.Window(frozenset(WORKING_DAYS), time(9), time(17))
        self.initial.update(
            any_hour="some" if kept else "any",
            days=sorted(start.days),
            opens=start.opens,
            closes=start.closes,
            whose=start.whose,
        )
        quiet = policy.hours_for_texts() if medium.of(self.instance).rings else None
        if quiet and self.instance.message_class == "marketing":
            hours = {"opens": f"{quiet.opens:%H:%M}", "closes": f"{quiet.closes:%H:%M}"}
            label = _("from %(opens)s to %(closes)s by each recipient's clock, as the rules of the house say") % hours
            any_hour = self.fields["any_hour"]
            assert isinstance(any_hour, forms.ChoiceField)  # noqa: S101 declared above
            any_hour.choices = [("any", label), SOME_HOURS]
        account = self.fields["account"]
        assert isinstance(account, forms.ModelChoiceField)  # noqa: S101 a foreign key of the model
        channel = medium.of(self.instance).channel
        account.queryset = accounts.serving(channel).order_by("name", "pk")
        account.empty_label = _("By the From address") if channel == "email" else _("The first that is in use")

    def clean(self) -> dict[str, Any]:
        """Refuse a window that never opens."""
        given = super().clean() or self.cleaned_data
        if given.get("any_hour") == "some":
            if not given.get("days"):
                self.add_error("days", _("Choose at least one day, or it would never go."))
            opens, closes = given.get("opens"), given.get("closes")
            if not opens or not closes or opens == closes:
                self.add_error("opens", _("Say from when until when."))
        return given

    def save(self, commit: bool = True) -> Mailing:  # noqa: FBT001, FBT002 as Django has it
        given = self.cleaned_data
        self.instance.window = (
            windows.Window(
                frozenset(given["days"]), given["opens"], given["closes"], given["whose"] or windows.OURS
            ).to_json()
            if given.get("any_hour") == "some"
            else {}
        )
        kept: Mailing = super().save(commit)
        return kept


def mistake_in(text: str) -> str:
    """Say what is wrong with the variables of a line, and where; empty when nothing is."""
    mistakes = variables.parse(text).mistakes
    if not mistakes:
        return ""
    place = _("At character %(number)d, %(text)s:") % {"number": mistakes[0].start + 1, "text": mistakes[0].text}
    return f"{place} {mistakes[0].sentence}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
