"""Leaving by mail: whoever writes to the address in List-Unsubscribe leaves, and nobody else is let go by guessing."""

import pytest
from django.conf import settings

from consent.models import ConsentEvent, Suppression
from mailings.models import Message
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type
from tests.mailings.factories import a_mailing
from tests.recipients.factories import a_person
from tracking import postbox, tokens
from tracking.models import Event, InboundMail

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"


@pytest.fixture
def message() -> Message:
    mailing = a_mailing(subscription_type=a_subscription_type("events"))
    ada = a_person(email=ADA)
    return Message.objects.create(mailing=mailing, person=ada, channel="email", address=ADA, state="sent", data={})


def address(message: Message) -> str:
    return f"{tokens.make('leave', message.mailing_id, message.pk)}@{settings.BOUNCE_DOMAIN}"


def comes(to: str, raw: bytes = b"From: ada@example.org\r\nSubject: unsubscribe\r\n\r\n", sender: str = ADA) -> None:
    postbox.keep(sender, [to], raw, now=NOON)
    postbox.read(now=NOON)


@pytest.mark.parametrize("sender", [ADA, "another@provider.example"])
def test_a_mail_to_the_address_unsubscribes_from_that_type_and_counts_for_the_mailing(
    message: Message, sender: str
) -> None:
    comes(address(message).upper(), sender=sender)

    gone = Suppression.objects.get()
    assert (gone.address, gone.reason, gone.evidence["how"], gone.actor) == (ADA, "unsubscribed", "mail", "self")
    assert gone.subscription_type == message.mailing.subscription_type
    assert list(ConsentEvent.objects.values_list("act", "actor")) == [("withdrawn", "self")]
    assert list(Event.objects.values_list("kind", "message")) == [("unsubscribe", message.pk)]
    assert InboundMail.objects.get().kind == "unsubscribe"


def test_the_second_mail_changes_nothing(message: Message) -> None:
    comes(address(message))
    comes(address(message), raw=b"Subject: unsubscribe please\r\n\r\n")

    assert Suppression.objects.count() == 1
    assert ConsentEvent.objects.count() == 1


def test_forged_and_foreign_addresses_are_refused_and_change_nothing(message: Message) -> None:
    real = tokens.make("leave", message.mailing_id, message.pk)
    forged = f"{real[:-1]}{'0' if real[-1] != '0' else '1'}"
    bounce = tokens.make("bounce", message.mailing_id, message.pk)
    guesses = [
        forged,
        real[:-2],
        f"u{real}",
        "u+",
        bounce.replace("b+", "u+"),
        real.replace("u+", "b+"),
        "u+" + "0" * 48,
    ]

    for local in guesses:
        assert not postbox.is_ours(f"{local}@{settings.BOUNCE_DOMAIN}")
        comes(f"{local}@{settings.BOUNCE_DOMAIN}")

    assert postbox.is_ours(address(message))
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("raw", "sender"),
    [
        (b"Subject: Undelivered\r\n\r\n", ""),
        (b"Subject: Away\r\nAuto-Submitted: auto-replied\r\n\r\nback on Monday", ADA),
    ],
)
def test_what_a_machine_answers_unsubscribes_nobody(message: Message, raw: bytes, sender: str) -> None:
    comes(address(message), raw=raw, sender=sender)

    assert not Suppression.objects.exists()


def test_the_address_of_a_test_send_or_of_a_message_that_is_gone_changes_nothing(message: Message) -> None:
    comes(f"{tokens.make('leave', message.mailing_id, tokens.TEST)}@{settings.BOUNCE_DOMAIN}")
    to = address(message)
    message.delete()
    comes(to)

    assert not Suppression.objects.exists()
    assert InboundMail.objects.filter(read_at=None).count() == 0
