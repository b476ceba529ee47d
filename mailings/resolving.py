"""What became of messages that are `unknown`: handed over, and the answer never seen.

Evidence settles it by itself (mailings.delivery.evidence). Else a person says that it arrived, or says
that it did not arrive and may go again; both are written under "What happened" with their name. Nothing here sends by itself.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mailings import lifecycle
from mailings.delivery import chunks, domains, evidence, happenings
from mailings.lifecycle import Author
from mailings.models import Mailing, Message, Tally

MOST = 100_000  # messages resolved at once


class NothingUnknown(ValueError):
    """None of these is unknown any more; fit to show."""


@transaction.atomic
def they_got_it(mailing: Mailing, numbers: Sequence[int] = (), *, by: Author, now: datetime) -> int:
    """A person knows that these arrived (all unknown ones without numbers). Raises NothingUnknown."""
    chosen = _locked(mailing, numbers)
    evidence.arrived(((number, now) for number in chosen), now=now)
    happenings.note(mailing.pk, "arrived", now=now, by=by, **_told(chosen))
    return len(chosen)


@transaction.atomic
def send_again(mailing: Mailing, numbers: Sequence[int] = (), *, by: Author, now: datetime) -> int:
    """A person knows that these did not arrive: they wait for a hand-over like everybody. Raises NothingUnknown.

    The Message-ID stays the same, so that a mailbox that has it after all can see that it is one mail.
    """
    chosen = _locked(mailing, numbers)
    Message.objects.filter(pk__in=chosen).update(state=Message.State.PENDING, reason="", answer="", not_before=None)
    Tally.objects.create(mailing=mailing, at=now, unknown=-len(chosen), pending=len(chosen))
    lifecycle.reopen(mailing, now=now)
    chunks.cut_left_over(mailing.pk, now=now)
    domains.recount(mailing.pk)
    happenings.note(mailing.pk, "sent_again", now=now, by=by, **_told(chosen))
    return len(chosen)


def _locked(mailing: Mailing, numbers: Sequence[int]) -> list[int]:
    """The unknown ones, locked, so that of two people who decide one is told that it is decided."""
    unknown = Message.objects.filter(mailing=mailing, state=Message.State.UNKNOWN).exclude(reason="")
    if numbers:
        unknown = unknown.filter(pk__in=numbers)
    chosen = list(unknown.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True)[:MOST])
    if not chosen:
        raise NothingUnknown(_("What became of them is known by now."))
    return chosen


def _told(chosen: Sequence[int]) -> dict[str, object]:
    return {"people": len(chosen), "messages": list(chosen[:100])}
