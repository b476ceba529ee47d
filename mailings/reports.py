"""What a mailing's pages show: figures with their exact definitions, from counters and a few indexed rows.

Delivered: taken by the mail server and not sent back. Opened and clicked: people, as far as the judge can tell them from
machines; a click counts as an open. Opened, clicked, unsubscribed and complained are shares of delivered, delivered is a share
of sent, sent is a share of the audience.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailings import charts, reasons
from mailings.delivery import reasons as delivery
from mailings.letters import making
from mailings.models import Counts, HourCount, LinkCount, Mailing, Message
from mailings.slices import Slice
from tracking.models import Event, InboundMail, Link
from tracking.refusals import SENDERS_FAULT

State = Message.State
WORDS: Mapping[str, str | Promise] = {**delivery.REASONS, **reasons.WORDS}

# What of a mailing's people is counted as a whole.
COUNTED = frozenset(
    (
        "opened",
        "clicked",
        "bounced",
        "unsubscribed",
        "complained",
        "delivered",
        "opened_only",
        "machine_opened",
        "machine_clicked",
    )
)

# What to do about mail that came back, by category.
ADVICE: Mapping[str, str | Promise] = {
    "dead_address": _("The address is blocked from now on. Correct it on the person's card if you know the right one."),
    "inactive": _("Nothing now. Most of these come back; we try again with the next mailing."),
    "full": _("Nothing now. We try again with the next mailing."),
    "transient": _("Nothing now. We try again with the next mailing."),
    "block_sender": _("Not the reader's fault. Ask whoever runs your mail server to look at the words below."),
    "auth": _("Not the reader's fault. SPF, DKIM or DMARC of your sending domain needs mending."),
    "content": _("Not the reader's fault. Look at what the mail says, and at its size."),
    "config": _(
        "Not the reader's fault. Something is set up wrongly, here or there; show the words below to whoever runs it."
    ),
    "unknown": _("Read the words below. We try again with the next mailing."),
}
# Why a hit is judged a machine's.
SIGNS: Mapping[str, str | Promise] = {
    "method": _("asked without looking"),
    "prefetch": _("fetched ahead by a browser"),
    "before_sending": _("before the mail had arrived"),
    "at_once": _("within two seconds"),
    "burst": _("three links within ten seconds"),
    "pair": _("asked twice in a moment"),
    "scanner": _("a security scanner by its name"),
    "no_agent": _("a program without a name"),
    "trap": _("followed a link that nobody sees"),
    "crowd": _("one program clicked for many recipients within a minute"),
    "hosted": _("from a data centre"),
    "apple_privacy": _("Apple mail privacy"),
    "proxy": _("through the mail provider's picture store"),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of a mailing, and the arithmetic on them."""

    counts: Counts

    def _in(self, *states: str) -> int:
        return sum(self.counts.states.get(state, 0) for state in states)

    def _hits(self, kind: str, who: str) -> int:
        return int(self.counts.hits.get(kind, {}).get(who, 0))

    @property
    def audience(self) -> int:
        return sum(self.counts.states.values())

    @property
    def sent(self) -> int:
        return self._in(State.SENT)

    @property
    def held(self) -> int:
        return self._in(State.HELD)

    @property
    def failed(self) -> int:
        return self._in(State.FAILED)

    @property
    def unknown(self) -> int:
        return self._in(State.UNKNOWN)

    @property
    def cancelled(self) -> int:
        return self._in(State.CANCELLED)

    @property
    def waiting(self) -> int:
        return self._in(State.PENDING, State.SENDING, State.DEFERRED)

    @property
    def delivered(self) -> int:
        return self.counts.delivered

    @property
    def returned(self) -> int:
        """Taken by the mail server, and sent back later."""
        return max(self.sent - self.delivered, 0)

    @property
    def came_back(self) -> int:
        """Of those taken by the mail server or the network, what was sent back; the others that bounced were never sent."""
        return min(self.counts.bounced, self.returned)

    @property
    def opened(self) -> int:
        return self.counts.opened

    @property
    def clicked(self) -> int:
        return self.counts.clicked

    @property
    def bounced(self) -> int:
        return self.counts.bounced

    @property
    def unsubscribed(self) -> int:
        return self.counts.unsubscribed

    @property
    def complained(self) -> int:
        return self.counts.complained

    @property
    def opened_only(self) -> int:
        return max(self.opened - self.clicked, 0)

    @property
    def delivered_only(self) -> int:
        return max(self.delivered - self.opened, 0)

    @property
    def machine_opened(self) -> int:
        return self._hits("open", "only_machine")

    @property
    def apple_opened(self) -> int:
        return self._hits("open", "apple_privacy")

    @property
    def scanner_opened(self) -> int:
        return max(self.machine_opened - self.apple_opened, 0)

    @property
    def machine_clicked(self) -> int:
        return self._hits("click", "only_machine")

    @property
    def opened_by_all(self) -> int:
        return self.opened + self.machine_opened

    @property
    def clicked_by_all(self) -> int:
        return self.clicked + self.machine_clicked


