"""Asking by mail: one mail a day, one answer that counts, and nothing before it."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from consent import confirmation_mail, double_opt_in, gate, ledger, suppressions
from consent.double_opt_in import Outcome, Request, State
from consent.models import Confirmation, ConsentDetail, ConsentEvent, Standing
from tests.conftest import NOON
from tests.consent.factories import EVIDENCE, a_subscription_type, consents

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"
DAY = dt.timedelta(days=1)


@pytest.fixture
def stranger() -> Client:
    return Client(enforce_csrf_checks=True)


def a_request(address: str = ADA, **more: Any) -> Request:
    told: dict[str, Any] = {
        "subscription_types": [a_subscription_type()],
        "source": "own_form",
        "evidence": EVIDENCE["own_form"],
        "wording": "Mail me the news",
    }
    return Request(address=address, **told | more)


def asked(now: dt.datetime = NOON, **more: Any) -> Confirmation:
    assert double_opt_in.ask(a_request(**more), now=now) == Outcome.ASKED
    confirmation_mail.send_due(now=now)
    return Confirmation.objects.latest("pk")


def verdict(at: dt.datetime = NOON, country: str = "") -> str:
    refused = gate.recheck("email", a_subscription_type().pk, [ADA], countries=[country], at=at)
    return str(refused[ADA].verdict) if refused else "allow"


@pytest.mark.parametrize(
    ("language", "subject", "button"),
    [
        ("en", "Please confirm: Newsletter", "Open the page to confirm"),
        ("nl", "Nieuwsbrief", "http"),
        ("xx", "Please confirm: Newsletter", "Open the page to confirm"),
    ],
)
def test_the_mail_speaks_the_persons_language_and_holds_one_link(language: str, subject: str, button: str) -> None:
    row = asked(language=language)

    (sent,) = mail.outbox
    assert isinstance(sent, mail.EmailMultiAlternatives)
    page = str(sent.alternatives[0][0])
    assert (sent.to, len(mail.outbox)) == ([ADA], 1)
    assert subject in sent.subject
    assert button in page
    assert re.findall(r'href="([^"]+)"', page) == re.findall(r"https?://\S+", str(sent.body))
    assert f"/confirm/{row.key}/" in str(sent.body)
    wire = sent.message()
    assert (wire["Auto-Submitted"], wire["Message-ID"]) == ("auto-generated", row.message_id)


@pytest.mark.parametrize("country", ["", "NL", "DE"])
def test_the_answer_makes_it_consent_everywhere_and_nothing_before_it_does(stranger: Client, country: str) -> None:
    row = asked(now=dt.datetime.now(dt.UTC))
    assert ConsentEvent.objects.count() == 0
    assert verdict(dt.datetime.now(dt.UTC), country) == "refuse"

    stranger.post(f"/confirm/{row.key}/", {"action": "confirm"}, headers={"user-agent": "Lynx"})

    assert verdict(dt.datetime.now(dt.UTC), country) == "allow"
    act = ConsentDetail.objects.select_related("event").get()
    assert (act.event.act, act.event.kind, act.event.actor) == ("confirmed", "explicit", "self")
    assert act.evidence["form"] == EVIDENCE["own_form"]["form"]
    assert (act.evidence["message_id"], act.evidence["wording_before"]) == (row.message_id, "Mail me the news")
    assert act.wording == "Is this right? / Newsletter / Yes, send me this"
    assert (act.user_agent, act.ip) == ("Lynx", "127.0.0.1")
    assert ledger.verify().is_whole


def test_scanners_that_open_the_link_confirm_nothing(stranger: Client) -> None:
    row = asked(now=dt.datetime.now(dt.UTC))

    for _ in range(100):
        assert stranger.get(f"/confirm/{row.key}/?action=confirm").status_code == 200
        assert stranger.head(f"/confirm/{row.key}").status_code == 200

    assert Confirmation.objects.get().confirmed_at is None
    assert not ConsentEvent.objects.exists()
    assert not Standing.objects.exists()


def test_a_second_click_is_answered_alike_and_written_once(stranger: Client) -> None:
    row = asked(now=dt.datetime.now(dt.UTC))

    first = stranger.post(f"/confirm/{row.key}/", {"action": "confirm"})
    second = stranger.post(f"/confirm/{row.key}/", {"action": "confirm"})

    assert first.content == second.content
    assert ConsentEvent.objects.count() == 1


def test_every_guess_gets_the_same_answer(stranger: Client) -> None:
    row = asked()
    guesses = [row.key[:-1], row.key + "A", row.key[::-1], "x", "é" * 22, *(f"{n:022d}" for n in range(1000))]

    answers = {stranger.get(f"/confirm/{guess}/").content for guess in guesses}
    answers.add(stranger.post(f"/confirm/{row.key[::-1]}/", {"action": "confirm"}).content)
    answers.add(stranger.get(f"/p/{row.key}/").content)

    assert len(answers) == 1


def test_five_hundred_requests_for_one_victim_are_one_mail() -> None:
    for number in range(500):
        double_opt_in.ask(a_request(ip=f"192.0.2.{number % 250}"), now=NOON + dt.timedelta(minutes=number))
        if number % 50 == 0:
            confirmation_mail.send_due(now=NOON + dt.timedelta(minutes=number))

    confirmation_mail.send_due(now=NOON + DAY)
    assert len(mail.outbox) == 1
    assert Confirmation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_moment_are_one_mail_too() -> None:
    newsletter = a_subscription_type()

    def ask(_number: int) -> Outcome:
        try:
            return double_opt_in.ask(a_request(subscription_types=[newsletter]), now=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as several:
        outcomes = list(several.map(ask, range(12)))

    assert sorted(outcomes) == [Outcome.ALREADY] * 11 + [Outcome.ASKED]
    assert confirmation_mail.send_due(now=NOON) == 1


def test_after_a_day_a_new_request_replaces_the_one_nobody_answered() -> None:
    first = asked()

    second = asked(now=NOON + DAY)

    first.refresh_from_db()
    assert double_opt_in.state(first, at=NOON + DAY) == State.REPLACED
    assert double_opt_in.confirm(first, now=NOON + DAY) == State.REPLACED
    assert double_opt_in.confirm(second, now=NOON + DAY) == State.CONFIRMED


@pytest.mark.parametrize(
    ("later", "state"),
    [
        (dt.timedelta(days=7) - dt.timedelta(seconds=1), State.CONFIRMED),
        (dt.timedelta(days=7), State.EXPIRED),
        (dt.timedelta(days=700), State.EXPIRED),
    ],
)
def test_a_link_lasts_seven_days(later: dt.timedelta, state: State) -> None:
    row = asked()

    assert double_opt_in.confirm(row, now=NOON + later) == state
    assert ConsentEvent.objects.exists() is (state is State.CONFIRMED)


def test_how_long_a_link_lasts_is_a_setting(settings: Any) -> None:
    settings.DOUBLE_OPT_IN_DAYS = 2

    assert double_opt_in.confirm(asked(), now=NOON + 2 * DAY) == State.EXPIRED


def test_who_never_answered_stays_unmailable_even_when_the_link_is_past(stranger: Client) -> None:
    consents(ADA, "met_in_person")
    row = asked(source="met_in_person", evidence=EVIDENCE["met_in_person"], actor="user:1")

    assert [verdict(NOON + days * DAY) for days in (0, 6, 8, 800)] == ["verify"] * 4
    assert double_opt_in.state(row, at=NOON + 8 * DAY) == State.EXPIRED


def test_a_confirmation_names_the_entry_it_confirms() -> None:
    consents(ADA, "employer_list")
    original = ConsentEvent.objects.get()
    row = asked(source="employer_list", evidence=EVIDENCE["employer_list"], original=original.pk, actor="user:1")

    double_opt_in.confirm(row, now=NOON + DAY)

    assert ConsentDetail.objects.latest("pk").evidence["original"] == original.pk
    assert verdict(NOON + 2 * DAY) == "allow"


def test_resending_keeps_the_link_and_gives_its_days_anew() -> None:
    row = asked()

    with pytest.raises(double_opt_in.CannotResend, match="one mail a day"):
        double_opt_in.resend(row, now=NOON + DAY / 2)
    double_opt_in.resend(row, now=NOON + 8 * DAY)
    confirmation_mail.send_due(now=NOON + 8 * DAY)

    assert len(mail.outbox) == 2
    assert double_opt_in.confirm(row, now=NOON + 14 * DAY) == State.CONFIRMED


def test_three_mails_are_enough() -> None:
    row = asked()
    for days in (2, 4):
        double_opt_in.resend(row, now=NOON + days * DAY)
        confirmation_mail.send_due(now=NOON + days * DAY)

    with pytest.raises(double_opt_in.CannotResend, match="three times"):
        double_opt_in.resend(row, now=NOON + 9 * DAY)
    assert len(mail.outbox) == 3


def test_this_was_not_me_leaves_them_in_peace_for_a_month(stranger: Client) -> None:
    row = asked(now=dt.datetime.now(dt.UTC) - DAY)

    stranger.post(f"/confirm/{row.key}/", {"action": "decline"})

    now = dt.datetime.now(dt.UTC)
    assert double_opt_in.ask(a_request(), now=now + 29 * DAY) == Outcome.ALREADY
    assert double_opt_in.ask(a_request(), now=now + 31 * DAY) == Outcome.ASKED
    row.refresh_from_db()
    assert double_opt_in.confirm(row, now=now) == State.DECLINED


@pytest.mark.parametrize(
    ("reason", "by_themselves", "by_us"),
    [
        ("unsubscribed", Outcome.ASKED, Outcome.NEVER),
        ("paused", Outcome.ASKED, Outcome.NEVER),
        ("complained", Outcome.NEVER, Outcome.NEVER),
        ("objection", Outcome.NEVER, Outcome.NEVER),
        ("erased", Outcome.ASKED, Outcome.NEVER),
        ("hard_bounce", Outcome.NEVER, Outcome.NEVER),
        ("manual", Outcome.NEVER, Outcome.NEVER),
    ],
)
def test_who_is_blocked_is_not_even_asked(reason: str, by_themselves: Outcome, by_us: Outcome) -> None:
    suppressions.add("email", ADA, reason, evidence={}, actor="self", now=NOON - DAY)

    assert double_opt_in.ask(a_request(actor="user:1"), now=NOON) == by_us
    assert double_opt_in.ask(a_request(), now=NOON) == by_themselves


@pytest.mark.parametrize("address", ["info@example.org", "sales+x@example.org", "no-at-sign", ""])
def test_functions_and_non_addresses_are_not_asked(address: str) -> None:
    assert double_opt_in.ask(a_request(address), now=NOON) == Outcome.NEVER


def test_leaving_after_confirming_wins_and_the_old_link_does_not_bring_it_back() -> None:
    row = asked()
    double_opt_in.confirm(row, now=NOON)
    suppressions.add("email", ADA, "unsubscribed", evidence={}, actor="self", now=NOON + DAY)

    double_opt_in.confirm(row, now=NOON + 2 * DAY)

    assert verdict(NOON + 3 * DAY) == "refuse"


def test_a_mail_server_that_is_away_is_asked_again_later(settings: Any) -> None:
    settings.MAILERS = {"default": {"BACKEND": "tests.consent.factories.NobodyHome"}}
    double_opt_in.ask(a_request(), now=NOON)

    confirmation_mail.send_due(now=NOON)
    row = Confirmation.objects.get()
    assert (row.sent_at, row.mails, row.problem) == (None, 0, "nobody home")
    assert confirmation_mail.send_due(now=NOON) == 0
    assert double_opt_in.state(row, at=NOON) == State.WAITING

    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    assert confirmation_mail.send_due(now=NOON + DAY) == 1
    assert len(mail.outbox) == 1
