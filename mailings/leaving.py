"""Counting who left, or came back, through the unsubscribe link of a mailing."""

import datetime as dt

from consent import unsubscribe
from consent.models import OptOutKey
from consent.unsubscribe import Left
from mailings.models import Message
from tracking import journal, tokens
from tracking.models import Kind

UNDONE = "undone"


def note(left: Left) -> None:
    """Write into the journal that somebody left through a message; a link without our token counts for no mailing."""
    try:
        mailing, message = tokens.read("click", left.token)
    except tokens.BadToken:
        return
    if message == tokens.TEST:
        return
    event = journal.NewEvent(
        origin=f"left:{message}:{left.at.isoformat()}",
        at=left.at,
        kind=Kind.UNSUBSCRIBE,
        mailing=mailing,
        message=message,
        category=UNDONE if left.is_undone else "",
    )
    journal.record([event])


def by_mail(mailing: int, message: int, at: dt.datetime) -> None:
    """Unsubscribe who wrote to the address in List-Unsubscribe, from the type of that mailing; it counts there too."""
    row = Message.objects.filter(pk=message, mailing=mailing).select_related("mailing__subscription_type").first()
    if row is None or not row.address:
        return
    key = unsubscribe.keep_keys({row.address}, row.channel)[row.address]
    token = tokens.make("click", mailing, message)
    of_type = row.mailing.subscription_type
    unsubscribe.leave(OptOutKey.objects.get(key=key), of_type, how="mail", token=token, now=at)
