"""Factories for what comes back: a mailing that was sent, its messages, and what happened to them."""

import datetime as dt
from itertools import count
from typing import Any

from mailings import statistics
from mailings.models import Mailing, Message
from recipients import people
from recipients.models import Person
from tests.conftest import NOON
from tests.tracking.factories import an_event
from tracking import journal

numbers = count(1)
LATER = NOON + dt.timedelta(hours=1)


def a_sent_mailing(**more: Any) -> Mailing:
    """A mailing that went out at noon and counts what comes back."""
    more.setdefault("name", "November newsletter")
    more.setdefault("subject", "What we learned")
    more.setdefault("status", Mailing.Status.SENT)
    return Mailing.objects.create(started_at=NOON, finished_at=NOON + dt.timedelta(minutes=4), frozen_at=NOON, **more)


def a_message(mailing: Mailing, *, address: str = "", person: Person | None = None, **more: Any) -> Message:
    """A message that was taken by its mail server at noon, unless told otherwise."""
    more.setdefault("state", Message.State.SENT)
    if more["state"] == Message.State.SENT:
        more.setdefault("sent_at", NOON)
    address = address or f"reader{next(numbers)}@example.org"
    return Message.objects.create(mailing=mailing, address=address, person=person, **more)


def a_reader(name: str = "Ada Lovelace") -> Person:
    first, _, last = name.partition(" ")
    person = Person.objects.create(first_name=first, last_name=last)
    people.index([person.pk])
    return person


def it_happened(message: Message, kind: str, *, after: float = 60, **more: Any) -> None:
    """Write an event of the message into the journal."""
    journal.record([an_event(kind, mailing=message.mailing_id, message=message.pk, after=after, **more)])


def fold() -> None:
    while statistics.fold(now=LATER):
        pass
