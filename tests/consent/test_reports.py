"""Reports of consent: what came in and from where, what runs out, why people leave; every number opens its people."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from consent import reports, unsubscribe
from consent.models import OptOutKey
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents, withdraws

pytestmark = pytest.mark.django_db
ADA, BOB, EVE = "ada@example.org", "bob@example.org", "eve@example.org"
DAY = dt.timedelta(days=1)


@pytest.fixture
def marieke(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("marieke", "marieke@example.org"))
    return client


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_acts_are_counted_by_month_of_our_calendar_and_source() -> None:
    consents(ADA, now=NOON)
    consents(
        BOB, "purchase", now=dt.datetime(2026, 10, 31, 23, 30, tzinfo=dt.UTC), on=dt.date(2026, 10, 2)
    )  # 1 November here
    consents(EVE, now=dt.datetime(2025, 10, 1, tzinfo=dt.UTC), on=dt.date(2025, 9, 1))  # longer ago than twelve months
    withdraws(ADA, now=NOON)

    found = reports.months(at=NOON)

    assert (len(found), found[0].code, found[-1].code) == (12, "2025-12", "2026-11")
    assert found[-1].by_source == {"newsletter_signup": 1, "purchase": 1}
    assert found[-1].withdrawn == 1
    assert sum(month.given for month in found[:-1]) == 0


def test_who_may_be_mailed_now_and_not_later_is_named_before_it_runs_out() -> None:
    consents(ADA, "purchase", on=dt.date(2024, 12, 10))  # ends on 10 December
    consents(BOB, "purchase", on=dt.date(2025, 1, 30))  # ends on 30 January
    consents(EVE, "purchase", on=dt.date(2024, 12, 10))
    consents(EVE, "newsletter_signup", actor="self")  # and has something better
    newsletter = a_subscription_type()

    counts = next(one for one in reports.expiring(at=NOON) if one.subscription_type == newsletter).by_window

    assert counts == {30: 1, 60: 1, 90: 2}
    assert [address for address, _event in reports.expiring_people(newsletter, 90, at=NOON)] == [ADA, BOB]
    assert [address for address, _event in reports.expiring_people(newsletter, 90, at=NOON, after=ADA)] == [BOB]


def leaves(address: str, why: str = "") -> None:
    unsubscribe.keep_keys({address})
    person = OptOutKey.objects.get(address=address)
    unsubscribe.leave(person, a_subscription_type(), how="one_click", now=timezone.now() - DAY)
    if why:
        unsubscribe.say_why(person, why, "in my words")


def test_reasons_for_leaving_are_counted_and_each_number_opens_its_people(marieke: Client) -> None:
    leaves(ADA, "too_often")
    leaves(BOB)

    assert dict(reports.reasons(at=timezone.now())) == {"too_often": 1, "": 1}
    page = text(marieke, "/consent/reports/")
    assert "It came too often" in page
    assert "Did not say" in page
    behind = text(marieke, "/consent/suppressions/?reason=unsubscribed&why=too_often")
    assert ADA in behind
    assert BOB not in behind
    silent = text(marieke, "/consent/suppressions/?reason=unsubscribed&why=none")
    assert BOB in silent
    assert ADA not in silent


def test_the_numbers_of_a_month_open_its_entries(marieke: Client) -> None:
    now = timezone.now()
    consents(ADA, now=now, on=dt.date(2026, 3, 3))
    consents(BOB, "purchase", now=now, on=dt.date(2026, 3, 3))
    withdraws(EVE, now=now)
    month = f"{timezone.localdate(now):%Y-%m}"

    page = text(marieke, "/consent/reports/")
    assert f"?source=purchase&amp;month={month}&amp;act=yes" in page
    bought = text(marieke, f"/consent/ledger/?source=purchase&month={month}&act=yes")
    taken = text(marieke, f"/consent/ledger/?month={month}&act=no")

    assert BOB in bought
    assert ADA not in bought
    assert EVE in taken
    assert BOB not in taken


def test_the_list_behind_a_number_names_the_evidence_that_ends(marieke: Client) -> None:
    today = timezone.localdate()
    bought = today.replace(year=today.year - 2, day=min(today.day, 28)) + 20 * DAY
    consents(ADA, "purchase", now=timezone.now(), on=bought)

    page = text(marieke, "/consent/expiring/?type=newsletter&days=30")

    assert ADA in page
    assert "26-0411" in page  # the order
