"""Sending a mailing again: to those it has not reached, and never twice to those it has."""

import datetime as dt

import pytest
from django.db.models import Sum
from pytest_django.fixtures import Settings

from consent import suppressions
from mailings import again, lifecycle
from mailings.models import Chunk, Mailing, Message, Tally
from mailings.slices import Slice
from tests.conftest import NOON
from tests.consent.factories import consents
from tests.mailings.factories import a_mailing, a_person, a_selection

pytestmark = pytest.mark.django_db
LATER = NOON + dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _with_address(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"


def a_sent_mailing(*addresses: str, **values: object) -> Mailing:
    """Sent to these, and finished."""
    readers = a_selection()
    for address in addresses:
        a_person(address, in_=readers, consents_to="newsletter")
    mailing = lifecycle.start(a_mailing(to=readers, **values), by=None, now=NOON)
    become(mailing, "sent", *addresses)
    Chunk.objects.filter(mailing=mailing).update(state="done")
    assert lifecycle.finish_done(now=NOON) == [mailing.pk]
    mailing.refresh_from_db()
    return mailing


def become(mailing: Mailing, state: str, *addresses: str, reason: str = "", **values: object) -> None:
    """Let these messages be in a state, with their tally."""
    for message in Message.objects.filter(mailing=mailing, address__in=addresses):
        before = message.state
        Message.objects.filter(pk=message.pk).update(state=state, reason=reason, **values)
        if before != state:
            Tally.objects.create(mailing=mailing, at=NOON, **{before: -1, state: 1})


def rows(mailing: Mailing) -> list[tuple[str, str, str]]:
    return sorted(Message.objects.filter(mailing=mailing).values_list("address", "state", "reason"))


def tallied(mailing: Mailing) -> dict[str, int]:
    names = ("held", "pending", "sent", "deferred", "failed", "unknown", "cancelled")
    sums = Tally.objects.filter(mailing=mailing).aggregate(**{f"n_{name}": Sum(name) for name in names})
    return {name: sums[f"n_{name}"] for name in names if sums[f"n_{name}"]}


def counted(mailing: Mailing) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, state, _ in rows(mailing):
        found[state] = found.get(state, 0) + 1
    return found


def test_reload_and_resend_reaches_who_joined_and_whose_address_was_corrected() -> None:
    mailing = a_sent_mailing("ada@example.org", "bob@exmple.org", "cas@example.org")
    become(mailing, "failed", "bob@exmple.org", reason="dead_address")
    bob = Message.objects.get(mailing=mailing, address="bob@exmple.org").person
    bob.email_addresses.update(address="bob@example.org")
    a_person("dirk@example.org", in_=mailing.sources.get().selection, consents_to="newsletter")
    consents("bob@example.org", of=mailing.subscription_type)

    added = again.to_unreached(mailing, by=None, now=LATER)

    assert (added.gets, mailing.status) == (2, "sending")
    assert rows(mailing) == [
        ("ada@example.org", "sent", ""),
        ("bob@example.org", "pending", ""),
        ("bob@exmple.org", "cancelled", "resent"),
        ("cas@example.org", "sent", ""),
        ("dirk@example.org", "pending", ""),
    ]
    assert tallied(mailing) == counted(mailing)
    assert Chunk.objects.exclude(state="done").get().rows_left == 2


def test_who_was_held_and_may_be_mailed_now_gets_it_and_who_may_not_is_not_told_twice() -> None:
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    a_person("bob@example.org", in_=readers)
    a_person("cas@example.org", in_=readers)
    mailing = lifecycle.start(a_mailing(to=readers), by=None, now=NOON)
    become(mailing, "sent", "ada@example.org")
    consents("bob@example.org", of=mailing.subscription_type)

    added = again.to_unreached(mailing, by=None, now=LATER)

    assert (added.gets, added.held) == (1, 0)
    assert [row[:2] for row in rows(mailing)] == [
        ("ada@example.org", "sent"),
        ("bob@example.org", "pending"),
        ("cas@example.org", "held"),
    ]
    assert tallied(mailing) == counted(mailing)


def test_nobody_left_is_said_and_nothing_changes() -> None:
    mailing = a_sent_mailing("ada@example.org")

    with pytest.raises(lifecycle.CannotMove, match="Nobody is left"):
        again.to_unreached(mailing, by=None, now=LATER)

    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert rows(mailing) == [("ada@example.org", "sent", "")]


def test_what_is_unknown_is_sent_again_only_when_somebody_picks_it() -> None:
    mailing = a_sent_mailing("ada@example.org", "bob@example.org")
    become(mailing, "unknown", "bob@example.org", reason="no_answer")

    with pytest.raises(lifecycle.CannotMove):
        again.to_unreached(mailing, by=None, now=LATER)
    mailing.refresh_from_db()
    added = again.to_slice(Slice(mailing.pk, state="unknown"), by=None, now=LATER)

    assert added.gets == 1
    assert [row[:2] for row in rows(mailing)] == [
        ("ada@example.org", "sent"),
        ("bob@example.org", "pending"),
        ("bob@example.org", "unknown"),
    ]


def test_resend_to_selected_leaves_out_who_has_it_and_who_may_not_have_it_any_more() -> None:
    mailing = a_sent_mailing("ada@example.org", "bob@example.org", "cas@example.org")
    become(mailing, "sent", "bob@example.org", "cas@example.org", bounced_at=NOON)
    suppressions.add("email", "cas@example.org", "hard_bounce", evidence={}, actor="system", now=NOON)
    ticked = list(Message.objects.filter(mailing=mailing).values_list("pk", flat=True))

    added = again.to_slice(Slice(mailing.pk), among=ticked, by=None, now=LATER)

    assert added.gets == 1
    assert Message.objects.get(mailing=mailing, state="pending").address == "bob@example.org"
    assert Message.objects.get(mailing=mailing, state="pending").copy == 1
    assert tallied(mailing) == counted(mailing)


def test_retry_failed_tries_everybody_once_more_while_it_is_still_being_sent() -> None:
    mailing = a_sent_mailing("ada@example.org", "bob@example.org")
    become(mailing, "failed", "ada@example.org", "bob@example.org", reason="block_sender")

    first = again.retry_failed(mailing, by=None, now=LATER)
    with pytest.raises(lifecycle.CannotMove):
        again.retry_failed(mailing, by=None, now=LATER)

    assert first.gets == 2
    assert counted(mailing) == {"cancelled": 2, "pending": 2} == tallied(mailing)


def test_one_message_per_address_holds_for_a_second_person_who_joins_later() -> None:
    mailing = a_sent_mailing("ada@example.org")
    a_person("ada@example.org", in_=mailing.sources.get().selection, first_name="Other")

    with pytest.raises(lifecycle.CannotMove):
        again.to_unreached(mailing, by=None, now=LATER)


def test_an_evergreen_mailing_goes_to_later_joiners_once() -> None:
    mailing = a_sent_mailing("ada@example.org", evergreen=True)
    selection = mailing.sources.get().selection
    a_person("bob@example.org", in_=selection, consents_to="newsletter")
    a_person("cas@example.org", in_=selection)

    first = [again.take_in_joiners(number, now=LATER) for number in again.evergreens()]
    become(mailing, "sent", "bob@example.org")
    Chunk.objects.update(state="done")
    lifecycle.finish_done(now=LATER)
    second = [again.take_in_joiners(number, now=LATER) for number in again.evergreens()]

    assert (first, second) == ([1], [0])
    assert [row[:2] for row in rows(mailing)] == [
        ("ada@example.org", "sent"),
        ("bob@example.org", "sent"),
        ("cas@example.org", "held"),
    ]
    assert tallied(mailing) == counted(mailing)


def test_a_mailing_that_is_not_evergreen_stays_closed() -> None:
    mailing = a_sent_mailing("ada@example.org")
    a_person("bob@example.org", in_=mailing.sources.get().selection, consents_to="newsletter")

    assert again.take_in_joiners(mailing.pk, now=LATER) == 0
    assert len(rows(mailing)) == 1


@pytest.mark.parametrize("status", ["draft", "scheduled", "approval"])
def test_what_has_not_been_sent_cannot_be_sent_again(status: str) -> None:
    mailing = Mailing.objects.create(name="Any", status=status)

    with pytest.raises(lifecycle.CannotMove, match="has not been sent yet"):
        again.to_unreached(mailing, by=None, now=LATER)


def test_a_cancelled_mailing_can_be_sent_to_those_who_missed_it() -> None:
    readers = a_selection()
    for address in ("ada@example.org", "bob@example.org"):
        a_person(address, in_=readers, consents_to="newsletter")
    mailing = lifecycle.start(a_mailing(to=readers), by=None, now=NOON)
    become(mailing, "sent", "ada@example.org")
    lifecycle.cancel(mailing, by=None, now=NOON)
    mailing.refresh_from_db()

    added = again.to_unreached(mailing, by=None, now=LATER)

    assert added.gets == 1
    assert counted(mailing) == {"sent": 1, "cancelled": 1, "pending": 1} == tallied(mailing)
    assert mailing.status == "sending"


def test_a_sent_mailing_is_opened_to_later_joiners_and_closed_again() -> None:
    mailing = a_sent_mailing("ada@example.org")
    a_person("bob@example.org", in_=mailing.sources.get().selection, consents_to="newsletter")

    again.keep_open(mailing, is_open=True, by=None, now=LATER)
    opened = again.evergreens()
    again.keep_open(mailing, is_open=False, by=None, now=LATER)

    assert (list(opened), list(again.evergreens())) == ([mailing.pk], [])
    assert again.take_in_joiners(mailing.pk, now=LATER) == 0
    with pytest.raises(lifecycle.CannotMove):
        again.keep_open(Mailing.objects.create(name="Draft"), is_open=True, by=None, now=LATER)
