"""Which rows are taken over, which are not and why."""

import pytest
from django.db.models import Model
from hypothesis import given
from hypothesis import strategies as st

from consent import addresses
from recipients.imports import checks, vocabulary
from recipients.imports.checks import Checked, Warn
from recipients.imports.columns import Field
from recipients.imports.rows import Batch
from recipients.models import Company, Person

FIELDS = {0: Field.EMAIL, 1: Field.FIRST_NAME, 2: Field.LAST_NAME}


def checked(*rows: tuple[str, ...], fields: dict[int, Field] | None = None) -> Checked:
    return checks.check(Batch(list(range(2, len(rows) + 2)), [list(row) for row in rows]), fields or FIELDS)


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("ada@example.org", "ada@example.org"),
        ("ADA@Example.ORG", "ada@example.org"),
        ("Ada Lovelace <ada@example.org>", "ada@example.org"),
        ("<mailto:ada@example.org>", "ada@example.org"),
        ("mailto:ada@example.org", "ada@example.org"),
        ("ulf@exämple.org", "ulf@xn--exmple-cua.org"),
        ("ada+news@example.org", "ada+news@example.org"),
    ],
)
def test_an_address_is_taken_in_the_form_that_consent_knows(cell: str, address: str) -> None:
    assert [person.address for person in checked((cell,)).people] == [address]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("", "no e-mail address in this row"),
        ("a@b@c", "more than one @"),
        ("ülf@exämple.org", "letter “ü” before the @"),
        ("ada", "no @"),
        ("ada@example", "dot is missing after the @"),
        ("ada@example.org, bob@example.org", "two addresses"),
        ("Ada <ada>", "no @"),
        ("2026-11-23", "no @"),
        ("@example.org", "before the @ is missing"),
    ],
)
def test_a_wrong_address_refuses_the_row_and_says_why(cell: str, words: str) -> None:
    found = checked((cell, "Ada", "Lovelace"), ("bob@example.org", "Bob", ""))

    assert [(row.row, row.cells) for row in found.refused] == [(2, [cell, "Ada", "Lovelace"])]
    assert words in found.refused[0].reason
    assert [person.row for person in found.people] == [3]


@pytest.mark.parametrize("name", ["1984", "2026-11-23", "2026-11-23T10:00:00", "TRUE", "WAAR", "12,5", "1e6"])
def test_what_is_no_name_is_left_out_with_a_word(name: str) -> None:
    found = checked(("ada@example.org", name, "Lovelace"))

    assert (found.people[0].first_name, found.people[0].last_name) == ("", "Lovelace")
    assert found.warnings == {Warn.NOT_A_NAME: [2]}


@pytest.mark.parametrize("name", ["-", "?", "...", "–"])
def test_a_dash_means_nothing_and_needs_no_word(name: str) -> None:
    found = checked(("ada@example.org", name, "Lovelace"))

    assert found.people[0].first_name == ""
    assert found.warnings == {}


@pytest.mark.parametrize(
    "name", ["Ada", "Jan-Willem", "O'Brien", "Nguyễn", "李", "X Æ A-12", "Mary Ann 2nd", "=SUM(A1)", "3D Print B.V."]
)
def test_strange_names_stay_as_they_are(name: str) -> None:
    assert checked(("ada@example.org", "", name)).people[0].last_name == name


def test_what_is_too_long_refuses_the_row_with_both_numbers() -> None:
    found = checked(("ada@example.org", "Y" * 101, ""), ("bob@example.org", "Y" * 100, ""))

    assert found.refused[0].reason == "First name is too long: 101 characters, at most 100 fit"
    assert [person.row for person in found.people] == [3]


def test_every_limit_is_the_database_s_own() -> None:
    places: dict[Field, tuple[type[Model], str]] = {
        Field.COMPANY: (Company, "name"),
    }
    for field, most in checks.LONGEST.items():
        if field is Field.NOTES:
            continue
        model, name = places.get(field, (Person, field.value))
        assert model._meta.get_field(name).max_length == most


def test_a_role_address_is_taken_over_with_a_word() -> None:
    found = checked(("info@example.org",), ("infodag@example.org",))

    assert len(found.people) == 2
    assert found.warnings == {Warn.ROLE: [2]}


def test_countries_and_languages_are_understood_in_words() -> None:
    fields = {0: Field.EMAIL, 1: Field.COUNTRY, 2: Field.LANGUAGE}

    found = checked(
        ("a@x.nl", "België", "Frans"), ("b@x.nl", "nl", "EN"), ("c@x.nl", "Narnia", "Elvish"), fields=fields
    )

    assert [(person.country, person.language) for person in found.people] == [("BE", "fr"), ("NL", "en"), ("", "")]
    assert found.warnings == {Warn.COUNTRY: [4], Warn.LANGUAGE: [4]}


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("Ada Lovelace", ("Ada", "", "Lovelace")),
        ("Jan van der Berg", ("Jan", "van der", "Berg")),
        ("Berg, Jan van der", ("Jan", "van der", "Berg")),
        ("Anne Marie de Wit", ("Anne Marie", "de", "Wit")),
        ("Lovelace, Ada", ("Ada", "", "Lovelace")),
        ("Madonna", ("Madonna", "", "")),
        ("Vincent van", ("Vincent", "", "van")),
        ("", ("", "", "")),
    ],
)
def test_a_whole_name_is_cut_as_the_dutch_cut_it(whole: str, parts: tuple[str, str, str]) -> None:
    assert vocabulary.name(whole) == parts
    found = checked(("ada@example.org", whole), fields={0: Field.EMAIL, 1: Field.FULL_NAME})
    assert found.people[0][2:5] == parts


def test_a_row_that_is_shorter_than_its_header_has_empty_cells() -> None:
    assert checked(("ada@example.org",)).people[0].last_name == ""


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300)


@given(st.lists(st.tuples(texts, texts, texts, texts, texts), max_size=8))
def test_every_row_gets_exactly_one_answer(rows: list[tuple[str, ...]]) -> None:
    fields = {0: Field.EMAIL, 1: Field.FULL_NAME, 2: Field.COMPANY, 3: Field.PHONE, 4: Field.COUNTRY}

    found = checked(*rows, fields=fields)

    assert sorted([row.row for row in found.people] + [row.row for row in found.refused]) == [*range(2, len(rows) + 2)]
    assert all(row.reason for row in found.refused)
    assert all(addresses.normalise(row.address) == row.address for row in found.people)
    assert all(len(getattr(row, field)) <= checks.LONGEST[field] for row in found.people for field in checks.LONGEST)
