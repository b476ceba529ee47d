"""Languages and A/B tests of a mailing, made, watched and decided in the browser."""

import datetime as dt
from typing import Any

import pytest
from playwright.sync_api import expect

from mailings import editions, lifecycle, trials
from mailings.models import Chunk, Mailing
from tests.browser.conftest import Visitor
from tests.mailings.factories import a_mailing, a_person, a_selection

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _the_house(settings: Any, live_server: Any) -> None:
    settings.BASE_URL = live_server.url
    settings.POSTAL_ADDRESS = "Havenstraat 14, 3024 SC Rotterdam"


def to_readers(people: int = 12) -> Mailing:
    readers = a_selection("Readers")
    for number in range(people):
        a_person(f"p{number}@example.org", in_=readers, consents_to="newsletter", language="nl" if number % 3 else "en")
    return a_mailing(to=readers)


def test_a_language_is_added_and_written(author: Visitor) -> None:
    mailing = to_readers()
    page = author.open(f"/mailings/{mailing.pk}/content/")

    page.get_by_role("link", name="Languages, A/B").click()
    page.get_by_label("Add a language").select_option(label="Nederlands")
    page.get_by_role("button", name="Add", exact=True).click()

    expect(page.get_by_role("link", name="Nederlands")).to_have_attribute("aria-current", "page")
    author.inspect()
    author.tour(f"/mailings/{mailing.pk}/editions/", "editions-languages")
    (dutch,) = editions.of(mailing)
    author.tour(f"/mailings/{dutch.pk}/content/", "edition-content")


def test_a_variant_is_written_by_keyboard_and_taken_away(author: Visitor) -> None:
    mailing = to_readers()
    page = author.open(f"/mailings/{mailing.pk}/editions/")

    page.get_by_role("button", name="Make an A/B test").press("Enter")
    page.get_by_label("Subject").fill("Soup and bread")
    page.get_by_label("Percent that get the test").fill("50")
    page.get_by_role("button", name="One more variant").press("Enter")

    expect(page.get_by_role("button", name="Take C away")).to_be_visible()
    author.inspect()
    author.tour(f"/mailings/{mailing.pk}/editions/", "editions-test")
    page.get_by_role("button", name="Take C away").press("Enter")
    expect(page.get_by_role("button", name="Take C away")).to_have_count(0)
    assert [one.subject for one in editions.of(mailing)] == ["Soup and bread"]


def test_a_test_under_way_shows_its_figures_and_is_decided_by_hand(author: Visitor) -> None:
    mailing = to_readers(80)
    trials.begin(mailing, "subject")
    Mailing.with_editions.filter(edition_of=mailing.pk).update(subject="Soup and bread")
    lifecycle.start(mailing, by=None, now=NOON)
    mailing.messages.exclude(edition=trials.WAITS).update(state="sent", sent_at=NOON)
    some = mailing.messages.filter(edition=1).order_by("pk").values_list("pk", flat=True)[:3]
    mailing.messages.filter(pk__in=list(some)).update(clicked_at=NOON)
    Chunk.objects.filter(mailing=mailing).update(state="done", rows_left=0)
    trials.due(now=NOON)

    author.tour(f"/mailings/{mailing.pk}/", "trial-running")
    page = author.open(f"/mailings/{mailing.pk}/")
    page.get_by_role("button", name="Send B to the rest").click()

    expect(page.get_by_text("goes to everybody else")).to_be_visible()
    assert mailing.messages.filter(edition=1).count() == 72
