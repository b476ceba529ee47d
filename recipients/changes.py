"""What was changed about a person or a company: compared before and after, written down, said in words."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from recipients import choices, custom
from recipients.models import Change, Company, CustomField, Person

type Snapshot = Mapping[str, Any]
type Words = str | Promise

PLACE = ("language", "country", "time_zone", "street", "postcode", "city", "region", "phone")
PERSON = ("first_name", "middle_name", "last_name", "title", *PLACE, "mobile", "notes", "is_former_employee")
COMPANY = ("name", "website", *PLACE, "notes")
LABELS: Mapping[str, Words] = {
    "first_name": gettext_lazy("First name"),
    "middle_name": gettext_lazy("Middle name"),
    "last_name": gettext_lazy("Last name"),
    "title": pgettext_lazy("criterion", "Title"),
    "name": gettext_lazy("Name"),
    "website": gettext_lazy("Website"),
    "company": gettext_lazy("Company"),
    "language": gettext_lazy("Language"),
    "country": gettext_lazy("Country"),
    "time_zone": gettext_lazy("Time zone"),
    "street": gettext_lazy("Street and number"),
    "postcode": gettext_lazy("Postcode"),
    "city": gettext_lazy("City"),
    "region": gettext_lazy("State or region"),
    "phone": gettext_lazy("Phone"),
    "mobile": gettext_lazy("Mobile"),
    "phones": gettext_lazy("Other numbers"),
    "addresses": gettext_lazy("E-mail"),
    "our_contact": gettext_lazy("Sales contact"),
    "support_contact": gettext_lazy("Support contact"),
    "interests": gettext_lazy("Interests"),
    "notes": gettext_lazy("Notes"),
    "is_former_employee": gettext_lazy("Former employee"),
    "merged": gettext_lazy("Merged with"),
    "selection": gettext_lazy("Selection"),
    "project": gettext_lazy("Project"),
}


@dataclass(frozen=True)
class Line:
    """One field that changed, in words."""

    label: str
    old: str
    new: str


def snapshot(which: Person | Company) -> Snapshot:
    """Give all that is written down, as words, to be compared with what it is later."""
    names = PERSON if isinstance(which, Person) else COMPANY
    kept = {name: getattr(which, name) for name in names}
    kept |= {"our_contact": _user(which.our_contact), "support_contact": _user(which.support_contact)}
    if which._state.adding:
        return {name: type(value)() if not isinstance(value, bool) else False for name, value in kept.items()}
    if isinstance(which, Person):
        kept["company"] = which.company.name if which.company else ""
    kept["addresses"] = list(which.email_addresses.order_by("rank").values_list("address", flat=True))
    kept["phones"] = list(which.phones.order_by("rank").values_list("number", flat=True))
    kept["interests"] = sorted(which.interests.values_list("name", flat=True), key=str.casefold)
    return kept | {f"custom.{key}": value for key, value in which.custom.items()}


def between(before: Snapshot, after: Snapshot) -> dict[str, list[Any]]:
    """Give what differs: {field: [old, new]}."""
    names = dict.fromkeys([*before, *after])
    pairs = {name: [before.get(name), after.get(name)] for name in names}
    return {name: pair for name, pair in pairs.items() if (pair[0] or None) != (pair[1] or None)}


def note(which: Person | Company, before: Snapshot, *, source: str, by: User | None, now: dt.datetime) -> Change | None:
    """Write down what differs from before; nothing where nothing does."""
    differs = between(before, snapshot(which))
    if not differs:
        return None
    owner = {"person": which} if isinstance(which, Person) else {"company": which}
    return Change.objects.create(**owner, at=now, by=by, source=source, what=differs)


def lines(what: Mapping[str, Sequence[Any]], fields: Iterable[CustomField]) -> list[Line]:
    """Say what changed, field by field."""
    own = {f"custom.{field.key}": field for field in fields}
    return [_line(name, pair, own) for name, pair in what.items() if len(pair) == 2]


def _line(name: str, pair: Sequence[Any], own: Mapping[str, CustomField]) -> Line:
    field = own.get(name)
    label = field.name if field else str(LABELS.get(name, name.removeprefix("custom.")))
    old, new = (_said(name, value, field) for value in pair)
    return Line(label, old, new)


def _said(name: str, value: Any, field: CustomField | None) -> str:
    if value in (None, "", [], {}):
        return ""
    if field:
        return custom.said(field, value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if name == "language":
        return str(dict(choices.LANGUAGES).get(value, value))
    if name == "country":
        return str(dict(choices.COUNTRIES).get(value, value))
    return str(value)


def _user(user: Any) -> str:
    return str(user.get_full_name() or user.email or user.username) if user else ""
