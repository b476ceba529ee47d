"""A tree of criteria as plain values: conditions in groups of all, any or none; read from JSON, changed by path.

A tree keeps what somebody typed, right or wrong; what it means is worked out against a glossary. Every value is a
list of texts, so that a form, JSON and the tree hold the same.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

DEEPEST = 5
MOST_NODES = 100
MOST_VALUES = 200
LONGEST_VALUE = 200

type Path = tuple[int, ...]
type Given = Mapping[str, tuple[str, ...]]


class How(StrEnum):
    """What a group asks of its parts."""

    ALL = "all"
    ANY = "any"
    NONE = "none"


@dataclass(frozen=True)
class Condition:
    """One criterion: a field, an operator of it, and what was filled in."""

    field: str = ""
    operator: str = ""
    given: Given = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    how: How = How.ALL
    parts: "tuple[Node, ...]" = ()


type Node = Condition | Group


class BadTree(Exception):
    """This is not a tree of criteria, or it is too large; fit to show a person."""


def too_large() -> BadTree:
    """Say which size a tree may have."""
    text = _("A selection has at most %(nodes)d criteria in groups at most %(deep)d deep.")
    return BadTree(text % {"nodes": MOST_NODES, "deep": DEEPEST})


def read(data: object) -> Group:
    """Read the JSON form. Raises BadTree for anything that this module would not have written."""
    node = _read(data, 1)
    if not isinstance(node, Group):
        raise BadTree(_("Criteria begin with a group."))
    return checked(node)


def checked(group: Group) -> Group:
    """Give the tree back if it is not too large or too deep. Raises BadTree."""
    if sum(1 for _node in walk(group)) > MOST_NODES or _depth(group) > DEEPEST:
        raise too_large()
    return group


def _read(data: object, depth: int) -> Node:
    if depth > DEEPEST + 1:
        raise too_large()
    if not isinstance(data, dict):
        raise BadTree(_("This is not a criterion."))
    if "parts" in data:
        parts = data["parts"]
        if not isinstance(parts, list) or len(parts) > MOST_NODES or data.get("how") not in list(How):
            raise BadTree(_("This is not a group of criteria."))
        return Group(How(data["how"]), tuple(_read(part, depth + 1) for part in parts))
    return Condition(_code(data.get("field")), _code(data.get("is")), given(data.get("with", {})))


def given(data: object) -> dict[str, tuple[str, ...]]:
    """Keep what can be a value: short texts in short lists."""
    if not isinstance(data, Mapping):
        raise BadTree(_("This is not a criterion."))
    kept = {}
    for name, texts in list(data.items())[:10]:
        listed = texts if isinstance(texts, (list, tuple)) else [texts]
        kept[_code(name)] = tuple(_text(text) for text in listed[:MOST_VALUES])
    return kept


def _code(value: object) -> str:
    if not isinstance(value, str) or len(value) > 60:
        raise BadTree(_("This is not a criterion."))
    return value


def _text(value: object) -> str:
    if not isinstance(value, (str, int)):
        raise BadTree(_("This is not a criterion."))
    return str(value).replace("\x00", "")[:LONGEST_VALUE]


def write(node: Node) -> dict[str, Any]:
    """Give the JSON form."""
    if isinstance(node, Group):
        return {"how": str(node.how), "parts": [write(part) for part in node.parts]}
    return {"field": node.field, "is": node.operator, "with": {name: list(texts) for name, texts in node.given.items()}}


def walk(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Yield every node with its place, parents first."""
    yield path, node
    if isinstance(node, Group):
        for place, part in enumerate(node.parts):
            yield from walk(part, (*path, place))


def conditions(node: Node) -> Iterator[Condition]:
    """Yield the criteria without their groups."""
    return (found for _path, found in walk(node) if isinstance(found, Condition))


def _depth(node: Node) -> int:
    return 1 + max((_depth(part) for part in node.parts), default=0) if isinstance(node, Group) else 0


# changing -------------------------------------------------------------------------------------------------------------


def at(node: Node, path: Path) -> Node:
    """Give the node at a place. Raises BadTree when there is none."""
    for place in path:
        if not isinstance(node, Group) or place >= len(node.parts):
            raise BadTree(_("That criterion is not there any more."))
        node = node.parts[place]
    return node


def add(root: Group, path: Path, new: Node) -> Group:
    """Put a node at the end of the group at `path`."""
    group = at(root, path)
    if not isinstance(group, Group):
        raise BadTree(_("That criterion is not there any more."))
    return checked(_put(root, path, replace(group, parts=(*group.parts, new))))


def remove(root: Group, path: Path) -> Group:
    """Take a node out, with everything in it; the outermost group stays, empty."""
    at(root, path)
    if not path:
        return replace(root, parts=())
    parent = at(root, path[:-1])
    assert isinstance(parent, Group)  # noqa: S101 - something stood in it
    rest = (*parent.parts[: path[-1]], *parent.parts[path[-1] + 1 :])
    return _put(root, path[:-1], replace(parent, parts=rest))


def _put(root: Group, path: Path, new: Node) -> Group:
    if not path:
        assert isinstance(new, Group)  # noqa: S101 - only groups are put back here
        return new
    first, *rest = path
    child = root.parts[first]
    if rest:
        assert isinstance(child, Group)  # noqa: S101 - `at` went this way
        new = _put(child, tuple(rest), new)
    return replace(root, parts=(*root.parts[:first], new, *root.parts[first + 1 :]))


def path_of(text: str) -> Path:
    """Read "0-2-1"; the outermost group is the empty text. Raises BadTree."""
    parts = text.split("-") if text else []
    if len(parts) > DEEPEST + 1 or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        raise BadTree(_("That criterion is not there any more."))
    return tuple(int(part) for part in parts)


def text_of(path: Sequence[int]) -> str:
    """Write a place for a form."""
    return "-".join(str(place) for place in path)
