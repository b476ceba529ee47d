"""People, companies, selections and projects, as a marketer meets them."""

import re

from playwright.sync_api import expect

from recipients import members
from recipients.models import Person, Selection
from tests.browser.conftest import Visitor
from tests.recipients.factories import a_company, a_person, a_project, a_selection


def some_people() -> list[Person]:
    bakery = a_company("Bakkerij De Wit", city="Rotterdam")
    return [
        a_person("Hanna Wit", email="hanna@bakkerijdewit.example", at=bakery, title="Owner", language="nl"),
        a_person(
            "Ruben Kuijpers", email="ruben@noordmetaal.example", also=("ruben@planet.example",), phone="+31612345678"
        ),
        a_person("Fatima Amrani", email=""),
    ]


def test_every_page_of_people_is_free_of_barriers(author: Visitor) -> None:
    hanna, ruben, fatima = some_people()
    selection = a_selection("Newsletter readers", of=(hanna, ruben))
    project = a_project("Open day", of=(fatima,), status="running")
    for name, path in {
        "people": "/people/",
        "person": f"/people/{hanna.pk}/",
        "person-new": "/people/new/",
        "companies": "/companies/",
        "company": f"/companies/{hanna.company_id}/",
        "selections": "/selections/",
        "selection": f"/selections/{selection.pk}/",
        "selection-mailings": f"/selections/{selection.pk}/?tab=mailings",
        "projects": "/projects/",
        "project": f"/projects/{project.pk}/",
        "project-new": "/projects/new/",
        "search": "/search/?q=hanna",
    }.items():
        author.tour(path, name)


def test_empty_pages_teach_in_both_themes(author: Visitor) -> None:
    for name in ("people", "companies", "selections", "projects", "forms"):
        author.tour(f"/{name}/", f"{name}-empty")
    author.tour("/", "home-empty")


def test_the_list_narrows_as_one_types(author: Visitor) -> None:
    some_people()
    page = author.open("/people/")

    page.get_by_role("searchbox", name="Search people").press_sequentially("bakkerij")

    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("link", name="Hanna Wit")).to_be_visible()
    expect(page).to_have_url(re.compile("q=bakkerij"))
    author.inspect()


def test_picked_people_go_to_a_new_selection(author: Visitor) -> None:
    hanna, _ruben, fatima = some_people()
    page = author.open("/people/")

    page.get_by_label("Select Hanna Wit").check()
    page.get_by_label("Select Fatima Amrani").check()
    expect(page.get_by_role("toolbar")).to_contain_text("2 selected")
    author.inspect()
    page.get_by_role("button", name="Add to a list").click()
    author.inspect()
    author.shot("people-add-dialog")
    page.get_by_label("or a new selection").fill("Readers")
    page.get_by_role("button", name="Add them").click()

    expect(page.get_by_role("status")).to_contain_text("2 people added to “Readers”")
    assert set(members.of(Selection.objects.get())) == {hanna, fatima}
    author.inspect()


def test_the_table_is_walked_by_keyboard(author: Visitor) -> None:
    some_people()
    page = author.open("/people/")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("toolbar")).to_contain_text("1 selected")
    page.keyboard.press("k")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Fatima Amrani")


def test_ctrl_k_finds_a_person_and_enter_opens_the_card(author: Visitor) -> None:
    some_people()
    page = author.open("/settings/")

    page.keyboard.press("Control+k")
    page.keyboard.type("ruben")
    hit = page.get_by_role("dialog").get_by_role("link", name=re.compile("Ruben Kuijpers"))
    expect(hit).to_be_visible()
    author.inspect()
    author.shot("search-dialog")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Ruben Kuijpers")


def test_a_person_is_written_down_and_a_mistake_keeps_what_was_typed(author: Visitor) -> None:
    a_company("Bakkerij De Wit")
    author.expected.add(422)
    page = author.open("/people/")

    page.get_by_role("link", name="New person").or_(page.get_by_role("link", name="Write one down")).first.click()
    page.get_by_label("First name").fill("Ilse")
    page.get_by_label("E-mail").fill("ilse@brouwer")
    page.get_by_role("button", name="Write down").click()
    expect(page.get_by_role("alert")).to_contain_text("A dot is missing after the @")
    author.inspect()
    author.shot("person-mistake")
    page.get_by_label("E-mail").fill("ilse@brouwer.example")
    page.get_by_label("Company").press_sequentially("bakk")
    expect(page.locator("#companies option")).to_have_attribute("value", "Bakkerij De Wit")
    page.get_by_label("Company").fill("Bakkerij De Wit")
    page.get_by_role("button", name="Write down").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Ilse")
    expect(page.get_by_role("status")).to_contain_text("is written down")
    expect(page.get_by_text("May I mail this person?")).to_be_visible()
    author.inspect()


def test_people_are_found_added_to_a_selection_and_taken_off(author: Visitor) -> None:
    some_people()
    selection = a_selection("Readers")
    page = author.open(f"/selections/{selection.pk}/")

    page.get_by_role("searchbox", name="Find people to add").press_sequentially("ruben")
    page.get_by_role("button", name="Add Ruben Kuijpers").click()
    expect(page.get_by_role("status")).to_contain_text("1 person added")
    page.get_by_label("Select Ruben Kuijpers").check()
    author.inspect()
    page.get_by_role("button", name="Take off the list").click()

    expect(page.get_by_text("Nobody is on this list yet")).to_be_visible()
    author.inspect()


def test_dutch_and_a_phone_fit_together(author: Visitor) -> None:
    hanna, *_others = some_people()
    author.language("nl")
    author.phone()
    for path in ("/", "/people/", f"/people/{hanna.pk}/", "/people/new/", "/settings/"):
        author.open(path)
        author.inspect()
    author.shot("settings-dutch-phone")
