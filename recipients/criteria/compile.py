"""A tree of criteria as one condition in SQL about the person `p`. Pure: it writes text and collects parameters.

A node with a problem becomes NULL: neither it nor its contrary is true, so a missing thing never lets anybody in.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from recipients.criteria import meaning, tree
from recipients.criteria.glossary import Glossary
from recipients.criteria.tree import Condition, Group, How, Node

UNKNOWN = "NULL::boolean"
LARGEST = 2_000  # conditions, with those of the selections that a tree speaks of
STATIC = "p.id IN (SELECT m.person_id FROM recipients_selectionmember m WHERE m.selection_id = {number} AND {only})"


@dataclass
class Writer:
    """What SQL is written with (recipients.criteria.fields.Terms)."""

    glossary: Glossary
    now: dt.datetime
    only: int | None = None  # one person, to ask about them quickly
    parameters: dict[str, Any] = field(default_factory=dict)
    written: int = 0
    names: int = 0

    def bind(self, value: object) -> str:
        self.names += 1
        name = f"v{self.names}"
        self.parameters[name] = value
        return f"%({name})s"

    def among(self, column: str) -> str:
        return "true" if self.only is None else f"{column} = {self.bind(self.only)}"

    def adopt(self, sql: str, values: Mapping[str, object]) -> str:
        for name, value in values.items():
            sql = sql.replace(f"%({name})s", self.bind(value))
        return sql

    def in_selection(self, number: int) -> str:
        if number in self.glossary.circular:
            return UNKNOWN
        if (definition := self.glossary.definitions.get(number)) is not None:
            return where(definition, self)
        return STATIC.format(number=self.bind(number), only=self.among("m.person_id"))


def where(node: Node, writer: Writer) -> str:
    """Give the condition: true, false, or NULL where it cannot be said."""
    if meaning.problem(node, writer.glossary):
        return UNKNOWN
    if isinstance(node, Group):
        joined = f" {'AND' if node.how is How.ALL else 'OR'} ".join(where(part, writer) for part in node.parts)
        return f"NOT ({joined})" if node.how is How.NONE else f"({joined})"
    return _condition(node, writer)


def _condition(condition: Condition, writer: Writer) -> str:
    writer.written += 1
    if writer.written > LARGEST:
        raise tree.too_large()
    operator = writer.glossary.operator(condition)
    assert operator is not None  # noqa: S101 - it has no problem
    return f"({operator.sql(meaning.values(condition, operator, writer.glossary), writer)})"


def people(root: Group, writer: Writer) -> str:
    """Give the SELECT of the people's numbers, each once."""
    return f"SELECT p.id FROM recipients_person p WHERE {where(root, writer)}"


def answers(root: Group, writer: Writer) -> tuple[str, list[tree.Path]]:
    """Give a SELECT with one column per condition for the one person of the writer, and the places of the columns."""
    leaves = [(path, node) for path, node in tree.walk(root) if isinstance(node, Condition)]
    columns = ", ".join(where(node, writer) for _path, node in leaves) or "true"
    only = writer.bind(writer.only)
    return f"SELECT {columns} FROM recipients_person p WHERE p.id = {only}", [path for path, _node in leaves]
