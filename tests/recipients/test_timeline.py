"""The time line: everything that happened to somebody, newest first, a page at a time."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from consent import notices, privacy_mail, suppressions
from mailings import lifecycle
from mailings.models import Message
from recipients import changes, timeline, todos
from recipients.cards import PersonForm
from recipients.models import Change, Import, ImportedChange, Person, Task
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents
from tests.mailings.factories import a_mailing
from tests.recipients.factories import a_company, a_person, a_selection
from tests.tracking.factories import an_event
from tracking import journal

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _house(settings: Any) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"


def texts(person: Person, *, only: str = "") -> list[str]:
    return [entry.text for entry in timeline.page(person, only=only, size=100).entries]


def test_a_life_with_us_has_everything_in_it() -> None:
    marieke = User.objects.create_user("marieke", "m@example.org", first_name="Marieke", last_name="Vos")
    readers = a_selection()
    ada = a_person("Ada Lovelace", email="ada@example.org", in_=readers)
    Person.objects.filter(pk=ada.pk).update(created_at=NOON - 9 * MINUTE)
    ada.refresh_from_db()
    news = a_subscription_type()
    consents("ada@example.org", of=news)
    mailing = lifecycle.start(a_mailing(to=readers, subscription_type=news), by=None, now=NOON)
    message = Message.objects.get(mailing=mailing)
    Message.objects.filter(pk=message.pk).update(
        state="sent", sent_at=NOON + MINUTE, opened_at=NOON + 2 * MINUTE, bounced_at=NOON + 4 * MINUTE
    )
    journal.record([an_event("click", mailing=mailing.pk, message=message.pk, after=180)])
    before = changes.snapshot(ada)
    ada.city = "Gent"
    ada.save()
    changes.note(ada, before, source="edit", by=marieke, now=NOON + 5 * MINUTE)
    suppressions.add("email", "ada@example.org", "manual", evidence={}, actor="system", now=NOON + 6 * MINUTE)
    todos.finish(Task.objects.create(title="Call Ada", person=ada), by=marieke, now=NOON + 7 * MINUTE)
    upload = Import.objects.create(file_name="fair.xlsx", started_at=NOON + 8 * MINUTE)
    ImportedChange.objects.create(
        importing=upload, person=ada, before={"title": ""}, after={"title": "Buyer"}, addresses=[]
    )

    found = timeline.page(ada, size=100).entries

    name = mailing.name
    assert [entry.text for entry in found if entry.code != "consent"] == [
        "Changed by the import of fair.xlsx",
        "Done: Call Ada",
        "Blocked: Blocked by hand",
        "Edited",
        f"{name} came back",
        f"Clicked in {name}",
        f"Opened {name}",
        f"Was sent {name}",
        "Known since then",
    ]
    edited = next(entry for entry in found if entry.text == "Edited")
    assert (edited.by, [(line.label, line.old, line.new) for line in edited.lines]) == (
        "by Marieke Vos",
        [("City", "", "Gent")],
    )
    assert [entry.text.split(":")[0] for entry in found if entry.code == "consent"] == ["Consent, given"]


def test_pages_follow_each_other_without_gap_or_repeat_also_at_one_moment() -> None:
    ada = a_person(email="ada@example.org")
    for number in range(7):
        Change.objects.create(person=ada, at=NOON, source="edit", what={"city": ["", str(number)]})
        Task.objects.create(title=f"Task {number}", person=ada, done_at=NOON)

    page = timeline.page(ada, size=3)
    seen = list(page.entries)
    while page.next:
        page = timeline.page(ada, after=page.next, size=3)
        seen += page.entries

    whole = timeline.page(ada, size=100).entries
    assert [(entry.code, entry.number) for entry in seen] == [(entry.code, entry.number) for entry in whole]
    assert len(whole) == 15


def test_one_kind_is_shown_alone_and_an_invented_place_begins_at_the_top(client: Client) -> None:
    client.force_login(User.objects.create_user("guest"))
    ada = a_person()
    Change.objects.create(person=ada, at=NOON, source="edit", what={"city": ["", "Gent"]})
    here = reverse("recipients:person_history", args=[ada.pk])

    assert texts(ada, only="edits") == ["Edited"]
    assert "Gent" in client.get(f"{here}?only=edits&after=nonsense").content.decode()
    assert "Gent" in client.get(f"{here}?only=unknown&after=2026-01-01~edits~x").content.decode()
    assert "Gent" not in client.get(f"{here}?only=tasks").content.decode()


def test_a_page_costs_a_steady_number_of_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    client.force_login(User.objects.create_user("guest"))
    ada = a_person(email="ada@example.org")
    for number in range(40):
        Change.objects.create(person=ada, at=NOON + number * MINUTE, source="edit", what={"city": ["", str(number)]})

    with django_assert_max_num_queries(20):
        client.get(reverse("recipients:person_history", args=[ada.pk]))


def test_who_was_held_back_reads_why(client: Client) -> None:
    readers = a_selection()
    ada = a_person(email="ada@example.org", in_=readers)
    a_person(email="bob@example.org", in_=readers)
    news = a_subscription_type()
    consents("bob@example.org", of=news)
    mailing = lifecycle.start(a_mailing(to=readers, subscription_type=news), by=None, now=NOON)

    held = [entry for entry in timeline.page(ada).entries if entry.code == "held"]

    assert [entry.text for entry in held] == [f"Did not get {mailing.name}"]
    assert held[0].detail


def test_a_company_has_one_too() -> None:
    company = a_company()
    Change.objects.create(company=company, at=NOON, source="edit", what={"city": ["", "Gent"]})

    assert "Edited" in [entry.text for entry in timeline.page(company).entries]


def test_consent_given_to_any_of_the_addresses_is_there() -> None:
    ada = a_person(email="ada@example.org", also=("ada@home.example",))
    consents("ada@home.example", of=a_subscription_type("newsletter"))

    assert [entry.code for entry in timeline.page(ada, only="consent").entries] == ["consent"]


def test_it_says_when_somebody_was_told_what_is_kept_about_them() -> None:
    notices.publish(version="1", url="", text="x", controller="y", contact="z", mails_new=True, by=None, now=NOON)
    form = PersonForm({"first_name": "Ada", "email": "ada@example.org"})
    assert form.is_valid()
    ada = form.write(by=None, now=NOON)
    privacy_mail.send_due(now=NOON)

    assert texts(ada, only="privacy") == ["Privacy confirmation sent"]
