"""The Mailings page: listed by state, found, copied, archived and taken back."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mailings import library
from mailings.models import Counts, Mailing
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, a_person, a_project, a_selection, an_author

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(an_author())
    return client


def names(tab: str = "all", words: str = "") -> list[str]:
    return [row.mailing.name for row in library.page(library.under(tab, library.matching(words))).rows]


def test_a_new_mailing_begins_with_the_house_as_sender(marketer: Client, settings: Any) -> None:
    answer = marketer.post(reverse("mailings:new"), {"name": "Open day", "type": "email"})

    mailing = Mailing.objects.get()
    assert answer["Location"] == reverse("mailings:setup", args=[mailing.pk])
    assert (mailing.from_address, mailing.created_by) == (settings.SENDER_ADDRESS, an_author())


def test_a_mailing_begun_from_a_selection_or_project_goes_to_its_people(marketer: Client) -> None:
    readers, visitors = a_selection(), a_project()
    asked = marketer.get(reverse("mailings:new"), {"selection": readers.pk}).content.decode()

    marketer.post(reverse("mailings:new"), {"name": "One", "type": "email", "selection": readers.pk})
    marketer.post(reverse("mailings:new"), {"name": "Two", "type": "email", "project": visitors.pk})

    assert "Readers" in asked
    assert Mailing.objects.get(name="One").sources.get().selection == readers
    assert Mailing.objects.get(name="Two").sources.get().project == visitors


@pytest.mark.parametrize("number", ["999999", "x", "9" * 30, "-1"])
def test_a_mailing_needs_a_name_and_a_link_that_is_there(marketer: Client, number: str) -> None:
    answer = marketer.post(reverse("mailings:new"), {"name": " ", "type": "email", "selection": number})

    assert answer.status_code == 422
    assert not Mailing.objects.exists()


def test_tabs_count_and_hold_each_state() -> None:
    for status in Mailing.Status.values:
        a_mailing(name=status, status=status)
    library.archive(a_mailing(name="old"), now=NOON)

    assert {tab.code: tab.count for tab in library.tabs(library.matching(""))} == {
        "all": 7,
        "draft": 1,
        "planned": 2,
        "sending": 2,
        "sent": 1,
        "cancelled": 1,
        "archived": 1,
    }
    assert set(names("sending")) == {"sending", "paused"}
    assert names("archived") == ["old"]


def test_what_is_planned_comes_first_then_by_when_it_was_sent() -> None:
    day = dt.timedelta(days=1)
    a_mailing(name="older", status="sent", started_at=NOON - 3 * day)
    a_mailing(name="planned", status="scheduled", send_at=NOON + 900 * day)
    a_mailing(name="newer", status="sent", started_at=NOON - day)

    assert names() == ["planned", "newer", "older"]


def test_pages_follow_each_other_without_gap_or_repetition() -> None:
    for number in range(7):
        a_mailing(name=str(number), status="sent", started_at=NOON)

    first = library.page(library.matching(""), limit=3)
    second = library.page(library.matching(""), after=first.after, limit=3)
    third = library.page(library.matching(""), after=second.after, limit=3)

    listed = [row.mailing.name for page in (first, second, third) for row in page.rows]
    assert listed == ["6", "5", "4", "3", "2", "1", "0"]
    assert third.after == ""


def test_mailings_are_found_by_name_subject_and_sender() -> None:
    a_mailing(name="Autumn letter", subject="A roof", from_name="De Werkbank")
    a_mailing(name="Open day", subject="See the workshop", from_name="Marieke")

    assert names(words="roof autumn") == ["Autumn letter"]
    assert names(words="MARIEKE") == ["Open day"]
    assert names(words="spring") == []


def test_a_copy_has_the_same_content_and_sources_and_nothing_of_the_sending() -> None:
    mailing = a_mailing(to=[a_selection(), a_person("ada@example.org")], status="sent", frozen_at=NOON, started_at=NOON)

    copy = library.duplicate(mailing, by=an_author())

    assert (copy.name, copy.status, copy.frozen_at) == ("Copy of Open day", "draft", None)
    assert copy.content == mailing.content
    assert copy.sources.count() == 2


@pytest.mark.parametrize("status", ["scheduled", "sending", "paused"])
def test_what_is_on_its_way_is_not_archived(marketer: Client, status: str) -> None:
    mailing = a_mailing(status=status)

    answer = marketer.post(reverse("mailings:delete", args=[mailing.pk]), follow=True)

    assert "Cancel it first" in answer.content.decode()
    assert names() == ["Open day"]


def test_a_deleted_draft_can_be_taken_back(marketer: Client) -> None:
    mailing = a_mailing()

    marketer.post(reverse("mailings:delete", args=[mailing.pk]))
    gone = names()
    marketer.post(reverse("mailings:restore", args=[mailing.pk]))

    assert gone == []
    assert names() == ["Open day"]


def test_picked_mailings_are_copied_and_archived_together(marketer: Client) -> None:
    picked = [a_mailing(name="A").pk, a_mailing(name="B").pk]

    marketer.post(reverse("mailings:bulk"), {"act": "duplicate", "mailing": picked})
    marketer.post(reverse("mailings:bulk"), {"act": "archive", "mailing": [*picked, "x"]})

    assert set(names()) == {"Copy of A", "Copy of B"}
    assert set(names("archived")) == {"A", "B"}


def test_the_page_shows_shares_that_lead_to_the_people(marketer: Client) -> None:
    mailing = a_mailing(status="sent", started_at=NOON)
    Counts.objects.create(mailing=mailing, states={"sent": 1000, "held": 20}, delivered=1000, opened=382, clicked=61)

    page = marketer.get(reverse("mailings:list")).content.decode()

    assert "1,020" in page
    assert "38.2%" in page
    assert f"/mailings/{mailing.pk}/messages/?did=clicked" in page


def test_the_first_visit_teaches(marketer: Client) -> None:
    assert "Nothing has flown yet" in marketer.get(reverse("mailings:list")).content.decode()


def test_the_list_costs_the_same_for_many_as_for_few(marketer: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(60):
        Counts.objects.create(mailing=a_mailing(name=str(number), created_by=an_author()), states={"sent": number})

    with django_assert_max_num_queries(8):
        marketer.get(reverse("mailings:list"))


def test_cards_list_the_mailings_of_a_selection_a_project_and_a_person(marketer: Client) -> None:
    readers, visitors, ada = a_selection(), a_project(), a_person("ada@example.org")
    a_mailing(name="Linked", selection=readers, to=readers)
    mailing = a_mailing(name="Sent to", to=[readers, visitors])
    mailing.messages.create(person=ada, address="ada@example.org", state="held", reason="no_consent")

    def text(name: str, pk: int) -> str:
        return marketer.get(reverse(name, args=[pk])).content.decode()

    assert text("mailings:of_selection", readers.pk).count("Linked") == 1
    assert "Sent to" in text("mailings:of_selection", readers.pk)
    assert "Sent to" in text("mailings:of_project", visitors.pk)
    assert "No consent" in text("mailings:of_person", ada.pk)
    assert "Nothing was sent" in text("mailings:of_person", a_person().pk)
