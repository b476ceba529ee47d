"""Counting opens where the law asks for a consent of its own: no picture without it, and a no silences earlier mail."""

import email
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from consent import measuring, preferences
from consent.models import OptOutKey
from mailings import lifecycle
from mailings.channels.email import EmailChannel
from mailings.delivery import worker
from mailings.models import Chunk, Mailing, Message
from recipients.models import Person
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type
from tests.mailings.factories import a_mailing, a_person, a_selection
from tests.mailings.peer import Peer
from tracking import journal, spool
from tracking.models import Event

pytestmark = pytest.mark.django_db


def key_of(address: str) -> OptOutKey:
    preferences.keys_of([address])
    return OptOutKey.objects.get(address=address)


def sent(channel: EmailChannel, peer: Peer) -> dict[str, bool]:
    """Whether each reader's mail holds the picture."""
    readers = a_selection()
    for address, country in (
        ("nl@example.org", "NL"),
        ("yes@example.org", "FR"),
        ("no@example.org", "FR"),
        ("not@example.org", "NL"),
    ):
        a_person(address, in_=readers, consents_to=a_subscription_type(), country=country)
    measuring.allow(key_of("yes@example.org"), now=NOON)
    measuring.refuse(key_of("not@example.org"), now=NOON)
    mailing = lifecycle.start(a_mailing(to=readers), by=None, now=NOON)
    for chunk in Chunk.objects.filter(mailing=mailing):
        worker.work(chunk.pk, channel=channel, clock=lambda: NOON)
    found = {}
    for letter in peer.letters:
        whole = email.message_from_bytes(letter.content)
        html = next(part for part in whole.walk() if part.get_content_type() == "text/html")
        payload = html.get_payload(decode=True)
        assert isinstance(payload, bytes)
        found[letter.recipient] = f"{settings.BASE_URL}/o/".encode() in payload
    return found


def test_in_france_only_who_agreed_gets_the_picture_and_anywhere_nobody_who_refused(
    peer: Peer, channel: EmailChannel
) -> None:
    assert sent(channel, peer) == {
        "nl@example.org": True,
        "yes@example.org": True,
        "no@example.org": False,
        "not@example.org": False,
    }


def test_a_no_silences_the_pictures_of_mail_they_have_already(tmp_path: Path) -> None:
    mailing = Mailing.objects.create(name="Earlier", status="sent")
    messages = [
        Message.objects.create(mailing=mailing, person=None, address=address, state="sent")
        for address in ("yes@example.org", "no@example.org")
    ]
    measuring.allow(key_of("no@example.org"), now=NOON)
    measuring.refuse(key_of("no@example.org"), now=NOON)
    writer = spool.Writer(tmp_path, "node1")
    for message in messages:
        writer.append(
            b"o\t%d\t%d\t%d\t\tGET\t192.0.2.1\t\t\tFirefox\n" % (time.time_ns() // 1000, mailing.pk, message.pk)
        )
        writer.append(
            b"c\t%d\t%d\t%d\t1\tGET\t192.0.2.1\t\t\tFirefox\n" % (time.time_ns() // 1000, mailing.pk, message.pk)
        )

    journal.ingest(tmp_path)

    assert sorted(Event.objects.values_list("message", "kind")) == sorted(
        [(messages[0].pk, "open"), (messages[0].pk, "click"), (messages[1].pk, "click")]
    )


def test_the_preferences_page_asks_the_french_and_looking_changes_nothing(client: Client) -> None:
    a_person("ada@example.org", country="FR")
    a_person("bob@example.org", country="NL")
    ada, bob = key_of("ada@example.org"), key_of("bob@example.org")
    path = preferences.path(ada.preferences)

    assert "Count whether I open your mail" in client.get(path).content.decode()
    assert "Count whether I open" not in client.get(preferences.path(bob.preferences)).content.decode()
    assert not measuring.is_allowed(ada)
    client.post(path, {"action": "measure"})
    assert measuring.is_allowed(ada)
    client.post(path, {"action": "measure_not"})
    assert not measuring.is_allowed(ada)
    assert Person.objects.count() == 2
