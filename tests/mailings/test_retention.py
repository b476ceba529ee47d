"""Raw events go, figures stay; visitors' addresses are shortened."""

import datetime as dt

import pytest

from mailings import retention, statistics
from mailings.models import Counts, LinkCount, Message
from tests.conftest import NOON
from tests.mailings.factories import a_mailing
from tests.tracking.factories import an_event
from tracking import journal
from tracking.models import Event, Kind

pytestmark = pytest.mark.django_db
YEARS_LATER = NOON + dt.timedelta(days=1000)


def clicked() -> tuple[Message, Counts]:
    mailing = a_mailing(status="sent", started_at=NOON)
    message = Message.objects.create(mailing=mailing, address="ada@example.org", state="sent", sent_at=NOON)
    journal.record(
        [
            an_event(Kind.OPEN, mailing=mailing.pk, message=message.pk, ip="198.51.100.77"),
            an_event(Kind.CLICK, mailing=mailing.pk, message=message.pk, link=1, after=90, ip="2001:db8:1:2::7"),
        ]
    )
    statistics.fold(now=NOON)
    statistics.refresh(mailing, now=NOON)
    return message, Counts.objects.get(mailing=mailing)


def figures() -> list[object]:
    counts = Counts.objects.get()
    return [counts.opened, counts.clicked, counts.hits, counts.delivered, list(LinkCount.objects.values_list("people"))]


def test_old_events_go_and_every_figure_stays_also_after_a_recount_and_a_late_click():
    message, _counts = clicked()
    before = figures()

    assert retention.prune(now=YEARS_LATER) == 1
    assert retention.prune(now=YEARS_LATER) == 0
    assert not Event.objects.exists()
    journal.record([an_event(Kind.CLICK, mailing=message.mailing_id, message=message.pk, link=1, after=8e7)])
    statistics.fold(now=YEARS_LATER)
    statistics.rebuild(message.mailing, now=YEARS_LATER)

    assert figures() == before
    message.refresh_from_db()
    assert message.clicked_at == NOON + dt.timedelta(seconds=90)
    assert not Event.objects.filter(folded_at=None).exists()


def test_young_events_stay_and_never_means_never(settings):
    clicked()
    assert retention.prune(now=NOON + dt.timedelta(days=700)) == 0
    settings.EVENT_MONTHS = None
    assert retention.prune(now=YEARS_LATER) == 0
    assert Event.objects.count() == 2


def test_addresses_are_shortened_to_their_network_after_a_month(settings):
    message, _counts = clicked()
    late = an_event(Kind.OPEN, mailing=message.mailing_id, message=message.pk, after=20 * 86400, ip="203.0.113.5")
    journal.record([late])

    assert retention.shorten_addresses(now=NOON + dt.timedelta(days=29)) == 0
    assert retention.shorten_addresses(now=NOON + dt.timedelta(days=31)) == 2
    assert set(Event.objects.values_list("ip", flat=True)) == {"198.51.100.0", "2001:db8:1::", "203.0.113.5"}
    assert retention.shorten_addresses(now=NOON + dt.timedelta(days=31)) == 0
    assert retention.shorten_addresses(now=NOON + dt.timedelta(days=60)) == 1
    settings.IP_DAYS = None
    assert retention.shorten_addresses(now=YEARS_LATER) == 0
