"""What a visitor filled in, read against the form's definition. Pure; every byte of it is a stranger's.

Unknown fields are left out, every text is capped, and whatever does not fit gets a sentence beside its field, with the
way to mend it. What was typed is never lost: `Read.typed` is what the page shows again.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import phonenumbers
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent import addresses, typos
from forms.definition import Definition, Field

SHORT, LONG = 500, 10_000
CONTACT_LIMITS = {"first_name": 100, "last_name": 100, "company": 200, "title": 100}
UPLOADS = 5  # files of one field
BANNED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Upload(Protocol):
    """A file as it came."""

    name: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field; `suggestion` is the value that was probably meant."""

    sentence: str
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """`values` by the field's number: what is kept. `problems` likewise; nothing is kept while there is one."""

    values: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    address: str = ""
    types: tuple[int, ...] = ()  # subscription types that were ticked

    @property
    def doubt(self) -> str:
        """What was probably meant by an address that is good but looks mistyped: worth one question, never a refusal."""
        return typos.suggest(self.address) if self.address else ""

    @property
    def is_good(self) -> bool:
        return not self.problems


def read(form: Definition, given: Mapping[str, list[str]], files: Mapping[str, list[Any]] | None = None) -> Read:
    """Read a submission; `given` and `files` by the fields' identifiers, as a browser sends them."""
    typed = {one.id: [text[:LONG] for text in given.get(one.name, [])[:300]] for one in form.questions}
    seen = Read(typed=typed)
    address, types = "", set[int]()
    for one in form.questions:
        if not is_shown(one, form, seen.values):
            continue
        try:
            value = _value(one, typed[one.id], (files or {}).get(one.name, []))
        except _Wrong as wrong:
            seen.problems[one.id] = wrong.problem
            continue
        if value in ("", [], None, False):
            if one.required:
                seen.problems[one.id] = Problem(_missing(one))
            continue
        seen.values[one.id] = value
        if one.kind == "email":
            address = str(value)
        if one.kind == "consent":
            types |= set(one.types)
        elif one.kind == "subscriptions":
            types |= {int(number) for number in value}
    if types and not address and (asked := form.find("email")) and asked.id not in seen.problems:
        seen.problems[asked.id] = Problem(_("We need your e-mail address to send it"))
    return Read(seen.values, typed, seen.problems, address, tuple(sorted(types)))


def doubted(form: Definition, read: Read) -> Read:
    """Give the answers again with the one question: is this address right?"""
    asked = form.find("email")
    if asked is None:
        return read
    question = Problem(_("Is this address right? If it is, send it once more"), read.doubt)
    return Read(read.values, read.typed, {asked.id: question}, read.address, read.types)


def is_shown(one: Field, form: Definition, values: Mapping[str, Any]) -> bool:
    """Say whether a field is asked, given the answers before it."""
    if one.show_if is None:
        return True
    value = values.get(one.show_if.field)
    if not one.show_if.value:
        return value is not None
    chosen = value if isinstance(value, list) else [value]
    return one.show_if.value in [("yes" if part is True else str(part)) for part in chosen if part is not None]


