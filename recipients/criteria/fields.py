"""The vocabulary: fields one can ask about, each with operators that can be said in words and in SQL.

Open: an app above adds a function to `vocabularies` in its AppConfig.ready(), and its fields stand in the builder.
SQL speaks of the person as `p`; it is never NULL, and every value is bound.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from recipients.criteria.inputs import Input, Words

type Values = Mapping[str, Any]


class Terms(Protocol):
    """What SQL is written with: bound values, the clock, selections as they are defined, and perhaps one person only."""

    now: dt.datetime

    def bind(self, value: object) -> str:
        """Give the placeholder of a value."""

    def among(self, column: str) -> str:
        """Give a condition, true unless one person is asked about: that `column` is that person."""

    def in_selection(self, number: int) -> str:
        """Give the condition that `p` belongs to a selection, whatever its kind."""

    def adopt(self, sql: str, values: Mapping[str, object]) -> str:
        """Take over SQL with named values of its own, under names that nobody else has."""


@dataclass(frozen=True)
class Operator:
    """`words` is a whole sentence with `%(field)s` and the names of the inputs, so that it can be translated."""

    code: str
    label: Words
    words: Words
    sql: Callable[[Values, Terms], str]
    inputs: tuple[Input, ...] = ()


@dataclass(frozen=True)
class Field:
    code: str
    name: Words
    family: Words  # the heading it stands below
    operators: tuple[Operator, ...]
    by_code: Mapping[str, Operator] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_code", {operator.code: operator for operator in self.operators})


vocabularies: list[Callable[[], Iterable[Field]]] = []


def vocabulary() -> dict[str, Field]:
    """Give all fields by code, in the order of the builder."""
    return {field.code: field for fields in vocabularies for field in fields()}
