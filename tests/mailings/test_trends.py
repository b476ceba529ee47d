"""Across mailings: beside each other, by month, by hour."""

import datetime as dt

import pytest
from django.test import Client

from mailings import trends
from mailings.models import Counts, HourCount, Mailing
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type
from tests.mailings.factories import a_mailing, an_author

pytestmark = pytest.mark.django_db


def counted(
    name: str, *, delivered: int, opened: int, clicked: int, at: dt.datetime = NOON, of: str = "news", **more: int
) -> Mailing:
    mailing = a_mailing(name=name, status="sent", started_at=at, subscription_type=a_subscription_type(of))
    sent = delivered + more.get("bounced", 0)
    Counts.objects.create(
        mailing=mailing, states={"sent": sent}, delivered=delivered, opened=opened, clicked=clicked, **more
    )
    return mailing


def test_mailings_stand_beside_each_other_and_the_best_rate_is_marked():
    one = counted("One", delivered=1000, opened=300, clicked=20)
    two = counted("Two", delivered=10, opened=2, clicked=2, at=NOON + dt.timedelta(days=1))
    draft = a_mailing(name="Draft")

    compared = trends.compare([two.pk, one.pk, draft.pk])

    assert [(row.mailing.name, row.best) for row in compared] == [
        ("One", frozenset({"opened"})),
        ("Two", frozenset({"clicked"})),
    ]


def test_one_mailing_alone_is_the_best_of_nothing_and_a_long_list_is_cut():
    alone = counted("One", delivered=10, opened=3, clicked=1)
    many = [counted(f"M{n}", delivered=1, opened=0, clicked=0).pk for n in range(12)]

    assert trends.compare([alone.pk])[0].best == frozenset()
    assert len(trends.compare(many)) == trends.MOST_COMPARED


def test_rates_by_month_are_of_the_sums():
    counted("A", delivered=90, opened=9, clicked=3)
    counted("B", delivered=10, opened=10, clicked=10)
    counted("C", delivered=100, opened=1, clicked=1, at=NOON - dt.timedelta(days=35))
    counted("Other", delivered=5, opened=1, clicked=1, of="events")
    counted("Old", delivered=5, opened=5, clicked=5, at=NOON - dt.timedelta(days=500))

    news, events = trends.by_type(now=NOON + dt.timedelta(hours=1))

    assert (news.sums.mailings, news.sums.delivered, news.sums.clicked) == (3, 200, 14)
    assert [(str(month.first), month.sums.delivered) for month in news.months if month.sums.mailings] == [
        ("2026-10-01", 100),
        ("2026-11-01", 100),
    ]
    assert len(news.months) == 12
    assert events.sums.mailings == 1


def test_the_best_hours_are_of_the_first_two_days_on_our_own_clock():
    mailing = counted("A", delivered=90, opened=9, clicked=3)
    hour = NOON.replace(minute=0)
    for after, kind, human in ((1, "click", 7), (2, "click", 3), (3, "open", 99), (72, "click", 500)):
        HourCount.objects.create(mailing=mailing, kind=kind, hour=hour + dt.timedelta(hours=after), human=human)

    times = trends.times(now=NOON + dt.timedelta(days=5))

    assert [clicks for _day, _hour, clicks in times.best] == [7, 3]
    assert sum(one.clicks for row in times.days for one in row) == 10
    assert max(one.strength for row in times.days for one in row) == 5
    assert not trends.times(now=NOON + dt.timedelta(days=500))


@pytest.fixture
def author(client: Client) -> Client:
    client.force_login(an_author())
    return client


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_pages_answer_full_and_empty_in_both_languages(author, language):
    author.cookies["django_language"] = language
    for page in ("trends/", "trends/?hours=opens", "compare/", "compare/?mailing=x&mailing=999999999999999999999"):
        assert author.get(f"/reports/{page}").status_code == 200
    mailing = counted("Fair", delivered=90, opened=9, clicked=3)
    HourCount.objects.create(mailing=mailing, kind="click", hour=NOON, human=4)

    assert "Fair" in author.get(f"/reports/compare/?mailing={mailing.pk}").content.decode()
    assert author.get("/reports/trends/").status_code == 200


def test_trends_cost_the_same_queries_for_few_and_many(author, django_assert_max_num_queries):
    for number in range(40):
        counted(f"M{number}", delivered=9, opened=2, clicked=1)
    author.get("/reports/trends/")
    with django_assert_max_num_queries(10):
        author.get("/reports/trends/")
