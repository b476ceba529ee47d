"""The page of a mailing on its way, and its buttons."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailings import lifecycle
from mailings.delivery import progress, throttle
from mailings.models import Chunk, GroupLimit, Happening, Mailing, Message, SendingAccount, Tally
from tests.conftest import NOON
from tests.mailings.delivery.factories import a_crowd, a_started_mailing
from tests.mailings.factories import a_mailing, an_author

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _with_address(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    settings.CELERY_BROKER_URL = "memory://"


@pytest.fixture
def marieke(client: Client) -> Client:
    client.force_login(an_author())
    return client


def page(client: Client, mailing: Mailing, part: str = "") -> str:
    return client.get(f"/mailings/{mailing.pk}/{part}").content.decode()


def test_send_now_starts_it_and_shows_how_far_it_is(marieke: Client) -> None:
    mailing = a_mailing(to=a_crowd(3))

    answer = marieke.post(f"/mailings/{mailing.pk}/send/", follow=True)
    mailing.refresh_from_db()

    assert mailing.status == "sending"
    assert b"Pause" in answer.content
    assert b"3 + 0 + 0 + 0 + 0 + 0 + 0 + 0 = 3" in answer.content
    assert Happening.objects.get(mailing=mailing).by is not None


def test_what_must_be_mended_first_is_said_and_nothing_starts(marieke: Client) -> None:
    mailing = a_mailing(to=a_crowd(3), subject="")

    answer = marieke.post(f"/mailings/{mailing.pk}/send/", follow=True)
    mailing.refresh_from_db()

    assert mailing.status == "draft"
    assert b"The mailing has no subject." in answer.content
    assert not Message.objects.exists()


def test_pause_resume_and_cancel_each_do_what_they_say(marieke: Client) -> None:
    mailing = a_started_mailing(3)
    moves = []
    for button in ("pause", "pause", "resume", "cancel", "resume"):
        marieke.post(f"/mailings/{mailing.pk}/{button}/")
        mailing.refresh_from_db()
        moves.append(mailing.status)

    assert moves == ["paused", "paused", "sending", "cancelled", "cancelled"]
    assert set(Message.objects.values_list("state", flat=True)) == {"cancelled"}


@pytest.mark.parametrize("button", ["send", "schedule", "unschedule", "pause", "resume", "cancel"])
def test_looking_changes_nothing(marieke: Client, button: str) -> None:
    mailing = a_started_mailing(1)

    assert marieke.get(f"/mailings/{mailing.pk}/{button}/").status_code == 405


def test_a_mailing_is_planned_on_the_wall_clock_of_a_zone(marieke: Client) -> None:
    mailing = a_mailing(to=a_crowd(1))

    marieke.post(f"/mailings/{mailing.pk}/schedule/", {"send_at": "2036-07-01T10:00", "time_zone": "America/New_York"})
    mailing.refresh_from_db()
    planned = page(marieke, mailing)
    marieke.post(f"/mailings/{mailing.pk}/unschedule/")
    mailing.refresh_from_db()

    assert "1 July 2036, 16:00" in planned
    assert (mailing.status, mailing.send_at) == ("draft", None)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"send_at": ""}, "Say when: a date and a time."),
        ({"send_at": "tomorrow"}, "Say when: a date and a time."),
        ({"send_at": "2001-01-01T10:00"}, "Choose a moment that is still to come."),
        ({"send_at": "2037-03-29T02:30"}, "On that night the clock jumps over this time."),
        ({"send_at": "2036-07-01T10:00", "time_zone": "Mars/Olympus"}, "We do not know this time zone."),
        ({"send_at": "2036-07-01T10:00", "time_zone": "../../etc/passwd"}, "We do not know this time zone."),
    ],
)
def test_a_moment_that_is_none_is_refused_in_words(marieke: Client, given: dict[str, str], sentence: str) -> None:
    mailing = a_mailing(to=a_crowd(1))

    answer = marieke.post(f"/mailings/{mailing.pk}/schedule/", given, follow=True)
    mailing.refresh_from_db()

    assert sentence in answer.content.decode()
    assert mailing.status == "draft"


def test_the_live_part_asks_for_the_whole_page_once_nothing_moves(marieke: Client) -> None:
    mailing = a_started_mailing(1)
    moving = marieke.get(f"/mailings/{mailing.pk}/progress/")
    lifecycle.cancel(mailing, by=None, now=NOON)

    still = marieke.get(f"/mailings/{mailing.pk}/progress/")

    assert b"every 1s" in moving.content
    assert still.headers["HX-Refresh"] == "true"


def test_progress_adds_up_and_says_what_is_left() -> None:
    mailing = a_started_mailing(1_000)
    later = NOON + dt.timedelta(seconds=30)
    Tally.objects.create(mailing=mailing, at=later - dt.timedelta(seconds=5), sent=400, pending=-400)
    Chunk.objects.update(state="working", rows_left=250)

    seen = progress.of(mailing, now=later)

    assert seen.audience == 1_000
    assert {state: number for state, number in seen.states.items() if number} == {
        "sent": 400,
        "sending": 250,
        "pending": 350,
    }
    assert (seen.per_second, seen.time_left) == (40, "0:15")
    assert seen.done_at == later + dt.timedelta(seconds=15)


def test_the_page_costs_a_few_queries_however_many_people(
    marieke: Client, django_assert_max_num_queries: object
) -> None:
    mailing = a_started_mailing(1_500)
    Message.objects.filter(pk__in=Message.objects.values("pk")[:5]).update(state="failed", reason="dead_address")
    Tally.objects.create(mailing=mailing, at=timezone.now(), failed=5, pending=-5, reasons={"dead_address": 5})

    with django_assert_max_num_queries(14) as looked:  # type: ignore[operator]
        shown = page(marieke, mailing, "progress/")

    asked = [query["sql"] for query in looked.captured_queries]
    assert not [sql for sql in asked if "mailings_message" in sql], "a look at a million costs what a look at ten does"
    assert "5 refused:" in shown
    assert "No such mailbox." in shown


def test_after_a_week_a_look_costs_what_it_did_in_the_first_minute() -> None:
    mailing = a_started_mailing(3)
    before = [
        Tally(mailing=mailing, at=NOON - dt.timedelta(minutes=20), sent=2, pending=-3, failed=1, reasons={"full": 1})
        for _ in range(progress.MANY_TALLIES + 1)
    ]
    Tally.objects.bulk_create(before)
    Tally.objects.create(mailing=mailing, at=NOON, sent=5, pending=-5)
    seen = progress.of(mailing, now=NOON)

    progress.compact(now=NOON)

    assert Tally.objects.filter(mailing=mailing).count() == 3
    assert progress.of(mailing, now=NOON) == seen
    assert [(one.reason, one.people) for one in progress.refused(mailing)] == [("full", progress.MANY_TALLIES + 1)]


def test_the_page_names_the_account_and_what_limits_it(marieke: Client) -> None:
    account = SendingAccount.objects.create(name="House", options={"host": "mail.example.org"}, per_minute=600)
    GroupLimit.objects.create(account=account, group="google", per_minute=60)
    mailing = a_started_mailing(3, account=account)

    shown = page(marieke, mailing, "progress/")

    assert "Through House (mail.example.org)" in shown
    assert "This account: 600 per minute" in shown
    assert "google: 60 per minute" in shown


def test_a_person_lifts_what_a_receiving_side_asked_for(marieke: Client) -> None:
    account = SendingAccount.objects.create(name="House", options={"host": "mail.example.org"})
    mailing = a_started_mailing(3, account=account)
    throttle.lower(account.pk, "google", "421 4.7.28 slow down", observed=600, now=NOON)
    assert "Full speed again" in page(marieke, mailing, "progress/")

    marieke.post(f"/mailings/{mailing.pk}/limits/lift/", {"group": "google"})

    assert throttle.read(account.pk, now=NOON).is_free
    assert "lifted what google had asked for" in page(marieke, mailing, "")
    assert not throttle.lift(account.pk, "google")


def test_a_page_left_open_while_somebody_undoes_is_left_alone(marieke: Client) -> None:
    mailing = a_mailing(to=a_crowd(1))

    assert marieke.get(f"/mailings/{mailing.pk}/progress/").status_code == 204
