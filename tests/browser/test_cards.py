"""Cards and acts for many people, as a marketer uses them: in place, on a phone, in Dutch."""

import pytest

from recipients import custom
from recipients.models import CustomField, Interest, Person
from tests.browser.conftest import Visitor
from tests.recipients.factories import a_person, a_project, a_selection


@pytest.fixture
def ada(author: Visitor) -> Person:
    Interest.objects.create(name="Cheese")
    custom.add(CustomField(of="person", kind="number", name="Shoe size"))
    readers, fair = a_selection("Readers"), a_project("Fair", kind="Trade fair")
    person = a_person("Ada Lovelace", email="ada@example.org", at="Engines", in_=readers, joins=fair, country="NL")
    a_person("A. Lovelace", email="ada@example.org")
    return person


def test_a_part_is_edited_where_it_stands(author: Visitor, ada: Person) -> None:
    author.expected.add(422)  # a mistake is answered with it
    page = author.open(f"/people/{ada.pk}/")
    page.locator("#part-reach").get_by_role("link", name="Edit").click()
    page.get_by_label("Mobile").fill("06 12")
    page.locator("#part-reach").get_by_role("button", name="Save").click()
    page.get_by_text("too few or too many digits").first.wait_for()
    page.get_by_label("Mobile").fill("06-12345678")
    page.locator("#part-reach").get_by_role("button", name="Save").click()
    page.get_by_role("link", name="06 12345678").wait_for()
    author.inspect()
    assert Person.objects.get(pk=ada.pk).mobile == "+31612345678"
    assert not author.problems, "\n".join(author.problems)


def test_many_people_are_changed_from_the_list_in_dutch_on_a_phone(author: Visitor, ada: Person) -> None:
    author.language("nl")
    author.phone()
    page = author.open("/people/")
    author.inspect()
    page.get_by_role("checkbox", name="Ada Lovelace selecteren").check()
    page.get_by_role("button", name="Deze mensen wijzigen").click()
    page.get_by_role("button", name="Interesse geven of weghalen").click()
    page.get_by_label("Interesse", exact=True).select_option(label="Cheese")
    author.inspect()
    author.shot("many-phone")
    page.get_by_role("button", name="Doe het voor 1 persoon").click()
    page.get_by_text("er veranderde iets voor 1 persoon").wait_for()
    assert [str(one) for one in ada.interests.all()] == ["Cheese"]
    assert not author.problems, "\n".join(author.problems)
