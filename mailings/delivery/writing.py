"""Which writer a mailing has: one per kind of content."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from consent.gate import MessageClass
from mailings import medium, overriding, policy
from mailings.delivery.letters import Letter
from mailings.delivery.mails import mail_of
from mailings.delivery.texts import text_of
from mailings.medium import Content
from mailings.models import Mailing
from mailings.windows import THEIRS, Window

WRITERS: Mapping[Content, Callable[[Mailing, dict[str, Any]], Letter]] = {
    Content.BLOCKS: mail_of,
    Content.TEXT: text_of,
}


@lru_cache(maxsize=8)
def letter_of(mailing: int, frozen_at: datetime | None) -> Letter:
    """The letter of a frozen mailing; its content does not change any more."""
    row = Mailing.objects.defer("content").get(pk=mailing, frozen_at=frozen_at)
    of_type = medium.of(row)
    common: dict[str, Any] = {
        "mailing": mailing,
        "medium": of_type,
        "subscription_type": row.subscription_type_id,
        "message_class": MessageClass(row.message_class),
        "override": overriding.stands(row),
        "sender": row.from_address,
        "window": _window(row),
    }
    return WRITERS[of_type.content](row, common)


def _window(row: Mailing) -> Window | None:
    """The hours by the recipients' own clocks: what somebody set, else the quiet hours of a text message."""
    window = Window.read(row.window)
    if window is None and medium.of(row).rings and row.message_class == MessageClass.MARKETING:
        return policy.hours_for_texts()
    return window if window and window.whose == THEIRS else None
