"""What each kind of link action does to people, as one set, and what it would do to one: the rows of `tracking.actions`."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Func, JSONField, QuerySet, Value
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.models import SubscriptionType
from recipients import members
from recipients.models import Change, CustomField, Interest, Person, PersonInterest, Project, Selection, Task
from tracking.models import LinkAction

Does = LinkAction.Does
# Columns of a person that a click may fill in; custom fields come beside them, as "custom.<key>".
FIELDS: Mapping[str, str | Promise] = {
    "title": gettext_lazy("Title"),
    "city": gettext_lazy("City"),
    "country": gettext_lazy("Country"),
    "language": gettext_lazy("Language"),
}
CUSTOM = "custom."


class CannotAct(Exception):
    """What an action needs is not there any more; fit to show."""


@dataclass(frozen=True, slots=True)
class Doer:
    """One kind of action: `do` it to people as a set, `foresee` it for one in a sentence, `name` what it changes."""

    do: Callable[[LinkAction, QuerySet[Person], dt.datetime], object]
    foresee: Callable[[LinkAction, Person], str]
    name: Callable[[LinkAction], str]


# lists ----------------------------------------------------------------------------------------------------------------


def list_of(action: LinkAction) -> Selection | Project:
    """The selection or project that an action changes. Raises CannotAct."""
    found: Selection | Project | None
    if "selection" in action.detail:
        found = Selection.objects.filter(pk=action.detail["selection"]).first()
    else:
        found = Project.objects.filter(pk=action.detail.get("project")).first()
    if found is None:
        raise CannotAct(_("The list is not there any more."))
    return found


def _add(action: LinkAction, people: QuerySet[Person], _now: dt.datetime) -> None:
    members.add(list_of(action), people)


def _remove(action: LinkAction, people: QuerySet[Person], _now: dt.datetime) -> None:
    members.remove(list_of(action), people)


def _foresee_add(action: LinkAction, person: Person) -> str:
    to = list_of(action)
    said = (
        _("Is on “%(name)s” already: nothing changes.")
        if to.people.filter(pk=person.pk).exists()
        else _("Comes on “%(name)s”.")
    )
    return said % {"name": to.name}


def _foresee_remove(action: LinkAction, person: Person) -> str:
    of = list_of(action)
    is_on = of.people.filter(pk=person.pk).exists()
    said = _("Leaves “%(name)s”.") if is_on else _("Is not on “%(name)s”: nothing changes.")
    return said % {"name": of.name}


# interests ------------------------------------------------------------------------------------------------------------


def _interest(action: LinkAction) -> Interest:
    found = Interest.objects.filter(pk=action.detail.get("interest")).first()
    if found is None:
        raise CannotAct(_("The interest is not there any more."))
    return found


def _add_interest(action: LinkAction, people: QuerySet[Person], now: dt.datetime) -> None:
    interest = _interest(action)
    new = list(people.exclude(interests=interest))
    PersonInterest.objects.bulk_create(
        [PersonInterest(person=person, interest=interest) for person in new], ignore_conflicts=True
    )
    _write_down([(person.pk, {"interests": ["", interest.name]}) for person in new], now)


def _remove_interest(action: LinkAction, people: QuerySet[Person], now: dt.datetime) -> None:
    interest = _interest(action)
    had = list(people.filter(interests=interest).values_list("pk", flat=True))
    PersonInterest.objects.filter(interest=interest, person__in=had).delete()
    _write_down([(pk, {"interests": [interest.name, ""]}) for pk in had], now)


def _foresee_interest(action: LinkAction, person: Person) -> str:
    interest = _interest(action)
    has_it, is_added = person.interests.filter(pk=interest.pk).exists(), action.does == Does.ADD_INTEREST
    if has_it == is_added:
        return _("The interests stay as they are.")
    said = _("Gets the interest “%(name)s”.") if is_added else _("Loses the interest “%(name)s”.")
    return said % {"name": interest.name}


# a field --------------------------------------------------------------------------------------------------------------


def fields() -> list[tuple[str, str | Promise]]:
    """The fields that a click may fill in, with their names."""
    custom = CustomField.objects.filter(of=CustomField.Of.PERSON).order_by("position", "pk")
    return [*FIELDS.items(), *((CUSTOM + field.key, field.name) for field in custom)]


def fitting(field: str, text: str) -> Any:
    """The value as a field keeps it; raises ValueError with a sentence when it does not fit."""
    if not field.startswith(CUSTOM):
        longest = getattr(Person._meta.get_field(field), "max_length", 0)
        if longest and len(text) > longest:
            raise ValueError(_("This is too long for the field."))
        return text
    custom = CustomField.objects.filter(of=CustomField.Of.PERSON, key=field.removeprefix(CUSTOM)).first()
    if custom is None:
        raise ValueError(_("The field is not there any more."))
    return _fitting_custom(custom, text)


def _fitting_custom(field: CustomField, text: str) -> Any:
    match field.kind:
        case CustomField.Kind.NUMBER:
            try:
                return float(text.replace(",", ".")) if "." in text or "," in text else int(text)
            except ValueError:
                raise ValueError(_("This field holds a number.")) from None
        case CustomField.Kind.DATE:
            try:
                return dt.date.fromisoformat(text).isoformat()
            except ValueError:
                raise ValueError(_("This field holds a date, such as 2026-11-27.")) from None
        case CustomField.Kind.YESNO:
            if text.lower() not in ("yes", "no", "ja", "nee"):
                raise ValueError(_("This field holds yes or no."))
            return text.lower() in ("yes", "ja")
        case CustomField.Kind.CHOICE if text not in field.choices:
            raise ValueError(_("This is none of the choices of this field."))
    return text


def _set_field(action: LinkAction, people: QuerySet[Person], now: dt.datetime) -> None:
    field, value = str(action.detail.get("field", "")), action.detail.get("value", "")
    if field not in dict(fields()):
        raise CannotAct(_("The field is not there any more."))
    if field.startswith(CUSTOM):
        key = field.removeprefix(CUSTOM)
        rows = people.alias(at=KeyTransform(key, "custom")).values_list("pk", F("at"))
        others = [(pk, old) for pk, old in rows if old != value]
        _set_custom([pk for pk, _old in others], key, value)
    else:
        others = list(people.exclude(**{field: value}).values_list("pk", field))
        Person.objects.filter(pk__in=[pk for pk, _old in others]).update(**{field: value}, updated_at=now)
    _write_down([(pk, {field: [old if old is not None else "", value]}) for pk, old in others], now)


def _set_custom(numbers: list[int], key: str, value: Any) -> None:
    kept = Coalesce(F("custom"), Value({}, JSONField()))
    merged = Func(kept, Value({key: value}, JSONField()), template="%(expressions)s", arg_joiner=" || ")
    Person.objects.filter(pk__in=numbers).update(custom=merged)


def _foresee_field(action: LinkAction, person: Person) -> str:
    field, value = str(action.detail.get("field", "")), action.detail.get("value", "")
    name = dict(fields()).get(field)
    if name is None:
        raise CannotAct(_("The field is not there any more."))
    is_custom = field.startswith(CUSTOM)
    old = person.custom.get(field.removeprefix(CUSTOM), "") if is_custom else getattr(person, field)
    if old == value:
        return _("%(field)s is “%(value)s” already.") % {"field": name, "value": value}
    return _("%(field)s becomes “%(value)s”.") % {"field": name, "value": value}


def _write_down(what: list[tuple[int, dict[str, list[Any]]]], now: dt.datetime) -> None:
    """A click changed these people: it stands in their history."""
    rows = [Change(person_id=pk, at=now, source=Change.Source.LINK, what=changed) for pk, changed in what]
    Change.objects.bulk_create(rows, batch_size=1_000)


# tasks ----------------------------------------------------------------------------------------------------------------


def _create_task(action: LinkAction, people: QuerySet[Person], now: dt.datetime) -> None:
    """A task for each person: of their own contact where they have one, else of whoever the action names."""
    detail = action.detail
    due = timezone.localdate(now) + dt.timedelta(days=int(detail.get("days", 0)))
    title = str(detail.get("title", ""))[:200]
    owners = people.values_list("pk", "our_contact")
    Task.objects.bulk_create(
        [
            Task(
                title=title,
                notes=_("Clicked “%(link)s”.") % {"link": action.link.name},
                person_id=pk,
                due_on=due,
                assignee_id=contact or detail.get("assignee"),
                created_by_id=action.link.created_by_id,
            )
            for pk, contact in owners
        ],
        batch_size=1_000,
    )


def _foresee_task(action: LinkAction, person: Person) -> str:
    who = person.our_contact
    said = _("A task: “%(title)s”, for %(who)s.") if who else _("A task: “%(title)s”.")
    return said % {"title": action.detail.get("title", ""), "who": who and (who.get_full_name() or who.email)}


# calls and questions --------------------------------------------------------------------------------------------------


def _nothing(_action: LinkAction, _people: QuerySet[Person], _now: dt.datetime) -> None:
    """Calls and questions have their own way."""


def _foresee_call(action: LinkAction, _person: Person) -> str:
    return _("Another system is called: %(address)s") % {"address": action.detail.get("url", "")}


def _foresee_ask(_action: LinkAction, _person: Person) -> str:
    return _("Is asked on a page; nothing changes before they press the button there.")


def _type_name(action: LinkAction) -> str:
    found = SubscriptionType.objects.filter(pk=action.detail.get("subscription_type")).first()
    if found is None:
        raise CannotAct(_("The subscription type is not there any more."))
    return found.name


def _field_name(action: LinkAction) -> str:
    name = dict(fields()).get(str(action.detail.get("field", "")))
    if name is None:
        raise CannotAct(_("The field is not there any more."))
    return f"{name}: {action.detail.get('value', '')}"


ADD = Doer(_add, _foresee_add, lambda action: list_of(action).name)
REMOVE = Doer(_remove, _foresee_remove, lambda action: list_of(action).name)
ASK = Doer(_nothing, _foresee_ask, _type_name)
DOERS: Mapping[LinkAction.Does, Doer] = {
    Does.ADD_TO_SELECTION: ADD,
    Does.TAKE_OFF_SELECTION: REMOVE,
    Does.ADD_TO_PROJECT: ADD,
    Does.TAKE_OFF_PROJECT: REMOVE,
    Does.ADD_INTEREST: Doer(_add_interest, _foresee_interest, lambda action: _interest(action).name),
    Does.REMOVE_INTEREST: Doer(_remove_interest, _foresee_interest, lambda action: _interest(action).name),
    Does.SET_FIELD: Doer(_set_field, _foresee_field, _field_name),
    Does.CREATE_TASK: Doer(_create_task, _foresee_task, lambda action: str(action.detail.get("title", ""))),
    Does.CALL: Doer(_nothing, _foresee_call, lambda action: str(action.detail.get("url", ""))),
    Does.SUBSCRIBE: ASK,
    Does.UNSUBSCRIBE: ASK,
}