@dataclass(frozen=True, slots=True)
class LinkRow:
    number: int
    name: str
    url: str
    people: int
    human: int
    machine: int

    @property
    def query(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Returned:
    """Mail that came back for one reason."""

    category: str
    words: str | Promise
    advice: str | Promise
    people: int
    is_ours: bool  # the sender's fault, not the reader's


@dataclass(frozen=True, slots=True)
class Row:
    """A recipient as the list shows it: the status that says most, the reason, and whether there is more to read."""

    message: Message
    status: str
    words: str | Promise
    at: dt.datetime | None
    to: str  # the address as people write it


@dataclass(frozen=True, slots=True)
class Totals:
    mailings: int
    sent: int
    delivered: int
    opened: int
    clicked: int
    bounced: int
    unsubscribed: int
    complained: int


def of(mailing: Mailing) -> Figures:
    """The counters of a mailing, loaded with it; all zero when nothing was counted yet."""
    return Figures(mailing.counts if hasattr(mailing, "counts") else Counts(mailing=mailing))


def first_hours(mailing: Mailing, kind: str) -> charts.Chart | None:
    """The first 48 hours of opens or clicks."""
    if mailing.started_at is None:
        return None
    end = mailing.started_at + dt.timedelta(hours=charts.HOURS)
    rows = HourCount.objects.filter(mailing=mailing, kind=kind, hour__lt=end).order_by("hour")
    known = [charts.Hour(row.hour, row.human, row.machine) for row in rows]
    return charts.draw(charts.hours_from(mailing.started_at, known))


def links(mailing: Mailing) -> list[LinkRow]:
    """The counted links, the most clicked first; those that nobody clicked, too."""
    counted = {count.number: count for count in LinkCount.objects.filter(mailing=mailing)}
    nothing = LinkCount()
    rows = [
        LinkRow(link.number, link.name or link.url, link.url, count.people, count.human, count.machine)
        for link in Link.objects.filter(mailing=mailing.pk)
        for count in [counted.get(link.number, nothing)]
    ]
    return sorted(rows, key=lambda row: (-row.people, -row.machine, row.number))


def returned(mailing: Mailing) -> list[Returned]:
    """What came back, by reason, most first."""
    return [
        Returned(
            reason, WORDS.get(reason, reason), ADVICE.get(reason, ADVICE["unknown"]), people, reason in SENDERS_FAULT
        )
        for reason, people in _most_first(of(mailing).counts.returned)
    ]


def _most_first(by_reason: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(by_reason.items(), key=lambda item: (-item[1], item[0]))


def rows(messages: Sequence[Message]) -> list[Row]:
    """Put messages into words."""
    return [_row(message) for message in messages]


def _row(message: Message) -> Row:
    """The status that says most comes first: what people did before what we did."""
    did = [
        ("complained", message.complained_at),
        ("unsubscribed", message.unsubscribed_at),
        ("bounced", message.bounced_at),
        ("clicked", message.clicked_at),
        ("opened", message.opened_at),
    ]
    status, at = next(((name, at) for name, at in did if at), (message.state, message.sent_at))
    return Row(message, status, WORDS.get(message.reason, message.reason), at, _to(message))


def _to(message: Message) -> str:
    """The address for people to read: that of a letter as it stands in the window, not the line that compares letter boxes."""
    if message.channel != "letter" or not message.address:
        return message.address
    there = making.address_in(message.data)
    town = replace(there, name="", company="").lines(home="")
    return ", ".join(" ".join(line.split()) for line in town) or message.address


def held_reasons(figures: Figures, state: str) -> list[tuple[str, str | Promise, int]]:
    """The reasons within one state, with their people, most first."""
    of_state = figures.counts.reasons.get(state, {})
    return [(reason, WORDS.get(reason, reason), people) for reason, people in _most_first(of_state)]


def known_total(figures: Figures, slice_: Slice) -> int | None:
    """How many a slice holds, where a counter knows it already."""
    counts = figures.counts
    match slice_.query:
        case {} if slice_.is_everyone:
            return figures.audience
        case {"state": state, "reason": reason, **rest} if not rest:
            return int(counts.reasons.get(state, {}).get(reason, 0))
        case {"state": state, **rest} if not rest:
            return int(counts.states.get(state, 0))
        case {"reason": reason, **rest} if not rest:
            return sum(int(of_state.get(reason, 0)) for of_state in counts.reasons.values())
        case {"did": "bounced", "reason": reason, **rest} if not rest:
            return int(counts.returned.get(reason, 0))
        case {"link": link, **rest} if not rest:
            found = LinkCount.objects.filter(mailing=slice_.mailing, number=int(link)).first()
            return found.people if found else 0
        case {"did": did, **rest} if not rest and did in COUNTED:
            return int(getattr(figures, did))
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a message, in words."""

    event: Event
    link: str
    signs: Sequence[str | Promise]
    words: str | Promise


def story(message: Message) -> list[Happened]:
    """All that is on file about one message, oldest first, at most 200 events."""
    events = Event.objects.filter(message=message.pk, mailing=message.mailing_id).order_by("at", "id")[:200]
    names = {link.number: link.name or link.url for link in Link.objects.filter(mailing=message.mailing_id)}
    return [
        Happened(
            event,
            names.get(event.link or -1, ""),
            [SIGNS.get(sign, sign) for sign in event.reasons],
            WORDS.get(event.category, event.category) if event.category else "",
        )
        for event in events
    ]


def evidence(message: Message) -> QuerySet[InboundMail]:
    """The mails that came back about a message, at most ten."""
    return InboundMail.objects.filter(message=message.pk).order_by("pk")[:10]


def started() -> QuerySet[Mailing]:
    """Every mailing that was sent, in part or whole, the latest first."""
    return Mailing.objects.filter(started_at__isnull=False).select_related("counts", "subscription_type")


def totals(mailings: QuerySet[Mailing]) -> Totals:
    """The sums over mailings. Somebody who got three mailings counts three times."""
    summed = Counts.objects.filter(mailing__in=mailings.order_by().values("pk")).aggregate(
        mailings=Count("pk", filter=~Q(states={})),
        **{
            name: Sum(name, default=0)
            for name in ("delivered", "opened", "clicked", "bounced", "unsubscribed", "complained")
        },
    )
    sent = Counts.objects.filter(mailing__in=mailings.order_by().values("pk")).values_list("states", flat=True)
    return Totals(sent=sum(states.get(State.SENT, 0) for states in sent), **summed)
