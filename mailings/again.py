"""Sending a mailing once more: to those it has not reached, to people somebody picked, to those who joined since.

Every hand-over has a row of its own. An older row that failed is kept and retired, one that was only held makes way.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mailings import audience, lifecycle
from mailings.audience import Added
from mailings.delivery import chunks, domains, happenings
from mailings.lifecycle import Author, CannotMove
from mailings.models import Mailing, Message, Tally
from mailings.slices import Slice, messages

Status = Mailing.Status
OPEN = (Status.SENDING, Status.PAUSED, Status.SENT)
MOST = 100_000  # people picked at once


def to_unreached(mailing: Mailing, *, by: Author, now: datetime) -> Added:
    """Reload and resend: read the sources again; who has not received it gets it. Raises CannotMove."""
    return _again(mailing, "again", by, now, lambda: audience.add_unreached(mailing, now=now))


def to_slice(slice_: Slice, *, among: Sequence[int] = (), by: Author, now: datetime) -> Added:
    """Resend to a slice, or to the messages ticked in it. Who has it already does not get it twice. Raises CannotMove."""
    found = messages(slice_).filter(person__isnull=False)
    if among:
        found = found.filter(pk__in=among)
    people = list(found.values_list("person", flat=True).distinct()[: MOST + 1])
    if len(people) > MOST:
        raise CannotMove(_("These are too many to send again at once. Choose fewer."))
    mailing = Mailing.objects.get(pk=slice_.mailing)
    return _again(mailing, "again", by, now, lambda: audience.add_people(mailing, people, now=now))


def retry_failed(mailing: Mailing, *, by: Author, now: datetime) -> Added:
    """Try everybody again whose message failed, at the address they have now."""
    return to_slice(Slice(mailing.pk, state=Message.State.FAILED), by=by, now=now)


def evergreens() -> Sequence[int]:
    """Mailings that later joiners of their sources get, too."""
    return list(Mailing.objects.filter(evergreen=True, status=Status.SENT).values_list("pk", flat=True))


def keep_open(mailing: Mailing, *, is_open: bool, by: Author, now: datetime) -> None:
    """Let later joiners of the sources get it, or no longer. Raises CannotMove for what has not been sent."""
    if mailing.status not in OPEN:
        raise CannotMove(_("This mailing has not been sent yet."))
    with transaction.atomic():
        if Mailing.objects.filter(pk=mailing.pk).exclude(evergreen=is_open).update(evergreen=is_open):
            happenings.note(mailing.pk, "opened" if is_open else "closed", now=now, by=by)
    mailing.evergreen = is_open


def take_in_joiners(number: int, *, now: datetime) -> int:
    """Send an evergreen mailing to those who joined its sources since. Returns how many get it."""
    mailing = Mailing.objects.get(pk=number)
    if not mailing.evergreen or mailing.status != Status.SENT:
        return 0
    try:
        return _again(mailing, "joined", None, now, lambda: audience.add_joiners(mailing, now=now)).gets
    except CannotMove:
        return 0


@transaction.atomic
def _again(mailing: Mailing, kind: str, by: Author, now: datetime, add: Callable[[], Added]) -> Added:
    if mailing.status not in OPEN and not (mailing.status == Status.CANCELLED and mailing.finished_at):
        raise CannotMove(_("This mailing has not been sent yet."))
    added = add()
    if not added.gets and kind == "again":
        raise CannotMove(_("Nobody is left who could get it: who has not had it is held back, each with the reason."))
    _tally(mailing, added, now)
    if added.gets:
        lifecycle.reopen(mailing, now=now)
        chunks.cut_left_over(mailing.pk, now=now)
        domains.recount(mailing.pk)
    if added.gets or added.held:
        happenings.note(mailing.pk, kind, now=now, by=by, gets=added.gets, held=added.held)
    return added


def _tally(mailing: Mailing, added: Added, now: datetime) -> None:
    held, failed = added.retired.get("held", 0), added.retired.get("failed", 0)
    if added.gets or added.held:
        Tally.objects.create(
            mailing=mailing, at=now, pending=added.gets, held=added.held - held, failed=-failed, cancelled=failed
        )
