"""Which rows become people, which are refused and why, and what deserves a word. Plain values in, plain values out."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from consent import addresses
from recipients import phones
from recipients.imports import custom, vocabulary
from recipients.imports.columns import LABELS, Custom, Field, Target
from recipients.imports.rows import Batch

LONGEST: dict[Field, int] = {
    Field.FIRST_NAME: 100,
    Field.MIDDLE_NAME: 50,
    Field.LAST_NAME: 100,
    Field.TITLE: 100,
    Field.COMPANY: 200,
    Field.STREET: 200,
    Field.POSTCODE: 20,
    Field.CITY: 100,
    Field.REGION: 100,
    Field.NOTES: 5000,
}
NAMES = (Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME)
BOOLEANS = frozenset({"TRUE", "FALSE", "WAAR", "ONWAAR"})  # as Excel writes them, never a name
IN_BRACKETS = re.compile(r"[^<>]*<\s*(?:mailto:)?([^<>\s]+)\s*>", re.IGNORECASE)


class Warn(StrEnum):
    SUPPRESSED = "suppressed"
    ROLE = "role"
    OTHER_ADDRESS = "other_address"
    NOT_A_NAME = "not_a_name"
    NOT_A_PHONE = "not_a_phone"
    CUSTOM = "custom"
    COUNTRY = "country"
    LANGUAGE = "language"
    REPEATED = "repeated"
    NO_EVIDENCE = "no_evidence"
    EXPIRED = "expired"


WARNINGS: dict[Warn, Promise] = {
    Warn.SUPPRESSED: gettext_lazy("Blocked address (unsubscribed, bounced or objected): it stays blocked"),
    Warn.ROLE: gettext_lazy("Address of a function (info@, sales@): taken over, but never mailed in bulk"),
    Warn.OTHER_ADDRESS: gettext_lazy("A second address that is not valid: left out"),
    Warn.NOT_A_NAME: gettext_lazy("A number, date or yes/no where a name belongs: left empty"),
    Warn.NOT_A_PHONE: gettext_lazy("Not a phone number: left empty"),
    Warn.CUSTOM: gettext_lazy(
        "A value that does not fit its field (no number, no date, not one of the choices): left empty"
    ),
    Warn.COUNTRY: gettext_lazy("Country we do not know: left empty"),
    Warn.LANGUAGE: gettext_lazy("Language we do not know: left empty"),
    Warn.NO_EVIDENCE: gettext_lazy("No evidence of consent in the row's own cells: taken over, cannot be mailed"),
    Warn.EXPIRED: gettext_lazy("Evidence that is too old to count: taken over, cannot be mailed"),
    Warn.REPEATED: gettext_lazy("Address that an earlier row has too: one person"),
}


class Incoming(NamedTuple):
    """A row that can be written, in the order in which it is copied to the database."""

    row: int
    address: str
    first_name: str
    middle_name: str
    last_name: str
    title: str
    company: str
    phone: str
    mobile: str
    street: str
    postcode: str
    city: str
    region: str
    language: str
    country: str
    notes: str
    custom: str = "{}"  # JSON, by key
    others: str = ""  # more addresses of the same person, between spaces


@dataclass(frozen=True)
class Refused:
    row: int
    cells: list[str]
    reason: str


@dataclass(frozen=True)
class Checked:
    people: list[Incoming]
    refused: list[Refused]
    warnings: dict[Warn, list[int]] = field(default_factory=dict)  # numbers of rows


class Refusal(Exception):
    """Why one row cannot be taken over."""


def check(batch: Batch, mapping: Mapping[int, Target]) -> Checked:
    """Sort rows into people and refusals. A wrong detail is left out with a warning; a wrong address refuses the row."""
    table = Table(batch, mapping)
    table.take_more_addresses()
    table.take_addresses()
    for name in LONGEST:
        table.refuse_too_long(name)
    table.cut_whole_names()
    for name in NAMES:
        table.drop(name, Warn.NOT_A_NAME, unless=is_name)
    table.translate(Field.COUNTRY, Warn.COUNTRY, vocabulary.country)
    table.read_phones(Field.PHONE)
    table.read_phones(Field.MOBILE)
    table.read_custom()
    table.translate(Field.LANGUAGE, Warn.LANGUAGE, vocabulary.language)
    return table.checked()


class Table:
    """One batch as columns, which is far quicker to check than row by row."""

    def __init__(self, batch: Batch, mapping: Mapping[int, Target]) -> None:
        self.batch = batch
        self.reasons: dict[int, str] = {}  # position → why it is refused; the first one wins
        self.warnings: dict[Warn, list[int]] = {}
        fields = [(at, name) for at, name in mapping.items() if isinstance(name, Field)]
        self.columns: dict[Field, list[str]] = {name: self.cells(at) for at, name in fields[::-1]}
        self.house = [(at, name) for at, name in mapping.items() if isinstance(name, Custom)]
        self.more_addresses = [self.cells(at) for at, name in mapping.items() if name is Field.EMAIL][1:]
        self.blank = [""] * len(batch)
        self.others = self.blank
        self.custom = ["{}"] * len(batch)

    def cells(self, at: int) -> list[str]:
        return [row[at] if at < len(row) else "" for row in self.batch.rows]

    def take_addresses(self) -> None:
        column = self.columns.get(Field.EMAIL, self.blank)
        found = list(column)
        for position, cell in enumerate(column):
            try:
                found[position] = address = addresses.normalise(cell)
            except addresses.InvalidAddress as mistake:
                try:
                    found[position] = address = second_reading(cell, mistake)
                except Refusal as refusal:
                    self.reasons[position] = str(refusal)
                    continue
            if addresses.is_role(address):
                self.warn(Warn.ROLE, position)
        self.columns[Field.EMAIL] = found

    def take_more_addresses(self) -> None:
        """Further columns of addresses are the person's too; the first that is filled is the main one."""
        if not self.more_addresses:
            return
        first, self.others = list(self.columns[Field.EMAIL]), list(self.blank)
        for position, cells in enumerate(zip(*self.more_addresses, strict=True)):
            filled = list(filter(None, cells))
            if filled and not first[position]:
                first[position] = filled.pop(0)
            if filled:
                self.others[position] = self.more(filled, first[position], position)
        self.columns[Field.EMAIL] = first

    def more(self, cells: Sequence[str], main: str, position: int) -> str:
        found = []
        for cell in cells:
            try:
                found.append(addresses.normalise(cell))
            except addresses.InvalidAddress:
                self.warn(Warn.OTHER_ADDRESS, position)
        return " ".join(address for address in dict.fromkeys(found) if address != main.lower())

    def refuse_too_long(self, name: Field) -> None:
        most = LONGEST[name]
        column = self.columns.get(name)
        if column is None or max(map(len, column), default=0) <= most:
            return
        for position, cell in enumerate(column):
            if len(cell) > most:
                self.reasons.setdefault(position, too_long(name, len(cell), most))

    def cut_whole_names(self) -> None:
        whole = self.columns.pop(Field.FULL_NAME, None)
        if whole is None:
            return
        cut = [vocabulary.name(cell) if is_name(cell) else ("", "", "") for cell in whole]
        for position, cell in enumerate(whole):
            if len(cell) > LONGEST[Field.LAST_NAME] or len(cut[position][1]) > LONGEST[Field.MIDDLE_NAME]:
                self.reasons.setdefault(position, too_long(Field.FULL_NAME, len(cell), LONGEST[Field.LAST_NAME]))
            elif cell and not is_name(cell):
                self.warn(Warn.NOT_A_NAME, position)
        for at, name in enumerate(NAMES):
            known = self.columns.get(name, self.blank)
            self.columns[name] = [mine or parts[at] for mine, parts in zip(known, cut, strict=True)]

    def drop(self, name: Field, warning: Warn, *, unless: Callable[[str], bool]) -> None:
        for position, cell in enumerate(self.columns.get(name, ())):
            if cell and not unless(cell):
                self.columns[name][position] = ""
                if any(map(str.isalnum, cell)):  # a dash or a question mark is a way to say: nothing
                    self.warn(warning, position)

    def translate(self, name: Field, warning: Warn, code: Callable[[str], str]) -> None:
        column = self.columns.get(name)
        if column is None:
            return
        codes = {cell: code(cell) for cell in set(column)}
        self.columns[name] = [codes[cell] for cell in column]
        for position, cell in enumerate(column):
            if cell and not codes[cell]:
                self.warn(warning, position)

    def read_phones(self, name: Field) -> None:
        """Give each number the form of E.164, by the person's country or else ours."""
        column, countries = self.columns.get(name, []), self.columns.get(Field.COUNTRY, self.blank)
        for position, cell in enumerate(column):
            if not cell:
                continue
            try:
                column[position] = phones.normalise(cell, countries[position] or settings.HOME_COUNTRY)
            except phones.InvalidPhone:
                column[position] = ""
                if any(map(str.isalnum, cell)):  # a dash or a question mark is a way to say: nothing
                    self.warn(Warn.NOT_A_PHONE, position)

    def read_custom(self) -> None:
        """The house's own fields become one JSON text; what does not fit its field is left out."""
        if not self.house:
            return
        found: list[dict[str, str | float | bool]] = [{} for _row in self.blank]
        for at, field_ in self.house:
            known: dict[str, str | float | bool | None] = {}
            for position, cell in enumerate(self.cells(at)):
                if not cell:
                    continue
                if cell not in known:
                    known[cell] = custom.read(cell, field_)
                value = known[cell]
                if value is None:
                    self.warn(Warn.CUSTOM, position)
                else:
                    found[position][field_.key] = value
        self.custom = [json.dumps(values, ensure_ascii=False) for values in found]

    def warn(self, warning: Warn, position: int) -> None:
        if position not in self.reasons:
            self.warnings.setdefault(warning, []).append(self.batch.numbers[position])

    def checked(self) -> Checked:
        columns = [*(self.columns.get(Field(name), self.blank) for name in ORDER), self.custom, self.others]
        rows = map(Incoming._make, zip(self.batch.numbers, *columns, strict=True))
        if not self.reasons:
            return Checked(list(rows), [], self.warnings)
        refused = [
            Refused(self.batch.numbers[position], self.batch.rows[position], self.reasons[position])
            for position in sorted(self.reasons)
        ]
        people = [row for position, row in enumerate(rows) if position not in self.reasons]
        return Checked(people, refused, self.warnings)


