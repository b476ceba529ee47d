"""Custom fields: what a house wants to know beyond what we thought of. Read, said, made, renamed and removed here.

Values stand in `custom` of the person or company: a text, a number, a day as 2026-11-23, a choice as its words, true or
false. What is not known has no key.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from recipients.models import Company, CustomField, Person

type Value = str | int | float | bool

MOST = 50  # of one kind of card
LONGEST_TEXT = 500
MOST_CHOICES, LONGEST_CHOICE = 100, 100
LARGEST = Decimal(10) ** 15
YES = frozenset(["yes", "ja", "y", "j", "true", "waar", "1", "x", "oui"])
NO = frozenset(["no", "nee", "n", "false", "onwaar", "0", "non"])
FORMS_OF_A_DAY = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")


class Unreadable(ValueError):
    """This text is no value of the field; fit to show a person."""


def of(which: str) -> list[CustomField]:
    """Give the fields of people or of companies, in their order."""
    return list(CustomField.objects.filter(of=which).order_by("position", "pk"))


def read(field: CustomField, text: str) -> Value | None:
    """Read what somebody wrote, or a cell of a spreadsheet; nothing for an empty text. Raises Unreadable."""
    text = " ".join(text.split())
    if not text:
        return None
    return READERS[CustomField.Kind(field.kind)](field, text)


def _text(_field: CustomField, text: str) -> Value:
    if len(text) > LONGEST_TEXT:
        raise Unreadable(_("At most %(most)d characters fit.") % {"most": LONGEST_TEXT})
    return text


def _number(_field: CustomField, text: str) -> Value:
    """Read "1250,5", "1.250,50", "1,250.50" and "12 %"; a single dot or comma with three digits behind it is a thousand."""
    bare = text.replace("\u00a0", "").replace(" ", "").removesuffix("%").removeprefix("€")
    if "," in bare and "." in bare:
        thousands = "," if bare.rfind(".") > bare.rfind(",") else "."
        bare = bare.replace(thousands, "").replace(",", ".")
    elif re.fullmatch(r"-?\d{1,3}([.,]\d{3}){2,}|-?[1-9]\d{0,2}[,]\d{3}", bare):
        bare = bare.replace(",", "").replace(".", "")
    else:
        bare = bare.replace(",", ".")
    try:
        number = Decimal(bare)
    except InvalidOperation as mistake:
        raise Unreadable(_("This is not a number.")) from mistake
    if not number.is_finite() or abs(number) > LARGEST:
        raise Unreadable(_("This number is too large."))
    return int(number) if number == number.to_integral_value() else float(number)


def _day(_field: CustomField, text: str) -> Value:
    for form in FORMS_OF_A_DAY:
        try:
            return dt.datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Unreadable(_("This is not a day. Write it as 23-11-2026."))


def _choice(field: CustomField, text: str) -> Value:
    found = next((one for one in field.choices if one.casefold() == text.casefold()), None)
    if found is None:
        raise Unreadable(_("“%(text)s” is not one of the choices.") % {"text": text[:60]})
    return str(found)


def _yes_or_no(_field: CustomField, text: str) -> Value:
    word = text.casefold()
    if word not in YES | NO:
        raise Unreadable(_("Write yes or no."))
    return word in YES


READERS = {
    CustomField.Kind.TEXT: _text,
    CustomField.Kind.NUMBER: _number,
    CustomField.Kind.DATE: _day,
    CustomField.Kind.CHOICE: _choice,
    CustomField.Kind.YESNO: _yes_or_no,
}


def said(field: CustomField, value: object) -> str:
    """Say a value in the reader's language; nothing where nothing is known."""
    if value is None or value == "":
        return ""
    if field.kind == CustomField.Kind.YESNO:
        return _("yes") if value else _("no")
    if field.kind == CustomField.Kind.NUMBER and isinstance(value, int | float):
        return number_format(value, force_grouping=True)
    if field.kind == CustomField.Kind.DATE:
        try:
            return date_format(dt.date.fromisoformat(str(value)), "j F Y")
        except ValueError:
            return str(value)
    return str(value)


def filled(which: Person | Company, fields: Sequence[CustomField]) -> list[tuple[CustomField, str]]:
    """Give what a card shows: each field with its value in words."""
    return [(field, said(field, which.custom.get(field.key))) for field in fields]


def changed(known: Mapping[str, Any], given: Mapping[str, Value | None]) -> dict[str, Any]:
    """Put new values over those that are known; what is emptied has no key any more."""
    return {key: value for key, value in {**known, **given}.items() if value is not None}


# the list of fields -----------------------------------------------------------------------------------------------------


def key_of(name: str, taken: set[str]) -> str:
    """Make a short name for use in merge variables: "Shoe size (EU)" is "shoe_size_eu"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:36] or "field"
    return next(key for key in (base, *(f"{base}_{n}" for n in range(2, 1000))) if key not in taken)


def add(field: CustomField) -> CustomField:
    """Make a field, behind those there are."""
    others = CustomField.objects.filter(of=field.of)
    field.key = key_of(field.name, set(others.values_list("key", flat=True)))
    field.position = (others.aggregate(last=Max("position"))["last"] or 0) + 1
    field.save()
    return field


@transaction.atomic
def move(field: CustomField, *, up: bool) -> None:
    """Let a field change places with the one before or after it."""
    order = of(field.of)
    here = next(place for place, one in enumerate(order) if one.pk == field.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return
    order[here], order[there] = order[there], order[here]
    for place, one in enumerate(order, start=1):
        one.position = place
    CustomField.objects.bulk_update(order, ["position"])


def holders(field: CustomField) -> int:
    """Count who has a value."""
    return _model(field).objects.filter(custom__has_key=field.key).count()


@transaction.atomic
def remove(field: CustomField) -> int:
    """Remove a field with all of its values; tell of how many people or companies."""
    table = _model(field)._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET custom = custom - %s WHERE custom ? %s",  # noqa: S608 - our own table
            [field.key, field.key],
        )
        gone = int(cursor.rowcount)
    field.delete()
    return gone


@transaction.atomic
def rename_choice(field: CustomField, old: str, new: str) -> int:
    """Give a choice other words, wherever it was chosen."""
    field.choices = [new if one == old else one for one in field.choices]
    field.save(update_fields=["choices"])
    table = _model(field)._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET custom = jsonb_set(custom, ARRAY[%s], to_jsonb(%s::text))"  # noqa: S608
            " WHERE custom ->> %s = %s",
            [field.key, new, field.key, old],
        )
        return int(cursor.rowcount)


def _model(field: CustomField) -> type[Person] | type[Company]:
    return Person if field.of == CustomField.Of.PERSON else Company
