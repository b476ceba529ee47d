"""Consent, clicked through: the pages of staff and the one page of the reader."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from consent import suppressions, unsubscribe
from consent.models import ConsentEvent, Suppression
from tests.browser.conftest import Visitor
from tests.consent.factories import a_subscription_type, consents

HANNA = "hanna@bakkerijdewit.example"


@pytest.fixture
def known(transactional_db: None) -> None:
    for code in ("newsletter", "events"):
        a_subscription_type(code)
    consents(HANNA, whole_purpose=True)
    consents("ruben@noordmetaal.example", "met_in_person")
    consents("fatima@wijkbedrijf.example", "purchase", on=dt.date(2022, 5, 1))
    suppressions.add(
        "email",
        "sjoerd@haverkamp.example",
        "unsubscribed",
        subscription_type=a_subscription_type("events"),
        evidence={"how": "one_click"},
        actor="self",
        now=timezone.now(),
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/consent/", "overview"),
        ("/consent/addresses/?type=newsletter&verdict=refuse", "addresses"),
        ("/consent/sources/", "sources"),
        ("/consent/ledger/", "ledger"),
        (f"/consent/address/?address={HANNA}", "address"),
        ("/consent/record/?source=own_form", "record"),
        ("/consent/sources/purchase/", "rule"),
        ("/consent/roles/", "roles"),
        ("/consent/what-if/?source=own_form&evidence_date=2026-10-01&country=DE", "what-if"),
        ("/consent/suppressions/", "blocked"),
        ("/consent/suppressions/new/", "block"),
        ("/consent/types/", "types"),
        ("/consent/types/new/", "type"),
    ],
)
def test_pages_of_consent_are_free_of_barriers(author: Visitor, known: None, path: str, name: str) -> None:
    author.tour(path, f"consent-{name}")


def test_an_empty_house_says_what_to_do(author: Visitor) -> None:
    for path, name in (
        ("/consent/", "overview"),
        ("/consent/suppressions/", "blocked"),
        ("/consent/ledger/", "ledger"),
    ):
        author.open(path)
        author.inspect()
        author.shot(f"consent-{name}-empty")


def test_consent_is_recorded_by_hand_with_the_evidence_that_its_source_needs(author: Visitor, known: None) -> None:
    author.expected.add(422)
    page = author.open("/consent/")
    page.get_by_role("link", name="Record consent").click()
    page.get_by_label("E-mail").fill("teun@houtlab.example")
    page.get_by_label("Subscription type").select_option("Newsletter")
    page.get_by_label("Where does it come from?").select_option("Bought something from you")
    page.get_by_label("Order date").fill("2026-09-09")
    expect(page.get_by_label("E-mail")).to_have_value("teun@houtlab.example")
    page.get_by_label("Brand").fill("De Werkbank")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_role("alert")).to_contain_text("Order number")
    page.get_by_label("Order number").fill("26-1187")
    for flag in page.locator("[name^=evidence_][type=checkbox]").all():  # soft opt-in: all three
        flag.check()
    page.get_by_role("button", name="Write it down").click()

    panel = page.get_by_role("region", name="May I mail this person?").first
    expect(panel).to_contain_text("counts until 9 September 2028")
    author.inspect()


def test_what_if_answers_while_one_chooses(author: Visitor, known: None) -> None:
    page = author.open("/consent/")
    page.get_by_role("link", name="What if?").click()
    page.get_by_label("Where does the address come from?").select_option("Signed up for the newsletter")
    expect(page.get_by_text("The evidence is not complete.")).to_be_visible()

    page.get_by_label("Evidence complete as of").fill("2026-10-01")
    page.get_by_label("Evidence complete as of").press("Tab")
    expect(page.get_by_text("They agreed by an act of their own.")).to_be_visible()
    page.get_by_label("Country").select_option("Germany")

    expect(page.get_by_text("The law there asks for a confirmed yes.")).to_be_visible()
    assert "country=DE" in page.url


def test_the_ledger_is_checked_on_the_spot(author: Visitor, known: None) -> None:
    page = author.open("/consent/")

    page.get_by_role("button", name="Check the ledger").click()

    expect(page.get_by_text("The ledger of 4 entries is unbroken.")).to_be_visible()


def test_a_reader_leaves_says_why_and_comes_back(visitor: Visitor, known: None) -> None:
    link = unsubscribe.links([HANNA], a_subscription_type())[HANNA]
    visitor.phone()
    page = visitor.open(link)
    visitor.inspect()
    visitor.shot("unsubscribe")
    assert HANNA not in page.content()
    assert page.context.cookies() == []

    page.get_by_role("button", name="Unsubscribe from Newsletter").click()
    expect(page.get_by_role("heading", name="You are unsubscribed from Newsletter")).to_be_visible()
    expect(page.get_by_text("h•••a@bakkerijdewit.example")).to_be_visible()
    visitor.inspect()
    visitor.shot("unsubscribed")
    page.get_by_label("It came too often").check()
    page.get_by_role("button", name="Tell us why").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you for telling us.")
    page.get_by_role("button", name="Undo: keep sending it").click()

    expect(page.get_by_role("status")).to_contain_text("You are back on the list.")
    visitor.inspect()
    assert Suppression.objects.filter(address=HANNA, released_at=None).count() == 0
    assert ConsentEvent.objects.latest("id").act == "restored"


def test_the_page_can_be_read_in_dutch_and_in_the_dark(visitor: Visitor, known: None) -> None:
    link = unsubscribe.links([HANNA], a_subscription_type())[HANNA]
    visitor.page.emulate_media(color_scheme="dark")
    page = visitor.open(link)

    page.get_by_role("link", name="Nederlands").click()

    expect(page.locator("html")).to_have_attribute("lang", "nl")
    visitor.inspect()
    visitor.shot("unsubscribe-dark-nl")
