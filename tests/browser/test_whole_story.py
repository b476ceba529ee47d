"""The main job by clicking: import a list, write to it, send, and follow the readers. Real workers, SMTP and readers."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from tests.browser.conftest import Visitor
from tests.consent.factories import a_subscription_type
from tests.flows.test_whole_story import OPENING, READERS, STAYING, a_list, the_house

PATIENCE = 60_000  # milliseconds for workers and readers


@pytest.fixture
def marieke(page: Page, transactional_db: None) -> Visitor:
    """Somebody at the login page of a house that is not built yet."""
    a_subscription_type("newsletter")
    User.objects.create_superuser("marieke", "marieke@example.org", "a long enough one", first_name="Marieke")
    return Visitor(page, "")


def log_in(marieke: Visitor) -> None:
    page = marieke.open("/account/login/")
    page.get_by_label("E-mail").fill("marieke@example.org")
    page.get_by_label("Password", exact=True).fill("a long enough one")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Marieke").wait_for()


def import_readers(page: Page, file: Path) -> None:
    page.get_by_role("link", name="Import people").first.click()
    page.get_by_label("File with people").set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    page.get_by_label("Signed up for the newsletter").check()
    signed_up = page.locator("[name^=newsletter_signup-]:visible")
    signed_up.and_(page.get_by_label("Signed up on", exact=True)).fill("2026-11-02")
    signed_up.and_(page.get_by_label("Form, or the file of the scan", exact=True)).fill("at the counter")
    signed_up.and_(page.get_by_label("Wording shown, word for word", exact=True)).fill("Yes, mail me")
    page.get_by_role("button", name=f"Import {READERS + 2} rows").click()
    expect(page.get_by_text("were taken over", exact=False).or_(page.get_by_text("are taken over"))).to_be_visible(
        timeout=PATIENCE
    )


def write_a_mailing(page: Page) -> None:
    page.get_by_role("link", name="New mailing").first.click()
    page.get_by_label("Name of mailing").fill("Spring fair")
    page.get_by_role("button", name="Make the mailing").click()
    page.get_by_label("Subscription type").select_option(label="Newsletter")
    page.get_by_label("Subject").fill("The fair, [[customer.firstname|friend]]")
    page.get_by_text("Saved").first.wait_for()
    page.get_by_role("link", name="Template").last.click()
    page.get_by_role("button", name="Blank").click()
    page.get_by_role("link", name="Recipients").last.click()
    page.get_by_role("button", name="Add").first.click()
    page.get_by_role("button", name="readers Static selection").click()
    expect(page.get_by_text("people will get it")).to_be_visible()
    page.get_by_role("link", name="Confirm").last.click()


def test_from_a_list_to_the_next_list_by_clicking(marieke: Visitor, tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / "readers.xlsx"
    file.write_bytes(a_list())
    with the_house(tmp_path, settings, *OPENING, *STAYING):
        marieke.base = settings.BASE_URL
        log_in(marieke)
        page = marieke.page

        import_readers(page, file)
        marieke.inspect()
        page.goto(settings.BASE_URL)
        write_a_mailing(page)
        marieke.inspect()
        page.get_by_role("button", name="Send now").click()
        page.get_by_role("button", name="Do not wait").click()

        everybody = page.get_by_text(f"{READERS} people opened it")
        expect(everybody).to_be_visible(timeout=PATIENCE)
        marieke.inspect()
        page.get_by_role("listitem").filter(has_text="Opened").first.get_by_role("link", name=str(READERS)).click()
        page.get_by_role("button", name=f"Add these {READERS} to a list").click()
        page.get_by_label("New selection").fill("Warm readers")
        page.get_by_role("button", name="Add them").click()
        page.get_by_role("heading", name="Warm readers").wait_for()
    assert not marieke.problems, "\n".join(marieke.problems)
