"""The first page: what is on its way, what waits, what came of it."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from mailings import dashboard
from mailings.models import Counts, Mailing, Tally
from recipients.models import Import
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, a_person, an_author

pytestmark = pytest.mark.django_db
Status = Mailing.Status
SECOND = dt.timedelta(seconds=1)


def on_its_way(**values: object) -> Mailing:
    mailing = a_mailing(status=Status.SENDING, started_at=NOON - 60 * SECOND, **values)
    Tally.objects.create(mailing=mailing, at=NOON - 60 * SECOND, held=7, pending=1000)
    Tally.objects.create(mailing=mailing, at=NOON - 45 * SECOND, pending=-400, sent=395, deferred=3, failed=2)
    Tally.objects.create(mailing=mailing, at=NOON - 10 * SECOND, pending=-300, sent=300)
    return mailing


def test_progress_is_the_sum_of_what_the_workers_wrote() -> None:
    mailing = on_its_way()

    (found,) = dashboard.sending(now=NOON)

    assert found.mailing == mailing
    assert (found.held, found.waiting, found.sent, found.deferred, found.failed) == (7, 300, 695, 3, 2)
    assert found.audience == 1000
    assert found.share == "70"


def test_speed_is_that_of_the_last_half_minute_and_gives_the_time_left() -> None:
    on_its_way()

    (found,) = dashboard.sending(now=NOON)

    assert found.per_second == 10
    assert found.time_left == "0:30"


def test_a_mailing_that_stands_still_promises_no_time() -> None:
    on_its_way()

    (found,) = dashboard.sending(now=NOON + 60 * SECOND)

    assert (found.per_second, found.time_left) == (0, "")


def test_what_waits_for_somebody_is_listed() -> None:
    draft = a_mailing(name="December newsletter")
    a_mailing(name="Put away", archived_at=NOON)
    waiting = Import.objects.create(file_name="stand.xlsx", state=Import.State.MAPPING)
    Import.objects.create(file_name="done.xlsx", state=Import.State.FINISHED)
    sent = a_mailing(status=Status.SENT, started_at=NOON)
    Counts.objects.create(mailing=sent, states={"sent": 10, "unknown": 2})

    found = dashboard.to_do()

    assert [row.mailing for row in found.drafts] == [draft]
    assert list(found.imports) == [waiting]
    assert [row.mailing for row in found.doubtful] == [sent]
    assert len(found) == 3


def test_the_next_planned_mailing_comes_first() -> None:
    later = a_mailing(status=Status.SCHEDULED, send_at=NOON + 2 * dt.timedelta(days=1))
    sooner = a_mailing(status=Status.SCHEDULED, send_at=NOON + dt.timedelta(days=1))

    assert [row.mailing for row in dashboard.planned()] == [sooner, later]


@pytest.mark.parametrize(("complained", "trusted"), [(0, True), (1, True), (2, False)])
def test_more_than_one_complaint_in_a_thousand_is_a_warning(complained: int, *, trusted: bool) -> None:
    mailing = a_mailing(status=Status.SENT, started_at=NOON)
    Counts.objects.create(mailing=mailing, states={"sent": 1000}, bounced=9, complained=complained)

    found = dashboard.health(now=NOON)

    assert (found.sent, found.bounced, found.is_trusted) == (1000, 9, trusted)


def test_mail_of_more_than_a_month_ago_is_forgotten() -> None:
    mailing = a_mailing(status=Status.SENT, started_at=NOON - dt.timedelta(days=31))
    Counts.objects.create(mailing=mailing, states={"sent": 1000}, complained=500)

    assert dashboard.health(now=NOON).is_trusted


def test_the_page_teaches_while_nobody_has_done_anything(client: Client) -> None:
    client.force_login(an_author())

    page = client.get(reverse("home")).content.decode()

    assert "Three steps to the first mailing" in page


def test_the_page_shows_everything_in_few_queries(client: Client, django_assert_max_num_queries: object) -> None:
    client.force_login(an_author())
    a_person("ada@example.org")
    for _ in range(3):
        on_its_way()
        sent = a_mailing(status=Status.SENT, started_at=NOON)
        Counts.objects.create(mailing=sent, states={"sent": 10, "unknown": 1}, delivered=9, opened=3)
        a_mailing(status=Status.SCHEDULED, send_at=NOON)
        a_mailing()

    with django_assert_max_num_queries(16):  # type: ignore[operator]
        page = client.get(reverse("home")).content.decode()

    for words in ("Sending now", "695", "of 1,000 sent", "Finish “Open day”", "33.3%", "Good "):
        assert words in page


def test_the_live_part_asks_again_only_while_something_moves(client: Client) -> None:
    client.force_login(an_author())
    mailing = on_its_way()
    moving = client.get(reverse("home"), headers={"HX-Request": "true"}).content.decode()

    Mailing.objects.filter(pk=mailing.pk).update(status=Status.SENT)
    still = client.get(reverse("home"), headers={"HX-Request": "true"}).content.decode()

    assert "every 2s" in moving
    assert "<html" not in moving
    assert "every 2s" not in still
