"""The first page while a mailing is on its way."""

import datetime as dt

from django.utils import timezone
from playwright.sync_api import expect

from mailings.models import Counts, Mailing, Tally
from tests.browser.conftest import Visitor
from tests.mailings.factories import a_mailing, a_person

Status = Mailing.Status


def test_numbers_move_by_themselves_until_the_mailing_is_sent(author: Visitor) -> None:
    now = timezone.now()
    a_person("ada@example.org")
    mailing = a_mailing(name="Autumn letter to donors", status=Status.SENDING, started_at=now)
    Tally.objects.create(mailing=mailing, at=now, pending=700, sent=300, held=9)
    a_mailing(name="Open day", status=Status.SCHEDULED, send_at=now + dt.timedelta(days=1))
    done = a_mailing(name="November newsletter", status=Status.SENT, started_at=now - dt.timedelta(days=4))
    Counts.objects.create(mailing=done, states={"sent": 1264, "unknown": 1}, delivered=1250, opened=480, clicked=90)

    author.tour("/", "home-sending")
    page = author.open("/")
    live = page.get_by_role("region", name="Sending: Autumn letter to donors")
    expect(live.get_by_text("of 1,000 sent")).to_be_visible()
    Tally.objects.create(mailing=mailing, at=timezone.now(), pending=-500, sent=500)
    expect(live.get_by_role("link", name="800")).to_be_visible()
    Mailing.objects.filter(pk=mailing.pk).update(status=Status.SENT)

    expect(live).to_have_count(0)
