"""Text messages, filled in for one recipient after the other."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from mailings.channels import Outgoing
from mailings.delivery import reasons
from mailings.delivery.letters import Letter, Row, Stamp, Unfit
from mailings.models import Mailing
from mailings.rendering.texting import Compiled, short_key
from recipients import phones
from tracking import tokens


@dataclass(frozen=True, kw_only=True)
class Text(Letter):
    """A text message: words and short links. Its envelope sender is a token, by which a report finds its message."""

    compiled: Compiled
    numbers: tuple[tuple[int, str], ...]  # of short links, with their keys
    short: tokens.ShortMaker
    bounce: tokens.Maker
    short_url: str
    preferences_url: str

    def write(self, row: Row, stamp: Stamp) -> Outgoing:
        if not phones.takes_texts(row.address):
            raise Unfit(reasons.NOT_MOBILE, _("%(number)s takes no text messages.") % {"number": row.address})
        recipient = row.data
        for number, key in self.numbers:
            recipient[key] = f"{self.short_url}{self.short(self.mailing, row.number, number)}"
        recipient["_preferences"] = f"{self.preferences_url}{recipient.get('_p') or ''}"
        text = self.compiled.render(recipient)
        return Outgoing(row.number, self.bounce(self.mailing, row.number), row.address, text.encode())

    def country_of(self, row: Row) -> str:
        """A telephone rings where its number is from."""
        return phones.country(row.address) or row.country


def text_of(row: Mailing, common: dict[str, Any]) -> Text:
    """Make a frozen text message ready."""
    compiled = Compiled.from_json(row.compiled or {})
    return Text(
        **common,
        compiled=compiled,
        numbers=tuple((number, short_key(number)) for number in compiled.numbers),
        short=tokens.short_maker(),
        bounce=tokens.maker("bounce"),
        short_url=settings.SHORT_URL,
        preferences_url=f"{settings.BASE_URL}/p/",
    )
