"""The people and machines behind the mailboxes: they open, click, scan, leave and complain, each at their own time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from random import Random

from demo.world import fates, letters, post
from demo.world.agenda import Agenda
from demo.world.fates import Answer, Behaviour, Shares
from demo.world.letters import Letter, Reading
from demo.world.post import Place
from demo.world.tally import Tally
from demo.world.web import Visitor, Web, home_of

ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058 §3.2
MOST_UNREAD = 20_000  # mails kept whole in memory
QUIET = 2.0  # seconds without mail after which the next one is shown in the catcher in any case

# medians in seconds of log-normal delays, before they are divided by the speed
OPENING, CLICKING, LEAVING, GRUMBLING, REPORTING = 20 * 60, 45, 90, 30 * 60, 150
SPREAD = 1.1

READERS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36 Edg/146.0.0.0",
)
SCANNERS = (
    "Mozilla/5.0 (compatible; Barracuda Sentinel/4.2)",
    "Mozilla/5.0 (compatible; Proofpoint URL Defense/8.1)",
    "Mozilla/5.0 (compatible; Mimecast Targeted Threat Protection)",
)
SCANNER_NETWORKS = ("127.200.0.1", "127.200.0.2", "127.201.0.1")
PREFETCHER = Visitor("Mozilla/5.0", "127.210.0.1")  # how mail privacy protection names itself


@dataclass(frozen=True)
class Pace:
    """How fast time runs for people, and the least they need: a judge takes what is faster for machines."""

    speed: float = 60
    at_least: float = 8.0

    def delay(self, median: float, chance: Random) -> float:
        return self.at_least + chance.lognormvariate(0, SPREAD) * median / self.speed


@dataclass(frozen=True)
class Roads:
    """Where things go; what is missing is left out."""

    inbound: Place | None = None
    catcher: Place | None = None
    sample: float = 0.02


class Town:
    """Answers RCPT and takes mail for every mailbox there is; implements smtp.Household."""

    def __init__(
        self, shares: Shares, *, seed: int, pace: Pace, roads: Roads, web: Web, agenda: Agenda, tally: Tally
    ) -> None:
        self.shares, self.seed, self.pace, self.roads = shares, seed, pace, roads
        self.web, self.agenda, self.tally = web, agenda, tally
        self.put_off: set[str] = set()
        self.last_mail = 0.0
        self.unread = 0

    def refuse(self, recipient: str) -> bytes | None:
        match fates.answer(recipient.lower(), self.shares, seed=self.seed):
            case Answer.UNKNOWN:
                self.tally.did["unknown"] += 1
                words = (
                    f"550 5.1.1 <{recipient}>: Recipient address rejected: User unknown in virtual mailbox table\r\n"
                )
                return words.encode(errors="surrogateescape")
            case Answer.DEFER if recipient not in self.put_off:
                self.put_off.add(recipient)
                self.tally.did["deferred"] += 1
                return b"451 4.7.1 Greylisted, try again later\r\n"
        return None

    def accept(self, letter: Letter) -> None:
        for recipient in letter.recipients:
            self.show(letter, recipient)
            if fates.answer(recipient.lower(), self.shares, seed=self.seed) is Answer.REPORT:
                self.plan_report(letter, recipient)
                continue
            behaviour = fates.behaviour(recipient.lower(), letter.subject, self.shares, seed=self.seed)
            if not behaviour.is_still:
                self.plan_reading(letter, recipient, behaviour)

    def plan_reading(self, letter: Letter, recipient: str, behaviour: Behaviour) -> None:
        """Look into the mail soon, not while its sender waits; too many unread ones are left unread."""
        if self.unread >= MOST_UNREAD:
            self.tally.did["dropped"] += 1
            return
        self.unread += 1
        self.agenda.later(0, partial(self.read, letter, recipient, behaviour))

    def show(self, letter: Letter, recipient: str) -> None:
        """Forward a sample to the catcher: a share, and the first mail after a silence (a test mail, for one)."""
        now = asyncio.get_running_loop().time()
        is_first, self.last_mail = now - self.last_mail > QUIET, now
        if self.roads.catcher is None:
            return
        if is_first or fates.draws(self.seed, recipient, "sample")[0] < self.roads.sample:
            self.agenda.later(0, partial(self.forward, self.roads.catcher, letter, recipient))

    async def forward(self, catcher: Place, letter: Letter, recipient: str) -> None:
        await post.send(catcher, letter.sender, recipient, letter.content)
        self.tally.did["shown"] += 1

    def plan_report(self, letter: Letter, recipient: str) -> None:
        if self.roads.inbound is None or not letter.sender:
            return  # nobody is told about a report that does not arrive: RFC 3464 §2
        chance = fates.chance(self.seed, recipient)
        reason = letters.failure(chance.random())
        head = Letter(letter.sender, (recipient,), letter.head)

        def compose() -> bytes:
            return letters.delivery_report(head, recipient, reason, now=datetime.now(tz=UTC))

        self.plan_mail(self.pace.delay(REPORTING, chance), letter.sender, compose, "dsn")

    def plan_mail(self, delay: float, to: str, compose: Callable[[], bytes], name: str) -> None:
        inbound = self.roads.inbound
        if inbound is None:
            return

        async def send() -> None:
            await post.send(inbound, "", to, compose())
            self.tally.did[name] += 1

        self.agenda.later(delay, send)

    async def read(self, letter: Letter, recipient: str, behaviour: Behaviour) -> None:
        """Look into the mail once and plan what its reader and the machines before them will do with it."""
        self.unread -= 1
        reading = letters.read(letter)
        chance = fates.chance(self.seed, recipient, letter.subject)
        if behaviour.scans:
            self.agenda.later(0, partial(self.scan, reading, chance.randrange(len(SCANNERS))))
        if behaviour.prefetches:
            self.agenda.later(chance.uniform(0.5, 4), partial(self.load, reading, PREFETCHER, "prefetches"))
        if behaviour.opens:
            self.plan_visit(letter, reading, recipient, behaviour, chance)

    def plan_visit(
        self, letter: Letter, reading: Reading, recipient: str, behaviour: Behaviour, chance: Random
    ) -> None:
        language = chance.choice(("nl-NL,nl;q=0.9,en;q=0.8", "en-GB,en;q=0.9"))
        reader = Visitor(chance.choice(READERS), home_of(recipient), {"Accept-Language": language})
        moment = self.pace.delay(OPENING, chance)
        self.agenda.later(moment, partial(self.load, reading, reader, "opens"))
        if behaviour.clicks:
            for path in self.liked(reading, chance):
                moment += self.pace.delay(CLICKING, chance)
                self.agenda.later(moment, partial(self.click, path, reader))
        if behaviour.unsubscribes and (away := self.web.path(reading.one_click)):
            after = moment + self.pace.delay(LEAVING, chance)
            self.agenda.later(after, partial(self.leave, away, reader))
        to = reading.feedback or letter.sender
        if behaviour.complains and to:
            head = Letter(letter.sender, (recipient,), letter.head)

            def compose() -> bytes:
                return letters.complaint(head, recipient, to, now=datetime.now(tz=UTC))

            self.plan_mail(moment + self.pace.delay(GRUMBLING, chance), to, compose, "complaints")

    def liked(self, reading: Reading, chance: Random) -> list[str]:
        """One link, sometimes two; the higher it stands the better it is liked. Unsubscribing is not a click."""
        away = self.web.path(reading.one_click)
        paths = [path for link in reading.links if (path := self.web.path(link)) and not same_page(path, away)]
        if not paths:
            return []
        weights = [1 / place for place in range(1, len(paths) + 1)]
        count = 2 if chance.random() < 0.25 else 1
        return list(dict.fromkeys(chance.choices(paths, weights, k=count)))

    async def load(self, reading: Reading, visitor: Visitor, name: str) -> None:
        """Show the pictures."""
        for image in reading.images:
            if path := self.web.path(image):
                await self.web.ask("GET", path, visitor)
        self.tally.did[name] += 1

    async def click(self, path: str, visitor: Visitor) -> None:
        await self.web.ask("GET", path, visitor)
        self.tally.did["clicks"] += 1

    async def scan(self, reading: Reading, kind: int) -> None:
        """Try every link and picture at once, HEAD and then GET, as security products do."""
        visitor = Visitor(SCANNERS[kind], SCANNER_NETWORKS[kind])
        for url in (*reading.links, *reading.images):
            if path := self.web.path(url):
                await self.web.ask("HEAD", path, visitor)
                await self.web.ask("GET", path, visitor)
        self.tally.did["scans"] += 1

    async def leave(self, path: str, visitor: Visitor) -> None:
        """Unsubscribe by one click, as a mail provider does for its user: no cookies, no redirect."""
        status = await self.web.ask("POST", path, visitor, form=ONE_CLICK)
        self.tally.did["unsubscribes" if 200 <= status < 300 else "unsubscribes_refused"] += 1


def same_page(path: str, other: str | None) -> bool:
    return other is not None and path.partition("?")[0] == other.partition("?")[0]
