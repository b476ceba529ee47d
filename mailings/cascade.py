"""A mailing with other channels behind it: whom it does not reach gets the next one. Everybody gets exactly one of them.

The others are mailings of their own, with a text, a gate and a report of their own. They have the sources of the first, they
start with it, and whoever one of the family has reached, or still may, is not among the people of another (candidates).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from mailings.models import Mailing, Source

TYPES = (Mailing.Type.EMAIL, Mailing.Type.SMS, Mailing.Type.DOCUMENT)
SHARED = ("selection", "project", "person", "importing")  # what a source may be
LENT = ("selection_id", "project_id", "both_links", "message_class", "subscription_type_id")  # what the first one lends


class CannotAdd(ValueError):
    """This mailing takes no such channel behind it; the sentence says why."""


@dataclass(frozen=True)
class Share:
    """What one channel of a family did."""

    mailing: Mailing
    gets: int
    sent: int
    delivered: int
    clicked: int
    bounced: int
    held: int


def companions(mailing: Mailing) -> Sequence[Mailing]:
    """Give the mailings behind this one, in their order."""
    return list(mailing.companions.select_related("subscription_type").order_by("pk"))


def free_types(mailing: Mailing, behind: Sequence[Mailing]) -> Sequence[Mailing.Type]:
    """Give the channels that can still be put behind this mailing; none behind one that stands behind another."""
    if mailing.then_of_id or mailing.type not in TYPES:
        return []
    used = {mailing.type, *(one.type for one in behind)}
    return [one for one in TYPES if one not in used]


@transaction.atomic
def add(mailing: Mailing, kind: str, *, by: User) -> Mailing:
    """Put another channel behind a draft. Raises CannotAdd."""
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if locked.status != Mailing.Status.DRAFT or kind not in free_types(locked, companions(locked)):
        raise CannotAdd(_("This channel cannot be put behind this mailing."))
    made = Mailing.objects.create(
        then_of=locked,
        type=kind,
        name=f"{locked.name[:180]} · {Mailing.Type(kind).label}",
        created_by=by,
        folder=locked.folder,
        one_per_address=kind != Mailing.Type.DOCUMENT,
        **{name: getattr(locked, name) for name in LENT},
    )
    pass_on(locked)
    return made


def remove(mailing: Mailing, number: int) -> None:
    """Take a channel that has not begun from behind a mailing; it is gone with its text."""
    mailing.companions.filter(pk=number, status=Mailing.Status.DRAFT, frozen_at=None).delete()


@transaction.atomic
def pass_on(mailing: Mailing) -> None:
    """Give the drafts behind a mailing its sources and what else they have of it."""
    behind = mailing.companions.filter(status=Mailing.Status.DRAFT, frozen_at=None)
    numbers = list(behind.values_list("pk", flat=True))
    if not numbers:
        return
    mailing.refresh_from_db(fields=[name.removesuffix("_id") for name in LENT])
    behind.update(**{name: getattr(mailing, name) for name in LENT})
    Source.objects.filter(mailing__in=numbers).delete()
    sources = list(mailing.sources.order_by("pk"))
    Source.objects.bulk_create(
        Source(mailing_id=number, **{f"{name}_id": getattr(source, f"{name}_id") for name in SHARED})
        for number in numbers
        for source in sources
    )


def waits_for(mailing: Mailing) -> Mailing | None:
    """Give the mailing that this one starts with, while that has not begun."""
    first = mailing.then_of
    return first if first is not None and first.frozen_at is None else None


def shares(mailing: Mailing) -> Sequence[Share]:
    """Say what each channel of a family did; nothing for a mailing that has no other channel."""
    first = mailing.then_of_id or mailing.pk
    family = Mailing.objects.filter(pk=first) | Mailing.objects.filter(then_of=first)
    rows = list(family.select_related("counts").order_by("pk"))
    return [_share(one) for one in rows] if len(rows) > 1 else []


def _share(one: Mailing) -> Share:
    kept = getattr(one, "counts", None)
    states = dict(kept.states) if kept else {}
    held = int(states.get("held", 0))
    gets = sum(int(people) for people in states.values()) - held
    if kept is None:
        return Share(one, 0, 0, 0, 0, 0, 0)
    return Share(one, gets, int(states.get("sent", 0)), kept.delivered, kept.clicked, kept.bounced, held)