def clean(text: str) -> str:
    """Give text as it is kept: composed, one kind of line end, without what steers a terminal or turns a line around."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return BANNED.sub("", plain).strip()


class _Wrong(Exception):
    def __init__(self, sentence: str, suggestion: str = "") -> None:
        self.problem = Problem(sentence, suggestion)


def _value(one: Field, typed: list[str], files: list[Any]) -> Any:
    readers = {
        "email": _email,
        "mobile": _mobile,
        "country": _country,
        "date": _date,
        "number": _number,
        "rating": _rating,
        "radio": _one_of,
        "dropdown": _one_of,
    }
    text = clean(typed[-1]) if typed else ""
    if one.kind == "upload":
        return _files(one, files)
    if one.kind in ("box", "consent"):
        return bool(text)
    if one.kind == "boxes":
        return _several(typed, [option.value for option in one.options])
    if one.kind == "subscriptions":
        return _several(typed, [str(number) for number in one.types])
    if reader := readers.get(one.kind):
        return reader(one, text) if text else ""
    return _text(one, text)


def _text(one: Field, text: str) -> str:
    if one.kind == "hidden":
        return (text or one.default)[:SHORT]
    if one.kind != "area":
        text = " ".join(text.split())
    most = CONTACT_LIMITS.get(one.kind) or min(one.maximum or LONG, LONG if one.kind == "area" else SHORT)
    if len(text) > most:
        raise _Wrong(
            ngettext("At most %(most)s letter fits here", "At most %(most)s letters fit here", most)
            % {"most": number_format(most, force_grouping=True)}
        )
    return text


def _email(one: Field, text: str) -> str:
    try:
        return addresses.normalise(text[:1000])
    except addresses.InvalidAddress as mistake:
        raise _Wrong(str(mistake), _meant(text[:320])) from mistake


def _meant(text: str) -> str:
    """Guess what was meant by an address that is none: a provider without its ending, or a slip."""
    if text.count("@") != 1:
        return ""
    for ending in ("", ".com", ".nl"):
        if found := typos.suggest(text + ending):
            return found
        if (text + ending).rpartition("@")[2].lower() in typos.PROVIDERS:
            return text + ending
    return ""


def _mobile(one: Field, text: str) -> str:
    try:
        number = phonenumbers.parse(text[:40], "NL")
    except phonenumbers.NumberParseException as mistake:
        raise _Wrong(_("This is not a phone number; begin with + and the country, such as +31 6 12345678")) from mistake
    if not phonenumbers.is_valid_number(number):
        raise _Wrong(_("This phone number does not exist; begin with + and the country, such as +31 6 12345678"))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _country(one: Field, text: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", text) or text not in phonenumbers.SUPPORTED_REGIONS:
        raise _Wrong(_("Choose a country from the list"))
    return text


def _date(one: Field, text: str) -> str:
    for pattern in ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y"):
        try:
            day = dt.datetime.strptime(text[:20], pattern).replace(tzinfo=dt.UTC).date()
        except ValueError:
            continue
        if 1900 <= day.year < 2200:
            return day.isoformat()
    raise _Wrong(_("Write the date as day-month-year, such as 31-12-2026"))


def _number(one: Field, text: str) -> str:
    plain = text.replace(" ", "").replace(",", ".")
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?", plain):
        raise _Wrong(_("Write a number, such as 12 or 2.5"))
    value = float(plain)
    if one.minimum is not None and value < one.minimum:
        raise _Wrong(_("It must be %(least)s or more") % {"least": one.minimum})
    if one.maximum is not None and value > one.maximum:
        raise _Wrong(_("It must be %(most)s or less") % {"most": one.maximum})
    return plain.removeprefix("+")


def _rating(one: Field, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= (one.maximum or 5):
        raise _Wrong(_("Choose one of the stars"))
    return int(text)


def _one_of(one: Field, text: str) -> str:
    if text not in [option.value for option in one.options]:
        raise _Wrong(_("Choose one of the answers"))
    return text


def _several(typed: Iterable[str], known: list[str]) -> list[str]:
    chosen = set(typed)
    if chosen - set(known):
        raise _Wrong(_("Choose from the answers"))
    return [value for value in known if value in chosen]


def _files(one: Field, files: list[Any]) -> list[dict[str, Any]]:
    if len(files) > UPLOADS:
        raise _Wrong(_("At most %(count)d files at once") % {"count": UPLOADS})
    most = (one.maximum or 5_000) * 1000
    for file in files:
        ending = str(file.name or "").rpartition(".")[2].lower()
        if one.endings and ending not in one.endings:
            raise _Wrong(_("“%(name)s” cannot be sent here: it must be %(endings)s") % _of(file, one))
        if (file.size or 0) > most:
            raise _Wrong(_("“%(name)s” is too large: at most %(most)s kB") % _of(file, one))
    return [{"name": clean(str(file.name or ""))[:200], "size": file.size} for file in files]


def _of(file: Upload, one: Field) -> dict[str, Any]:
    return {
        "name": clean(str(file.name or ""))[:100],
        "endings": ", ".join(one.endings),
        "most": number_format(one.maximum or 5_000, force_grouping=True),
    }


def _missing(one: Field) -> str:
    words = {
        "radio": _("Choose one of the answers"),
        "dropdown": _("Choose one of the answers"),
        "boxes": _("Tick one at least"),
        "box": _("Tick the box to go on"),
        "consent": _("Tick the box to go on"),
        "rating": _("Choose one of the stars"),
        "upload": _("Choose a file"),
        "email": _("Fill in your e-mail address"),
    }
    return words.get(one.kind, _("Fill this in"))
