"""What stands in a cell for a field that the house made up: text, a number, a date, a choice, yes or no. Pure."""

import re

from recipients.imports.columns import Custom
from recipients.imports.declaration import date

LONGEST = 1000
YES = frozenset(["true", "waar", "yes", "ja", "j", "y", "1", "x", "oui", "wahr"])
NO = frozenset(["false", "onwaar", "no", "nee", "n", "0", "non", "falsch"])
NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
# thousands parted twice, or parted and followed by the other mark: 1.234.567 and 1.234,50
GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:([.,\u00a0 '])[0-9]{3})(?:(?:\1[0-9]{3})+(?:[.,][0-9]+)?|(?!\1)[.,][0-9]+)")


def read(cell: str, field: Custom) -> str | float | bool | None:
    """Give the value, or None when the cell does not fit the field."""
    match field.kind:
        case "number":
            return number(cell)
        case "date":
            day = date(cell)
            return None if day is None else day.isoformat()
        case "yesno":
            word = cell.casefold()
            return True if word in YES else False if word in NO else None
        case "choice":
            return next((choice for choice in field.choices if choice.casefold() == cell.casefold()), None)
        case _:
            return cell[:LONGEST]


def number(cell: str) -> float | int | None:
    """Read 1234.5, 1234,5, 1.234,5 and 1,234.5. A single mark is the decimal one, as Excel itself writes numbers."""
    plain = cell.replace("€", "").strip()
    if grouped := GROUPED.fullmatch(plain):
        plain = plain.replace(grouped[1], "")
    elif not NUMBER.fullmatch(plain):
        return None
    value = float(plain.replace(",", "."))
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
