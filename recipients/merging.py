"""Two cards of one human being become one: addresses, lists, history and messages move; consent stays strictest.

Open: an app above that has rows of persons adds a function to `movers` in its AppConfig.ready(). Everything is one
transaction under a lock on both persons, so a mailing that is being sent meets either two people or one, never half.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from consent import suppressions
from consent.models import Suppression, SuppressionReason
from consent.suppressions import Block
from recipients import changes, custom, people
from recipients.models import (
    Change,
    EmailAddress,
    Merge,
    Person,
    PersonInterest,
    PersonPhone,
    ProjectMember,
    SelectionMember,
    Task,
)

# what somebody said about mail at one address holds for all of their addresses
THEIR_WORD = (
    SuppressionReason.UNSUBSCRIBED,
    SuppressionReason.COMPLAINED,
    SuppressionReason.OBJECTION,
    SuppressionReason.MANUAL,
    SuppressionReason.PAUSED,
)
FILLED = (
    "first_name", "middle_name", "last_name", "title", "language", "country", "time_zone", "street", "postcode",
    "city", "region", "mobile", "phone", "company_id", "our_contact_id", "support_contact_id",
)  # fmt: skip


class CannotMerge(Exception):
    """These two cannot become one; fit to show a person."""


@dataclass(frozen=True)
class Kept:
    """The number of the person that stays, and of the one that goes."""

    person: int
    gone: int


# Move the rows of an app above; called inside the transaction. Gives nothing back.
movers: list[Callable[[Kept], None]] = []


@dataclass(frozen=True)
class Preview:
    """What a merge will do, to be looked at before."""

    fields: Sequence[changes.Line]  # what the kept one gets from the other
    lost: Sequence[changes.Line]  # what both have and differs: the kept one's stays, the other's goes into the notes
    addresses: Sequence[str]  # that move
    lists: int
    projects: int
    tasks: int
    blocks: Sequence[tuple[str, str]] = field(default=())  # (address, reason) that will hold for all of them


def preview(kept: Person, gone: Person) -> Preview:
    """Say what would happen. Raises CannotMerge."""
    _check(kept, gone)
    mine, theirs = changes.snapshot(kept), changes.snapshot(gone)
    names = [name for name in theirs if name not in ("addresses", "phones", "interests", "notes", "is_former_employee")]
    from_them = {name: [mine.get(name), theirs[name]] for name in names if theirs[name] and not mine.get(name)}
    differing = {
        name: [theirs[name], mine[name]]
        for name in names
        if theirs[name] and mine.get(name) not in ("", None, theirs[name])
    }
    fields = custom.of("person")
    own = set(mine["addresses"])
    return Preview(
        fields=changes.lines(from_them, fields),
        lost=changes.lines(differing, fields),
        addresses=[address for address in theirs["addresses"] if address not in own],
        lists=SelectionMember.objects.filter(person=gone).count(),
        projects=ProjectMember.objects.filter(person=gone).count(),
        tasks=Task.objects.filter(person=gone).count(),
        blocks=[(block.address, block.get_reason_display()) for block in _said_no([kept.pk, gone.pk])],
    )


@transaction.atomic
def merge(kept: Person, gone: Person, *, by: User | None, now: dt.datetime) -> Person:
    """Make one of the two. Raises CannotMerge, also where one of them is not there any more."""
    _check(kept, gone)
    locked = {
        row.pk: row for row in Person.objects.filter(pk__in=[kept.pk, gone.pk]).select_for_update().order_by("pk")
    }
    if len(locked) < 2:
        raise CannotMerge(_("One of them is gone: perhaps somebody merged them before you."))
    kept, gone = locked[kept.pk], locked[gone.pk]
    before = changes.snapshot(kept)
    name = str(gone)
    _fill(kept, gone)
    _move_addresses(kept, gone)
    _move_numbers(kept, gone)
    _move_lists(kept, gone)
    for mover in movers:
        mover(Kept(kept.pk, gone.pk))
    Merge.objects.filter(kept=gone).update(kept=kept)
    Merge.objects.create(gone=gone.pk, name=name[:260], kept=kept, at=now, by=by)
    gone.delete()
    kept.save()
    _hold_strictest(kept, by=by, now=now)
    people.index([kept.pk])
    differs = changes.between(before, changes.snapshot(kept)) | {"merged": ["", name]}
    Change.objects.create(person=kept, at=now, by=by, source=Change.Source.MERGE, what=differs)
    return kept


def _check(kept: Person, gone: Person) -> None:
    if kept.pk == gone.pk:
        raise CannotMerge(_("This is one card already. Choose another one."))


def _fill(kept: Person, gone: Person) -> None:
    """Take over what is empty; what both have and differs is kept in the notes, so that nothing is lost."""
    other = []
    for name in FILLED:
        mine, theirs = getattr(kept, name), getattr(gone, name)
        if theirs and not mine:
            setattr(kept, name, theirs)
        elif theirs and theirs != mine and name in ("street", "postcode", "city", "title"):
            other.append(f"{changes.LABELS[name]}: {theirs}")
    kept.custom = {**gone.custom, **kept.custom}
    kept.is_former_employee = kept.is_former_employee and gone.is_former_employee
    notes = [kept.notes, gone.notes if gone.notes != kept.notes else "", "\n".join(other)]
    kept.notes = "\n\n".join(text for text in notes if text)
    kept.created_at = min(kept.created_at, gone.created_at)


def _move_addresses(kept: Person, gone: Person) -> None:
    own = list(kept.email_addresses.order_by("rank").values_list("address", flat=True))
    theirs = list(gone.email_addresses.order_by("rank").values_list("address", flat=True))
    EmailAddress.objects.filter(person=gone).delete()
    people.write(kept, list(dict.fromkeys([*own, *theirs])))


def _move_numbers(kept: Person, gone: Person) -> None:
    first = {kept.mobile, kept.phone, ""}
    theirs = [gone.mobile, gone.phone, *gone.phones.order_by("rank").values_list("number", flat=True)]
    own = list(kept.phones.order_by("rank").values_list("number", flat=True))
    PersonPhone.objects.filter(person=gone).delete()
    people.write_phones(kept, [number for number in [*own, *theirs] if number not in first])


def _move_lists(kept: Person, gone: Person) -> None:
    """Memberships, interests, tasks and what was changed; a role that only the other one had is taken over."""
    given = {"kept": kept.pk, "gone": gone.pk}
    with connection.cursor() as cursor:
        for statement in MOVES:
            cursor.execute(statement, given)
    PersonInterest.objects.filter(person=gone).delete()
    ProjectMember.objects.filter(person=gone).delete()
    SelectionMember.objects.filter(person=gone).delete()
    Task.objects.filter(person=gone).update(person=kept)
    Change.objects.filter(person=gone).update(person=kept)


MOVES = (
    """INSERT INTO recipients_selectionmember (selection_id, person_id, added_at)
       SELECT selection_id, %(kept)s, added_at FROM recipients_selectionmember WHERE person_id = %(gone)s
       ON CONFLICT DO NOTHING""",
    """INSERT INTO recipients_projectmember AS known (project_id, person_id, added_at, role)
       SELECT project_id, %(kept)s, added_at, role FROM recipients_projectmember WHERE person_id = %(gone)s
       ON CONFLICT (project_id, person_id) DO UPDATE SET role = excluded.role WHERE known.role = ''""",
    """INSERT INTO recipients_personinterest (interest_id, person_id, added_at)
       SELECT interest_id, %(kept)s, added_at FROM recipients_personinterest WHERE person_id = %(gone)s
       ON CONFLICT DO NOTHING""",
    """UPDATE recipients_importedchange mine SET person_id = %(kept)s WHERE person_id = %(gone)s AND NOT EXISTS (
       SELECT FROM recipients_importedchange other
        WHERE other.importing_id = mine.importing_id AND other.person_id = %(kept)s)""",
)


def _said_no(numbers: Sequence[int]) -> list[Suppression]:
    """What they said about mail at any address, as long as it holds."""
    addresses = list(EmailAddress.objects.filter(person__in=numbers).values_list("address", flat=True))
    active = Suppression.objects.filter(Q(address__in=addresses), channel="email", released_at__isnull=True)
    return list(active.filter(reason__in=THEIR_WORD).order_by("pk"))


def _hold_strictest(kept: Person, *, by: User | None, now: dt.datetime) -> None:
    """A no at one address holds for all of them: they were always one human being."""
    addresses = list(kept.email_addresses.values_list("address", flat=True))
    blocks = [
        Block(
            address=address,
            reason=no.reason,
            subscription_type_id=no.subscription_type_id,
            evidence={"merged": no.address, "suppression": no.pk},
            until=no.until,
        )
        for no in _said_no([kept.pk])
        for address in addresses
        if address != no.address
    ]
    if blocks:
        suppressions.add_many(blocks, actor=f"user:{by.pk}" if by else "system", now=now)
