"""Criteria asked of plain values, one person after another: what the SQL must agree with."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from recipients.criteria.tree import Condition, Group, How, Node


@dataclass(frozen=True)
class Someone:
    """A person as the test wrote them."""

    number: int
    first_name: str = ""
    last_name: str = ""
    title: str = ""
    language: str = ""
    country: str = ""
    phone: str = ""
    is_former: bool = False
    created_at: dt.datetime = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    company: tuple[str, str, str] | None = None  # name, city, country
    addresses: tuple[str, ...] = ()
    selections: frozenset[int] = frozenset()
    projects: frozenset[int] = frozenset()
    suppressed: frozenset[str] = field(default_factory=frozenset)
    city: str = ""
    contact: int | None = None
    interests: frozenset[int] = frozenset()
    roles: Mapping[int, str] = field(default_factory=dict)  # by project
    own: Mapping[str, object] = field(default_factory=dict)  # values of custom fields, by the code of the criterion
    at_work: Mapping[str, object] = field(default_factory=dict)  # the same of the company


def found(people: list[Someone], root: Group, now: dt.datetime, selections: Mapping[int, Group]) -> set[int]:
    """Give the numbers of those who meet the criteria."""
    return {person.number for person in people if meets(person, root, now, selections) is True}


def meets(person: Someone, node: Node, now: dt.datetime, selections: Mapping[int, Group]) -> bool | None:
    """Say whether a person meets a node; None where the node makes no sense."""
    if isinstance(node, Condition):
        return _asked(person, node, now, selections)
    answers = [meets(person, part, now, selections) for part in node.parts]
    if not answers:
        return None
    if node.how is How.ALL:
        return all(answers) if None not in answers or False in answers else None
    some = True if True in answers else None if None in answers else False
    return some if node.how is How.ANY else (None if some is None else not some)


def _asked(person: Someone, asked: Condition, now: dt.datetime, selections: Mapping[int, Group]) -> bool | None:
    if asked.field in TEXTS:
        return _text(TEXTS[asked.field](person), asked)
    if asked.field in CODES:
        return _code(CODES[asked.field](person), asked)
    if asked.field == "person.former":
        return person.is_former == (asked.operator == "yes")
    if asked.field == "person.phone":
        return bool(person.phone) == (asked.operator == "filled")
    if asked.field == "person.created":
        return _moment(person.created_at, asked, now)
    if asked.field == "lists.selection":
        number = int(asked.given["selection"][0])
        inside = (
            meets(person, selections[number], now, selections)
            if number in selections
            else (number in person.selections)
        )
        return inside if asked.operator == "in" else None if inside is None else not inside
    if asked.field == "lists.project":
        return (int(asked.given["project"][0]) in person.projects) == (asked.operator == "in")
    if asked.field == "consent.suppressed":
        return any(one in person.suppressed for one in person.addresses) == (asked.operator == "yes")
    return _more(person, asked)


def _more(person: Someone, asked: Condition) -> bool | None:
    if asked.field == "person.our_contact":
        if asked.operator in ("filled", "empty"):
            return (person.contact is not None) == (asked.operator == "filled")
        return (str(person.contact) == asked.given["user"][0]) == (asked.operator == "is")
    if asked.field == "interest.person":
        return (int(asked.given["interest"][0]) in person.interests) == (asked.operator == "has")
    if asked.field == "lists.role":
        role = person.roles.get(int(asked.given["project"][0]), "")
        wanted = asked.given["text"][0].strip().lower()
        return None if not wanted else (role.lower() == wanted) == (asked.operator == "is")
    if asked.field.startswith("own."):
        return _own({**person.own, **person.at_work}.get(asked.field), asked)
    raise AssertionError(asked)


def _own(value: object, asked: Condition) -> bool | None:
    """A value of a custom field: text, choice, yes or no, number, or a day as text."""
    if asked.operator in ("filled", "empty"):
        return (value is not None) == (asked.operator == "filled")
    if asked.operator in ("yes", "no"):
        return value is (asked.operator == "yes")
    if "codes" in asked.given:
        return None if not asked.given["codes"] else (value in asked.given["codes"]) == (asked.operator == "is")
    if "text" in asked.given:
        return _text(() if value is None else (str(value),), asked)
    wanted: object = float(asked.given["number"][0]) if "number" in asked.given else asked.given["day"][0]
    if value is None:
        return False
    if asked.operator == "is":
        return value == wanted
    later = value >= wanted  # type: ignore[operator]
    return later if asked.operator in ("from", "since") else not later


TEXTS: Mapping[str, Callable[[Someone], tuple[str, ...]]] = {
    "person.name": lambda one: (" ".join(part for part in (one.first_name, one.last_name) if part),),
    "person.first_name": lambda one: (one.first_name,),
    "person.last_name": lambda one: (one.last_name,),
    "person.title": lambda one: (one.title,),
    "person.city": lambda one: (one.city,),
    "company.name": lambda one: one.company[:1] if one.company else (),
    "company.city": lambda one: one.company[1:2] if one.company else (),
    "mail.address": lambda one: one.addresses,
    "mail.domain": lambda one: tuple(address.partition("@")[2] for address in one.addresses),
}
CODES: Mapping[str, Callable[[Someone], tuple[str, ...]]] = {
    "person.language": lambda one: (one.language,),
    "person.country": lambda one: (one.country,),
    "company.country": lambda one: one.company[2:] if one.company else (),
}


def _text(values: tuple[str, ...], asked: Condition) -> bool | None:
    if asked.operator in ("filled", "empty"):
        return any(values) == (asked.operator == "filled")
    wanted = asked.given["text"][0].strip().lower()
    if not wanted:
        return None
    tests: dict[str, Callable[[str], bool]] = {
        "is": lambda value: value == wanted,
        "is_not": lambda value: value == wanted,
        "has": lambda value: wanted in value,
        "has_not": lambda value: wanted in value,
        "starts": lambda value: value.startswith(wanted),
    }
    matches = any(tests[asked.operator](value.lower()) for value in values)
    return not matches if asked.operator.endswith("_not") else matches


def _code(values: tuple[str, ...], asked: Condition) -> bool | None:
    if asked.operator in ("filled", "empty"):
        return any(values) == (asked.operator == "filled")
    if not asked.given.get("codes"):
        return None
    matches = any(value in asked.given["codes"] for value in values)
    return matches if asked.operator == "is" else not matches


def _moment(at: dt.datetime, asked: Condition, now: dt.datetime) -> bool:
    if asked.operator in ("last", "not_last"):
        recent = at >= now - dt.timedelta(days=int(asked.given["days"][0]))
        return recent if asked.operator == "last" else not recent
    since = timezone.localtime(at).date() >= dt.date.fromisoformat(asked.given["day"][0])
    return since if asked.operator == "since" else not since
