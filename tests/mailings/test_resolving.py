"""Unknown messages: settled by what comes back, or by a person who knows."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from mailings import lifecycle, resolving, statistics
from mailings.channels.email import EmailChannel
from mailings.delivery import chunks, happenings, progress, worker
from mailings.models import Chunk, Happening, Mailing, Message
from tests.conftest import NOON
from tests.mailings.delivery.factories import a_channel, a_started_mailing, count, states
from tests.mailings.factories import an_author
from tests.mailings.peer import Peer, Script
from tracking import journal

pytestmark = pytest.mark.django_db

LATER = NOON + dt.timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _own_ground(settings: Settings, tmp_path) -> None:
    settings.JOURNAL_DIR = tmp_path
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"


def work_on(mailing: Mailing, channel: EmailChannel) -> None:
    for number in Chunk.objects.filter(mailing=mailing, state="waiting").values_list("pk", flat=True):
        worker.work(number, channel=channel, clock=lambda: LATER)


def a_mailing_with_an_unknown() -> tuple[Mailing, Message]:
    """To three people; the server takes r2's mail and hangs up before it says so."""
    mailing = a_started_mailing(3)
    with Peer(Script(at_end={"r2@example.org": "take and drop"})) as peer:
        channel = a_channel(peer, connections=1)
        work_on(mailing, channel)
        work_on(mailing, channel)
        channel.close()
    lifecycle.finish_done(now=LATER)
    mailing.refresh_from_db()
    assert count(mailing) == {"sent": 2, "unknown": 1}
    return mailing, Message.objects.get(mailing=mailing, state="unknown")


@pytest.mark.parametrize(
    ("kind", "category"),
    [("bounce", "full"), ("bounce", "transient"), ("delivered", ""), ("open", ""), ("complaint", ""), ("click", "")],
)
def test_what_can_only_come_of_mail_that_arrived_proves_that_it_did(kind, category):
    mailing, message = a_mailing_with_an_unknown()
    told = journal.NewEvent(
        origin="mail:1", at=LATER, kind=kind, mailing=mailing.pk, message=message.pk, category=category
    )

    journal.record([told])
    statistics.catch_up(now=LATER)

    message.refresh_from_db()
    assert (message.state, message.reason, message.sent_at) == ("sent", "", LATER)
    assert progress.of(mailing, now=LATER).states["unknown"] == 0
    assert progress.of(mailing, now=LATER).audience == 3


def test_proof_about_others_changes_nothing():
    mailing, message = a_mailing_with_an_unknown()
    other = Message.objects.get(mailing=mailing, address="r1@example.org")

    journal.record([journal.NewEvent(origin="x", at=LATER, kind="open", mailing=mailing.pk, message=other.pk)])
    statistics.catch_up(now=LATER)

    message.refresh_from_db()
    assert message.state == "unknown"


def test_a_person_who_knows_says_that_it_arrived_and_it_is_written_down():
    mailing, message = a_mailing_with_an_unknown()

    assert resolving.they_got_it(mailing, [message.pk], by=an_author(), now=LATER) == 1

    assert states(mailing)["r2@example.org"] == "sent"
    noted = Happening.objects.get(mailing=mailing, kind="arrived")
    assert (noted.by, noted.detail["messages"]) == (an_author(), [message.pk])
    assert "Marieke" in happenings.told(mailing)[0].words
    with pytest.raises(resolving.NothingUnknown):
        resolving.they_got_it(mailing, [message.pk], by=an_author(), now=LATER)


def test_a_person_sends_it_again_once_with_the_same_message_id():
    mailing, message = a_mailing_with_an_unknown()

    resolving.send_again(mailing, by=an_author(), now=LATER)
    with Peer() as peer:
        channel = a_channel(peer)
        work_on(mailing, channel)
        channel.close()
    lifecycle.finish_done(now=LATER)

    mailing.refresh_from_db()
    message.refresh_from_db()
    assert peer.recipients() == ["r2@example.org"]
    assert (message.state, message.attempts, mailing.status) == ("sent", 2, "sent")
    assert not chunks.issue(now=LATER)


def test_messages_of_another_mailing_are_not_touched():
    mailing, message = a_mailing_with_an_unknown()
    other = a_started_mailing(1, name="Other")

    with pytest.raises(resolving.NothingUnknown):
        resolving.send_again(other, [message.pk], by=an_author(), now=LATER)

    assert count(mailing)["unknown"] == 1


def test_the_page_asks_and_takes_the_answer():
    mailing, message = a_mailing_with_an_unknown()
    statistics.refresh(mailing, now=LATER)
    client = Client()
    client.force_login(an_author())

    assert "Did it arrive?" in client.get(f"/mailings/{mailing.pk}/messages/?state=unknown").content.decode()
    page = client.get(f"/mailings/{mailing.pk}/messages/{message.pk}/").content.decode()
    assert "they get it twice" in page
    answer = client.post(
        f"/mailings/{mailing.pk}/unknown/", {"what": "arrived", "message": message.pk}, follow=True
    ).content.decode()

    assert "Noted: it arrived." in answer
    assert "Did it arrive?" not in answer


def test_who_may_not_send_does_not_decide():
    mailing, message = a_mailing_with_an_unknown()
    client = Client()
    client.force_login(User.objects.create(username="visitor"))

    assert client.post(f"/mailings/{mailing.pk}/unknown/", {"what": "again"}).status_code == 403
    message.refresh_from_db()
    assert message.state == "unknown"
