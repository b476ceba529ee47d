"""What stands in which column: guessed from English and Dutch headers, then from the cells themselves."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from recipients.imports import vocabulary


class Field(StrEnum):
    EMAIL = "email"
    FIRST_NAME = "first_name"
    MIDDLE_NAME = "middle_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"
    TITLE = "title"
    COMPANY = "company"
    PHONE = "phone"
    MOBILE = "mobile"
    STREET = "street"
    POSTCODE = "postcode"
    CITY = "city"
    REGION = "region"
    LANGUAGE = "language"
    COUNTRY = "country"
    NOTES = "notes"


@dataclass(frozen=True)
class Custom:
    """A field of people that this house made up: recipients.models.CustomField in plain values."""

    key: str
    name: str
    kind: str  # text, number, date, choice, yesno
    choices: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """As it stands in a mapping."""
        return f"{CUSTOM}{self.key}"


CUSTOM = "custom:"

type Target = Field | Custom


LABELS: dict[Field, Promise] = {
    Field.EMAIL: _("E-mail"),
    Field.FIRST_NAME: _("First name"),
    Field.MIDDLE_NAME: _("Middle name (van, de)"),
    Field.LAST_NAME: _("Last name"),
    Field.FULL_NAME: _("Whole name"),
    Field.TITLE: _("Job title"),
    Field.COMPANY: _("Company"),
    Field.PHONE: _("Phone"),
    Field.MOBILE: _("Mobile"),
    Field.STREET: _("Street and number"),
    Field.POSTCODE: _("Postcode"),
    Field.CITY: _("City"),
    Field.REGION: _("State or region"),
    Field.LANGUAGE: _("Language"),
    Field.COUNTRY: _("Country"),
    Field.NOTES: _("Notes"),
}

# Headers without case, accents, spaces and punctuation. Best known first: of two columns the earlier word wins.
HEADERS: dict[Field, str] = {
    Field.EMAIL: """email emailadres emailaddress mail mailadres mailaddress epost epostadres eaddress primaryemail
        emailwork emailzakelijk zakelijkemail werkemail workemail emailprive emailpersonal emailaddresses emailadressen
        contactemail emailcontact emailcontactpersoon email1 eadres adresemail""",
    Field.FIRST_NAME: "voornaam firstname givenname first forename roepnaam voornamen fname naamvoor contactfirstname",
    Field.MIDDLE_NAME: "tussenvoegsel tussenvoegsels tussen middlename infix voorvoegsel voorvoegsels middle prefix tv",
    Field.LAST_NAME: "achternaam lastname surname familyname last familienaam lname geslachtsnaam contactlastname",
    Field.FULL_NAME: """naam name fullname volledigenaam contact contactpersoon contactperson persoon person
        contactname naamcontactpersoon contactnaam deelnemer participant attendee relatie klant customer displayname""",
    Field.TITLE: "functie functietitel jobtitle job title position functieomschrijving rol role beroep",
    Field.COMPANY: """bedrijf bedrijfsnaam company companyname organisatie organisation organization organisatienaam
        organizationname organisationname firma employer werkgever account accountname business instelling
        naambedrijf naamorganisatie onderneming school""",
    Field.PHONE: """telefoon telefoonnummer phone phonenumber tel telnr telnummer telephone telefoonwerk workphone
        telefoonvast vast vastnummer telefoonzakelijk businessphone telefoon1 phone1 nummer""",
    Field.MOBILE: """mobiel mobile mobilephone mobielnummer gsm gsmnummer cell cellphone telefoonmobiel mobilenumber
        mobieltelefoonnummer phonemobile telefoonprive 06nummer 06""",
    Field.STREET: """straat adres street address straatnaam straatenhuisnummer straathuisnummer streetaddress
        adresregel1 addressline1 adres1 address1 bezoekadres postadres""",
    Field.POSTCODE: "postcode zip zipcode postalcode pc postnummer",
    Field.CITY: "plaats woonplaats stad city town plaatsnaam vestigingsplaats gemeente",
    Field.REGION: "provincie regio region state province county",
    Field.LANGUAGE: "taal language voorkeurstaal preferredlanguage taalcode languagecode lang correspondentietaal locale",
    Field.COUNTRY: "land country landcode countrycode countryregion landnaam countryname",
    Field.NOTES: "opmerking opmerkingen notes note notities notitie remarks remark comments comment toelichting memo",
}
KNOWN = {header: (field, rank) for field, text in HEADERS.items() for rank, header in enumerate(text.split())}
ADDRESS_LIKE = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
PHONE_LIKE = re.compile(r"\+?[0-9()][0-9()\s./-]{7,18}[0-9]")
POSTCODE_LIKE = re.compile(r"[1-9][0-9]{3} ?[A-Za-z]{2}")  # of the Netherlands; others are just numbers
ENOUGH = 0.6  # of the filled cells
HEADER_WITHIN = 20


@dataclass(frozen=True)
class Guess:
    """`header_row` is the position among the given rows of the line with names, or -1 when there is none."""

    header_row: int
    mapping: dict[int, Field]


def guess(rows: Sequence[Sequence[str]]) -> Guess:
    """Say which row names the columns and which column holds what; every field at most once."""
    header_row = find_header(rows)
    headers = rows[header_row] if header_row >= 0 else []
    body = rows[header_row + 1 :]
    mapping = from_headers(headers)
    for column in [at for at, field in mapping.items() if field is not Field.EMAIL]:
        if share(body, column, is_address) >= ENOUGH:  # "Adres" above e-mail addresses
            del mapping[column]
    from_content(mapping, body)
    prefer_addresses(mapping, body)
    return Guess(header_row, dict(sorted(mapping.items())))


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """The first rows may be a title or a date: take the row that names most columns, above the first address."""
    best, most = -1, 0
    for position, row in enumerate(rows[:HEADER_WITHIN]):
        if any(ADDRESS_LIKE.fullmatch(cell) for cell in row):
            break
        named_cells = sum(named(cell) is not None for cell in row)
        if named_cells > most:
            best, most = position, named_cells
    if best >= 0:
        return best
    return headline(rows)


def headline(rows: Sequence[Sequence[str]]) -> int:
    """Unknown words are still names of columns when they stand alone above addresses."""
    for position, row in enumerate(rows[:HEADER_WITHIN]):
        if any(ADDRESS_LIKE.fullmatch(cell) for cell in row):
            above = rows[position - 1] if position else []
            filled = sum(map(bool, above))
            return position - 1 if filled and filled >= sum(map(bool, row)) - 1 else -1
    return -1


def from_headers(headers: Sequence[str]) -> dict[int, Field]:
    offers: dict[Field, tuple[int, int]] = {}
    for column, header in enumerate(headers):
        if found := named(header):
            field, rank = found
            if field not in offers or rank < offers[field][0]:
                offers[field] = (rank, column)
    mapping = {column: field for field, (_rank, column) in offers.items()}
    fields = set(mapping.values())
    if Field.FULL_NAME in fields and Field.LAST_NAME not in fields and Field.FIRST_NAME in fields:
        # "Voornaam, Naam": in Dutch lists "Naam" beside a first name is the last name
        mapping[offers[Field.FULL_NAME][1]] = Field.LAST_NAME
    elif Field.FULL_NAME in fields and {Field.FIRST_NAME, Field.LAST_NAME} <= fields:
        del mapping[offers[Field.FULL_NAME][1]]
    return mapping


def named(header: str) -> tuple[Field, int] | None:
    """The field a header names, and how surely: exactly, or with an addition ("E-mail (werk)")."""
    whole = plain(header)
    if whole in KNOWN:
        return KNOWN[whole]
    first = plain(re.split(r"[(\[/:|]", header, maxsplit=1)[0])
    if first in KNOWN:
        field, rank = KNOWN[first]
        return field, rank + 100
    if "email" in whole or "mailadres" in whole:
        return Field.EMAIL, 200
    return None


def from_content(mapping: dict[int, Field], body: Sequence[Sequence[str]]) -> None:
    """Give the fields that no header named to the columns whose cells look like them."""
    for field, looks in CONTENT.items():
        if field in mapping.values():
            continue
        shares = {column: share(body, column, looks) for column in range(width(body)) if column not in mapping}
        best = max(shares, key=lambda column: shares[column], default=-1)
        if best >= 0 and shares[best] >= ENOUGH:
            mapping[best] = field


def prefer_addresses(mapping: dict[int, Field], body: Sequence[Sequence[str]]) -> None:
    """A column called "mail" without addresses loses to one that has them."""
    chosen = next((column for column, field in mapping.items() if field is Field.EMAIL), -1)
    if chosen < 0 or share(body, chosen, is_address) > 0:
        return
    for column in range(width(body)):
        if share(body, column, is_address) >= ENOUGH:
            del mapping[chosen]
            mapping[column] = Field.EMAIL
            return


def share(body: Sequence[Sequence[str]], column: int, looks: Callable[[str], bool]) -> float:
    cells = [row[column] for row in body if column < len(row) and row[column]]
    return sum(map(looks, cells)) / len(cells) if cells else 0.0


def width(rows: Sequence[Sequence[str]]) -> int:
    return max(map(len, rows), default=0)


def is_address(cell: str) -> bool:
    return ADDRESS_LIKE.search(cell) is not None


def is_phone(cell: str) -> bool:
    return PHONE_LIKE.fullmatch(cell) is not None and sum(map(str.isdigit, cell)) >= 9 and cell.count("-") < 4


CONTENT: Mapping[Field, Callable[[str], bool]] = {
    Field.EMAIL: is_address,
    Field.COUNTRY: lambda cell: vocabulary.country(cell) != "",
    Field.LANGUAGE: lambda cell: vocabulary.language(cell) != "",
    Field.PHONE: is_phone,
    Field.POSTCODE: lambda cell: POSTCODE_LIKE.fullmatch(cell) is not None,
}


def plain(header: str) -> str:
    """'E-mail adres' and 'É_MAIL-ADRES' are one word."""
    decomposed = unicodedata.normalize("NFKD", header.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())
