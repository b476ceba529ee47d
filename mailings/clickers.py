"""Who clicked a link of the library, in whichever mailing: counted from the mailings' own counters, listed from the journal."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet

from mailings.models import LinkCount, Mailing, Message
from recipients.models import Person
from tracking.models import Event, Kind, LibraryLink, Link

TOTALS = """
    SELECT link.library_id, count(DISTINCT link.mailing), coalesce(sum(counted.people), 0),
        coalesce(sum(counted.human), 0), coalesce(sum(counted.machine), 0)
    FROM tracking_link link
    JOIN mailings_mailing mailing ON mailing.id = link.mailing AND mailing.started_at IS NOT NULL
    LEFT JOIN mailings_linkcount counted ON counted.mailing_id = link.mailing AND counted.number = link.number
    WHERE link.library_id = ANY(%s) GROUP BY link.library_id
"""


@dataclass(frozen=True, slots=True)
class Total:
    """The clicks on one link, over all mailings that were sent with it."""

    mailings: int = 0
    people: int = 0
    clicks: int = 0
    machines: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """One mailing with the link."""

    mailing: Mailing
    number: int
    people: int
    clicks: int
    machines: int

    @property
    def query(self) -> str:
        return f"?link={self.number}"


@dataclass(frozen=True, slots=True)
class Clicker:
    """One click of a person."""

    event: Event
    message: Message | None


def totals(links: Collection[LibraryLink]) -> Mapping[int, Total]:
    """The totals of these links, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, [[link.pk for link in links]])
        return {row[0]: Total(*(int(number) for number in row[1:])) for row in cursor.fetchall()}


def uses(link: LibraryLink) -> list[Use]:
    """The mailings that were sent with it, the latest first."""
    numbers: dict[int, list[int]] = defaultdict(list)
    for mailing, number in link.uses.values_list("mailing", "number"):
        numbers[mailing].append(number)
    started = Mailing.objects.filter(pk__in=numbers, started_at__isnull=False).defer(
        "content", "compiled", "compiled_unseen"
    )
    counts = {(one.mailing_id, one.number): one for one in LinkCount.objects.filter(mailing__in=list(numbers))}
    nothing = LinkCount()
    return [
        Use(mailing, number, counted.people, counted.human, counted.machine)
        for mailing in started.order_by("-started_at")
        for number in numbers[mailing.pk]
        for counted in [counts.get((mailing.pk, number), nothing)]
    ]


def clicks(link: LibraryLink) -> QuerySet[Event]:
    """Every click of a person on it."""
    places = Q(pk__in=[])
    by_mailing: dict[int, list[int]] = defaultdict(list)
    for mailing, number in Link.objects.filter(library=link).values_list("mailing", "number"):
        by_mailing[mailing].append(number)
    for mailing, numbers in by_mailing.items():
        places |= Q(mailing=mailing, link__in=numbers)
    return Event.objects.filter(places, kind=Kind.CLICK, is_machine=False)


def with_people(events: Sequence[Event]) -> list[Clicker]:
    """Put the person and the mailing beside each click."""
    wanted = {event.message for event in events}
    rows = (
        Message.objects.filter(pk__in=wanted)
        .select_related("person", "mailing")
        .defer("data", "mailing__compiled", "mailing__compiled_unseen")
    )
    messages = {message.pk: message for message in rows}
    return [Clicker(event, messages.get(event.message)) for event in events]


def people(link: LibraryLink) -> QuerySet[Person]:
    """The people who clicked it."""
    return Person.objects.filter(pk__in=Message.objects.filter(pk__in=clicks(link).values("message")).values("person"))
