"""Selections by criteria, as a marketer builds them: by mouse, by keyboard and on a phone."""

import re

from playwright.sync_api import expect

from recipients import selections
from recipients.models import Selection
from tests.browser.conftest import Visitor
from tests.conftest import NOON
from tests.mailings.returns import a_message, a_sent_mailing
from tests.recipients.criteria.stories import (
    a_combined_selection,
    a_dynamic_selection,
    any_of,
    ask,
    inside,
    none_of,
    people_in,
)
from tests.recipients.factories import a_company, a_person, a_selection


def a_house() -> Selection:
    """Readers of several kinds, a mailing that some opened, and a selection that asks for all of it."""
    bakery = a_company("Bakkerij De Wit", city="Rotterdam", country="NL")
    fair = a_sent_mailing(name="Spring fair")
    for place, name in enumerate(("Hanna Wit", "Ruben Kuijpers", "Fatima Amrani", "Émile Zola")):
        person = a_person(name, at=bakery if place % 2 else None, language="nl" if place < 3 else "fr")
        a_message(fair, person=person, clicked_at=NOON if place else None, opened_at=NOON)
    vips = a_selection("Open day, guests")
    dynamic = a_dynamic_selection(
        ask("person.language", codes=["nl", "de"]),
        any_of(
            ask("mailing.clicked", "did", mailing=fair.pk, days=9000),
            ask("company.city", text="Rotterdam"),
        ),
        none_of(inside(vips), ask("lists.selection", "in", selection=987654)),
        name="Dutch clickers",
    )
    selections.evaluate(dynamic, now=NOON)
    return dynamic


def test_every_page_of_criteria_is_free_of_barriers(author: Visitor) -> None:
    dynamic = a_house()
    combined = a_combined_selection("difference", a_selection("Newsletter readers"), dynamic, name="Not yet there")
    for name, path in {
        "criteria-builder": f"/selections/{dynamic.pk}/criteria/",
        "criteria-tab": f"/selections/{dynamic.pk}/?tab=criteria",
        "criteria-members": f"/selections/{dynamic.pk}/",
        "criteria-combined": f"/selections/{combined.pk}/criteria/",
        "criteria-new": "/selections/new/",
        "criteria-list": "/selections/",
    }.items():
        author.tour(path, name)


def test_a_selection_is_built_with_a_live_count(author: Visitor) -> None:
    a_house()
    page = author.open("/selections/new/")

    page.get_by_label("Name").fill("Dutch readers")
    page.get_by_label("By criteria").check()
    page.get_by_role("button", name="Make selection").click()
    page.get_by_label("Look at").select_option(label="Language")
    page.get_by_label("Dutch").check()
    expect(page.locator("#found-count")).to_have_text("3")
    expect(page.get_by_label("Some of them")).to_contain_text("Hanna Wit")
    author.inspect()
    author.shot("criteria-open")
    page.get_by_role("button", name="Criterion", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("Language is"))).to_be_visible()
    page.get_by_label("Look at").select_option(label="Clicked in a mailing")
    page.get_by_label("Mailing", exact=True).select_option(label="Spring fair")
    page.get_by_label("In the last … days").fill("9000")
    page.get_by_label("In the last … days").press("Tab")
    expect(page.get_by_text("Clicked any link in Spring fair in the last 9,000 days")).to_be_visible()
    expect(page.locator("#found-count")).to_have_text("2")
    author.inspect()
    author.shot("criteria-open-mailing")
    page.get_by_role("button", name="Save criteria").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Dutch readers")
    expect(page.get_by_role("row")).to_have_count(3)
    author.inspect()
    page.get_by_label("Ask about somebody").press_sequentially("hanna")
    page.get_by_role("link", name="Why is Hanna Wit in it, or not?").click()
    expect(page.locator("#why")).to_contain_text("does not belong in it")
    author.inspect()
    author.shot("criteria-why")


def test_criteria_are_built_by_keyboard_alone(author: Visitor) -> None:
    a_person("Ada Lovelace")
    selection = a_dynamic_selection(ask("person.name", text="Bob"))
    page = author.open(f"/selections/{selection.pk}/criteria/")

    page.get_by_role("button", name=re.compile("Name is")).press("Enter")
    page.get_by_label("Text", exact=True).fill("Ada Lovelace")
    page.get_by_label("Text", exact=True).press("Enter")
    expect(page.get_by_role("button", name=re.compile("Ada Lovelace"))).to_be_visible()
    expect(page.locator("#found-count")).to_have_text("1")
    page.get_by_role("button", name="Save criteria").press("Enter")

    expect(page.get_by_role("row")).to_have_count(2)
    assert len(people_in(selection)) == 1


def test_what_is_typed_survives_a_closed_tab_and_removal_is_undone(author: Visitor) -> None:
    selection = a_dynamic_selection(ask("person.name", text="Bob"), ask("person.phone", "filled"))
    author.phone()
    page = author.open(f"/selections/{selection.pk}/criteria/")

    page.get_by_role("button", name="Take this criterion away").first.click()
    expect(page.get_by_text("Name is")).to_have_count(0)
    author.inspect()
    author.shot("criteria-undo-phone")
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_text("Name is")).to_be_visible()
    page.get_by_role("button", name=re.compile("Name is")).click()
    page.get_by_label("Text", exact=True).fill("Bob Jansen")
    expect(page.get_by_text("Name is “Bob Jansen”")).to_be_visible()
    expect(page.get_by_text("Your changes count once you save")).to_be_visible()
    page = author.open(f"/selections/{selection.pk}/criteria/")

    expect(page.get_by_text("Name is “Bob Jansen”")).to_be_visible()
    author.inspect()
    author.shot("criteria-phone-draft")


def test_what_is_typed_while_the_form_is_drawn_again_is_not_lost(author: Visitor) -> None:
    a_house()
    selection = a_dynamic_selection(ask("mailing.clicked", "did"))
    page = author.open(f"/selections/{selection.pk}/criteria/")
    page.get_by_role("button", name=re.compile("Clicked")).click()
    page.route("**/criteria/", lambda route: (page.wait_for_timeout(600), route.continue_()))

    page.get_by_label("Mailing", exact=True).select_option(label="Spring fair")
    page.get_by_label("In the last … days").fill("9000")

    expect(page.get_by_text("Clicked any link in Spring fair in the last 9,000 days")).to_be_visible()
    expect(page.get_by_label("In the last … days")).to_have_value("9000")
    page.unroute("**/criteria/")
    page.get_by_role("button", name="Save criteria").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dynamic")
    selection.refresh_from_db()
    assert selection.criteria["parts"][0]["with"]["days"] == ["9000"]
