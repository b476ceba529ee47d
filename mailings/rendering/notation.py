"""How a date or a number is written in a mail: `[[customer.x_birthday:d MMMM yyyy]]`, `[[customer.x_saldo:#,##0.00]]`.

A pattern is one of few words put next to each other: nothing in it is run, and nothing repeats.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils import dateformat, formats, numberformat
from django.utils.translation import gettext as _
from django.utils.translation import override

LONGEST = 40
# The words of a date pattern, and Django's letters for them.
_DATE = {
    "d": "j",
    "dd": "d",
    "EEE": "D",
    "EEEE": "l",
    "M": "n",
    "MM": "m",
    "MMM": "M",
    "MMMM": "F",
    "yy": "y",
    "yyyy": "Y",
}
_PART = re.compile(r"([A-Za-z])\1*|[ .,/-]")
_NUMBER = re.compile(r"(#,##)?0(?:\.(0{1,6}))?", re.ASCII)
_DAY_FIRST = re.compile(r"(\d\d)-(\d\d)-(\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_AMOUNT = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,12})?", re.ASCII)  # no zero in front: that is a code or a phone


@dataclass(frozen=True)
class Notation:
    """A pattern that `refusal` has nothing against, and the language of the mail."""

    pattern: str
    language: str

    def say(self, value: object) -> object:
        """Write a date or a number by the pattern; what is neither stays as it is. Never raises."""
        number = _NUMBER.fullmatch(self.pattern)
        if number is not None:
            return self._number(number, value)
        day = _date(value)
        if day is None:
            return value
        with override(self.language):
            return "".join(
                dateformat.format(day, _DATE[part.group()]) if part.group(1) else part.group()
                for part in _PART.finditer(self.pattern)
            )

    def _number(self, pattern: re.Match[str], value: object) -> object:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
            return value
        places = len(pattern.group(2) or "")
        amount = Decimal(text).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        return numberformat.format(
            amount + 0,  # no -0
            formats.get_format("DECIMAL_SEPARATOR", self.language, use_l10n=True),
            decimal_pos=places,
            grouping=3 if pattern.group(1) else 0,
            thousand_sep=formats.get_format("THOUSAND_SEPARATOR", self.language, use_l10n=True),
            force_grouping=bool(pattern.group(1)),
            use_l10n=True,
        )


def read(written: str) -> str:
    """Give a pattern as it was typed without what an editor made of its spaces."""
    return " ".join(written.split())


def refusal(pattern: str) -> str:
    """Say why this is no pattern, or nothing."""
    if len(pattern) <= LONGEST and (_NUMBER.fullmatch(pattern) or _is_date(pattern)):
        return ""
    return _("“%(pattern)s” is no way to write a date or a number: try “d MMMM yyyy”, “dd-MM-yyyy” or “#,##0.00”.") % {
        "pattern": pattern[:LONGEST]
    }


def _is_date(pattern: str) -> bool:
    parts = list(_PART.finditer(pattern))
    words = [part.group() for part in parts if part.group(1)]
    return (
        bool(words)
        and all(word in _DATE for word in words)
        and sum(map(len, (p.group() for p in parts))) == len(pattern)
    )


def _date(value: object) -> date | None:
    """Read a date as the freeze writes it (29-02-2028) or as ISO 8601 does."""
    if not isinstance(value, str):
        return None
    with suppress(ValueError):
        if found := _DAY_FIRST.fullmatch(value):
            return date(int(found[3]), int(found[2]), int(found[1]))
        if found := _YEAR_FIRST.fullmatch(value):
            return date(int(found[1]), int(found[2]), int(found[3]))
    return None
