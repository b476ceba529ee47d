"""A part of a mailing's recipients: by state, by reason, by what they did, by link, by name. Every number is one of these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailings.models import DOMAIN, Mailing, Message
from recipients.models import Person
from tracking.models import Event, Kind

State = Message.State
SENT = Q(state=State.SENT)

# What people, and machines, did; each with the words of the filter.
DID: Mapping[str, str | Promise] = {
    "delivered": _("Delivered"),
    "opened": _("Opened"),
    "not_opened": _("Did not open"),
    "clicked": _("Clicked"),
    "not_clicked": _("Did not click"),
    "opened_only": _("Opened, did not click"),
    "delivered_only": _("Delivered, did not open"),
    "bounced": _("Bounced"),
    "unsubscribed": _("Unsubscribed"),
    "complained": _("Complained"),
    "machine_opened": _("Opened by machines only"),
    "machine_clicked": _("Clicked by machines only"),
}
MEDIA = ("email", "sms", "letter")
OF_OPENS = frozenset({"opened", "not_opened", "opened_only", "delivered_only", "machine_opened"})


def did_in(mailing: Mailing) -> list[tuple[str, str | Promise]]:
    """Give what can be asked of this mailing's people: a text message is not opened."""
    return [(code, words) for code, words in DID.items() if not mailing.is_text or code not in OF_OPENS]


ANY = "any"
# mail that nobody sent back; of text messages, those of which the network said so
_DELIVERED = SENT & Q(bounced_at=None) & (~Q(channel="sms") | Q(delivered_at__isnull=False))
_BEHAVIOUR: Mapping[str, Q] = {
    "delivered": _DELIVERED,
    "opened": Q(opened_at__isnull=False),
    "not_opened": _DELIVERED & Q(opened_at=None),
    "clicked": Q(clicked_at__isnull=False),
    "not_clicked": _DELIVERED & Q(clicked_at=None),
    "opened_only": Q(opened_at__isnull=False, clicked_at=None),
    "delivered_only": _DELIVERED & Q(opened_at=None, clicked_at=None),
    "bounced": Q(bounced_at__isnull=False),
    "unsubscribed": Q(unsubscribed_at__isnull=False),
    "complained": Q(complained_at__isnull=False),
    "machine_opened": Q(opened_at=None),
    "machine_clicked": Q(clicked_at=None),
}
_BY_MACHINES = {"machine_opened": Kind.OPEN, "machine_clicked": Kind.CLICK}
# States whose rows always carry a reason: the index on reasons finds them among a million that were sent.
_WITH_REASON = {State.HELD, State.DEFERRED, State.FAILED, State.UNKNOWN, State.CANCELLED}


@dataclass(frozen=True, slots=True)
class Slice:
    """The recipients of one mailing that a page, a number or a follow-up is about. Empty fields ask for nothing."""

    mailing: int
    state: str = ""
    reason: str = ""
    waived: str = ""  # the reason an override passed over; "any" is all of them
    did: str = ""
    link: int | None = None
    words: str = ""
    domain: str = ""
    edition: int | None = None

    @classmethod
    def asked(cls, mailing: Mailing, query: Mapping[str, str]) -> "Slice":
        """Read the slice out of an address or a form; what is not known is left out."""
        state, did, link = query.get("state", ""), query.get("did", ""), query.get("link", "")
        edition = query.get("edition", "")
        return cls(
            mailing.pk,
            state=state if state in State else "",
            reason=query.get("reason", "")[:30],
            waived=query.get("waived", "")[:30],
            did=did if did in DID else "",
            link=int(link) if link.isascii() and link.isdigit() and len(link) < 6 else None,
            words=query.get("q", "").strip()[:100],
            domain=query.get("domain", "").strip().lower()[:255],
            edition=int(edition) if edition.isascii() and edition.isdigit() and len(edition) < 4 else None,
        )

    @property
    def query(self) -> dict[str, str]:
        named = {"state": self.state, "reason": self.reason, "waived": self.waived, "did": self.did}
        named |= {"q": self.words, "domain": self.domain}
        found = {name: value for name, value in named.items() if value}
        numbers = {"link": self.link, "edition": self.edition}
        return found | {name: str(number) for name, number in numbers.items() if number is not None}

    @property
    def url(self) -> str:
        """The page with these recipients."""
        page = reverse("mailings:messages", args=[self.mailing])
        return f"{page}?{urlencode(self.query)}" if self.query else page

    @property
    def is_everyone(self) -> bool:
        return not self.query


def messages(slice_: Slice) -> QuerySet[Message]:
    """The messages of a slice, in no order."""
    found = Message.objects.filter(mailing=slice_.mailing)
    if slice_.edition is not None:
        found = found.filter(edition=slice_.edition)
    return _narrowed(found, slice_)


def _narrowed(found: QuerySet[Message], slice_: Slice) -> QuerySet[Message]:
    if slice_.state:
        found = found.filter(state=slice_.state)
        if slice_.state in _WITH_REASON:
            found = found.exclude(reason="")
    if slice_.reason:
        found = found.filter(reason=slice_.reason).exclude(reason="")
    if slice_.waived:
        found = found.exclude(waived="")
        found = found if slice_.waived == ANY else found.filter(waived=slice_.waived)
    if slice_.did:
        found = found.filter(_BEHAVIOUR[slice_.did])
    if kind := _BY_MACHINES.get(slice_.did):
        found = found.filter(pk__in=_events(slice_, kind).filter(is_machine=True).values("message"))
    if slice_.link is not None:
        clicked = _events(slice_, Kind.CLICK).filter(is_machine=False, link=slice_.link)
        found = found.filter(pk__in=clicked.values("message"))
    if slice_.words:
        found = found.filter(pk__in=_named(slice_).values("pk"))
    if slice_.domain:
        found = found.alias(domain=DOMAIN).filter(domain=slice_.domain).exclude(address="")
    return found


def _named(slice_: Slice) -> QuerySet[Message, Any]:
    """The messages of people of this name, and of this very address: each part by its own index."""
    messages = Message.objects.filter(mailing=slice_.mailing)
    by_name = messages.filter(person__in=Person.objects.matching(slice_.words).values("pk"))
    by_address = messages.filter(channel__in=MEDIA, address=slice_.words.lower()).exclude(address="")
    return by_name.values("pk").union(by_address.values("pk"))


def people(slice_: Slice) -> QuerySet[Person]:
    """The people behind a slice; somebody who was removed since is not among them."""
    return Person.objects.filter(pk__in=messages(slice_).values("person"))


def _events(slice_: Slice, kind: Kind) -> QuerySet[Event]:
    return Event.objects.filter(mailing=slice_.mailing, kind=kind)
