"""The calendar and the folders of the Mailings page."""

import datetime as dt

import pytest

from mailings import library, months
from mailings.models import Mailing
from tests.mailings.factories import a_mailing, a_selection, an_author

pytestmark = pytest.mark.django_db
UTC = dt.UTC


def at(day: int, hour: int = 12, month: int = 11) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=UTC)


def days(first: dt.date) -> dict[str, list[str]]:
    return {
        f"{day.date:%m-%d}": [one.name for one in day.mailings]
        for week in months.of(first).weeks
        for day in week
        if day.mailings
    }


def test_a_month_shows_what_was_sent_and_what_is_planned_on_its_day_by_the_clock_of_the_house(settings):
    settings.TIME_ZONE = "Europe/Amsterdam"
    readers = a_selection()
    a_mailing(to=readers, name="Sent", status="sent", started_at=at(3))
    a_mailing(to=readers, name="Late", status="sent", started_at=at(3, 23))  # past midnight here
    a_mailing(to=readers, name="Planned", status="scheduled", send_at=at(24))
    a_mailing(to=readers, name="Earlier", status="scheduled", send_at=at(24, 8))
    a_mailing(to=readers, name="Next month", status="scheduled", send_at=at(1, month=12))
    a_mailing(to=readers, name="Elsewhere", status="sent", started_at=at(20, month=9))
    a_mailing(to=readers, name="Archived", status="sent", started_at=at(5), archived_at=at(6))
    a_mailing(to=readers, name="A draft that was planned", send_at=at(7))

    assert days(dt.date(2026, 11, 1)) == {
        "11-03": ["Sent"],
        "11-04": ["Late"],
        "11-24": ["Earlier", "Planned"],
        "12-01": ["Next month"],
    }


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("2026-02", dt.date(2026, 2, 1)),
        ("", dt.date(2026, 11, 1)),
        ("2026-13", dt.date(2026, 11, 1)),
        ("0001-01", dt.date(2026, 11, 1)),
        ("9999-12", dt.date(2026, 11, 1)),
        ("x" * 1000, dt.date(2026, 11, 1)),
    ],
)
def test_any_text_gives_a_month(text, first):
    assert months.read(text, today=dt.date(2026, 11, 27)) == first


def test_months_follow_each_other_over_the_year():
    december = months.of(dt.date(2026, 12, 1))

    assert (december.before, december.after) == (dt.date(2026, 11, 1), dt.date(2027, 1, 1))


def test_the_calendar_page_costs_the_same_for_many_as_for_few(client, django_assert_max_num_queries):
    readers = a_selection()
    for hour in range(20):
        a_mailing(to=readers, name=f"Mailing {hour}", status="sent", started_at=at(3, hour))
    client.force_login(an_author())

    with django_assert_max_num_queries(5):
        page = client.get("/mailings/calendar/?month=2026-11").content.decode()

    assert "Mailing 19" in page


def test_mailings_are_filed_into_a_folder_found_there_and_taken_out(client):
    first, second = a_mailing(to=a_selection(), name="Spring"), a_mailing(to=a_selection("B"), name="Summer")
    client.force_login(an_author())

    client.post("/mailings/picked/", {"mailing": [first.pk, second.pk], "act": "file", "folder": " Fairs  2026 "})
    client.post("/mailings/picked/", {"mailing": [second.pk], "act": "file", "folder": ""})

    assert library.folders() == ["Fairs 2026"]
    page = client.get("/mailings/", {"folder": "Fairs 2026"}).content.decode()
    assert "Spring" in page
    assert "Summer" not in page
    assert library.duplicate(Mailing.objects.get(pk=first.pk), by=an_author()).folder == "Fairs 2026"
