"""What mail that came back does to its address, from the journal to the block."""

import datetime as dt

import pytest

from consent.models import Suppression
from mailings import returned, statistics
from mailings.models import Message
from recipients.models import EmailAddress, Person
from tests.conftest import NOON
from tests.mailings.returns import a_message, a_reader, a_sent_mailing
from tests.tracking.factories import an_event
from tracking import journal
from tracking.models import SoftBounce

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"
DAY = dt.timedelta(days=1)


def ada() -> Person:
    person = a_reader()
    EmailAddress.objects.create(person=person, address=ADA)
    return person


def sent(day: float, *, to: Person | None = None, **more: object) -> Message:
    """A mailing of its own, whose message to Ada left on that day."""
    return a_message(a_sent_mailing(), address=ADA, person=to, sent_at=NOON + day * DAY, **more)


def came_back(message: Message, category: str = "full", *, after: dt.timedelta = dt.timedelta(hours=1)) -> None:
    happens(message, "bounce", at=message.sent_at + after, category=category, detail="452 4.2.2 Mailbox full")


def happens(message: Message, kind: str, *, at: dt.datetime, **more: object) -> None:
    after = (at - NOON).total_seconds()
    journal.record([an_event(kind, mailing=message.mailing_id, message=message.pk, after=after, **more)])
    statistics.fold(now=at + dt.timedelta(minutes=1))


def blocks() -> list[str]:
    return list(Suppression.objects.filter(released_at=None).values_list("reason", flat=True))


def test_five_in_a_row_over_two_weeks_block_the_address_for_a_while():
    for day in (0, 4, 8, 12):
        came_back(sent(day))
    assert blocks() == []

    came_back(sent(15))

    block = Suppression.objects.get()
    assert (block.address, block.reason, block.actor) == (ADA, "soft_bounces", "system")
    assert block.evidence["count"] == 5
    assert block.until.date() == (NOON + 105 * DAY).date()


@pytest.mark.parametrize("category", ["block_sender", "auth", "content", "config"])
def test_what_is_the_senders_fault_blocks_nobody_however_often(category):
    for day in range(0, 40, 4):
        came_back(sent(day), category)

    assert blocks() == []
    assert not SoftBounce.objects.exists()


def test_a_click_by_a_person_starts_the_count_anew():
    reader = ada()
    for day in (0, 4, 8, 12):
        came_back(sent(day, to=reader))
    first = Message.objects.order_by("pk").first()

    happens(first, "click", at=NOON + 13 * DAY, link=1)
    came_back(sent(15, to=reader))

    assert blocks() == []
    assert SoftBounce.objects.filter(ended_because="clicked").count() == 4


def test_a_machine_that_clicks_forgives_nothing():
    for day in (0, 4, 8, 12):
        came_back(sent(day))

    happens(Message.objects.first(), "click", at=NOON + 13 * DAY, link=1, user_agent="python-requests/2.32")

    assert not SoftBounce.objects.exclude(ended_because="").exists()


def test_a_later_mail_that_was_not_sent_back_starts_the_count_anew():
    reader = ada()
    for day in (0, 3, 6, 9):
        came_back(sent(day, to=reader))
    sent(12, to=reader)  # arrives

    came_back(sent(18, to=reader))

    assert blocks() == []
    assert SoftBounce.objects.filter(ended_because="delivered").count() == 4


def test_a_mail_that_may_still_come_back_forgives_nothing():
    reader = ada()
    for day in (0, 4, 8, 12):
        came_back(sent(day, to=reader))
    sent(14, to=reader)

    came_back(sent(15, to=reader))

    assert blocks() == ["soft_bounces"]


def test_somebody_who_never_reads_is_tried_for_a_week_and_a_reader_longer():
    reader = ada()
    for day in (0, 2, 4, 6):
        came_back(sent(day, to=reader))

    came_back(sent(7.5, to=reader))

    assert blocks() == ["soft_bounces"]


def test_a_reader_is_tried_longer():
    reader = ada()
    sent(-30, to=reader, clicked_at=NOON - 29 * DAY)
    for day in (0, 2, 4, 6, 7.5):
        came_back(sent(day, to=reader))

    assert blocks() == []


def test_one_mailing_counts_once_however_many_reports_come():
    message = sent(0)
    for day in range(10):
        came_back(message, after=day * DAY)

    assert SoftBounce.objects.count() == 1


def test_folding_twice_or_anew_counts_and_blocks_nothing_twice():
    for day in (0, 4, 8, 12, 15):
        came_back(sent(day))
    Suppression.objects.update(released_at=NOON)

    for message in Message.objects.select_related("mailing"):
        statistics.rebuild(message.mailing, now=NOON + 16 * DAY)

    assert blocks() == []
    assert SoftBounce.objects.count() == 5


def test_after_ninety_days_one_mail_is_tried_and_one_more_return_is_enough():
    for day in (0, 4, 8, 12, 15):
        came_back(sent(day))

    assert returned.try_again(now=NOON + 104 * DAY) == 0
    assert returned.try_again(now=NOON + 106 * DAY) == 1
    assert blocks() == []

    came_back(sent(107))
    assert blocks() == ["soft_bounces"]


def test_a_report_about_an_old_mail_counts_nothing():
    came_back(sent(0), after=31 * DAY)

    assert not SoftBounce.objects.exists()
