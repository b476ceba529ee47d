"""Addresses that may not be mailed: on the list once, off it only where somebody may."""

import datetime as dt

import pytest
from django.contrib.auth.models import User

from consent import gate, ledger, suppressions
from consent.models import ConsentEvent, Suppression
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"
DAY = dt.timedelta(days=1)


def block(address: str = ADA, reason: str = "hard_bounce", *, now: dt.datetime = NOON) -> Suppression:
    a_subscription_type()
    suppressions.add("email", address, reason, evidence={"said": "550 5.1.1"}, actor="system", now=now)
    return Suppression.objects.latest("id")


def may_mail(address: str = ADA, *, at: dt.datetime = NOON) -> bool:
    return not gate.recheck("email", a_subscription_type().pk, [address], at=at)


def test_an_address_is_on_the_list_once_for_each_reason() -> None:
    blocks = [
        suppressions.Block(address=ADA, reason="hard_bounce"),
        suppressions.Block(address=ADA, reason="hard_bounce"),
        suppressions.Block(address=ADA, reason="complained"),
        suppressions.Block(address="bob@example.org", reason="hard_bounce"),
    ]

    assert suppressions.add_many(blocks, actor="system", now=NOON) == 3
    assert suppressions.add_many(blocks, actor="system", now=NOON) == 0
    assert suppressions.among("email", [ADA, "eve@example.org"]).keys() == {ADA}


def test_a_complaint_is_written_in_the_ledger_too_a_bounce_is_not() -> None:
    block(reason="hard_bounce")
    assert not ConsentEvent.objects.exists()

    block(reason="complained")

    assert ConsentEvent.objects.get().act == "withdrawn"
    assert ledger.verify().is_whole


@pytest.mark.parametrize("reason", ["hard_bounce", "manual", "unsubscribed"])
def test_a_user_takes_an_address_off_with_a_reason(reason: str) -> None:
    marieke = User.objects.create_user("marieke")
    consents(ADA, now=NOON - DAY)
    blocked = block(reason=reason)
    assert not may_mail()

    suppressions.release(blocked, by=marieke, because="She wrote us", now=NOON + DAY)

    assert may_mail(at=NOON + DAY)
    blocked.refresh_from_db()
    assert (blocked.released_by, blocked.released_because) == (marieke, "She wrote us")
    if reason == "unsubscribed":
        assert ConsentEvent.objects.latest("id").actor == f"user:{marieke.pk}"


@pytest.mark.parametrize("reason", ["complained", "objection", "erased"])
def test_what_only_the_person_can_take_back_stays(reason: str) -> None:
    marieke = User.objects.create_user("marieke")
    consents(ADA, now=NOON - DAY)
    blocked = block(reason=reason)

    with pytest.raises(suppressions.MayNotRelease, match="Only the person"):
        suppressions.release(blocked, by=marieke, because="We would like to", now=NOON)

    assert not may_mail()


def test_nothing_comes_off_without_a_reason() -> None:
    with pytest.raises(suppressions.MayNotRelease, match="Say why"):
        suppressions.release(block(), by=User.objects.create_user("marieke"), because=" ", now=NOON)


def test_a_released_address_can_be_blocked_again() -> None:
    marieke = User.objects.create_user("marieke")
    suppressions.release(block(), by=marieke, because="Mailbox is back", now=NOON)

    assert suppressions.add("email", ADA, "hard_bounce", evidence={}, actor="system", now=NOON + DAY)


def test_an_own_yes_takes_the_unsubscription_it_answers_off_the_list() -> None:
    newsletter, events = a_subscription_type(), a_subscription_type("events")
    for of in (newsletter, events):
        suppressions.add("email", ADA, "unsubscribed", subscription_type=of, evidence={}, actor="self", now=NOON)

    consents(ADA, actor="self", of=newsletter, now=NOON + DAY)

    left = Suppression.objects.filter(released_at=None).values_list("subscription_type__code", flat=True)
    assert list(left) == ["events"]