ORDER = ("email", *Incoming._fields[2:-2])


def second_reading(cell: str, mistake: addresses.InvalidAddress) -> str:
    """Take the address out of 'Ada Lovelace <ada@example.org>' and 'mailto:ada@example.org'."""
    inside = IN_BRACKETS.fullmatch(cell)
    bare = inside[1] if inside else cell.removeprefix("mailto:")
    if bare != cell:
        try:
            return addresses.normalise(bare)
        except addresses.InvalidAddress as again:
            mistake = again
    raise Refusal(refusal_of(cell, mistake)) from mistake


def refusal_of(cell: str, mistake: addresses.InvalidAddress) -> str:
    if not cell:
        return _("There is no e-mail address in this row")
    return _("%(address)s: %(mistake)s") % {"address": shortened(cell), "mistake": mistake}


def too_long(name: Field, length: int, most: int) -> str:
    return ngettext(
        "%(field)s is too long: %(length)s character, at most %(most)s fit",
        "%(field)s is too long: %(length)s characters, at most %(most)s fit",
        length,
    ) % {"field": LABELS[name], "length": length, "most": most}


def is_name(cell: str) -> bool:
    return (cell.isalpha() and cell not in BOOLEANS) or (any(map(str.isalpha, cell)) and not is_value(cell))


def is_value(cell: str) -> bool:
    """A date and time ("2026-11-23T10:00:00") and a number ("1e6") have letters too."""
    return cell in BOOLEANS or (cell[0].isdigit() and sum(map(str.isalpha, cell)) <= 1)


def shortened(cell: str) -> str:
    return cell if len(cell) <= 80 else cell[:79] + "…"
