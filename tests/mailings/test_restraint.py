"""How much is enough: the frequency cap over all mailings, and the sunset by HubSpot's numbers."""

import datetime as dt
import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailings import audience, restraint
from mailings.models import Mailing, Message, Restraint, Tally, Unengaged
from mailings.restraint import Rules
from recipients.models import Person, Selection
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author

DAY = dt.timedelta(days=1)


def a_rule(**numbers: int | bool) -> None:
    restraint.change(Rules(**numbers), note="Too many complaints", by=None, now=NOON)  # type: ignore[arg-type]


def had(
    person: Person, *, at: dt.datetime, of_class: str = "marketing", state: str = "sent", **what: object
) -> Mailing:
    """A mailing that this person had at a moment."""
    mailing = a_mailing(name="Earlier", status="sent", frozen_at=at, finished_at=at, message_class=of_class)
    Message.objects.create(
        mailing=mailing,
        person=person,
        address="ada@example.org",
        state=state,
        sent_at=at if state == "sent" else None,
        **what,
    )
    Tally.objects.create(mailing=mailing, at=at, sent=1)
    return mailing


def ada() -> tuple[Person, Selection]:
    readers = a_selection()
    return a_person("ada@example.org", in_=readers, consents_to="newsletter"), readers


def reason(readers: Selection, **values: object) -> str:
    """The reason with which a mailing to these readers would hold Ada, frozen and as the page shows it before."""
    mailing = a_mailing(to=readers, **values)
    (before,) = audience.people(mailing, audience.Asked(), now=NOON).recipients
    counted = audience.counts(mailing, now=NOON)
    audience.freeze(mailing, now=NOON)
    frozen = Message.objects.get(mailing=mailing).reason
    assert before.reason == frozen
    assert counted.held_by == ({frozen: 1} if frozen else {})
    return str(frozen)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days_ago", "expected"),
    [((1, 6), "too_often"), ((1, 8), ""), ((7,), ""), ((1, 2, 3), "too_often"), ((), "")],
)
def test_at_most_two_in_seven_days(days_ago: tuple[int, ...], expected: str) -> None:
    person, readers = ada()
    a_rule(most=2, days=7)
    for days in days_ago:
        had(person, at=NOON - days * DAY)

    assert reason(readers) == expected


@pytest.mark.django_db
def test_the_window_is_open_at_its_far_end() -> None:
    person, readers = ada()
    a_rule(most=1, days=7)
    had(person, at=NOON - 7 * DAY)

    assert reason(readers) == ""


@pytest.mark.django_db
def test_what_is_no_marketing_neither_counts_nor_is_held_back() -> None:
    person, readers = ada()
    a_rule(most=1, days=7)
    had(person, at=NOON - DAY, of_class="transactional")
    assert reason(readers) == ""

    had(person, at=NOON - DAY)
    assert reason(readers, message_class="transactional") == ""
    assert reason(readers) == "too_often"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "expected"), [("pending", "too_often"), ("unknown", "too_often"), ("failed", ""), ("held", "")]
)
def test_what_still_waits_takes_its_place_now(state: str, expected: str) -> None:
    person, readers = ada()
    a_rule(most=1, days=7)
    waiting = had(person, at=NOON - 20 * DAY, state=state, reason="no_consent" if state == "held" else "")
    Mailing.objects.filter(pk=waiting.pk).update(status="paused", finished_at=None)

    assert reason(readers) == expected


@pytest.mark.django_db(transaction=True)
def test_two_mailings_at_the_same_moment_do_not_both_take_the_last_place() -> None:
    _person, readers = ada()
    a_rule(most=1, days=7)
    mailings = [a_mailing(to=readers, status="sending") for _ in range(4)]
    together = threading.Barrier(4)

    def freeze(mailing: Mailing) -> None:
        together.wait(10)
        try:
            audience.freeze(mailing, now=NOON)
        finally:
            connection.close()

    threads = [threading.Thread(target=freeze, args=(mailing,)) for mailing in mailings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(Message.objects.values_list("reason", flat=True)) == ["", "too_often", "too_often", "too_often"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("without", "before", "expected"),
    [(10, 0, ""), (11, 0, "unengaged"), (15, 1, ""), (16, 1, "unengaged"), (15, 0, "unengaged")],
)
def test_the_sunset_falls_at_eleven_and_at_sixteen(without: int, before: int, expected: str) -> None:
    person, readers = ada()
    for number in range(before):
        had(person, at=NOON - (100 + number) * DAY, opened_at=NOON - 99 * DAY)
    for number in range(without):
        had(person, at=NOON - (2 + number) * DAY)
    a_rule(sunset=True)

    assert reason(readers) == expected


@pytest.mark.django_db
def test_who_reacts_after_the_night_is_free_at_once() -> None:
    person, readers = ada()
    mailings = [had(person, at=NOON - (2 + number) * DAY) for number in range(11)]
    a_rule(sunset=True)
    assert Unengaged.objects.get().person == person

    Message.objects.filter(mailing=mailings[0]).update(clicked_at=NOON)

    assert reason(readers) == ""
    assert restraint.refresh() == 0


@pytest.mark.django_db
def test_a_mail_that_bounced_was_no_chance_to_react() -> None:
    person, readers = ada()
    for number in range(11):
        had(person, at=NOON - (2 + number) * DAY, bounced_at=NOON if number == 0 else None)
    a_rule(sunset=True)

    assert reason(readers) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("numbers", [{"most": 0}, {"most": 2, "days": 0}, {"most": 5000}, {"never": 0}])
def test_numbers_that_make_no_rule_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(restraint.CannotChange):
        a_rule(**numbers)


@pytest.mark.django_db
def test_administrators_set_it_with_a_reason_and_others_read_it(client: Client) -> None:
    client.force_login(an_author())
    given = {"most": "3", "days": "14", "sunset": "on", "never": "11", "since": "16", "note": "The board decided"}
    assert client.post(reverse("mailings:restraint"), given).status_code == 302
    assert restraint.current() == Rules(3, 14, sunset=True)

    without_note = client.post(reverse("mailings:restraint"), given | {"note": ""})
    assert without_note.status_code == 422
    assert 'value="14"' in without_note.content.decode()
    client.force_login(User.objects.create(username="reader"))
    assert "The board decided" in client.get(reverse("mailings:restraint")).content.decode()
    assert client.post(reverse("mailings:restraint"), given).status_code == 403
    assert Restraint.objects.count() == 1
    assert timezone.now() > Restraint.objects.get().changed_at
