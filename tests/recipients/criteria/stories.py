"""Criteria in a few words."""

from typing import Any

from recipients.criteria.tree import Condition, Group, How, Node, write
from recipients.models import Person, Selection


def ask(field: str, operator: str = "is", **given: object) -> Condition:
    """A criterion; values are given as one or as a list."""
    listed = {name: value if isinstance(value, (list, tuple)) else [value] for name, value in given.items()}
    return Condition(field, operator, {name: tuple(str(text) for text in texts) for name, texts in listed.items()})


def all_of(*parts: Node) -> Group:
    return Group(How.ALL, parts)


def any_of(*parts: Node) -> Group:
    return Group(How.ANY, parts)


def none_of(*parts: Node) -> Group:
    return Group(How.NONE, parts)


def inside(selection: Selection) -> Condition:
    return ask("lists.selection", "in", selection=selection.pk)


def a_dynamic_selection(*parts: Node, name: str = "Dynamic") -> Selection:
    """A selection of those who meet all of these."""
    return Selection.objects.create(name=name, kind="dynamic", criteria=write(all_of(*parts)))


def a_combined_selection(combine: str, *of: Selection, name: str = "Combined") -> Selection:
    criteria: dict[str, Any] = {"combine": combine, "selections": [str(row.pk) for row in of]}
    return Selection.objects.create(name=name, kind="combined", criteria=criteria)


def people_in(selection: Selection) -> set[Person]:
    return set(Person.objects.in_selection(selection))
