"""Undo, approval, windows and the start that comes too late."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django.fixtures import Settings

from mailings import lifecycle, resting
from mailings.delivery import chunks, worker
from mailings.models import Chunk, Happening, Mailing, Message, SendingPolicy, Tally
from mailings.windows import Window
from tests.conftest import NOON
from tests.mailings.delivery.factories import a_channel, a_crowd
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author
from tests.mailings.peer import Peer

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
OFFICE = {"days": [0, 1, 2, 3, 4], "opens": "09:00", "closes": "17:00", "whose": "ours"}


@pytest.fixture(autouse=True)
def _ground(settings: Settings, tmp_path: object) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    settings.JOURNAL_DIR = tmp_path
    settings.CELERY_BROKER_URL = "memory://"


@pytest.fixture
def marieke(client: Client) -> Client:
    client.force_login(an_author())
    return client


def fresh(mailing: Mailing) -> Mailing:
    return Mailing.objects.get(pk=mailing.pk)


# undo


def test_within_the_minute_nothing_leaves_and_all_of_it_can_be_undone() -> None:
    mailing = lifecycle.start(a_mailing(to=a_crowd(3)), by=None, now=NOON, hold=MINUTE)
    chunk = Chunk.objects.get(mailing=mailing)

    issued = chunks.issue(now=NOON + dt.timedelta(seconds=59))
    taken = chunks.claim(chunk.pk, now=NOON + dt.timedelta(seconds=59))
    lifecycle.undo(mailing, by=None, now=NOON + dt.timedelta(seconds=59))

    assert (issued, taken) == ([], None)
    assert (mailing.status, mailing.frozen_at, mailing.started_at) == ("draft", None, None)
    assert not Message.objects.exists()
    assert not Chunk.objects.exists()
    assert not Tally.objects.exists()


def test_after_the_minute_it_goes_and_undo_comes_too_late() -> None:
    mailing = lifecycle.start(a_mailing(to=a_crowd(3)), by=None, now=NOON, hold=MINUTE)
    chunk = Chunk.objects.get(mailing=mailing)

    assert chunks.issue(now=NOON + MINUTE) == [chunk.pk]
    assert chunks.claim(chunk.pk, now=NOON + MINUTE) is not None
    with pytest.raises(lifecycle.CannotMove, match="Too late to undo"):
        lifecycle.undo(mailing, by=None, now=NOON + MINUTE)
    assert fresh(mailing).status == "sending"
    assert Message.objects.count() == 3


def test_who_does_not_want_to_wait_need_not() -> None:
    mailing = lifecycle.start(a_mailing(to=a_crowd(3)), by=None, now=NOON, hold=MINUTE)

    lifecycle.begin_at_once(mailing, by=None, now=NOON)

    assert len(chunks.issue(now=NOON)) == 1
    with pytest.raises(lifecycle.CannotMove):
        lifecycle.begin_at_once(mailing, by=None, now=NOON)


def test_a_mailing_that_was_undone_starts_again_as_new() -> None:
    mailing = lifecycle.start(a_mailing(to=a_crowd(3)), by=None, now=NOON, hold=MINUTE)
    lifecycle.undo(mailing, by=None, now=NOON)

    lifecycle.start(mailing, by=None, now=NOON + MINUTE)

    assert Message.objects.filter(state="pending").count() == 3
    assert Chunk.objects.get().rows_left == 3


def test_the_page_counts_down_and_takes_back(marieke: Client) -> None:
    mailing = a_mailing(to=a_crowd(2))

    page = marieke.post(f"/mailings/{mailing.pk}/send/", follow=True).content.decode()
    after = marieke.post(f"/mailings/{mailing.pk}/undo/", follow=True).content.decode()

    assert "Nothing has left yet." in page
    assert f"/mailings/{mailing.pk}/undo/" in page
    assert "Taken back. Nobody got it; it is a draft again." in after
    assert fresh(mailing).status == "draft"


def test_the_house_can_do_without_the_minute(marieke: Client) -> None:
    SendingPolicy.objects.create(pk=1, undo_seconds=0)
    mailing = a_mailing(to=a_crowd(2))

    page = marieke.post(f"/mailings/{mailing.pk}/send/", follow=True).content.decode()

    assert "Nothing has left yet." not in page
    assert fresh(mailing).rests_until is None


# who may


@pytest.mark.parametrize(
    "button",
    [
        "send",
        "schedule",
        "unschedule",
        "pause",
        "resume",
        "cancel",
        "undo",
        "at-once",
        "resend",
        "approve",
        "evergreen",
    ],
)
def test_without_the_permission_nothing_moves(client: Client, button: str) -> None:
    analyst = User.objects.create_user("analyst")
    client.force_login(analyst)
    mailing = a_mailing(to=a_crowd(1))

    answer = client.post(f"/mailings/{mailing.pk}/{button}/")

    assert answer.status_code == 403
    assert fresh(mailing).status == "draft"


@pytest.mark.parametrize("button", ["undo", "at-once", "resend", "approve", "sending", "evergreen"])
def test_looking_at_a_button_changes_nothing(marieke: Client, button: str) -> None:
    mailing = a_mailing(to=a_crowd(1))

    assert marieke.get(f"/mailings/{mailing.pk}/{button}/").status_code == 405


# approval


def an_approver() -> User:
    boss = User.objects.create_user("els", "els@example.org", first_name="Els")
    boss.user_permissions.set(Permission.objects.filter(codename__in=("send_mailing", "approve_mailing")))
    return boss


def test_a_large_mailing_waits_for_a_second_person() -> None:
    SendingPolicy.objects.create(pk=1, approval_from=3)
    author, boss = an_author(), an_approver()
    mailing = lifecycle.start(a_mailing(to=a_crowd(3)), by=author, now=NOON)
    asked = (mailing.status, mailing.asked_by, Message.objects.count())

    with pytest.raises(lifecycle.CannotMove, match="Somebody else has to approve it"):
        lifecycle.approve(mailing, by=author, now=NOON)
    lifecycle.approve(fresh(mailing), by=boss, now=NOON)

    assert asked == ("approval", author, 0)
    assert (fresh(mailing).status, fresh(mailing).approved_by) == ("sending", boss)
    assert Message.objects.count() == 3


def test_a_small_one_does_not_wait() -> None:
    SendingPolicy.objects.create(pk=1, approval_from=4)

    assert lifecycle.start(a_mailing(to=a_crowd(3)), by=None, now=NOON).status == "sending"


def test_a_planned_large_one_is_approved_first_and_starts_when_it_was_planned() -> None:
    SendingPolicy.objects.create(pk=1, approval_from=3)
    at = NOON + dt.timedelta(hours=1)
    mailing = lifecycle.schedule(a_mailing(to=a_crowd(3)), at=at, by=an_author(), now=NOON)
    asked = mailing.status

    lifecycle.start_due(mailing.pk, now=at)
    still = fresh(mailing).status
    lifecycle.approve(fresh(mailing), by=an_approver(), now=NOON)
    planned = fresh(mailing)
    lifecycle.start_due(mailing.pk, now=at)

    assert (asked, still, planned.status, planned.send_at) == ("approval", "approval", "scheduled", at)
    assert fresh(mailing).status == "sending"


def test_declined_is_a_draft_and_says_why(client: Client) -> None:
    SendingPolicy.objects.create(pk=1, approval_from=1)
    mailing = lifecycle.start(a_mailing(to=a_crowd(1)), by=an_author(), now=NOON)
    client.force_login(an_approver())

    shown = client.get(f"/mailings/{mailing.pk}/").content.decode()
    client.post(f"/mailings/{mailing.pk}/approve/", {"answer": "no", "why": "The date is wrong"})
    client.force_login(an_author())
    page = client.get(f"/mailings/{mailing.pk}/confirm/").content.decode()

    assert "Approve it?" in shown
    assert (fresh(mailing).status, fresh(mailing).asked_by) == ("draft", None)
    assert "Declined by Els." in page
    assert "The date is wrong" in page


def test_after_a_change_it_is_asked_for_again() -> None:
    SendingPolicy.objects.create(pk=1, approval_from=1)
    at = NOON + dt.timedelta(hours=1)
    mailing = lifecycle.schedule(a_mailing(to=a_crowd(1)), at=at, by=an_author(), now=NOON)
    lifecycle.approve(mailing, by=an_approver(), now=NOON)
    lifecycle.unschedule(mailing, by=None, now=NOON)

    again = lifecycle.start(fresh(mailing), by=None, now=NOON)

    assert again.status == "approval"


def test_a_moment_that_has_passed_cannot_be_approved() -> None:
    SendingPolicy.objects.create(pk=1, approval_from=1)
    at = NOON + dt.timedelta(hours=1)
    mailing = lifecycle.schedule(a_mailing(to=a_crowd(1)), at=at, by=an_author(), now=NOON)

    with pytest.raises(lifecycle.CannotMove, match="has passed"):
        lifecycle.approve(mailing, by=an_approver(), now=at)
    assert fresh(mailing).status == "approval"


# too late


def test_a_start_that_comes_too_late_asks_again() -> None:
    mailing = a_mailing(to=a_crowd(1))
    at = NOON + dt.timedelta(hours=1)
    lifecycle.schedule(mailing, at=at, by=None, now=NOON)

    lifecycle.start_due(mailing.pk, now=at + dt.timedelta(minutes=121))

    assert (fresh(mailing).status, fresh(mailing).send_at) == ("draft", None)
    assert Happening.objects.filter(mailing=mailing, kind="too_late").exists()


def test_a_start_that_is_a_little_late_goes() -> None:
    mailing = a_mailing(to=a_crowd(1))
    at = NOON + dt.timedelta(hours=1)
    lifecycle.schedule(mailing, at=at, by=None, now=NOON)

    lifecycle.start_due(mailing.pk, now=at + dt.timedelta(minutes=119))

    assert fresh(mailing).status == "sending"


def test_confirm_says_that_it_came_too_late(marieke: Client) -> None:
    mailing = a_mailing(to=a_crowd(1))
    lifecycle.schedule(mailing, at=NOON + MINUTE, by=None, now=NOON)
    lifecycle.start_due(mailing.pk, now=NOON + dt.timedelta(days=1))

    page = marieke.get(f"/mailings/{mailing.pk}/confirm/").content.decode()

    assert "It should have started on Monday 23 November, 12:01" in page


# windows


def test_outside_the_window_a_mailing_rests_until_it_opens() -> None:
    evening = dt.datetime(2026, 11, 27, 20, 0, tzinfo=dt.UTC)  # a Friday
    monday = dt.datetime(2026, 11, 30, 8, 0, tzinfo=dt.UTC)  # nine o'clock in Amsterdam

    mailing = lifecycle.start(a_mailing(to=a_crowd(2), window=OFFICE), by=None, now=evening, hold=MINUTE)

    assert (mailing.rests_until, mailing.rests_because) == (monday, "window")
    assert chunks.issue(now=monday - MINUTE) == []
    assert len(chunks.issue(now=monday)) == 1


def test_a_window_that_closes_stops_what_is_being_sent() -> None:
    mailing = lifecycle.start(a_mailing(to=a_crowd(2), window=OFFICE), by=None, now=NOON)
    closing = dt.datetime(2026, 11, 23, 16, 0, tzinfo=dt.UTC)

    open_still = resting.keep_windows(now=closing - MINUTE)
    closed = resting.keep_windows(now=closing)
    again = resting.keep_windows(now=closing + MINUTE)

    assert (open_still, closed, again) == (0, 1, 0)
    assert fresh(mailing).rests_until == dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC)


def test_by_their_own_clock_each_gets_it_in_the_morning() -> None:
    readers = a_selection()
    for address, country in (("nl@example.org", "NL"), ("us@example.org", "US"), ("jp@example.org", "JP")):
        a_person(address, in_=readers, consents_to="newsletter", country=country)
    mailing = a_mailing(to=readers, window={**OFFICE, "whose": "theirs"})

    with Peer() as peer:
        channel = a_channel(peer)
        lifecycle.start(mailing, by=None, now=NOON)
        arrived = {}
        for hours in (0, 2, 4, 14):
            now = NOON + dt.timedelta(hours=hours)
            lifecycle.finish_done(now=now)
            for number in chunks.issue(now=now):
                worker.work(number, channel=channel, clock=lambda now=now: now)
            arrived[hours] = peer.recipients()
        channel.close()
    lifecycle.finish_done(now=NOON + dt.timedelta(hours=14))

    assert arrived[0] == ["nl@example.org"]
    assert arrived[2] == ["nl@example.org"]
    assert arrived[4] == ["nl@example.org", "us@example.org"]  # ten in the morning in New York
    assert arrived[14] == ["jp@example.org", "nl@example.org", "us@example.org"]
    assert fresh(mailing).status == "sent"


AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("window", "at", "opens"),
    [
        (OFFICE, "2026-11-23T09:00", "2026-11-23T09:00"),
        (OFFICE, "2026-11-23T08:59", "2026-11-23T09:00"),
        (OFFICE, "2026-11-23T17:00", "2026-11-24T09:00"),
        (OFFICE, "2026-11-28T12:00", "2026-11-30T09:00"),
        ({"days": [4], "opens": "22:00", "closes": "02:00"}, "2026-11-28T01:30", "2026-11-28T01:30"),
        ({"days": [4], "opens": "22:00", "closes": "02:00"}, "2026-11-28T02:00", "2026-12-04T22:00"),
        ({"days": [6], "opens": "02:30", "closes": "05:00"}, "2026-03-29T00:00", "2026-03-29T03:30"),  # does not exist
        ({"days": [6], "opens": "02:30", "closes": "05:00"}, "2026-10-25T00:00", "2026-10-25T02:30"),  # exists twice
        ({"days": [2], "opens": "09:00", "closes": "10:00"}, "2026-11-25T10:00", "2026-12-02T09:00"),
    ],
)
def test_a_window_opens_when_the_wall_clock_says_so(window: dict[str, object], at: str, opens: str) -> None:
    moment = dt.datetime.fromisoformat(at).replace(tzinfo=AMSTERDAM)

    found = Window.read(window).opening(moment.astimezone(dt.UTC), AMSTERDAM)

    assert found.astimezone(AMSTERDAM).strftime("%Y-%m-%dT%H:%M") == opens


def test_hours_are_kept_with_the_draft_and_a_window_that_never_opens_is_refused(marieke: Client) -> None:
    mailing = a_mailing(to=a_crowd(1))
    given = {"any_hour": "some", "opens": "09:00", "closes": "12:00", "whose": "theirs", "evergreen": "on"}

    never = marieke.post(f"/mailings/{mailing.pk}/sending/", given, follow=True).content.decode()
    marieke.post(f"/mailings/{mailing.pk}/sending/", {**given, "days": ["1", "3"]})
    kept = fresh(mailing)
    page = marieke.get(f"/mailings/{mailing.pk}/confirm/").content.decode()

    assert "Choose at least one day, or it would never go." in never
    assert kept.window == {"days": [1, 3], "opens": "09:00", "closes": "12:00", "whose": "theirs"}
    assert kept.evergreen
    assert 'value="12:00"' in page


def test_hours_of_what_is_on_its_way_are_not_changed(marieke: Client) -> None:
    mailing = lifecycle.start(a_mailing(to=a_crowd(1)), by=None, now=NOON)

    marieke.post(f"/mailings/{mailing.pk}/sending/", {"any_hour": "any", "evergreen": "on"})

    assert not fresh(mailing).evergreen


# again, by button


def test_send_again_by_button_says_how_many_and_that_nobody_is_left(marieke: Client) -> None:
    mailing = lifecycle.start(a_mailing(to=a_crowd(2)), by=None, now=NOON)
    Message.objects.update(state="failed", reason="block_sender")
    Tally.objects.create(mailing=mailing, at=NOON, failed=2, pending=-2)
    Chunk.objects.update(state="done")
    lifecycle.finish_done(now=NOON)
    ticked = Message.objects.order_by("pk")[0]

    one = marieke.post(f"/mailings/{mailing.pk}/resend/", {"message": ticked.pk}, follow=True).content.decode()
    rest = marieke.post(f"/mailings/{mailing.pk}/resend/", {"to": "failed"}, follow=True).content.decode()
    nobody = marieke.post(f"/mailings/{mailing.pk}/resend/", {"to": "unreached"}, follow=True).content.decode()

    assert "1 person gets it now." in one
    assert "1 person gets it now." in rest
    assert "Nobody is left who could get it" in nobody
    assert Message.objects.filter(state="pending").count() == 2
