"""A link in a mail of long ago works after everything around it has changed."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from consent import gate, preferences, unsubscribe
from consent.models import OptOutKey
from mailings import lifecycle
from mailings.models import Mailing, Message
from recipients import merging
from tests.consent.factories import a_subscription_type, consents
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author

pytestmark = pytest.mark.django_db
ADA, HOME = "ada@example.org", "ada@home.example"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def _with_address(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"


def a_mail_to_ada() -> tuple[Mailing, str, str]:
    """A mailing that went to Ada: with the links to leave and to choose that stood in it."""
    readers = a_selection()
    a_person(ADA, in_=readers)
    for address in (ADA, HOME):
        consents(address, now=timezone.now() - dt.timedelta(days=9), on=dt.date(2026, 3, 3))
    mailing = lifecycle.start(a_mailing(to=readers), by=None, now=timezone.now())
    leave = unsubscribe.links([ADA], a_subscription_type())[ADA]
    choose = preferences.path(OptOutKey.objects.get(address=ADA).preferences)
    return mailing, leave, choose


def reason(address: str = ADA) -> str:
    refused = gate.recheck("email", a_subscription_type().pk, [address], at=timezone.now())
    return refused[address].reason if refused else ""


def both_work(leave: str, choose: str) -> None:
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.get(choose).status_code == 200
    assert stranger.get(leave).status_code == 200
    assert reason() == ""
    assert stranger.post(leave, ONE_CLICK).status_code == 200
    assert reason() == "unsubscribed"


@pytest.mark.parametrize("stays", ["the one who was mailed", "the other"])
def test_after_a_merge_whichever_card_stays(stays: str) -> None:
    _mailing, leave, choose = a_mail_to_ada()
    mailed, other = Message.objects.get().person, a_person(HOME)
    assert mailed is not None
    kept, gone = (mailed, other) if stays == "the one who was mailed" else (other, mailed)

    merging.merge(kept, gone, by=an_author(), now=timezone.now())

    both_work(leave, choose)


def test_after_the_mailing_was_deleted_with_its_messages() -> None:
    mailing, leave, choose = a_mail_to_ada()

    mailing.delete()

    assert not Message.objects.exists()
    both_work(leave, choose)


def test_after_both_and_a_new_secret(settings: Settings) -> None:
    mailing, leave, choose = a_mail_to_ada()
    mailed, other = Message.objects.get().person, a_person(HOME)
    assert mailed is not None
    merging.merge(other, mailed, by=an_author(), now=timezone.now())
    mailing.delete()
    settings.SECRET_KEY = "another secret altogether, as long as the first one was"

    both_work(leave, choose)
