"""The builder's form: read into a tree and one wish, and laid out again. The form holds the whole tree, so nothing is lost.

A group at place 0-1 sends `c-0-1.how`, a criterion `c-0-1.field`, `c-0-1.is` and `c-0-1.w.<input>`; the wish is `do`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict

from recipients.criteria import glossary, meaning, tree
from recipients.criteria.fields import Field, Operator
from recipients.criteria.glossary import Glossary
from recipients.criteria.inputs import Input, Options, Reference, Words
from recipients.criteria.tree import BadTree, Condition, Group, How, Node, Path

ROOT = "c"


@dataclass(frozen=True)
class Wish:
    """What somebody wants besides keeping what they filled in, and which criterion stands open."""

    verb: str = ""
    path: Path = ()
    open: Path | None = None


def wish(form: QueryDict) -> Wish:
    """Read "add:0-1", "remove:0", "edit:2", "save". Raises BadTree for a place that cannot be."""
    verb, _colon, place = (form.get("do") or "").partition(":")
    opened = form.get("open") or ""
    return Wish(verb, tree.path_of(place), tree.path_of(opened) if opened else None)


def read(form: QueryDict, known: Mapping[str, Field]) -> Group:
    """Read the tree that the form holds. Raises BadTree."""
    return tree.checked(_group(form, ROOT, 1, known))


def _group(form: QueryDict, name: str, depth: int, known: Mapping[str, Field]) -> Group:
    if depth > tree.DEEPEST + 1:
        raise tree.too_large()
    how = form.get(f"{name}.how") or ""
    parts: list[Node] = []
    while len(parts) <= tree.MOST_NODES:
        child = f"{name}-{len(parts)}"
        if f"{child}.how" in form:
            parts.append(_group(form, child, depth + 1, known))
        elif f"{child}.field" in form:
            parts.append(_condition(form, child, known))
        else:
            break
    return Group(How(how) if how in set(How) else How.ALL, tuple(parts))


def _condition(form: QueryDict, name: str, known: Mapping[str, Field]) -> Condition:
    """Read a criterion; a field that was just chosen begins with its first operator."""
    code, asked = (form.get(f"{name}.field") or "")[:60], (form.get(f"{name}.is") or "")[:60]
    field = known.get(code)
    if field is None:
        start = f"{name}.w."
        kept = {key.removeprefix(start): form.getlist(key) for key in form if key.startswith(start)}
        return Condition(code, asked, tree.given(kept))
    operator = field.by_code.get(asked) or field.operators[0]
    values = {place.name: form.getlist(f"{name}.w.{place.name}") for place in operator.inputs}
    return Condition(code, operator.code, tree.given({key: texts for key, texts in values.items() if texts}))


def granted(root: Group, asked: Wish) -> tuple[Group, Path | None]:
    """Change the tree as wished; give it with the place that stands open then. Raises BadTree."""
    if asked.verb == "add":
        place = (*asked.path, len(_parts(root, asked.path)))
        return tree.add(root, asked.path, Condition()), place
    if asked.verb == "group":
        place = (*asked.path, len(_parts(root, asked.path)))
        grown = tree.add(root, asked.path, Group(How.ANY))
        return tree.add(grown, place, Condition()), (*place, 0)
    if asked.verb == "remove":
        return tree.remove(root, asked.path), None
    if asked.verb == "edit":
        tree.at(root, asked.path)
        return root, asked.path
    return root, None if asked.verb == "done" else asked.open


def _parts(root: Group, path: Path) -> tuple[Node, ...]:
    node = tree.at(root, path)
    return node.parts if isinstance(node, Group) else ()


def shape(node: Node, known: Mapping[str, Field]) -> object:
    """Give what decides which inputs the form has; while it stays the same, the form need not be drawn again."""
    if isinstance(node, Group):
        return node.how, tuple(shape(part, known) for part in node.parts)
    field = known.get(node.field)
    operator = field.by_code.get(node.operator) if field else None
    scopes = (
        [place.scope for place in operator.inputs if isinstance(place, Reference) and place.scope] if operator else []
    )
    return node.field, node.operator, tuple(node.given.get(scope, ()) for scope in scopes)


# laying out -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """One input of an open criterion."""

    name: str
    input: Input
    given: Sequence[str]
    choices: Sequence[tuple[str, Words]] = ()

    @property
    def value(self) -> str:
        return " ".join(self.given)


@dataclass(frozen=True)
class Row:
    """A criterion or a group as the builder draws it."""

    name: str
    path: str
    node: Node
    problem: str
    said: str = ""
    rows: "tuple[Row, ...]" = ()
    is_open: bool = False
    operators: Sequence[Operator] = ()
    places: Sequence[Place] = ()
    can_nest: bool = True

    @property
    def is_group(self) -> bool:
        return isinstance(self.node, Group)

    @property
    def hidden(self) -> Sequence[tuple[str, str]]:
        """The values of a closed criterion."""
        given = self.node.given if isinstance(self.node, Condition) else {}
        return [(f"{self.name}.w.{key}", text) for key, texts in given.items() for text in texts]


def rows(root: Group, known: Glossary, opened: Path | None) -> Row:
    """Lay out the whole tree; a criterion stands open if it is `opened`."""
    return _row(root, known, (), opened)


def _row(node: Node, known: Glossary, path: Path, opened: Path | None) -> Row:
    name = "-".join([ROOT, *map(str, path)])
    row = Row(name, tree.text_of(path), node, meaning.problem(node, known))
    if isinstance(node, Group):
        parts = tuple(_row(part, known, (*path, place), opened) for place, part in enumerate(node.parts))
        return replace(row, rows=parts, can_nest=len(path) < tree.DEEPEST - 1)
    row = replace(row, said=meaning.said(node, known))
    if path != opened:
        return row
    field = known.fields.get(node.field)
    operator = known.operator(node)
    places = tuple(_place(name, place, node, known) for place in operator.inputs) if operator else ()
    return replace(row, is_open=True, operators=field.operators if field else (), places=places)


def _place(name: str, place: Input, condition: Condition, known: Glossary) -> Place:
    given = condition.given.get(place.name, ())
    choices: Sequence[tuple[str, Words]] = ()
    if isinstance(place, Options):
        choices = place.choices
    elif isinstance(place, Reference):
        choices = _offered(place, given, condition, known)
    return Place(f"{name}.w.{place.name}", place, given, choices)


def _offered(place: Reference, given: Sequence[str], condition: Condition, known: Glossary) -> list[tuple[str, Words]]:
    within = "".join(condition.given.get(place.scope, ())[:1]) if place.scope else ""
    offered: list[tuple[str, Words]] = list(glossary.offered(place.kind, within=within))
    listed = {number for number, _name in offered}
    chosen = [(text, place.say((text,), known.names)) for text in given if text and text not in listed]
    return [("", place.any or "–"), *chosen, *offered]


def families(known: Mapping[str, Field]) -> list[tuple[Words, list[Field]]]:
    """Give the fields below their headings, as the builder offers them."""
    headings: dict[str, tuple[Words, list[Field]]] = {}
    for field in known.values():
        headings.setdefault(str(field.family), (field.family, []))[1].append(field)
    return list(headings.values())


__all__ = ["BadTree", "Place", "Row", "Wish", "families", "granted", "read", "rows", "shape", "wish"]
