"""Cards and acts for many people, as a marketer uses them: in place, on a phone, in Dutch."""

import pytest

from consent.models import ConsentDetail
from recipients import custom
from recipients.models import CustomField, Interest, Person, Task
from tests.browser.conftest import Visitor
from tests.consent.factories import a_subscription_type
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


def test_a_yes_of_many_asks_for_its_evidence_in_dutch_on_a_phone(author: Visitor, ada: Person) -> None:
    news = a_subscription_type()
    author.language("nl")
    author.phone()
    page = author.open("/people/")
    page.get_by_role("checkbox", name="Ada Lovelace selecteren").check()
    page.get_by_role("button", name="Deze mensen wijzigen").click()
    page.get_by_role("button", name="Vastleggen dat ze instemden").click()
    author.inspect()
    page.get_by_label(news.name_nl).check()
    page.get_by_label("Waar komt het vandaan?").select_option(value="purchase")
    page.get_by_role("button", name="Wat is er nodig?").click()
    page.get_by_text("Lees dit eerst.").wait_for()
    author.inspect()
    author.shot("agree-phone")
    assert page.get_by_label(news.name_nl).is_checked()
    page.get_by_label("Besteldatum").fill("2026-10-01")
    for field in page.locator("input[name^=evidence_][type=text]").all():
        field.fill("26-0411")
    page.get_by_label("Reden").fill("Klanten van de beurs")
    page.get_by_label("Het bewijs geldt voor ieder").check()
    page.get_by_role("button", name="Doe het voor 1 persoon").click()
    page.get_by_text("er veranderde iets voor 1 persoon").wait_for()
    assert ConsentDetail.objects.get().evidence["because"] == "Klanten van de beurs"
    assert not author.problems, "\n".join(author.problems)


def test_two_cards_are_found_compared_and_made_one(author: Visitor, ada: Person) -> None:
    author.tour("/people/duplicates/", "duplicates")
    author.desk()
    page = author.open("/people/")
    page.get_by_role("link", name="Duplicates").click()
    page.get_by_role("link", name="Compare who has ada@example.org").click()
    author.inspect()
    author.shot("merge")
    author.tour(page.url.removeprefix(author.base), "merge")
    author.desk()
    page.get_by_role("button", name="Make them one card").click()
    page.get_by_text("are one card now").wait_for()
    author.open("/people/duplicates/").get_by_text("Every address belongs to one person.").wait_for()
    author.inspect()
    assert Person.objects.count() == 1


def test_tasks_and_a_narrowed_list_are_free_of_barriers(author: Visitor, ada: Person) -> None:
    assert author.user
    Task.objects.create(person=ada, title="Call Ada", assignee=author.user)
    author.tour("/tasks/", "tasks")
    readers = ada.selections.get()
    author.tour(f"/selections/{readers.pk}/?country=NL", "selection-narrowed")
    author.desk()
    page = author.open(f"/selections/{readers.pk}/")
    page.get_by_label("Country").select_option(value="BE")
    page.get_by_text("Nobody is like that.").wait_for()
    author.inspect()
    assert not author.problems, "\n".join(author.problems)
