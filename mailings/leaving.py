"""Counting who left, or came back, through the unsubscribe link of a mailing."""

from consent.unsubscribe import Left
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
