"""A test send over real SMTP, and the online version of a mail."""

import re
import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.test import Client
from django.urls import reverse

from mailings import audience, compiling, testsend
from mailings.models import Message
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author
from tests.mailings.rendering.letters import body, parsed
from tracking import tokens
from tracking.models import Event, Link

pytestmark = pytest.mark.django_db


class Letterbox:
    """Takes every mail but those for nobody@."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def letterbox(settings) -> Iterator[Letterbox]:
    box = Letterbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings.SMTP_URL = f"smtp://127.0.0.1:{port}"
    yield box
    controller.stop()


@pytest.fixture
def marieke(client: Client) -> Client:
    author = an_author()
    author.is_superuser = True
    author.save()
    client.force_login(author)
    return client


def test_a_test_goes_to_each_address_filled_in_for_the_chosen_person(marieke, letterbox):
    readers = a_selection()
    hanna = a_person("hanna@example.org", in_=readers)
    mailing = a_mailing(to=readers)

    answer = marieke.post(
        reverse("mailings:test", args=[mailing.pk]), {"to": "a@example.com; b@example.com", "as": hanna.pk}
    )

    assert answer.content.decode().count("On its way to") == 2
    assert [mail.rcpt_tos for mail in letterbox.mails] == [["a@example.com"], ["b@example.com"]]
    raw = letterbox.mails[0].content
    assert parsed(raw)["Subject"] == "[Test] See the workshop from the inside"
    assert "Dear Hanna, come and see." in body(raw, "plain")
    assert not Message.objects.exists()


def test_the_links_of_a_test_work_and_never_count(marieke, letterbox):
    mailing = a_mailing()

    marieke.post(reverse("mailings:test", args=[mailing.pk]), {"to": "a@example.com"})

    token, number = re.search(r"/c/([\w-]{32})/(\d+)", body(letterbox.mails[0].content, "plain")).groups()
    assert tokens.read("click", token) == (mailing.pk, tokens.TEST)
    assert Link.objects.get(mailing=mailing.pk, number=number).url == "https://example.org/open-day"
    assert not Event.objects.exists()


def test_a_refused_address_is_named_with_the_servers_words(marieke, letterbox):
    answer = marieke.post(reverse("mailings:test", args=[a_mailing().pk]), {"to": "nobody@example.com b@example.com"})

    said = answer.content.decode()
    assert "nobody@example.com" in said
    assert "550 5.1.1 No such mailbox" in said
    assert len(letterbox.mails) == 1


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ("", "Write an address"),
        ("a@example.com b@@c", "b@@c"),
        (" ".join(f"a{n}@example.com" for n in range(21)), "20 addresses at most"),
    ],
)
def test_a_test_that_cannot_be_sent_says_why_and_sends_nothing(marieke, letterbox, to, sentence):
    answer = marieke.post(reverse("mailings:test", args=[a_mailing().pk]), {"to": to})

    assert sentence in answer.content.decode()
    assert not letterbox.mails


def test_no_server_is_said_in_words(marieke, settings):
    settings.SMTP_URL = "smtp://127.0.0.1:1"

    answer = marieke.post(reverse("mailings:test", args=[a_mailing().pk]), {"to": "a@example.com"})

    assert "The mail server does not answer" in answer.content.decode()


def test_addresses_are_read_however_they_are_separated():
    good, sentences = testsend.addresses_in("a@example.com;b@example.com\nA@example.com, c@")

    assert good[:2] == ["a@example.com", "b@example.com"]
    assert len(sentences) == 1


def a_sent_message() -> Message:
    readers = a_selection()
    mailing = a_mailing(to=readers)
    a_person("hanna@example.org", in_=readers, consents_to=mailing.subscription_type)
    audience.freeze(mailing, now=NOON)
    compiling.compile_mailing(mailing)
    return Message.objects.get(mailing=mailing)


def test_the_online_version_is_the_mail_of_this_reader_for_everybody_with_the_link(client):
    message = a_sent_message()
    token = tokens.make("view", message.mailing_id, message.pk)

    answer = client.get(f"/v/{token}/")

    assert answer.status_code == 200
    assert "Dear Hanna, come and see." in answer.content.decode()
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert not answer.cookies


def test_every_other_token_gets_the_same_page_and_changes_nothing(client):
    message = a_sent_message()
    token = tokens.make("view", message.mailing_id, message.pk)
    others = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token[:20],
        tokens.make("click", message.mailing_id, message.pk),
        tokens.make("view", message.mailing_id, message.pk + 1000),
        tokens.make("view", message.mailing_id + 1000, message.pk),
        "x" * 32,
        "%00",
    ]

    answers = [client.get(f"/v/{other}/") for other in others]

    assert {answer.status_code for answer in answers} <= {400, 404}
    assert len({answer.content for answer in answers if answer.status_code == 404}) == 1
    assert not Event.objects.exists()


def test_the_online_version_of_a_test_shows_the_draft(client):
    mailing = a_mailing()

    answer = client.get(f"/v/{tokens.make('view', mailing.pk, tokens.TEST)}/")

    assert answer.status_code == 200
    assert "come and see" in answer.content.decode()
