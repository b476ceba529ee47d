"""How a mailing moves: once, by whoever is first, and never backwards."""

import datetime as dt
import threading
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from mailings import lifecycle
from mailings.models import Chunk, Happening, Mailing, Message, Tally
from tests.conftest import NOON
from tests.mailings.delivery.factories import a_crowd, a_started_mailing
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(autouse=True)
def _with_address(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"


@pytest.mark.django_db
def test_starting_freezes_compiles_cuts_and_tells_who_did_it() -> None:
    author = an_author()

    mailing = lifecycle.start(a_mailing(to=a_crowd(1_200)), by=author, now=NOON)

    assert (mailing.status, mailing.started_at, mailing.frozen_at) == ("sending", NOON, NOON)
    assert mailing.compiled
    assert list(Chunk.objects.order_by("pk").values_list("rows_left", flat=True)) == [1_000, 200]
    assert Tally.objects.get(mailing=mailing).pending == 1_200
    assert (Happening.objects.get().kind, Happening.objects.get().by) == ("started", author)


@pytest.mark.django_db
def test_a_mailing_with_an_error_does_not_start_and_stays_as_it_was() -> None:
    mailing = a_mailing(to=a_crowd(2), subject="")

    with pytest.raises(lifecycle.CannotStart) as refusal:
        lifecycle.start(mailing, by=None, now=NOON)
    mailing.refresh_from_db()

    assert [finding.code for finding in refusal.value.problems] == ["subject_missing"]
    assert mailing.status == "draft"
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_starts_at_the_same_moment_one_freezes_and_one_is_told() -> None:
    mailing = a_mailing(to=a_crowd(500))
    told: list[str] = []
    together = threading.Barrier(4)

    def press() -> None:
        own = Mailing.objects.get(pk=mailing.pk)
        together.wait(10)
        try:
            lifecycle.start(own, by=None, now=NOON)
            told.append("started")
        except lifecycle.CannotMove as refusal:
            told.append(str(refusal))
        finally:
            connection.close()

    presses = [threading.Thread(target=press) for _ in range(4)]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join(30)

    assert sorted(told) == ["This mailing is already being sent."] * 3 + ["started"]
    assert Message.objects.count() == 500
    assert Tally.objects.count() == 1
    assert sum(Chunk.objects.values_list("rows_left", flat=True)) == 500


@pytest.mark.django_db
@pytest.mark.parametrize("status", Mailing.Status.values)
@pytest.mark.parametrize("move", ["pause", "resume", "cancel", "unschedule"])
def test_a_move_that_is_not_in_the_table_is_refused_with_a_sentence(status: str, move: str) -> None:
    begins = {
        "pause": {"sending"},
        "resume": {"paused"},
        "cancel": {"sending", "paused"},
        "unschedule": {"scheduled", "approval"},
    }
    mailing = Mailing.objects.create(name="Any", status=status)

    if status in begins[move]:
        getattr(lifecycle, move)(mailing, by=None, now=NOON)
    else:
        with pytest.raises(lifecycle.CannotMove, match="This mailing"):
            getattr(lifecycle, move)(mailing, by=None, now=NOON)
        mailing.refresh_from_db()
        assert mailing.status == status


@pytest.mark.django_db
def test_a_planned_mailing_starts_when_its_time_has_come() -> None:
    mailing = a_mailing(to=a_crowd(2))
    at = NOON + dt.timedelta(hours=1)
    lifecycle.schedule(mailing, at=at, by=None, now=NOON)

    before = lifecycle.due(now=at - dt.timedelta(seconds=1))
    due = lifecycle.due(now=at)
    lifecycle.start_due(mailing.pk, now=NOON)
    untouched = Mailing.objects.get(pk=mailing.pk).status
    lifecycle.start_due(mailing.pk, now=at)
    lifecycle.start_due(mailing.pk, now=at)

    assert (before, due) == ([], [mailing.pk])
    assert untouched == "scheduled"
    assert Mailing.objects.get(pk=mailing.pk).status == "sending"
    assert Message.objects.count() == 2


@pytest.mark.django_db
def test_a_planned_mailing_that_cannot_go_is_a_draft_again_and_says_why() -> None:
    mailing = a_mailing(to=a_crowd(2))
    lifecycle.schedule(mailing, at=NOON + dt.timedelta(hours=1), by=None, now=NOON)
    Mailing.objects.update(subject="")

    lifecycle.start_due(mailing.pk, now=NOON + dt.timedelta(hours=1))

    assert Mailing.objects.get().status == "draft"
    assert Happening.objects.get(kind="not_started").detail["problems"] == ["The mailing has no subject."]


@pytest.mark.django_db
def test_a_mailing_to_nobody_but_held_people_is_finished_at_once() -> None:
    mailing = a_started_mailing(2)
    Message.objects.update(state="held", reason="no_consent")
    Chunk.objects.all().delete()

    assert lifecycle.finish_done(now=NOON) == [mailing.pk]


@pytest.mark.django_db
def test_somebody_who_waits_in_no_chunk_gets_one_before_anything_is_finished() -> None:
    mailing = a_started_mailing(3)
    Chunk.objects.all().delete()

    finished = lifecycle.finish_done(now=NOON)

    assert finished == []
    assert Chunk.objects.get(mailing=mailing).rows_left == 3


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24T10:00", dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)),
        ("2026-07-01T10:00", dt.datetime(2026, 7, 1, 8, tzinfo=dt.UTC)),
        ("2026-10-25T02:30", dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)),  # comes twice: the first
        ("2026-11-24T10:00+00:00", dt.datetime(2026, 11, 24, 10, tzinfo=dt.UTC)),
    ],
)
def test_a_wall_clock_becomes_a_moment(text: str, moment: dt.datetime) -> None:
    assert lifecycle.local_moment(text, AMSTERDAM) == moment


