"""The queue of those who must confirm first: what it counts, whom it asks, and whom it never asks."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.test import Client
from django.utils import timezone

from consent import confirmation_mail, double_opt_in, preferences, suppressions, verifying
from consent.models import Confirmation, ConsentEvent, OptOutKey
from consent.remedies import Remedy
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents
from tests.recipients.factories import a_person

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)


@pytest.fixture
def marieke(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("marieke", "marieke@example.org"))
    return client


def a_queue(on: dt.date = TODAY) -> None:
    """People who must confirm; `on` is the day they filled in the form, the real one for pages."""
    at = NOON if on == TODAY else timezone.now()
    consents("form1@example.org", "own_form", on=on, now=at)
    consents("form2@example.org", "own_form", on=on, now=at)
    consents("old@example.org", "own_form", on=dt.date(2025, 1, 1))
    consents("employee@example.org", "employer_list")
    consents("bar@example.org", "met_in_person")
    consents("card@example.org", "event_own_contact")
    consents("fine@example.org")
    consents("gone@example.org", "own_form", on=on, now=at)
    suppressions.add("email", "gone@example.org", "unsubscribed", evidence={}, actor="self", now=NOON)


def counted() -> dict[tuple[str, Remedy], tuple[int, int]]:
    groups = verifying.groups(a_subscription_type(), at=NOON)
    return {(group.source, group.remedy): (group.people, group.askable) for group in groups}


def test_the_queue_counts_by_source_and_by_what_helps() -> None:
    a_queue()

    assert counted() == {
        ("own_form", Remedy.CONFIRM): (2, 2),
        ("own_form", Remedy.ONE_TO_ONE): (1, 0),
        ("employer_list", Remedy.ONE_TO_ONE): (1, 0),
        ("met_in_person", Remedy.SIGN_UP): (1, 0),
        ("event_own_contact", Remedy.SIGN_UP): (1, 0),
    }


def test_only_those_we_may_ask_are_asked_and_only_once() -> None:
    a_queue()

    first = verifying.ask(a_subscription_type(), actor="user:1", now=NOON)
    second = verifying.ask(a_subscription_type(), actor="user:1", now=NOON + dt.timedelta(hours=1))

    assert (first, second) == ({"asked": 2}, {})
    confirmation_mail.send_due(now=NOON)
    assert sorted(sent.to[0] for sent in mail.outbox) == ["form1@example.org", "form2@example.org"]
    assert counted()["own_form", Remedy.CONFIRM] == (2, 0)


def test_the_country_of_a_person_decides_about_a_card() -> None:
    a_person(email="card@example.org", country="FR")
    a_person("Bob", email="karte@example.org", country="DE")
    for address in ("card@example.org", "karte@example.org"):
        consents(address, "event_own_contact")

    assert verifying.ask(a_subscription_type(), actor="user:1", now=NOON) == {"asked": 1}
    assert Confirmation.objects.get().address == "card@example.org"


def test_the_mail_is_in_the_persons_language_and_the_yes_names_the_entry_in_the_ledger() -> None:
    a_person(email="form1@example.org", language="nl")
    consents("form1@example.org", "own_form", on=TODAY)

    verifying.ask(a_subscription_type(), actor="user:1", now=NOON)

    asked = Confirmation.objects.get()
    assert (asked.language, asked.original) == ("nl", ConsentEvent.objects.get().pk)
    double_opt_in.confirm(asked, now=NOON)
    assert counted() == {}


def test_one_press_asks_no_more_than_it_says() -> None:
    a_queue()

    assert verifying.ask(a_subscription_type(), actor="user:1", now=NOON, most=1) == {"asked": 1}
    assert counted()["own_form", Remedy.CONFIRM] == (2, 1)


def test_the_button_says_how_many_and_asks_them(marieke: Client) -> None:
    a_queue(on=timezone.localdate())

    page = marieke.get("/consent/verify/?type=newsletter&source=own_form").content.decode()
    assert "Send 2 confirmations" in page
    assert "form1@example.org" in page
    answer = marieke.post("/consent/verify/?type=newsletter", follow=True).content.decode()

    assert "2 confirmations are on their way" in answer
    assert "Send 2 confirmations" not in answer
    assert Confirmation.objects.count() == 2


def test_there_is_no_button_where_nobody_may_be_asked(marieke: Client) -> None:
    consents("employee@example.org", "employer_list")

    page = marieke.get("/consent/verify/").content.decode()

    assert "confirmation<" not in page
    assert "None of them may be asked by a mail to many" in page


def test_looking_writes_nothing_and_the_letter_brings_a_link_of_their_own(marieke: Client) -> None:
    consents("employee@example.org", "employer_list")
    marieke.get("/consent/verify/?source=employer_list")
    assert not OptOutKey.objects.exists()

    page = marieke.post("/consent/verify/letter/", {"address": "employee@example.org", "type": "newsletter"})

    key = OptOutKey.objects.get(address="employee@example.org").preferences
    assert preferences.path(key) in page.content.decode()
    assert "mailto:employee@example.org?subject=" in page.content.decode()
    assert not mail.outbox


def test_asking_needs_a_right_of_its_own(client: Client) -> None:
    a_queue(on=timezone.localdate())
    user = User.objects.create_user("teun")
    client.force_login(user)
    assert client.post("/consent/verify/?type=newsletter").status_code == 403
    assert client.post("/consent/verify/letter/", {"address": "a@example.org"}).status_code == 403
    assert not Confirmation.objects.exists()

    user.user_permissions.add(Permission.objects.get(codename="add_confirmation"))

    assert client.post("/consent/verify/?type=newsletter").status_code == 302
    assert Confirmation.objects.count() == 2


PAGES = [
    "/consent/verify/",
    "/consent/verify/?type=nonsense&source=nonsense",
    "/consent/verify/?source=own_form&after=%C3%A9",
    "/consent/confirmations/",
    "/consent/confirmations/?state=asked&q=%25_",
    "/consent/confirmations/?state=expired",
    "/consent/confirmations/?state=declined",
    "/consent/confirmations/?state=confirmed",
    "/consent/confirmations/?state=nonsense&after=9999999999999999999",
    "/consent/address/?address=form1@example.org",
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_every_page_shows_itself(marieke: Client, path: str, *, filled: bool) -> None:
    if filled:
        a_queue(on=timezone.localdate())
        verifying.ask(a_subscription_type(), actor="user:1", now=timezone.now())
        a_subscription_type("events")
    assert marieke.get(path).status_code == 200


def test_a_request_is_sent_again_from_the_address_and_the_refusal_says_why(marieke: Client) -> None:
    consents("form1@example.org", "own_form", on=TODAY)
    verifying.ask(a_subscription_type(), actor="user:1", now=timezone.now())
    confirmation_mail.send_due(now=timezone.now())

    asked = Confirmation.objects.get()
    said = marieke.post(f"/consent/confirmations/{asked.pk}/resend/", follow=True).content.decode()
    assert "At most one mail a day goes to an address" in said

    Confirmation.objects.update(asked_at=NOON - dt.timedelta(days=3), sent_at=NOON - dt.timedelta(days=3))
    said = marieke.post(f"/consent/confirmations/{asked.pk}/resend/", follow=True).content.decode()
    assert "gets the mail again" in said
