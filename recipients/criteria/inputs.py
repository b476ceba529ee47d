"""What one may fill in at a criterion: texts, numbers, days, choices, and references to rows that have a name."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

type Words = str | Promise
type Names = Mapping[tuple["Kind", str], "Named"]  # of the rows that references point at, those that exist

MOST_DAYS = 36_500
MOST_NUMBER = Decimal(10) ** 15


class Wrong(Exception):
    """A value cannot be used; the sentence says what to do."""


@dataclass(frozen=True)
class Kind:
    """Rows one can refer to. `label` gives the SQL of their name, `where` which of them are offered."""

    table: str
    label: Callable[[], str]
    gone: Words  # "That mailing was deleted."
    where: str = "true"
    key: str = "id"
    within: str = ""  # the column that holds the number of another input's choice
    order: str = "id DESC"


@dataclass(frozen=True)
class Named:
    """A row that exists, and the row that it is a part of."""

    name: str
    within: str = ""


@dataclass(frozen=True)
class Input:
    """A place for a value. `read` gives it ready for use or raises Wrong; `say` gives it in words."""

    name: str
    label: Words
    widget = "text"

    def read(self, given: Sequence[str], names: Names) -> Any:
        raise NotImplementedError

    def say(self, given: Sequence[str], names: Names) -> str:
        return ", ".join(given)


@dataclass(frozen=True)
class Text(Input):
    def read(self, given: Sequence[str], names: Names) -> str:
        text = " ".join(given).strip()
        if not text:
            raise Wrong(_("Fill in a text."))
        return text

    def say(self, given: Sequence[str], names: Names) -> str:
        return _("“%s”") % " ".join(given).strip()


@dataclass(frozen=True)
class Days(Input):
    """A number of days back; empty means ever, where that is allowed."""

    may_be_empty: bool = False
    widget = "number"

    def read(self, given: Sequence[str], names: Names) -> int | None:
        text = "".join(given).strip()
        if not text and self.may_be_empty:
            return None
        if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MOST_DAYS and len(text) < 9):
            raise Wrong(_("Fill in a number of days, 1 or more."))
        return int(text)

    def say(self, given: Sequence[str], names: Names) -> str:
        text = "".join(given).strip()
        if not text:
            return ""
        days = int(text) if text.isascii() and text.isdigit() else 0
        said = ngettext("in the last %(days)s day", "in the last %(days)s days", days)
        return said % {"days": number_format(days, force_grouping=True) if days else text}


@dataclass(frozen=True)
class Number(Input):
    widget = "decimal"

    def read(self, given: Sequence[str], names: Names) -> Decimal:
        text = "".join(given).strip().replace(",", ".")
        try:
            number = Decimal(text)
        except InvalidOperation as mistake:
            raise Wrong(_("Fill in a number.")) from mistake
        if not number.is_finite() or abs(number) > MOST_NUMBER:
            raise Wrong(_("Fill in a number."))
        return number

    def say(self, given: Sequence[str], names: Names) -> str:
        text = "".join(given).strip()
        try:
            return str(number_format(Decimal(text.replace(",", ".")), force_grouping=True))
        except (InvalidOperation, ValueError):
            return text


@dataclass(frozen=True)
class Day(Input):
    widget = "date"

    def read(self, given: Sequence[str], names: Names) -> dt.date:
        try:
            day = dt.date.fromisoformat("".join(given))
        except ValueError as mistake:
            raise Wrong(_("Choose a day.")) from mistake
        if not 1900 <= day.year <= 2200:
            raise Wrong(_("Choose a day."))
        return day

    def say(self, given: Sequence[str], names: Names) -> str:
        try:
            return date_format(dt.date.fromisoformat("".join(given)), "j F Y")
        except ValueError:
            return "".join(given)


@dataclass(frozen=True)
class Options(Input):
    """One or more of a short list."""

    choices: Sequence[tuple[str, Words]]
    widget = "options"

    def read(self, given: Sequence[str], names: Names) -> list[str]:
        known = {code for code, _words in self.choices}
        if not given:
            raise Wrong(_("Choose at least one."))
        if not known.issuperset(given):
            raise Wrong(_("Choose from the list."))
        return list(given)

    def say(self, given: Sequence[str], names: Names) -> str:
        words = dict(self.choices)
        return either(str(words.get(code, code)) for code in given)


@dataclass(frozen=True)
class Reference(Input):
    """One or more rows of a kind; nothing chosen means any of them, where that is allowed."""

    kind: Kind
    any: Words = ""
    many: bool = False
    scope: str = ""  # the name of the input whose choice holds these
    widget = "reference"

    def read(self, given: Sequence[str], names: Names) -> list[int]:
        chosen = [text for text in given if text]
        if not chosen and not self.any:
            raise Wrong(_("Choose one."))
        if not all((self.kind, text) in names for text in chosen):
            raise Wrong(str(self.kind.gone))
        return [int(text) for text in chosen]

    def say(self, given: Sequence[str], names: Names) -> str:
        chosen = [text for text in given if text]
        if not chosen:
            return str(self.any)
        return either(found.name if (found := names.get((self.kind, text))) else _("(deleted)") for text in chosen)


def either(words: Any) -> str:
    """Join choices: "Dutch, English or German"."""
    *first, last = [str(word) for word in words] or [""]
    return _("%(first)s or %(last)s") % {"first": ", ".join(first), "last": last} if first else last
