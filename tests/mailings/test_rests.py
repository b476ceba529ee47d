"""Less mail for who asked for it: after one marketing mail they rest, and after their days they get some again."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from consent import gate, preferences
from consent.models import OptOutKey, Suppression
from mailings import rests
from mailings.models import Mailing, Message
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents
from tests.mailings.factories import a_mailing
from tests.recipients.factories import a_person

pytestmark = pytest.mark.django_db
ADA, BOB = "ada@example.org", "bob@example.org"
DAY = dt.timedelta(days=1)


@pytest.fixture
def key() -> OptOutKey:
    consents(ADA, on=dt.date(2026, 3, 3), now=NOON - 90 * DAY)
    preferences.keys_of([ADA])
    return OptOutKey.objects.get(address=ADA)


def gets_one(address: str = ADA, *, at: dt.datetime = NOON, **values: object) -> Mailing:
    mailing = a_mailing(**values)
    person = a_person(email=address) if not Message.objects.filter(address=address).exists() else None
    known = person or Message.objects.filter(address=address).latest("pk").person
    Message.objects.create(mailing=mailing, person=known, address=address, state="sent", sent_at=at, data={})
    return mailing


def reason(at: dt.datetime) -> str:
    refused = gate.recheck("email", a_subscription_type().pk, [ADA], at=at)
    return refused[ADA].reason if refused else ""


def test_after_one_mail_they_rest_for_their_days_and_then_get_some_again(key: OptOutKey) -> None:
    preferences.space(key, 7, now=NOON)
    gets_one(at=NOON)

    assert rests.note(now=NOON) == 1
    assert reason(NOON + 6 * DAY) == "resting"
    assert rests.note(now=NOON + 6 * DAY) == 0

    rests.note(now=NOON + 7 * DAY)
    assert reason(NOON + 7 * DAY) == ""
    assert Suppression.objects.get().released_because == "over"


def test_a_later_mail_prolongs_the_rest(key: OptOutKey) -> None:
    preferences.space(key, 30, now=NOON)
    gets_one(at=NOON)
    rests.note(now=NOON)
    gets_one(at=NOON + 3 * DAY)  # was on its way already
    rests.note(now=NOON + 3 * DAY)

    assert Suppression.objects.get().until == NOON + 33 * DAY


def test_who_did_not_ask_and_what_is_no_marketing_rest_nobody(key: OptOutKey) -> None:
    gets_one(at=NOON)
    assert rests.note(now=NOON) == 0

    preferences.space(key, 7, now=NOON)
    Message.objects.all().delete()
    gets_one(at=NOON, message_class="transactional")

    assert rests.note(now=NOON) == 0


def test_wanting_everything_again_ends_the_rest_at_once(key: OptOutKey) -> None:
    preferences.space(key, 7, now=NOON)
    gets_one(at=NOON)
    rests.note(now=NOON)

    preferences.space(key, 0, now=NOON + DAY)

    assert reason(NOON + DAY) == ""


def test_it_is_chosen_on_the_page_and_says_nothing_about_consent(client: Client, key: OptOutKey) -> None:
    path, of_type = preferences.path(key.preferences), a_subscription_type().pk
    form = {"action": "save", "listed": of_type, "shown": of_type, "type": of_type, "every": "7"}

    assert client.post(path, form).status_code == 200
    client.post(path, {**form, "every": "3"})  # not on the page

    key.refresh_from_db()
    assert key.every_days == 7
    Suppression.objects.create(
        channel="email",
        address=ADA,
        reason="resting",
        created_at=timezone.now(),
        until=timezone.now() + DAY,
        actor="system",
    )
    page = client.get(path).content.decode()
    assert '<option value="7" selected>' in page
    assert all(
        choice.is_on for choice in preferences.choices(key, at=timezone.now()) if choice.subscription_type.pk == of_type
    )
