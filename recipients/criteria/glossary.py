"""What the words of a tree mean today: the fields there are, the names behind its numbers, the selections it speaks of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from recipients.criteria import combined, fields, tree
from recipients.criteria.fields import Field, Operator
from recipients.criteria.inputs import Kind, Named, Names, Reference
from recipients.criteria.tree import Condition, Group, Node

SELECTION = Kind(table="recipients_selection", label=lambda: "name", gone=combined.GONE)
OFFERED = 200  # choices of a kind; those that are chosen are always among them


@dataclass(frozen=True)
class Glossary:
    """`definitions` are the trees of the selections that have one; `circular` those that speak of themselves."""

    fields: Mapping[str, Field]
    names: Names = field(default_factory=dict)
    definitions: Mapping[int, Group] = field(default_factory=dict)
    circular: frozenset[int] = frozenset()

    def operator(self, condition: Condition) -> Operator | None:
        """Give what the condition asks, if that is known."""
        found = self.fields.get(condition.field)
        return found.by_code.get(condition.operator) if found else None


def load(root: Node, *, of: int | None = None) -> Glossary:
    """Look up everything that a tree refers to, through other selections too. `of` is the selection it belongs to."""
    known = fields.vocabulary()
    definitions: dict[int, Group] = {}
    frontier = selections_of(root, known)
    seen: set[int] = set()
    while frontier:
        seen |= frontier
        new = _definitions(frontier)
        definitions |= new
        frontier = {number for group in new.values() for number in selections_of(group, known)} - seen
    links = {number: selections_of(group, known) for number, group in definitions.items()}
    if of is not None:
        links[of] = selections_of(root, known)
    circular = frozenset(number for number in links if _reaches(number, number, links))
    names = _names([root, *definitions.values()], known)
    return Glossary(known, names, definitions, circular)


def selections_of(root: Node, known: Mapping[str, Field]) -> set[int]:
    """Give the numbers of the selections that a tree names."""
    return {
        int(text)
        for condition in tree.conditions(root)
        for place, text in _references(condition, known)
        if place.kind is SELECTION
    }


def _definitions(numbers: Iterable[int]) -> dict[int, Group]:
    """Read the trees of selections that are not kept by hand."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, criteria::text FROM recipients_selection WHERE id = ANY(%s) AND kind <> 'static'",
            [list(numbers)],
        )
        return {number: combined.definition(kind, text) for number, kind, text in cursor.fetchall()}


def _reaches(start: int, wanted: int, links: Mapping[int, set[int]]) -> bool:
    seen: set[int] = set()
    frontier = set(links.get(start, ()))
    while frontier:
        if wanted in frontier:
            return True
        seen |= frontier
        frontier = {number for place in frontier for number in links.get(place, ())} - seen
    return False


def _references(condition: Condition, known: Mapping[str, Field]) -> Iterable[tuple[Reference, str]]:
    found = known.get(condition.field)
    operator = found.by_code.get(condition.operator) if found else None
    for place in operator.inputs if operator else ():
        if isinstance(place, Reference):
            for text in condition.given.get(place.name, ()):
                if text.isascii() and text.isdigit() and len(text) < 16:
                    yield place, text


# names ----------------------------------------------------------------------------------------------------------------


def _names(roots: Iterable[Node], known: Mapping[str, Field]) -> dict[tuple[Kind, str], Named]:
    wanted: dict[Kind, set[int]] = {}
    for root in roots:
        for condition in tree.conditions(root):
            for place, text in _references(condition, known):
                wanted.setdefault(place.kind, set()).add(int(text))
    found = {}
    for kind, numbers in wanted.items():
        for number, name, within in _rows(kind, f"{kind.key} = ANY(%(numbers)s)", {"numbers": list(numbers)}):
            found[kind, str(number)] = Named(name, str(within))
    return found


def offered(kind: Kind, *, within: str = "") -> list[tuple[str, str]]:
    """Give the choices of a kind, newest first: (number, name)."""
    if kind.within and not (within.isascii() and within.isdigit() and len(within) < 16):
        return []
    where = f"({kind.where})" + (f" AND {kind.within} = %(within)s" if kind.within else "")
    rows = _rows(kind, f"{where} ORDER BY {kind.order} LIMIT {OFFERED}", {"within": int(within or 0)})
    return [(str(number), name) for number, name, _within in rows]


def _rows(kind: Kind, where: str, parameters: dict[str, Any]) -> list[tuple[int, str, object]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {kind.key}, {kind.label()}, {kind.within or "''"} FROM {kind.table} WHERE {where}",
            parameters,
        )
        return list(cursor.fetchall())