@pytest.mark.parametrize("text", ["", "soon", "2026-03-29T02:30", "2026-13-01T10:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(lifecycle.CannotMove):
        lifecycle.local_moment(text, AMSTERDAM)


@pytest.mark.django_db
@pytest.mark.parametrize(("reads_again", "sent_to"), [(True, ["bob@example.org"]), (False, ["ada@example.org"])])
def test_a_planned_mailing_reads_its_sources_again_only_when_asked(reads_again: bool, sent_to: list[str]) -> None:
    readers = a_selection()
    ada = a_person("ada@example.org", in_=readers, consents_to="newsletter")
    mailing = a_mailing(to=readers, refresh_at_start=reads_again)

    lifecycle.schedule(mailing, at=NOON + dt.timedelta(days=1), by=None, now=NOON)
    readers.people.remove(ada)
    a_person("bob@example.org", in_=readers, consents_to="newsletter")
    lifecycle.start(mailing, by=None, now=NOON + dt.timedelta(days=1))

    assert [message.address for message in mailing.messages.all()] == sent_to


@pytest.mark.django_db
def test_off_the_schedule_nobody_is_chosen_for_good() -> None:
    mailing = a_mailing(to=a_person("ada@example.org", consents_to="newsletter"), refresh_at_start=False)

    lifecycle.schedule(mailing, at=NOON + dt.timedelta(days=1), by=None, now=NOON)
    lifecycle.unschedule(mailing, by=None, now=NOON)

    assert not mailing.messages.exists()
    assert mailing.frozen_at is None


@pytest.mark.django_db
def test_a_mailing_nobody_would_get_does_not_start_and_leaves_no_trace() -> None:
    selection = a_selection()
    a_person("ada@example.org", in_=selection)
    mailing = a_mailing(to=selection)

    with pytest.raises(lifecycle.CannotStart, match="everybody is held back"):
        lifecycle.start(mailing, by=None, now=NOON)

    assert (mailing.status, mailing.frozen_at) == ("draft", None)
    assert not Message.objects.exists()
    assert not Happening.objects.exists()
