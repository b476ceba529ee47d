"""Letters that the post brought back: a bounce like that of a mail, and the address gets no more letters."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from mailings.models import Mailing, Message
from tracking import journal
from tracking.refusals import Category

SHOWN = 20


def find(mailing: Mailing, words: str) -> QuerySet[Message]:
    """Find printed letters by a name, a part of the address, or their number."""
    found = mailing.messages.filter(state=Message.State.SENT).select_related("person")
    for word in words.split()[:6]:
        by_number = Q(pk=int(word)) if word.isdecimal() and len(word) < 18 else Q()
        found = found.filter(
            by_number
            | Q(address__icontains=word)
            | Q(data___name__icontains=word)
            | Q(data___postal__company__icontains=word)
        )
    return found.order_by("pk")


def note(mailing: Mailing, numbers: Sequence[int], *, now: datetime) -> int:
    """Write down that these letters came back. Returns how many; said twice, it counts once."""
    back = mailing.messages.filter(pk__in=numbers, state=Message.State.SENT, bounced_at=None)
    events = [
        journal.NewEvent(
            origin=f"post:{number}",
            at=now,
            kind="bounce",
            mailing=mailing.pk,
            message=number,
            category=str(Category.DEAD_ADDRESS),
            detail="returned by the post",
        )
        for number in back.values_list("pk", flat=True)
    ]
    journal.record(events)
    return len(events)
