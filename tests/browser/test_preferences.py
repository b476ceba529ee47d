"""What a reader sees of consent, and the queue of those who must confirm: clicked through, in both languages."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from consent import double_opt_in, gate, preferences, verifying
from consent.double_opt_in import Request
from consent.models import Confirmation, SubscriptionType
from tests.browser.conftest import Visitor
from tests.consent.factories import EVIDENCE, a_subscription_type, consents

HANNA = "hanna@bakkerijdewit.example"
WORDS = {
    "newsletter": (
        "Newsletter",
        "Nieuwsbrief",
        "Every month: what is new in the workshop.",
        "Elke maand wat nieuw is.",
    ),
    "events": (
        "Events",
        "Evenementen",
        "Open days and courses near you.",
        "Open dagen en cursussen bij u in de buurt.",
    ),
    "donors": ("For donors", "Voor donateurs", "Twice a year: what your gift did.", "Wat uw gift heeft gedaan."),
}


@pytest.fixture
def types(transactional_db: None) -> list[SubscriptionType]:
    found = [a_subscription_type(code) for code in WORDS]
    for one in found:
        one.name_en, one.name_nl, one.description_en, one.description_nl = WORDS[one.code]
        one.save()
    return found


@pytest.fixture
def link(types: list[SubscriptionType]) -> str:
    now = timezone.now() - dt.timedelta(days=9)
    for one in types[:2]:
        consents(HANNA, "own_form", box_ticked=True, of=one, now=now)
    return preferences.path(preferences.keys_of([HANNA])[HANNA])


def gets(code: str) -> bool:
    return not gate.recheck("email", a_subscription_type(code).pk, [HANNA], at=timezone.now())


def test_a_reader_chooses_pauses_and_leaves_without_a_script(visitor: Visitor, link: str) -> None:
    visitor.tour(link, "preferences")
    page = visitor.open(link)
    page.get_by_role("switch", name="For donors").check()
    page.get_by_role("switch", name="Newsletter").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    assert (gets("newsletter"), gets("events"), gets("donors")) == (False, True, True)
    visitor.inspect()
    visitor.shot("preferences-saved")

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("switch", name="Newsletter")).to_be_checked()
    assert (gets("newsletter"), gets("donors")) == (True, False)

    page.get_by_role("button", name="Pause for 30 days").click()
    expect(page.get_by_text("You get nothing until")).to_be_visible()
    assert not gets("newsletter")
    visitor.phone()
    visitor.inspect()
    visitor.shot("preferences-paused-phone")
    page.get_by_role("button", name="End the pause now").click()
    assert gets("newsletter")

    page.get_by_role("button", name="Unsubscribe from everything").click()
    page.get_by_label("It came too often").check()
    visitor.inspect()
    visitor.shot("preferences-left-phone")
    page.get_by_role("button", name="Tell us why").click()
    assert not any(gets(code) for code in WORDS)


def test_the_page_speaks_dutch_to_who_chooses_it(visitor: Visitor, link: str) -> None:
    page = visitor.open(link)
    page.get_by_label("Language of our mail").select_option("nl")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("html")).to_have_attribute("lang", "nl")
    expect(page.get_by_role("switch", name="Nieuwsbrief")).to_be_checked()
    visitor.inspect()
    visitor.phone()
    visitor.shot("preferences-dutch-phone")


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_reader_confirms_by_a_button(visitor: Visitor, types: list[SubscriptionType], language: str) -> None:
    asking = Request(
        address=HANNA,
        subscription_types=types[:2],
        source="own_form",
        evidence=EVIDENCE["own_form"],
        language=language,
    )
    double_opt_in.ask(asking, now=timezone.now())
    path = double_opt_in.path(Confirmation.objects.get().key)

    visitor.tour(path, f"confirm-{language}")
    page = visitor.open(path)
    assert not gets("newsletter")
    page.get_by_role("main").get_by_role("button").first.click()

    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)
    visitor.inspect()
    visitor.shot(f"confirmed-{language}")
    assert gets("newsletter")
    assert gets("events")


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_queue_asks_those_we_may_ask(author: Visitor, types: list[SubscriptionType], language: str) -> None:
    today = timezone.localdate()
    for number in range(23):
        consents(f"lezer{number:02d}@voorbeeld.example", "own_form", on=today, now=timezone.now())
    consents("ruben@noordmetaal.example", "met_in_person")
    consents("fatima@wijkbedrijf.example", "employer_list")
    consents("teun@houtlab.example", "event_own_contact")
    author.language(language)

    author.tour("/consent/verify/?type=newsletter&source=employer_list", f"verify-{language}")
    page = author.open("/consent/verify/?type=newsletter")
    page.get_by_role("main").get_by_role("button").filter(has_text="23").click()
    page.wait_for_load_state("networkidle")

    assert Confirmation.objects.count() == 23
    expect(page.get_by_role("main").get_by_role("button").filter(has_text="23")).to_have_count(0)
    assert verifying.groups(types[0], at=timezone.now())[0].open == 23
    author.tour("/consent/confirmations/", f"confirmations-{language}")
    author.open("/consent/address/?address=lezer01@voorbeeld.example")
    author.inspect()
    author.shot(f"verify-address-{language}")
    author.open("/consent/verify/?type=newsletter&source=employer_list")
    page.locator("#people form button").click()
    page.wait_for_load_state("networkidle")
    author.inspect()
    author.shot(f"verify-letter-{language}")


def test_the_sign_up_page_and_its_poster(author: Visitor, types: list[SubscriptionType]) -> None:
    author.tour("/consent/poster/", "poster")
    author.expected.add(422)
    author.tour("/join/", "join")
    page = author.open("/join/")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("alert")).to_be_visible()
    author.inspect()
    page.get_by_label("Events").check()
    page.get_by_label("E-mail").fill(HANNA)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading")).to_have_text("Look into your mailbox")
    author.inspect()
    author.shot("joined")
