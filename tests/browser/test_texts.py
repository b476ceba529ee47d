"""A text message from its name to the last check, by clicking and by keyboard."""

import re
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from demo.twilio import Twilio
from mailings import breakdowns, incoming, statistics
from mailings.models import Mailing, Message, SendingAccount, TextPrice, TextReply
from tests.browser.conftest import Visitor
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type
from tests.mailings.factories import a_mobile, a_selection, a_text, a_text_account
from tests.mailings.test_texts import sent
from tracking import tokens


@pytest.fixture(autouse=True)
def _the_house(settings: Any, live_server: Any) -> None:
    settings.BASE_URL = live_server.url


def readers() -> Any:
    found = a_selection("Readers")
    for number, name in enumerate(("Hanna", "Zoë", "Łukasz", "Bob")):
        a_mobile(f"+3161234567{number}", in_=found, first_name=name, last_name="de Wit")
    a_mobile("+32470123456", in_=found, first_name="Luc")
    a_mobile("+31687654321", in_=found, first_name="Stan", agrees=False)
    TextPrice.objects.create(country="NL", price=Decimal("0.0780"))
    return found


def test_a_text_message_is_made_step_by_step(author: Visitor) -> None:
    readers()
    a_text_account()
    a_text_account("Werkbank")
    a_subscription_type()
    page = author.open("/mailings/new/")
    page.get_by_label("Name of mailing").fill("Open day, text")
    page.get_by_role("radio", name="SMS").check()
    page.get_by_role("button", name="Make the mailing").click()

    expect(page).to_have_url(re.compile(r"/setup/$"))
    page.get_by_label("Subscription type").select_option(label="Newsletter")
    page.get_by_label("From").select_option(index=1)
    expect(page.locator("#saved")).to_contain_text("Saved")
    author.inspect()
    page.locator("header").get_by_role("button", name="Content").click()

    text = page.get_by_label("The text")
    text.fill("Hi [[customer.firstname|friend]], “open day” on Saturday… https://example.org/open-day ")
    expect(page.locator("#counted")).to_contain_text("UCS-2")
    expect(page.locator("#bubble")).to_contain_text("/s/")
    page.get_by_role("button", name="Write them plainly").click()
    expect(text).to_have_value(
        'Hi [[customer.firstname|friend]], "open day" on Saturday... https://example.org/open-day'
    )
    expect(page.locator("#counted")).to_contain_text("GSM-7")
    page.get_by_role("button", name="Add “Stop? Answer STOP”").click()
    expect(text).to_have_value(re.compile("Stop\\? Answer STOP$"))
    page.get_by_label("Variable", exact=True).select_option(label="City")
    page.get_by_label(re.compile("When there is no value")).fill("here")
    page.get_by_role("button", name="Insert").click()
    expect(text).to_have_value(re.compile(r"\[\[customer\.city\|here\]\]"))
    author.inspect()

    page.locator("#steps").get_by_role("link", name="Recipients").click()
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Search sources").press_sequentially("read")
    page.get_by_role("dialog").get_by_role("button", name="Readers").click()
    expect(page.get_by_role("region", name="Who gets it")).to_contain_text("5 people will get it")
    author.inspect()
    page.locator("#steps").get_by_role("link", name="Content").click()
    expect(page.locator("#survey")).to_contain_text("5 people get it")
    page.get_by_role("button", name="Hanna").click()
    page.get_by_label("Find a person").press_sequentially("zo")
    page.locator("#people-list").get_by_role("button", name="Zoë").click()
    expect(page.locator("#bubble")).to_contain_text("Zoë")
    expect(page.locator("#counted")).to_contain_text("UCS-2")
    author.inspect()
    page.locator("#steps").get_by_role("link", name="Confirm").click()
    expect(page.get_by_role("button", name=re.compile("Send"))).not_to_have_count(0)
    author.inspect()


def a_ready_text() -> Mailing:
    a_text_account()
    return a_text(
        "Hi [[customer.firstname|friend]], “open day” on Saturday… https://example.org/open-day Stop? Answer STOP",
        to=readers(),
    )


@pytest.mark.parametrize("step", ["setup", "content", "recipients", "confirm"])
def test_pictures_of_the_steps(author: Visitor, step: str) -> None:
    mailing = a_ready_text()

    author.tour(f"/mailings/{mailing.pk}/{step}/", f"text-{step}")


def test_pictures_of_prices_answers_and_the_account(author: Visitor) -> None:
    mailing = a_ready_text()
    account = a_text_account("Werkbank")
    person = mailing.sources.get().selection.people.first()  # type: ignore[union-attr]
    for number, words in enumerate(("Leuk, ik kom!", "stop aub")):
        meaning = "stop" if number else ""
        TextReply.objects.create(origin=f"twilio:{number}", number="+31612345670", to="+3197010000000", body=words, meaning=meaning, person=person, at=NOON)  # fmt: skip

    author.tour("/settings/texts/", "text-prices")
    author.tour("/replies/", "text-replies")
    author.tour(f"/settings/accounts/{account.pk}/", "text-account")


def test_pictures_of_what_came_of_it(author: Visitor, settings: Any, tmp_path: Any) -> None:
    settings.JOURNAL_DIR = tmp_path
    with Twilio(tells=False) as twilio:
        mailing = sent(
            a_text("Hi [[customer.firstname|friend]] https://example.org/open-day Stop? Answer STOP", to=readers()),
            twilio,
        )
        for place, text in enumerate(twilio.taken):
            message = Message.objects.get(mailing=mailing, address=text.to)
            end = (
                {"MessageStatus": "undelivered", "ErrorCode": "30003"} if place == 2 else {"MessageStatus": "delivered"}
            )
            incoming.status({"MessageSid": text.sid, **end}, tokens.make("bounce", mailing.pk, message.pk), now=NOON)
        told = {"MessageSid": "SM1", "From": twilio.taken[0].to, "To": "+3197010000000", "Body": "Leuk, ik kom!"}
        incoming.reply(SendingAccount.objects.get(), told, now=NOON)
    statistics.fold(now=NOON)
    Mailing.objects.filter(pk=mailing.pk).update(status="sent", finished_at=NOON)
    statistics.refresh(mailing, now=NOON)
    breakdowns.count(mailing.pk, now=NOON)
    person = Message.objects.filter(mailing=mailing, state="sent").order_by("pk")[0].person_id

    author.tour(f"/mailings/{mailing.pk}/", "text-report")
    author.tour(f"/mailings/{mailing.pk}/reports/", "text-breakdown")
    author.tour(f"/mailings/{mailing.pk}/as-sent/", "text-as-sent")
    author.tour(f"/people/{person}/", "text-person")
