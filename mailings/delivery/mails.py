"""E-mails, filled in for one recipient after the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from consent import preferences, unsubscribe
from mailings import attachments, editions, unseen
from mailings.channels import Outgoing
from mailings.delivery.letters import Letter, Row, Stamp
from mailings.models import Mailing
from mailings.rendering.segments import Compiled
from tracking import tokens


@dataclass(frozen=True, kw_only=True)
class Mail(Letter):
    """An e-mail: segments and slots, with addresses of our own in them."""

    compiled: Mapping[int, Compiled]  # by edition
    unseen: Mapping[int, Compiled]  # without the picture that counts opens
    click: tokens.Maker
    open: tokens.Maker
    view: tokens.Maker
    bounce: tokens.Maker
    leave: tokens.Maker
    view_url: str
    preferences_url: str
    unsubscribe: tuple[str, str]  # the address, before and after the person's key
    attached: tuple[bytes, ...]  # finished MIME parts
    domain: str  # of envelope senders and Message-IDs

    def write(self, row: Row, stamp: Stamp) -> Outgoing:
        mailing, number = self.mailing, row.number
        before, after = self.unsubscribe
        local = self.bounce(mailing, number)
        token = self.click(mailing, number)
        recipient = row.data
        recipient["_to"] = row.address
        recipient["_token"] = token
        recipient["_open"] = self.open(mailing, number)
        recipient["_view"] = f"{self.view_url}{self.view(mailing, number)}/"
        recipient["_unsubscribe"] = f"{before}{recipient['_u']}{after}?m={token}"
        recipient["_leave"] = f"{self.leave(mailing, number)}@{self.domain}"
        recipient["_preferences"] = f"{self.preferences_url}{recipient.get('_p', '')}/?m={token}"
        recipient["_message_id"] = f"{local[2:]}@{self.domain}"
        recipient["_bounce"] = f"{local}@{self.domain}"
        recipient["_date"] = stamp.date
        recipient["_attached"] = self.attached
        body = (self.unseen if unseen.KEY in recipient else self.compiled)[row.edition].render(recipient)
        if stamp.signer is not None:
            body = stamp.signer.sign(body, at=stamp.seconds)
        return Outgoing(number, f"{local}@{self.domain}", row.address, body, may_begin_with_dots=False)


def mail_of(row: Mailing, common: dict[str, Any]) -> Mail:
    """Make a frozen e-mail ready."""
    worded = [row, *editions.of(row)]
    key = "0" * 22  # stands for anybody's: what comes before and after it is the same for all
    before, _, after = unsubscribe.path(key, row.subscription_type_id or 0).partition(key)
    return Mail(
        **common,
        compiled={one.edition: Compiled.from_json(one.compiled or {}) for one in worded},
        unseen={one.edition: Compiled.from_json(one.compiled_unseen or one.compiled or {}) for one in worded},
        click=tokens.maker("click"),
        open=tokens.maker("open"),
        view=tokens.maker("view"),
        bounce=tokens.maker("bounce"),
        leave=tokens.maker("leave"),
        view_url=f"{settings.BASE_URL}/v/",
        preferences_url=f"{settings.BASE_URL}{preferences.path(key).partition(key)[0]}",
        attached=attachments.parts(row),
        domain=settings.BOUNCE_DOMAIN,
        unsubscribe=(f"{settings.BASE_URL}{before}", after),
    )
