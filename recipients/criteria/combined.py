"""Combined selections: union, intersection and difference, written as a tree of criteria about other selections."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from recipients.criteria import tree
from recipients.criteria.tree import BadTree, Condition, Group, How

FIELD = "lists.selection"  # of recipients.criteria.people
IN = "in"
MOST = 50
GONE = _("That selection was deleted. Choose another one or take this line away.")


class Combine(StrEnum):
    UNION = "union"
    INTERSECTION = "intersection"
    DIFFERENCE = "difference"


@dataclass(frozen=True)
class Combination:
    """Which selections, and what is done with them; a difference takes the others from the first."""

    combine: Combine = Combine.UNION
    selections: tuple[str, ...] = ("", "")

    def tree(self) -> Group:
        """Say it as criteria."""
        parts = tuple(Condition(FIELD, IN, {"selection": (number,) if number else ()}) for number in self.selections)
        if self.combine is Combine.UNION:
            return Group(How.ANY, parts)
        if self.combine is Combine.INTERSECTION or len(parts) < 2:
            return Group(How.ALL, parts)
        return Group(How.ALL, (parts[0], Group(How.NONE, parts[1:])))

    def write(self) -> dict[str, Any]:
        """Give the JSON form."""
        return {"combine": str(self.combine), "selections": list(self.selections)}


def read(data: object) -> Combination:
    """Read the JSON form. Raises BadTree."""
    if not isinstance(data, dict) or data.get("combine", "union") not in list(Combine):
        raise BadTree(_("This is not a combination of selections."))
    numbers = data.get("selections", ["", ""])
    if not isinstance(numbers, list) or len(numbers) > MOST:
        raise BadTree(_("At most %(most)d selections are combined.") % {"most": MOST})
    return Combination(Combine(data.get("combine", "union")), tuple(_number(number) for number in numbers))


def _number(value: object) -> str:
    text = str(value)
    return text if text.isascii() and text.isdigit() and len(text) < 16 else ""


def definition(kind: str, criteria: str) -> Group:
    """Give the tree of a kept selection; what cannot be read is an empty group, which nobody matches."""
    try:
        data = json.loads(criteria)
        return read(data).tree() if kind == "combined" else tree.read(data)
    except (BadTree, ValueError):
        return Group()


def places(combination: Combination) -> Sequence[tree.Path]:
    """Give the place in the tree of each of its selections, in their order."""
    return [path for path, node in tree.walk(combination.tree()) if isinstance(node, Condition)]
