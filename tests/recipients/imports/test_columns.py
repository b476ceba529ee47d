"""Which column is what: by its name in English and Dutch, then by what stands in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipients.imports import columns
from recipients.imports.columns import Field

ADA = "ada@example.org"


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("E-mail", Field.EMAIL),
        ("E-mailadres", Field.EMAIL),
        ("e_mail adres", Field.EMAIL),
        ("E-mail (werk)", Field.EMAIL),
        ("Email Address", Field.EMAIL),
        ("Privé e-mailadres van klant", Field.EMAIL),
        ("Voornaam", Field.FIRST_NAME),
        ("First Name", Field.FIRST_NAME),
        ("Tussenvoegsel", Field.MIDDLE_NAME),
        ("Achternaam", Field.LAST_NAME),
        ("Surname", Field.LAST_NAME),
        ("Contactpersoon", Field.FULL_NAME),
        ("Naam", Field.FULL_NAME),
        ("Functie", Field.TITLE),
        ("Job title", Field.TITLE),
        ("Bedrijfsnaam", Field.COMPANY),
        ("Organisation", Field.COMPANY),
        ("Tel.", Field.PHONE),
        ("Mobiel", Field.MOBILE),
        ("Taal", Field.LANGUAGE),
        ("Land", Field.COUNTRY),
        ("Country/Region", Field.COUNTRY),
        ("Opmerkingen", Field.NOTES),
    ],
)
def test_a_header_names_its_field(header: str, field: Field) -> None:
    found = columns.guess([[header, "x"], ["", ""]])

    assert found.header_row == 0
    assert found.mapping[0] is field


@pytest.mark.parametrize("header", ["Kleur", "Ordernummer", "Besteldatum", "", "Why this row was not taken over"])
def test_other_headers_name_nothing(header: str) -> None:
    assert columns.guess([["E-mail", header], [ADA, "geel"]]).mapping == {0: Field.EMAIL}


def test_naam_beside_a_first_name_is_the_last_name() -> None:
    found = columns.guess([["Voornaam", "Naam", "E-mail"], ["Ada", "Lovelace", ADA]])

    assert found.mapping == {0: Field.FIRST_NAME, 1: Field.LAST_NAME, 2: Field.EMAIL}


def test_a_whole_name_beside_its_parts_is_left_out() -> None:
    found = columns.guess([["Naam", "Voornaam", "Achternaam", "E-mail"], ["Ada Lovelace", "Ada", "Lovelace", ADA]])

    assert Field.FULL_NAME not in found.mapping.values()


def test_of_two_addresses_the_better_named_is_taken() -> None:
    found = columns.guess([["E-mail (privé)", "E-mail"], ["x@example.org", ADA]])

    assert found.mapping == {1: Field.EMAIL}


def test_the_header_is_found_below_a_title_and_a_date() -> None:
    found = columns.guess([["Bezoekers beurs", ""], ["23-11-2026", ""], ["Voornaam", "E-mail"], ["Ada", ADA]])

    assert found.header_row == 2
    assert found.mapping == {0: Field.FIRST_NAME, 1: Field.EMAIL}


def test_without_names_the_content_speaks() -> None:
    body = [[ADA, "NL", "06-12345678"], ["bob@example.org", "Belgium", "+31 20 1234567"]]

    found = columns.guess(body)

    assert found.header_row == -1
    assert found.mapping == {0: Field.EMAIL, 1: Field.COUNTRY, 2: Field.PHONE}


def test_unknown_names_above_addresses_are_still_names() -> None:
    found = columns.guess([["Wie", "Waar"], [ADA, "Utrecht"], ["bob@example.org", "Gent"]])

    assert found.header_row == 0
    assert found.mapping == {0: Field.EMAIL}


def test_a_column_called_mail_without_addresses_loses_to_one_with_them() -> None:
    found = columns.guess([["Mail", "Contact id"], ["yes", ADA], ["no", "bob@example.org"]])

    assert found.mapping == {1: Field.EMAIL}


def test_dates_and_order_numbers_are_no_phone_numbers() -> None:
    found = columns.guess(
        [["E-mail", "a", "b"], [ADA, "2026-11-23", "26-0411"], ["b@example.org", "2026-11-24", "26-0412"]]
    )

    assert found.mapping == {0: Field.EMAIL}


def test_two_hundred_columns_are_no_problem() -> None:
    names = [f"Column {n}" for n in range(199)]

    assert columns.guess([[*names, "E-mail"], [*["x"] * 199, ADA]]).mapping == {199: Field.EMAIL}


def test_a_sheet_without_addresses_maps_none() -> None:
    assert Field.EMAIL not in columns.guess([["Product", "Price"], ["Chisel", "12"]]).mapping.values()


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=8))
def test_any_table_can_be_guessed_and_no_field_is_given_twice(table: list[list[str]]) -> None:
    found = columns.guess(table)

    assert -1 <= found.header_row < max(len(table), 1)
    assert len(set(found.mapping.values())) == len(found.mapping)
    assert all(0 <= column < max(map(len, table), default=0) for column in found.mapping)
