"""Sending, seen: the minute to undo, approval, limits and breakers, sending again, accounts and rules; both languages."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from mailings import breakers, lifecycle
from mailings.delivery import throttle
from mailings.models import (
    Chunk,
    DomainTally,
    GroupLimit,
    Mailing,
    Message,
    SendingAccount,
    SendingPolicy,
    Tally,
)
from tests.browser.conftest import Visitor
from tests.mailings.delivery.factories import a_crowd
from tests.mailings.factories import a_mailing
from tracking import journal


@pytest.fixture(autouse=True)
def _ground(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    settings.CELERY_BROKER_URL = "memory://"
    throttle.forget()


def an_account(**values: object) -> SendingAccount:
    given = {"name": "The house's own", "options": {"host": "mail.werkbank.example", "user": "post"}}
    return SendingAccount.objects.create(**given | values)


def a_moving_mailing(**values: object) -> Mailing:
    """On its way since a minute, to some who got it, some who did not."""
    now = timezone.now()
    mailing = lifecycle.start(a_mailing(to=a_crowd(40), **values), by=None, now=now - dt.timedelta(minutes=1))
    Message.objects.filter(mailing=mailing, pk__in=Message.objects.order_by("pk").values("pk")[:20]).update(
        state="sent"
    )
    for second in range(10, 50, 5):
        Tally.objects.create(mailing=mailing, at=now - dt.timedelta(seconds=second), sent=60, pending=-60)
    Tally.objects.create(mailing=mailing, at=now, pending=9_000, failed=12, reasons={"dead_address": 12})
    DomainTally.objects.filter(mailing=mailing).update(people=9_040, sent=480, failed=12, dead=12)
    return mailing


def test_a_minute_in_which_all_can_be_taken_back(author: Visitor) -> None:
    mailing = a_mailing(to=a_crowd(3), preheader="Doors open at two")
    page = author.open(f"/mailings/{mailing.pk}/confirm/")
    author.inspect()
    page.get_by_label("only on some days and hours").check()
    page.get_by_role("button", name="Save", exact=True).click()
    author.inspect()

    page.get_by_role("button", name="Send now").click()
    expect(
        page.get_by_text("Nothing has left yet.").or_(page.get_by_text("Outside the hours you chose."))
    ).to_be_visible()
    author.inspect()
    author.shot("undo-light")
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("Taken back. Nobody got it; it is a draft again.")).to_be_visible()
    assert Mailing.objects.get().status == "draft"


def test_the_live_page_says_what_limits_it(author: Visitor) -> None:
    account = an_account(per_minute=600, per_day=20_000)
    GroupLimit.objects.create(
        account=account, group="google", learned=150, ceiling=600, lowered_at=timezone.now(), raised_at=timezone.now()
    )
    mailing = a_moving_mailing(account=account)

    author.tour(f"/mailings/{mailing.pk}/", "live")

    expect(author.page.get_by_text("This account: 600 per minute")).to_be_visible()
    author.language("nl")
    author.phone()
    page = author.open(f"/mailings/{mailing.pk}/")
    expect(page.get_by_text("Deze account: 600 per minuut")).to_be_visible()
    author.inspect()
    author.shot("live-nl-phone")


def test_a_breaker_says_why_and_waits_for_a_reader(author: Visitor) -> None:
    mailing = a_moving_mailing()
    journal.record(
        [
            journal.NewEvent(
                origin=f"t:{number}", at=timezone.now(), kind="bounce", mailing=mailing.pk, message=number,
                category="dead_address",
            )
            for number in range(60)
        ]
    )  # fmt: skip
    breakers.watch(now=timezone.now())

    author.tour(f"/mailings/{mailing.pk}/", "breaker")
    page = author.open(f"/mailings/{mailing.pk}/")
    page.get_by_label("I have read it, and it may go on").check()
    page.get_by_role("button", name="Resume").click()

    expect(page.get_by_text("Going on where it was.")).to_be_visible()
    assert Mailing.objects.get().status == "sending"


def test_a_second_person_approves_or_sends_it_back(author: Visitor) -> None:
    SendingPolicy.objects.create(pk=1, approval_from=1)
    els = User.objects.create_user("els", "els@example.org", first_name="Els", last_name="Bos")
    mailing = lifecycle.start(a_mailing(to=a_crowd(3)), by=els, now=timezone.now())

    author.tour(f"/mailings/{mailing.pk}/", "approval")
    page = author.open(f"/mailings/{mailing.pk}/")
    page.get_by_label("If not, say why").fill("The date in the second paragraph is last year's.")
    page.get_by_role("button", name="Decline").click()

    expect(page.get_by_text("Declined by Marieke Vos.")).to_be_visible()
    author.inspect()
    author.shot("declined")


def test_sending_again_is_asked_in_a_dialog(author: Visitor) -> None:
    mailing = a_moving_mailing()
    Message.objects.filter(state="pending").update(state="failed", reason="block_sender")
    Tally.objects.create(mailing=mailing, at=timezone.now(), failed=20, pending=-20)
    Chunk.objects.update(state="done")
    lifecycle.finish_done(now=timezone.now())

    page = author.open(f"/mailings/{mailing.pk}/")
    page.get_by_role("button", name="Send again").click()
    author.inspect()
    author.shot("again")
    page.get_by_role("button", name="To those where it failed").click()

    expect(page.get_by_text("20 people get it now.")).to_be_visible()


def test_accounts_and_rules_look_right_in_both_languages(author: Visitor) -> None:
    account = an_account(is_default=True, from_domains=["werkbank.example"], per_minute=600, per_day=20_000)
    an_account(name="Postmark", kind="postmark", options={"stream": "broadcast"}, secret="x")
    an_account(name="Old", is_active=False)
    GroupLimit.objects.create(account=account, group="microsoft", per_minute=120)

    author.tour("/settings/accounts/", "accounts")
    author.tour(f"/settings/accounts/{account.pk}/", "account")
    author.tour("/settings/sending/", "rules")
    author.open("/settings/accounts/")
    author.page.get_by_role("button", name="New account").click()
    author.page.get_by_role("link", name="Mailgun").click()
    author.inspect()
    author.language("nl")
    author.open("/settings/sending/")
    author.inspect()
    author.shot("rules-nl")
    author.open("/settings/")
    author.inspect()
    author.shot("settings-nl")
