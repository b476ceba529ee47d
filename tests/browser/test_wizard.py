"""A mailing from its name to the last check, by clicking and by keyboard."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from mailings.models import Counts, Mailing
from tests.browser.conftest import Visitor
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents
from tests.mailings.factories import HELLO, a_mailing, a_person, a_selection
from tests.recipients.imports import workbooks


@pytest.fixture(autouse=True)
def _the_house(settings: Any, live_server: Any) -> None:
    settings.BASE_URL = live_server.url
    settings.POSTAL_ADDRESS = "Havenstraat 14, 3024 SC Rotterdam"


def readers_of_all_kinds() -> Any:
    readers = a_selection("Readers")
    for number in range(30):
        consents_to = "newsletter" if number % 3 else None
        a_person(f"ada{number}@bakery.example", in_=readers, consents_to=consents_to, company=f"Bakery {number % 4}")
    a_person("info@bakery.example", in_=readers)
    a_person("", in_=readers, first_name="Carl")
    return readers


def test_a_mailing_is_made_step_by_step(author: Visitor) -> None:
    readers_of_all_kinds()
    page = author.open("/mailings/")
    expect(page.get_by_role("heading", name="Nothing has flown yet")).to_be_visible()
    author.inspect()

    page.get_by_role("link", name="Make the first mailing").click()
    page.get_by_label("Name of mailing").fill("Open day 12 December")
    author.inspect()
    page.get_by_role("button", name="Make the mailing").click()

    expect(page).to_have_url(re.compile(r"/mailings/\d+/setup/$"))
    page.get_by_label("Subject", exact=True).fill("See the workshop, [[customer.firstname|friend]]")
    page.get_by_label(re.compile("^Preheader")).fill("Doors open at two")
    page.get_by_label("Subscription type").select_option(label="Newsletter")
    expect(page.locator("#saved")).to_contain_text("Saved")
    expect(page.get_by_text("Reads: See the workshop,")).to_be_visible()
    expect(page.locator("#steps").get_by_role("link", name="Setup complete")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Subject", exact=True)).to_have_value("See the workshop, [[customer.firstname|friend]]")
    author.inspect()

    page.locator("#steps").get_by_role("link", name="Recipients").click()
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Search sources").press_sequentially("read")
    page.get_by_role("dialog").get_by_role("button", name="Readers").click()
    expect(page.get_by_role("region", name="Who gets it")).to_contain_text("20 people will get it")
    expect(page.get_by_text("20 get it + 12 held = 32. Everybody is accounted for.")).to_be_visible()
    author.inspect()

    page.get_by_role("region", name="People").get_by_role("link", name="Held").click()
    expect(page.get_by_role("cell", name="info@bakery.example")).to_be_visible()
    expect(page.get_by_role("region", name="People")).to_contain_text("Address of a function, not of a person")
    page.get_by_label("Reason").select_option("no_address")
    expect(page.get_by_role("cell", name="Carl")).to_be_visible()
    expect(page.get_by_role("cell", name="info@bakery.example")).to_have_count(0)

    page.get_by_role("link", name="Confirm").first.click()
    expect(page.get_by_role("button", name="Send now")).to_be_disabled()
    expect(page.get_by_text("The mailing has no content yet.")).to_be_visible()
    author.inspect()

    page.get_by_role("region", name="Last check").get_by_role("link", name="Template").click()
    page.locator("button[name=starter]").first.click()
    expect(page).to_have_url(re.compile(r"/content/"))
    page.wait_for_load_state("networkidle")
    Mailing.objects.update(content=HELLO)  # a starter's buttons lead nowhere yet
    page.locator("#steps").get_by_role("link", name="Confirm").click()
    expect(page.get_by_role("region", name="Who gets it")).to_contain_text("20 people will get it.")
    expect(page.get_by_role("region", name="Who gets it")).to_contain_text("12 are held back.")
    author.inspect()
    author.shot("wizard-made")
    page.get_by_label("Or at a date and time").fill("2030-05-07T10:00")
    page.get_by_role("button", name="Schedule").click()
    expect(page).to_have_url(re.compile(r"/mailings/\d+/$"))
    assert Mailing.objects.get().status == "scheduled"


def test_what_is_wrong_stands_at_the_field_and_nothing_typed_is_lost(author: Visitor) -> None:
    mailing = a_mailing()
    page = author.open(f"/mailings/{mailing.pk}/setup/")

    page.get_by_label("Reply to").fill("marieke@example")
    page.get_by_label("From, name").fill("The Workbench")
    page.get_by_label("From, name").blur()

    expect(page.locator("#said_reply_to")).not_to_be_empty()
    expect(page.get_by_label("Reply to")).to_have_value("marieke@example")
    expect(page.locator("#saved")).to_contain_text("Saved")
    mailing.refresh_from_db()
    assert (mailing.from_name, mailing.reply_to) == ("The Workbench", "")


def test_the_line_below_the_name_says_when_there_is_no_connection(author: Visitor) -> None:
    page = author.open(f"/mailings/{a_mailing().pk}/setup/")

    page.context.set_offline(True)
    page.get_by_label("Subject", exact=True).fill("Lost?")
    page.get_by_label("Subject", exact=True).blur()
    expect(page.locator("#saved")).to_contain_text("Not saved")
    page.context.set_offline(False)
    page.get_by_label("Subject", exact=True).fill("Not lost")
    page.get_by_label("Subject", exact=True).blur()

    expect(page.locator("#saved")).to_contain_text("Saved")
    author.problems.clear()


@pytest.mark.parametrize("step", ["setup", "recipients", "confirm"])
def test_the_steps_are_free_of_barriers_in_both_themes_and_on_a_phone(author: Visitor, step: str) -> None:
    readers = readers_of_all_kinds()
    mailing = a_mailing(
        to=readers, name="Open day 12 December", subject="See the workshop, [[company.name]]", content=HELLO
    )

    author.tour(f"/mailings/{mailing.pk}/{step}/", f"wizard-{step}")


def test_the_library_is_free_of_barriers_and_archives_what_is_picked(author: Visitor) -> None:
    a_subscription_type()
    for status in Mailing.Status.values:
        mailing = a_mailing(name=f"Newsletter, {status}", status=status, created_by=author.user, started_at=NOON)
        Counts.objects.create(mailing=mailing, states={"sent": 940, "held": 60}, delivered=930, opened=382, clicked=61)
    author.tour("/mailings/", "mailings")

    page = author.open("/mailings/?tab=sent")
    page.get_by_label("Select Newsletter, sent").check()
    page.get_by_role("toolbar").get_by_role("button", name="Archive").click()

    expect(page.get_by_role("status")).to_contain_text("1 mailing archived.")
    expect(page.get_by_role("link", name="Archived 1")).to_be_visible()


def test_a_file_for_this_mailing_only_is_dropped_and_judged_by_clicking(author: Visitor, tmp_path: Path) -> None:
    mailing = a_mailing()
    consents("ada@example.org")
    rows = [("E-mail", "Naam"), ("ada@example.org", "Ada Dam"), ("bob@example.org", ""), ("a@b@c", "")]
    file = workbooks.a_workbook(tmp_path / "guests.xlsx", rows)
    page = author.open(f"/mailings/{mailing.pk}/recipients/")
    page.get_by_role("button", name="Add").first.click()
    page.get_by_role("link", name="Or a file with people for this mailing only").click()
    expect(page.get_by_text("Nobody is on the list yet.")).to_be_visible()
    author.inspect()

    page.get_by_label("File with people").set_input_files(file)
    page.get_by_role("button", name="Add to the list").click()

    expect(page.get_by_role("region", name="1 row was not taken")).to_contain_text("Row 4")
    expect(page.get_by_role("region", name="2 people")).to_contain_text("Ada Dam")
    author.inspect()
    author.shot("one-off-taken")
    page.get_by_label("Reason").select_option("no_consent")
    expect(page.get_by_role("region", name="2 people")).not_to_contain_text("Ada Dam")
    page.get_by_role("button", name="Remove bob@example.org").click()
    expect(page.get_by_role("region", name="1 person")).to_contain_text("Ada Dam")
    author.tour(f"/mailings/{mailing.pk}/one-off/", "one-off")
    author.tour(f"/mailings/{mailing.pk}/recipients/", "one-off-recipients")


def test_another_channel_is_put_behind_a_mailing(author):
    mailing = a_mailing(to=a_selection())
    page = author.open(f"/mailings/{mailing.pk}/recipients/")
    page.get_by_role("button", name="Then a text message").click()
    page.get_by_text("Behind Open day").wait_for()

    author.tour(f"/mailings/{mailing.pk}/recipients/", "cascade-recipients")
    author.tour(f"/mailings/{mailing.pk}/confirm/", "cascade-confirm")
    author.tour(f"/mailings/{mailing.companions.get().pk}/recipients/", "cascade-behind")
