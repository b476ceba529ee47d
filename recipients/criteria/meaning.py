"""What is wrong with a tree, what it says in plain words, and how answers combine. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from recipients.criteria import tree
from recipients.criteria.fields import Operator
from recipients.criteria.glossary import SELECTION, Glossary
from recipients.criteria.inputs import Input, Reference, Wrong
from recipients.criteria.tree import Condition, Group, How, Node, Path


def problems(root: Node, glossary: Glossary) -> dict[Path, str]:
    """Say of each node that cannot be used why, and what to do. Nobody matches such a node, nor its contrary."""
    found = {path: problem(node, glossary) for path, node in tree.walk(root)}
    return {path: text for path, text in found.items() if text}


def problem(node: Node, glossary: Glossary) -> str:
    """Say what is wrong with this node itself; nothing when it can be used."""
    if isinstance(node, Group):
        return "" if node.parts else _("This group is empty. Add a criterion.")
    if not node.field:
        return _("Choose what to look at.")
    if node.field not in glossary.fields:
        return _("This field does not exist any more. Choose another one or take this line away.")
    operator = glossary.operator(node)
    if operator is None:
        return _("Choose what to ask.")
    return next((text for place in operator.inputs if (text := _wrong(place, node, glossary))), "")


def _wrong(place: Input, condition: Condition, glossary: Glossary) -> str:
    given = condition.given.get(place.name, ())
    try:
        place.read(given, glossary.names)
    except Wrong as mistake:
        return str(mistake)
    if not isinstance(place, Reference):
        return ""
    if place.scope and any(
        glossary.names[place.kind, text].within not in condition.given.get(place.scope, ()) for text in given if text
    ):
        return _("That one belongs to another choice. Choose again.")
    around = next((text for text in given if place.kind is SELECTION and int(text) in glossary.circular), None)
    if around is None:
        return ""
    name = glossary.names[place.kind, around].name
    return _("“%(name)s” is itself made of this selection, so nobody could tell who is in it.") % {"name": name}


def values(condition: Condition, operator: Operator, glossary: Glossary) -> Mapping[str, object]:
    """Give what was filled in, ready for use. Raises Wrong."""
    return {place.name: place.read(condition.given.get(place.name, ()), glossary.names) for place in operator.inputs}


# in words -------------------------------------------------------------------------------------------------------------


def said(condition: Condition, glossary: Glossary) -> SafeString:
    """Say a criterion as a sentence, with what was filled in made bold."""
    field, operator = glossary.fields.get(condition.field), glossary.operator(condition)
    if field is None:
        return SafeString(_("A new criterion") if not condition.field else _("A field that is gone"))
    if operator is None:
        return mark_safe(conditional_escape(str(field.name)))  # noqa: S308 - escaped
    words = {
        place.name: _bold(place.say(condition.given.get(place.name, ()), glossary.names)) for place in operator.inputs
    }
    name = conditional_escape(str(field.name))
    sentence = mark_safe(conditional_escape(str(operator.words)) % {"field": name, **words})  # noqa: S308
    return mark_safe(" ".join(sentence.split()))  # noqa: S308 - built of escaped parts


def _bold(text: str) -> SafeString:
    return format_html("<b>{}</b>", text) if text else SafeString("")


def named(how: How) -> str:
    """Say what a group asks of its parts."""
    return {
        How.ALL: _("All of these"),
        How.ANY: _("At least one of these"),
        How.NONE: _("None of these"),
    }[how]


# answers --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """Whether one person meets a node; None when that cannot be said, because the node has a problem."""

    node: Node
    path: Path
    holds: bool | None
    parts: "tuple[Answer, ...]" = ()


def answer(node: Node, leaves: Mapping[Path, bool | None], path: Path = ()) -> Answer:
    """Combine the answers of the conditions as SQL does: what cannot be said is neither yes nor no."""
    if isinstance(node, Condition):
        return Answer(node, path, leaves.get(path))
    parts = tuple(answer(part, leaves, (*path, place)) for place, part in enumerate(node.parts))
    return Answer(node, path, judged(node.how, [part.holds for part in parts]), parts)


def judged(how: How, answers: list[bool | None]) -> bool | None:
    """Combine in three values, as SQL does."""
    if not answers:
        return None
    if how is How.ALL:
        return False if False in answers else None if None in answers else True
    some = True if True in answers else None if None in answers else False
    return some if how is How.ANY or some is None else not some
