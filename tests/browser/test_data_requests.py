"""A person sees and erases their own data, staff answer requests and read the reports: both languages, both themes, a phone."""

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from consent import notices, privacy_mail, requests, suppressions, unsubscribe
from consent.models import OptOutKey, SubjectRequest
from tests.browser.conftest import Visitor
from tests.consent.factories import a_subscription_type, consents, withdraws

HANNA, TEUN = "hanna@bakkerijdewit.example", "teun@houtlab.example"


@pytest.fixture
def asked(transactional_db: None, settings: Settings, tmp_path: Path) -> SubjectRequest:
    settings.ERASURE_LOG, settings.MEDIA_ROOT = tmp_path / "erasures.log", tmp_path / "media"
    now = timezone.now()
    notices.publish(
        version="2026-1",
        url="",
        text="We keep it.",
        controller="De Werkbank",
        contact="privacy@example.org",
        by=None,
        now=now,
    )
    for back in range(0, 300, 30):
        on = timezone.localdate(now) - dt.timedelta(days=back + 1)
        consents(f"p{back}@houtlab.example", now=now - dt.timedelta(days=back), on=on)
    consents(HANNA, "purchase", now=now - dt.timedelta(days=3), on=timezone.localdate(now) - dt.timedelta(days=715))
    withdraws("p30@houtlab.example", now=now)
    unsubscribe.keep_keys({TEUN})
    leaver = OptOutKey.objects.get(address=TEUN)
    unsubscribe.leave(leaver, a_subscription_type(), how="page", now=now)
    unsubscribe.say_why(leaver, "too_often", "")
    suppressions.add("email", "jo@houtlab.example", "complained", evidence={}, actor="system", now=now)
    made = requests.ask(HANNA, language="nl", now=now)
    assert made
    return made


def test_somebody_sees_takes_along_and_erases_their_data(visitor: Visitor, asked: SubjectRequest) -> None:
    visitor.tour("/data/?lang=nl", "data-ask")
    link = requests.path(asked.key)
    visitor.tour(link, "data")
    page = visitor.open(link)
    assert page.context.cookies() == [] or all(cookie["name"] == "theme" for cookie in page.context.cookies())
    with page.expect_download() as copy:
        page.get_by_role("button", name="Als één bestand (JSON)").click()
    assert HANNA in Path(copy.value.path()).read_text()

    page.get_by_role("button", name="Mijn gegevens wissen").click()
    expect(page.get_by_role("alert")).to_contain_text("Zet eerst het vinkje")
    visitor.inspect()
    page.get_by_label("Ja, wis alles over mij").check()
    page.get_by_role("button", name="Mijn gegevens wissen").click()
    expect(page.get_by_role("heading", name="We wissen uw gegevens")).to_be_visible()
    requests.erase_due(now=timezone.now())
    visitor.open(f"{link}?lang=en")
    expect(page.get_by_role("heading", name="We forgot you")).to_be_visible()
    visitor.inspect()
    visitor.shot("data-erased")


def test_staff_answer_a_request_and_read_the_reports(author: Visitor, asked: SubjectRequest) -> None:
    author.tour("/consent/requests/", "requests")
    page = author.open(f"/consent/requests/{asked.pk}/")
    author.desk()
    page.get_by_label("How you know").fill("Showed her passport at the desk")
    page.get_by_role("button", name="It is them").click()
    author.inspect()
    author.shot("request-identified")
    page.get_by_role("button", name="Erase this person").click()
    expect(page.get_by_role("heading", name="Erase this person?")).to_be_visible()
    author.inspect()
    page.get_by_role("dialog").get_by_role("button", name="Erase this person").click()
    requests.erase_due(now=timezone.now())
    author.tour(f"/consent/requests/{asked.pk}/", "request-erased")
    author.language("nl")
    for path, name in (
        ("/consent/reports/", "reports"),
        ("/consent/expiring/?days=30", "expiring"),
        ("/consent/types/", "types"),
        ("/consent/notices/new/", "notice"),
        ("/consent/suppressions/", "blocked"),
        ("/consent/suppressions/import/", "block-list"),
        ("/consent/record/?source=newsletter_signup", "record"),
        ("/consent/address/?address=p0@houtlab.example", "address"),
        ("/consent/requests/new/", "request-new"),
    ):
        author.tour(path, name)
    author.language("en")
    expect(author.open(f"/consent/requests/{asked.pk}/").get_by_role("heading", level=1)).to_have_text(
        f"Request {asked.pk}"
    )


def test_staff_tell_somebody_what_is_kept_about_them(author: Visitor, asked: SubjectRequest) -> None:
    page = author.open("/consent/address/?address=p0@houtlab.example")
    author.desk()
    page.get_by_role("button", name="Privacy confirmation").click()
    expect(page.get_by_text("gets the privacy confirmation in a moment")).to_be_visible()
    privacy_mail.send_due(now=timezone.now())
    author.tour("/consent/address/?address=p0@houtlab.example", "told")
    expect(page.get_by_text("Privacy confirmation sent on")).to_be_visible()
