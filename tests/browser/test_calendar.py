"""The calendar of mailings, folders on the list, and files that go along, in the browser."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.mailings.factories import a_mailing, a_selection


@pytest.fixture(autouse=True)
def _the_house(settings: Any, live_server: Any, tmp_path: Path) -> None:
    settings.BASE_URL = live_server.url
    settings.MEDIA_ROOT = tmp_path


def test_a_month_shows_what_went_and_what_is_planned(author: Visitor) -> None:
    readers = a_selection()
    now = timezone.now().replace(day=14, hour=9)
    a_mailing(to=readers, name="Newsletter of the month", status="sent", started_at=now)
    a_mailing(to=readers, name="Invitation to the open day", status="scheduled", send_at=now + dt.timedelta(days=3))
    page = author.open("/mailings/")

    page.get_by_role("link", name="Calendar").click()
    expect(page.get_by_role("link", name="Invitation to the open day")).to_be_visible()
    author.tour("/mailings/calendar/", "calendar")
    page = author.open("/mailings/calendar/")
    page.get_by_role("link", name="Month after").press("Enter")

    expect(page.get_by_text("Nothing was sent or is planned in this month.").last).to_be_visible()


def test_mailings_are_filed_by_picking_them(author: Visitor) -> None:
    a_mailing(to=a_selection(), name="Spring fair")
    page = author.open("/mailings/")

    page.get_by_label("Select Spring fair").check()
    page.get_by_role("toolbar").get_by_label("Folder").fill("Fairs")
    page.get_by_role("button", name="Put there").click()

    expect(page.get_by_text("1 mailing is in “Fairs”.")).to_be_visible()
    author.inspect()
    page.get_by_label("Select Spring fair").check()
    author.inspect()
    author.shot("list-picked")


def test_a_file_is_attached_at_the_foot_of_setup(author: Visitor, tmp_path: Path) -> None:
    mailing = a_mailing(to=a_selection())
    file = tmp_path / "programme.pdf"
    file.write_bytes(b"%PDF-1.7 x")
    page = author.open(f"/mailings/{mailing.pk}/setup/")

    page.get_by_label("Files that go along with every mail").set_input_files(file)
    page.get_by_role("button", name="Attach").click()

    expect(page.get_by_role("link", name="programme.pdf")).to_be_visible()
    author.tour(f"/mailings/{mailing.pk}/setup/", "setup")
