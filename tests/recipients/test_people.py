"""People are written with their addresses and found as one types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipients import people
from recipients.models import Person, PersonSearch
from tests.recipients.factories import a_company, a_person


def found(text: str) -> set[str]:
    return {person.name for person in Person.objects.matching(text)}


@pytest.mark.django_db
def test_the_first_address_is_the_one_we_write_to_and_the_order_can_change() -> None:
    person = a_person(email="ada@example.org", also=("ada@work.example", "countess@example.net"))

    people.write(person, ["countess@example.net", "ada@example.org"])

    kept = list(person.email_addresses.order_by("rank").values_list("rank", "address"))
    assert kept == [(1, "countess@example.net"), (2, "ada@example.org")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "words",
    [
        "ada",
        "LOVELACE",
        "lovelace ada",
        "example.org",
        "countess@",
        "analytical eng",
        "ada analytical countess",
        "zoë",
        "zoe",
        "ZOË",
    ],
)
def test_a_person_is_found_by_every_part_of_what_we_know(words: str) -> None:
    a_person("Ada Zoë Lovelace", email="ada@example.org", also=("countess@example.net",), at="Analytical Engines")
    a_person("Bob Builder", email="bob@builders.example")

    assert found(words) == {"Ada Zoë Lovelace"}


@pytest.mark.django_db
def test_every_word_must_match() -> None:
    a_person("Ada Lovelace")

    assert found("ada builder") == set()


@pytest.mark.django_db
def test_percent_and_underscore_are_only_letters() -> None:
    a_person("Ada Lovelace", email="a_b@example.org")

    assert found("%") == set()
    assert found("a_b") == {"Ada Lovelace"}


@pytest.mark.django_db
def test_people_are_found_by_the_new_name_of_their_company() -> None:
    company = a_company("Old Name")
    a_person("Ada Lovelace", at=company)

    company.name = "Fresh Bakery"
    people.rename_company(company)

    assert found("fresh") == {"Ada Lovelace"}
    assert found("old name") == set()


@pytest.mark.django_db
def test_an_address_that_two_people_have_is_named() -> None:
    ada = a_person("Ada Lovelace", email="team@example.org")
    bob = a_person("Bob Builder", email="bob@example.org", also=("team@example.org",))

    assert [(other.address, other.name) for other in people.shared_addresses(ada)] == [
        ("team@example.org", "Bob Builder")
    ]
    assert people.shared_addresses(bob)[0].person_id == ada.pk


@pytest.mark.django_db
def test_indexing_twice_changes_nothing_the_second_time() -> None:
    numbers = [a_person(name).pk for name in ("Ada Lovelace", "Bob Builder")]
    PersonSearch.objects.all().delete()

    assert people.index(numbers) == 2
    assert people.index(numbers) == 0


@given(st.lists(st.text(max_size=80), max_size=5))
def test_search_text_holds_every_word_in_any_case_and_stays_short(parts: list[str]) -> None:
    text = people.searchable(*parts)

    assert len(text) <= people.LONGEST_TEXT
    assert all(part.casefold() in text for part in parts)
