"""What one may do to many people at once: one form per act."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import bulk as consents
from consent import law, rulebook, rules
from consent.models import Channel, SubscriptionType
from recipients import bulk, cards, changes, choices, custom
from recipients.bulk import By
from recipients.forms import OneLine, TaskForm
from recipients.models import CustomField, Interest, Person, Project

USER = "(SELECT coalesce(nullif(concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, '')), ''), u.email) FROM auth_user u WHERE u.id = p.{column})"


class Act(forms.Form):
    """An act for many. `do` does it and tells on how many people something changed."""

    code: ClassVar[str]
    label: ClassVar[Any]
    permission: ClassVar[str] = "recipients.change_person"

    def do(self, chosen: QuerySet[Person], by: By) -> int:
        raise NotImplementedError


class SetField(Act):
    code, label = "field", _("Set a field")

    field = forms.ChoiceField(label=_("Field"))
    value = OneLine(
        label=_("Value"),
        required=False,
        max_length=500,
        help_text=_("As it stands on a card: nl or Dutch, NL or Netherlands, yes or no. Empty makes it unknown."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.own = {f"custom.{row.key}": row for row in custom.of("person")}
        plain = [(name, changes.LABELS[name]) for name in bulk.FIELDS]
        field = self.fields["field"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [*plain, *((code, row.name) for code, row in self.own.items())]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        field, text = cleaned.get("field"), str(cleaned.get("value") or "")
        if not field or self.errors:
            return cleaned
        try:
            cleaned["read"] = self._read(field, text)
        except (ValidationError, custom.Unreadable) as mistake:
            self.add_error("value", mistake.messages if isinstance(mistake, ValidationError) else str(mistake))
        return cleaned

    def _read(self, field: str, text: str) -> Any:
        if field in self.own:
            return custom.read(self.own[field], text)
        if field in ("our_contact", "support_contact"):
            return _colleague(text)
        if field == "is_former_employee":
            return bool(custom.read(CustomField(kind=CustomField.Kind.YESNO), text or "no"))
        if field in ("language", "country"):
            return _code(text, choices.LANGUAGES if field == "language" else choices.COUNTRIES)
        if (
            field == "time_zone"
            and text
            and text not in {code for _group, rows in cards.time_zones()[1:] for code, _w in rows}
        ):
            raise ValidationError(_("Write a time zone as Europe/Amsterdam."))
        most = getattr(Person._meta.get_field(field), "max_length", 0)
        if len(text) > most:
            raise ValidationError(_("At most %(most)d characters fit.") % {"most": most})
        return text

    def do(self, chosen: QuerySet[Person], by: By) -> int:
        field, value = self.cleaned_data["field"], self.cleaned_data["read"]
        if field in self.own:
            return bulk.set_custom(chosen, self.own[field].key, value, by=by)
        column = bulk.FIELDS[field]
        if isinstance(value, User) or column.endswith("_id"):
            said = (value.get_full_name() or value.email) if value else ""
            shown = (USER.format(column=column), said)
            return bulk.set_field(chosen, field, value.pk if value else None, shown=shown, by=by)
        return bulk.set_field(chosen, field, value, shown=(f"p.{column}::text", str(value)), by=by)


class SetInterest(Act):
    code, label = "interest", _("Give or take an interest")

    interest = forms.ModelChoiceField(Interest.objects.order_by("name"), label=_("Interest"))
    way = forms.ChoiceField(
        label=_("What"), choices=[("add", _("They have it")), ("take", _("They do not have it any more"))]
    )

    def do(self, chosen: QuerySet[Person], by: By) -> int:
        act = bulk.add_interest if self.cleaned_data["way"] == "add" else bulk.take_interest
        return act(chosen, self.cleaned_data["interest"], by=by)


class MakeTasks(Act, TaskForm):
    code, label, permission = "task", _("Make a task for each"), "recipients.add_task"

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        TaskForm.__init__(self, data)

    def do(self, chosen: QuerySet[Person], by: By) -> int:
        return bulk.make_tasks(chosen, self.save(commit=False), by=by)


class SetRole(Act):
    code, label, permission = "role", _("Give a role"), "recipients.change_project"

    role = OneLine(label=_("Role"), max_length=60, required=False, help_text=_("Such as speaker, guest or host."))

    def do(self, chosen: QuerySet[Person], by: By) -> int:
        number = str(self.data.get("list", "")).removeprefix("project:")
        project = Project.objects.filter(pk=int(number)).first() if number.isdigit() else None
        return bulk.set_role(chosen, project, self.cleaned_data["role"]) if project else 0


CHANNELS = (
    (Channel.EMAIL, _("E-mail, at the address we write to")),
    (Channel.SMS, _("SMS, at the mobile number")),
)


class RefuseConsent(Act):
    code, label, permission = "refuse", _("Write down that they want no mail"), "consent.add_suppression"

    channel = forms.ChoiceField(label=_("By"), choices=CHANNELS, initial=Channel.EMAIL, required=False)
    types = forms.ModelMultipleChoiceField(
        SubscriptionType.objects.filter(is_active=True).order_by("pk"),
        label=_("Of which types"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: no mail at all."),
    )
    because = OneLine(label=_("Reason"), max_length=300, help_text=_("It stands in the ledger under your name."))

    def do(self, chosen: QuerySet[Person], by: By) -> int:
        types: Sequence[SubscriptionType] | None = list(self.cleaned_data["types"]) or None
        actor = f"user:{by.user.pk}" if by.user else "system"
        channel = self.cleaned_data["channel"] or Channel.EMAIL
        numbers = bulk.addresses(chosen, channel).iterator()
        because = self.cleaned_data["because"]
        return consents.refuse(numbers, types, because=because, actor=actor, channel=channel, now=by.now)


class GiveConsent(Act):
    """A yes of many, as it was declared: the fields follow from the source, as for one person."""

    code, label, permission = "agree", _("Write down that they agreed"), "consent.add_consentevent"

    channel = forms.ChoiceField(label=_("By"), choices=CHANNELS, initial=Channel.EMAIL, required=False)
    types = forms.ModelMultipleChoiceField(
        SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk"),
        label=_("To which types"),
        widget=forms.CheckboxSelectMultiple,
    )
    source = forms.ChoiceField(label=_("Where does it come from?"))

    def __init__(self, data: QueryDict | None = None, *, begun: QueryDict | None = None) -> None:
        """Read what was filled in (`data`), or show the fields of the source that was chosen (`begun`)."""
        first = ("source", "channel")
        chosen = {name: begun[name] for name in first if begun.get(name)} if begun else {}
        super().__init__(data, initial={**chosen, "types": begun.getlist("types")} if begun else {})
        given = data or begun
        recordable = {code: rule for code, rule in rulebook.current().sources.items() if rule.is_recordable}
        source = self.fields["source"]
        if isinstance(source, forms.ChoiceField):
            source.choices = [("", _("Choose")), *((code, rule.name) for code, rule in recordable.items())]
        self.rule = recordable.get(str(given.get("source", ""))) if given else None
        if self.rule:
            self._ask_evidence(self.rule)

    def _ask_evidence(self, rule: rules.SourceRule) -> None:
        self.fields["evidence_on"] = forms.DateField(
            label=str(rule.date_label), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
        )
        for piece in rule.evidence_fields:
            self.fields[f"evidence_{piece.key}"] = forms.CharField(
                label=str(piece.label), required=piece.is_required, max_length=4000
            )
        if rule.may_be_soft:
            for flag, label in law.SOFT_FLAGS.items():
                self.fields[f"evidence_{flag}"] = forms.BooleanField(label=str(label), required=False)
        if rule.may_be_explicit:
            self.fields["box_ticked"] = forms.BooleanField(
                label=_("They ticked a box that was not ticked beforehand"), required=False
            )
        self.fields["because"] = OneLine(
            label=_("Reason"), max_length=300, help_text=_("It stands in the ledger under your name.")
        )
        self.fields["sure"] = forms.BooleanField(
            label=_("The evidence holds for every one of these people, and I can show it"),
            error_messages={"required": _("Confirm it: it is written into the ledger for each of them.")},
        )

    @property
    def warning(self) -> str:
        """What somebody should know before they press the button."""
        if self.rule is None:
            return ""
        if self.rule.status is rules.Status.VERIFY:
            return str(self.rule.remedy)
        return str(_("A ledger forgets nothing. Who left, objected or is blocked stays so, whatever you write here."))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.rule is None and not self.errors:
            self.add_error("source", _("Choose where the consent comes from"))
        evidence_on = cleaned.get("evidence_on")
        if evidence_on and evidence_on > timezone.localdate():
            self.add_error("evidence_on", _("The date lies in the future"))
        return cleaned

    def do(self, chosen: QuerySet[Person], by: By) -> int:
        values = self.cleaned_data
        pieces = {name.removeprefix("evidence_"): values[name] for name in values if name.startswith("evidence_")}
        evidence_on = pieces.pop("on")
        channel = values["channel"] or Channel.EMAIL
        people = list(bulk.addresses(chosen, channel))
        consents.give(
            people,
            list(values["types"]),
            source=values["source"],
            evidence_on=evidence_on,
            evidence={key: law.YES if value is True else value for key, value in pieces.items() if value},
            because=values["because"],
            actor=f"user:{by.user.pk}" if by.user else "system",
            box_ticked=bool(values.get("box_ticked")),
            channel=channel,
            now=by.now,
        )
        return len(set(people))


ACTS: Mapping[str, type[Act]] = {
    act.code: act for act in (SetField, SetInterest, MakeTasks, SetRole, GiveConsent, RefuseConsent)
}


def _colleague(text: str) -> User | None:
    """Find one of us by name or address; nothing for an empty text."""
    if not text:
        return None
    words = text.casefold()
    found = [
        user
        for user in User.objects.filter(is_active=True)
        if words in (user.get_full_name().casefold(), user.email.casefold(), user.username.casefold())
    ]
    if len(found) != 1:
        raise ValidationError(_("Give the whole name or the address of one of us."))
    return found[0]


def _code(text: str, known: Sequence[tuple[str, Any]]) -> str:
    """Find a code by itself or by its name in the reader's language."""
    if not text:
        return ""
    for code, name in known:
        if code and text.casefold() in (code.casefold(), str(name).casefold()):
            return code
    raise ValidationError(_("We do not know “%(text)s”. Choose from the list on a card.") % {"text": text[:40]})
