"""Doing something about an address whose mail came back: correct it, remove it, say who left, lift the block; and undo it.

Each act is written down with who did it and what it takes to take it back. Consent is bound to the address: a corrected one has
none of the old one's.
"""

import datetime as dt
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from consent import suppressions
from consent.models import Suppression, SuppressionReason
from mailings.models import Handling, Message
from recipients import people
from recipients.models import Person
from tracking import softbounces
from tracking.models import SoftBounce

FLAGS = (SuppressionReason.HARD_BOUNCE, SuppressionReason.SOFT_BOUNCES)
Act = Handling.Act


class CannotHandle(Exception):
    """It cannot be done any more; the message says why."""


def flags(address: str) -> list[Suppression]:
    """The blocks that bounces put on an address, or a number."""
    return list(Suppression.objects.filter(address=address, reason__in=FLAGS, released_at=None))


@transaction.atomic
def correct(message: Message, new_address: str, *, by: User, now: dt.datetime) -> Handling:
    """Put another address in the place of the one that failed."""
    person = _owner(message)
    if new_address == message.address:
        raise CannotHandle(_("That is the address that failed."))
    had = _addresses(person)
    place = had.index(message.address)
    kept = [address for address in had if address != message.address]
    people.write(person, [*kept[:place], new_address, *kept[place:]] if new_address not in had else kept)
    is_new = new_address not in had
    return _done(message, Act.CORRECTED, by, now, new_address=new_address, detail={"place": place, "is_new": is_new})


@transaction.atomic
def remove(message: Message, *, by: User, now: dt.datetime) -> Handling:
    """Take the address off its person."""
    person = _owner(message)
    had = _addresses(person)
    people.write(person, [address for address in had if address != message.address])
    return _done(message, Act.REMOVED, by, now, detail={"place": had.index(message.address)})


@transaction.atomic
def call_former(message: Message, *, by: User, now: dt.datetime) -> Handling:
    """Say that the person does not work there any more."""
    person = message.person
    if person is None:
        raise CannotHandle(_("This person was removed since."))
    Person.objects.filter(pk=person.pk).update(is_former_employee=True)
    return _done(message, Act.FORMER, by, now, detail={"was": person.is_former_employee})


@transaction.atomic
def clear(message: Message, *, by: User, now: dt.datetime) -> Handling:
    """Lift the blocks that bounces put on the address, and forget how often mail to it came back."""
    lifted = flags(message.address)
    for suppression in lifted:
        suppressions.release(suppression, by=by, because=_("Cleared on the page of bounces"), now=now)
    forgiven = softbounces.end({message.address}, SoftBounce.Ended.CLEARED, now=now)
    if not lifted and not forgiven:
        raise CannotHandle(_("There is nothing to clear: mail goes to this address."))
    return _done(message, Act.CLEARED, by, now, detail={"blocks": [suppression.pk for suppression in lifted]})


@transaction.atomic
def undo(handling: Handling, *, now: dt.datetime) -> None:
    """Take back what was done, as far as nobody changed it since."""
    if not Handling.objects.filter(pk=handling.pk, undone_at=None).update(undone_at=now):
        return
    if handling.act == Act.CLEARED:
        _block_again(handling, now)
        return
    person = handling.person
    if person is None:
        raise CannotHandle(_("This person was removed since."))
    if handling.act == Act.FORMER:
        Person.objects.filter(pk=person.pk).update(is_former_employee=handling.detail["was"])
        return
    gone = handling.new_address if handling.act == Act.CORRECTED and handling.detail["is_new"] else ""
    kept = [address for address in _addresses(person) if address not in (gone, handling.address)]
    place = handling.detail["place"]
    people.write(person, [*kept[:place], handling.address, *kept[place:]])


def _block_again(handling: Handling, now: dt.datetime) -> None:
    lifted = Suppression.objects.filter(pk__in=handling.detail["blocks"])
    blocks = [
        suppressions.Block(
            address=row.address, channel=row.channel, reason=row.reason, evidence=row.evidence, until=row.until
        )
        for row in lifted
    ]
    suppressions.add_many(blocks, actor="system", now=now)
    softbounces.reopen(handling.address, handling.at)


def _owner(message: Message) -> Person:
    person = message.person
    if person is None:
        raise CannotHandle(_("This person was removed since."))
    if message.address not in _addresses(person):
        raise CannotHandle(_("%(name)s does not have this address any more.") % {"name": person})
    return person


def _addresses(person: Person) -> list[str]:
    return list(person.email_addresses.order_by("rank").values_list("address", flat=True))


def _done(
    message: Message, act: str, by: User, now: dt.datetime, *, detail: dict[str, Any], new_address: str = ""
) -> Handling:
    return Handling.objects.create(
        at=now,
        by=by,
        act=act,
        address=message.address,
        new_address=new_address,
        person=message.person,
        message=message.pk,
        detail=detail,
    )
