"""What came back from the mailings of the past: opens, clicks, reports, drawn as the demo world draws them. Pure."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from demo.world import fates, letters, town
from demo.world.fates import Answer, Behaviour, Shares
from tracking import refusals
from tracking.journal import NewEvent

SEED = 7  # that of `make run`'s world: who had no mailbox then has none now
MINUTE, HOUR = 60, 3600
UNKNOWN_USER = "550 5.1.1 <{address}>: Recipient address rejected: User unknown in virtual mailbox table"


@dataclass(frozen=True)
class Arrived:
    """One message that a mail server took."""

    mailing: int
    message: int
    address: str
    subject: str
    sent_at: dt.datetime
    links: Sequence[int]  # numbers, as they stand in the mail from above


@dataclass(frozen=True)
class Left:
    """Somebody unsubscribed by one click."""

    address: str
    message: int
    at: dt.datetime


def takes(address: str, shares: Shares) -> bool:
    """Whether there is such a mailbox."""
    return fates.answer(address, shares, seed=SEED) is not Answer.UNKNOWN


def of(arrived: Arrived, shares: Shares, zone: dt.tzinfo) -> tuple[list[NewEvent], Left | None]:
    """Everything that one message set off, in no order, with whoever left because of it."""
    chance = fates.chance(SEED, arrived.address, arrived.subject)
    if fates.answer(arrived.address, shares, seed=SEED) is Answer.REPORT:
        return [report(arrived, chance)], None
    behaviour = fates.behaviour(arrived.address, arrived.subject, shares, seed=SEED)
    events = [*machines(arrived, behaviour, chance)]
    if not behaviour.opens:
        return numbered(events), None
    moment = human_moment(arrived.sent_at, zone, chance)
    events += people(arrived, behaviour, moment, chance)
    if behaviour.complains:
        events.append(event(arrived, "complaint", moment + seconds(chance.uniform(30, 300)), detail="abuse"))
    if not behaviour.unsubscribes:
        return numbered(events), None
    left = Left(arrived.address, arrived.message, moment + seconds(chance.uniform(20, 90)))
    return numbered([*events, event(arrived, "unsubscribe", left.at)]), left


def report(arrived: Arrived, chance: Random) -> NewEvent:
    """A delivery report that came back minutes or hours later."""
    words = letters.failure(fates.chance(SEED, arrived.address).random()).words
    at = arrived.sent_at + seconds(chance.lognormvariate(0, 1.2) * 20 * MINUTE)
    back = event(arrived, "bounce", at, category=str(refusals.classify(words).category), detail=words)
    return replace(back, origin=f"demo:{arrived.message}:report")


def machines(arrived: Arrived, behaviour: Behaviour, chance: Random) -> Iterator[NewEvent]:
    if behaviour.prefetches:
        later = arrived.sent_at + seconds(chance.uniform(4, 40 * MINUTE))
        yield event(arrived, "open", later, user_agent=town.PREFETCHER.user_agent, ip="203.0.113.200")
    if behaviour.scans:
        agent = chance.choice(town.SCANNERS)
        at = arrived.sent_at + seconds(1)
        yield event(arrived, "open", at, user_agent=agent, ip="203.0.113.210")
        for place, link in enumerate(arrived.links):
            for method in ("HEAD", "GET"):
                moment = at + seconds(place * 0.2 + (method == "GET") * 0.1)
                yield event(arrived, "click", moment, link=link, method=method, user_agent=agent, ip="203.0.113.210")


def people(arrived: Arrived, behaviour: Behaviour, moment: dt.datetime, chance: Random) -> Iterator[NewEvent]:
    """A reader opens once or a few times, and may click a link; the higher it stands the better it is liked."""
    agent, ip = chance.choice(town.READERS), f"203.0.113.{chance.randrange(1, 190)}"
    yield event(arrived, "open", moment, user_agent=agent, ip=ip)
    again = moment
    while chance.random() < 0.22:
        again += seconds(chance.uniform(0.5, 30) * HOUR)
        yield event(arrived, "open", again, user_agent=agent, ip=ip)
    if behaviour.clicks and arrived.links:
        weights = [1 / place**1.2 for place in range(1, len(arrived.links) + 1)]
        for link in set(chance.choices(arrived.links, weights, k=2 if chance.random() < 0.25 else 1)):
            at = moment + seconds(chance.uniform(12, 240))
            yield event(arrived, "click", at, link=link, user_agent=agent, ip=ip)


def human_moment(sent_at: dt.datetime, zone: dt.tzinfo, chance: Random) -> dt.datetime:
    """When somebody reads it: soon, or this evening, or tomorrow; hardly ever at night."""
    soon = chance.random() < 0.58
    delay = chance.lognormvariate(0, 1.2) * (50 * MINUTE) if soon else chance.lognormvariate(0, 0.9) * (11 * HOUR)
    moment = (sent_at + seconds(5 + delay)).astimezone(zone)
    if moment.hour < 6 and chance.random() < 0.9:
        moment += dt.timedelta(hours=chance.uniform(6.5, 9) - moment.hour * 0.6)
    return moment


def event(
    arrived: Arrived,
    kind: str,
    at: dt.datetime,
    *,
    link: int | None = None,
    method: str = "GET",
    user_agent: str = "",
    ip: str | None = None,
    category: str = "",
    detail: str = "",
) -> NewEvent:
    return NewEvent(
        origin="",
        at=at,
        kind=kind,
        mailing=arrived.mailing,
        message=arrived.message,
        link=link,
        method=method if kind in ("open", "click") else "",
        ip=ip,
        user_agent=user_agent,
        category=category,
        detail=detail,
    )


def numbered(events: list[NewEvent]) -> list[NewEvent]:
    return [replace(one, origin=f"demo:{one.message}:{number}") for number, one in enumerate(events)]


def seconds(number: float) -> dt.timedelta:
    return dt.timedelta(seconds=number)


# a mailing on paper: its frame, and its text with a code to scan
LETTER_FRAME = {
    "place": "Rotterdam",
    "our_ref": "WB/[[customer.id]]",
    "heading": "Come and see the workshop on 12 December",
    "footer": "De Werkbank · KvK 24123456 · www.dewerkbank.example",
    "sort": "postcode",
}
LETTER = {
    "language": "en",
    "blocks": [
        {
            "id": "hello",
            "kind": "text",
            "html": "<p>Dear [[customer.firstname|neighbour]],</p><p>On Saturday 12 December our doors are open from two to six. "
            "The new lathe runs, there is soup, and at four somebody shows how a boat is made of twelve planks.</p>"
            "<p>Scan the code to say that you are coming. If you would rather not hear from us, write or call: we keep it.</p>",
        },
        {"id": "yes", "kind": "button", "text": "Yes, I am coming", "url": "https://dewerkbank.example/open-day"},
    ],
}
