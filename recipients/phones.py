"""Telephone numbers: read as people write them, kept as E.164, said as one says them at home. Pure."""

import contextlib
import functools
import re

import phonenumbers
from django.utils.translation import gettext as _
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)
MOBILE, FIXED, OTHER = "mobile", "fixed", "other"
KINDS = {
    PhoneNumberType.MOBILE: MOBILE,
    PhoneNumberType.FIXED_LINE: FIXED,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: MOBILE,  # North America does not tell them apart; texts arrive there
}


class InvalidPhone(ValueError):
    """This is no telephone number; fit to show a person."""


# Mobile numbers of the Netherlands, which fill our files, a hundred times as quick; a test compares them with the library.
DUTCH_MOBILE = re.compile(r"(?:(?P<home>0)|(?:\+|00)31)6(?P<rest>[1-58][0-9]{7})")
MARKS = str.maketrans("", "", " -.")


def normalise(text: str, country: str) -> str:
    """Give E.164: "06-12345678" of somebody in NL is "+31612345678". Raises InvalidPhone.

    `country` is ISO 3166-1 alpha-2, of the person; it only counts where the number has no country of its own.
    """
    quick = DUTCH_MOBILE.fullmatch(text.translate(MARKS))
    if quick and (country == "NL" or not (quick["home"] or text.startswith("00"))):
        return f"+316{quick['rest']}"
    return _normalise(text, country)


@functools.lru_cache(maxsize=20_000)
def _normalise(text: str, country: str) -> str:
    try:
        number = phonenumbers.parse(text.strip(), country or None)
    except NumberParseException as mistake:
        if mistake.error_type == NumberParseException.INVALID_COUNTRY_CODE and not text.strip().startswith("+"):
            raise InvalidPhone(
                _("We do not know the country of this number. Begin it with + and the country.")
            ) from None
        raise InvalidPhone(_("This is not a phone number. Write it as 06 12345678 or +31 6 12345678.")) from None
    if not phonenumbers.is_possible_number(number):
        raise InvalidPhone(_("This phone number has too few or too many digits."))
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhone(_("There is no such phone number. Look at its digits once more."))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@functools.lru_cache(maxsize=20_000)
def kind(number: str) -> str:
    """Say of an E.164 number whether it is a mobile one, a landline, or something else."""
    try:
        return KINDS.get(phonenumbers.number_type(phonenumbers.parse(number)), OTHER)
    except NumberParseException:
        return OTHER


# What the owner pays for or nobody reads; all else may be a mobile one, as far as the plan of its country tells.
DEAF = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}


def takes_texts(number: str) -> bool:
    """Say whether a text message to this E.164 number may arrive."""
    return DUTCH_MOBILE.fullmatch(number) is not None or _takes_texts(number)


@functools.lru_cache(maxsize=20_000)
def _takes_texts(number: str) -> bool:
    try:
        return phonenumbers.number_type(phonenumbers.parse(number)) not in DEAF
    except NumberParseException:
        return False


@functools.lru_cache(maxsize=20_000)
def said(number: str, country: str) -> str:
    """Write an E.164 number as one dials it from `country`: without its country when it is there already."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return number
    at_home = phonenumbers.country_code_for_region(country) == parsed.country_code if country else False
    way = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, way)


def country(number: str) -> str:
    """Give the country of an E.164 number, ISO 3166-1 alpha-2; empty for what belongs to none, such as +883."""
    return _country(number[:8] if number.startswith(("+1", "+7", "+44")) else number[:4])


@functools.lru_cache(maxsize=20_000)
def _country(begins: str) -> str:
    if len(begins) > 4:  # countries that share a code are told apart by the digits behind it
        with contextlib.suppress(NumberParseException):
            whole = phonenumbers.parse(begins.ljust(12, "0"))
            if found := phonenumbers.region_code_for_number(whole):
                return str(found)
    for length in (4, 3, 2):
        code = begins[1:length]
        if code.isdigit() and (found := phonenumbers.region_code_for_country_code(int(code))) not in ("ZZ", "001"):
            return str(found)
    return ""
