"""Audiences large enough to be cut, in a few statements."""

from typing import Any

from consent import ledger
from mailings import lifecycle
from mailings.channels.email import EmailChannel
from mailings.channels.smtp import Account, Patience
from mailings.models import Mailing, Message
from recipients.models import EmailAddress, Person, Selection, SelectionMember
from tests.conftest import NOON
from tests.consent.factories import an_entry
from tests.mailings.factories import a_mailing, a_selection
from tests.mailings.peer import Peer

QUICK = Patience(connect=5, command=5, data=5, block=5, final_dot=5)


def a_crowd(size: int, *, domain: str = "example.org") -> Selection:
    """So many people who agreed to the newsletter: r1@…, r2@…, and so on."""
    crowd = a_selection(f"{size} at {domain}")
    people = Person.objects.bulk_create([Person(first_name=f"Reader {number}") for number in range(1, size + 1)])
    addresses = [f"r{number}@{domain}" for number in range(1, size + 1)]
    EmailAddress.objects.bulk_create(
        [
            EmailAddress(person=person, address=address, rank=1)
            for person, address in zip(people, addresses, strict=True)
        ]
    )
    SelectionMember.objects.bulk_create([SelectionMember(selection=crowd, person=person) for person in people])
    ledger.record([an_entry(address) for address in addresses], now=NOON)
    return crowd


def a_started_mailing(size: int = 5, **values: Any) -> Mailing:
    """A mailing on its way to so many people, of whom nobody has it yet."""
    return lifecycle.start(a_mailing(to=a_crowd(size), **values), by=None, now=NOON)


def a_channel(peer: Peer, *, connections: int = 4, patience: Patience = QUICK) -> EmailChannel:
    return EmailChannel(
        Account("127.0.0.1", peer.port, connections=connections), hello="test.example", patience=patience
    )


def states(mailing: Mailing) -> dict[str, str]:
    """Address → state."""
    return dict(Message.objects.filter(mailing=mailing).values_list("address", "state"))


def count(mailing: Mailing) -> dict[str, int]:
    """State → messages, counted from the rows."""
    counted: dict[str, int] = {}
    for state in states(mailing).values():
        counted[state] = counted.get(state, 0) + 1
    return counted
