"""Signing up on the page of one's own: one mail, one answer for everybody."""

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from consent import confirmation_mail, double_opt_in, suppressions
from consent.models import Confirmation, ConsentDetail, ConsentEvent
from tests.conftest import empty_cache
from tests.consent.factories import a_subscription_type, consents

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"


@pytest.fixture
def stranger() -> Client:
    empty_cache()
    return Client(enforce_csrf_checks=True, headers={"accept-language": "en"})


def form(address: str = ADA, **more: str) -> dict[str, str]:
    return {"address": address, "type": str(a_subscription_type().pk), **more}


def test_who_signs_up_gets_one_mail_and_counts_once_they_confirm(stranger: Client) -> None:
    assert "Look into your mailbox" in stranger.post("/join/", form()).content.decode()
    assert not ConsentEvent.objects.exists()

    confirmation_mail.send_due(now=timezone.now())
    double_opt_in.confirm(Confirmation.objects.get(), now=timezone.now())

    assert [sent.to for sent in mail.outbox] == [[ADA]]
    act = ConsentDetail.objects.select_related("event").get()
    assert (act.event.act, act.event.source) == ("confirmed", "newsletter_signup")
    assert act.evidence["form"] == "Sign-up page, version 1"
    assert act.evidence["wording_before"].startswith("What may we send you? / Newsletter")


def test_everybody_gets_the_same_answer(stranger: Client) -> None:
    consents("known@example.org")
    suppressions.add("email", "gone@example.org", "complained", evidence={}, actor="self", now=timezone.now())
    stranger.post("/join/", form("asked@example.org"))

    typed = ["new@example.org", "known@example.org", "gone@example.org", "asked@example.org", "info@example.org"]
    answers = {stranger.post("/join/", form(address)).content for address in typed}
    answers.add(stranger.post("/join/", form("robot@example.org", website="http://spam")).content)

    assert len(answers) == 1
    assert sorted(Confirmation.objects.values_list("address", flat=True)) == [
        "asked@example.org",
        "known@example.org",
        "new@example.org",
    ]


def test_five_hundred_posts_for_one_victim_are_one_mail(stranger: Client) -> None:
    answers = {stranger.post("/join/", form(), REMOTE_ADDR=f"192.0.2.{number % 250}").content for number in range(500)}

    confirmation_mail.send_due(now=timezone.now())
    assert (len(answers), len(mail.outbox)) == (1, 1)


def test_one_place_asks_twenty_times_an_hour_and_no_more(stranger: Client) -> None:
    for number in range(30):
        assert stranger.post("/join/", form(f"a{number}@example.org")).status_code == 200

    assert Confirmation.objects.count() == 20


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"address": ADA}, "Choose what you want to get"),
        ({"address": "ada@", "type": "1"}, "after the @ is missing"),
        ({"address": "a\r\nBcc: b@example.org", "type": "1"}, "line break"),
        ({}, "There is no address"),
        ({"address": ADA, "type": "é"}, "Choose what you want to get"),
    ],
)
def test_a_form_that_lacks_something_says_so_and_keeps_what_was_typed(
    stranger: Client, body: dict[str, str], said: str
) -> None:
    response = stranger.post("/join/", body)

    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Confirmation.objects.exists()


def test_looking_asks_nobody_and_sets_no_cookie(stranger: Client) -> None:
    response = stranger.get(f"/join/?address={ADA}&type=1")

    assert response.status_code == 200
    assert not response.cookies
    assert " checked" not in response.content.decode()
    assert not Confirmation.objects.exists()


def test_the_poster_shows_the_page_as_a_code(client: Client) -> None:
    assert client.get("/consent/poster/").status_code == 302
    client.force_login(User.objects.create_user("teun"))

    assert "/join/" in client.get("/consent/poster/").content.decode()
    assert client.get("/consent/poster.svg").content.startswith(b"<?xml")
