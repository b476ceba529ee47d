"""`python -m demo.world`: an outside world on loopback for the demo, for flow tests and for benchmarks.

It takes mail over SMTP, refuses some, reports some back later, and its readers open and click while scanners fetch
every link. What a mailbox does depends on the seed and its address alone. It never talks to another machine.
"""

import argparse
import asyncio
import json
import signal
import sys
from dataclasses import dataclass, fields
from pathlib import Path

from demo.world.agenda import Agenda
from demo.world.fates import Shares
from demo.world.post import Place
from demo.world.smtp import Peer
from demo.world.tally import Tally
from demo.world.town import Pace, Roads, Town
from demo.world.web import Web

SAVE_EVERY = 1.0  # seconds


@dataclass(frozen=True)
class Options:
    listen: Place
    control: Place | None
    stats: Path | None
    received: Path | None
    swallow: bool
    shares: Shares
    seed: int
    pace: Pace
    roads: Roads
    web: Web


def main() -> int:
    parser = command_line()
    try:
        options = read(parser.parse_args())
    except ValueError as refusal:
        parser.error(str(refusal))
    asyncio.run(World(options).run())
    return 0


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo.world", description=__doc__)
    add = parser.add_argument
    add("--listen", default="127.0.0.1:1025", metavar="HOST:PORT", help="where mail arrives (port 0: any; see --stats)")
    add("--swallow", action="store_true", help="only take and count: full speed")
    add("--stats", type=Path, metavar="FILE", help="statistics as JSON, written every second and at the end")
    add("--control", metavar="HOST:PORT", help="the same statistics over HTTP")
    add("--received", type=Path, metavar="FILE", help="a line per mail, kept across restarts: Message-ID, recipient")
    for share in fields(Shares):
        add(f"--{share.name}", type=float, default=share.default, metavar="SHARE", help=f"default {share.default}")
    add("--speed", type=float, default=60, help="people live so many times faster (default 60)")
    add("--at-least", type=float, default=8.0, metavar="SECONDS", help="what people need at any speed (default 8)")
    add("--seed", type=int, default=7)
    add("--inbound", metavar="HOST:PORT", help="where delivery reports and complaints go")
    add("--catcher", metavar="HOST:PORT", help="a mail catcher that is shown a sample")
    add("--sample", type=float, default=0.02, metavar="SHARE")
    add("--base-url", default="http://localhost:8000", help="the only links that are followed, on loopback")
    return parser


def read(given: argparse.Namespace) -> Options:
    """Check what was given; raises ValueError with a sentence for what cannot be."""
    shares = Shares(**{share.name: getattr(given, share.name) for share in fields(Shares)})
    if any(not 0 <= getattr(shares, share.name) <= 1 for share in fields(Shares)) or given.speed <= 0:
        raise ValueError("A share lies between 0 and 1, and a speed above 0.")
    return Options(
        listen=Place.parse(given.listen),
        control=Place.parse(given.control) if given.control else None,
        stats=given.stats,
        received=given.received,
        swallow=given.swallow,
        shares=shares,
        seed=given.seed,
        pace=Pace(given.speed, given.at_least),
        roads=Roads(
            Place.parse(given.inbound) if given.inbound else None,
            Place.parse(given.catcher) if given.catcher else None,
            given.sample,
        ),
        web=Web(given.base_url),
    )


class World:
    """One SMTP server with everybody behind it, from start to stop."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.tally = Tally(options.received)
        self.peers: set[Peer] = set()
        self.port = options.listen.port
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Live until SIGTERM or SIGINT, then write the statistics."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        self.agenda = Agenda(self.tally)
        town = None if self.options.swallow else self.town()
        place = self.options.listen
        server = await loop.create_server(
            lambda: Peer(self.tally, town, self.peers), place.host, place.port, backlog=1024
        )
        self.port = server.sockets[0].getsockname()[1]
        control = await self.start_control()
        self.save()
        sys.stdout.write(f"The world takes mail at {place.host}:{self.port}\n")
        sys.stdout.flush()
        chores = [asyncio.create_task(self.agenda.run()), asyncio.create_task(self.save_often())]
        try:
            await self.until_stopped(chores)
        finally:
            for listener in (server, control):
                if listener is not None:
                    listener.close()
            for peer in list(self.peers):
                peer.close()
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            self.save()
            self.tally.close()

    async def until_stopped(self, chores: list[asyncio.Task[None]]) -> None:
        """Wait for the signal; a chore that ends before has failed, and says so."""
        stop = asyncio.create_task(self.stopping.wait())
        done, _ = await asyncio.wait([stop, *chores], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        for task in done - {stop}:
            task.result()

    def town(self) -> Town:
        given = self.options
        return Town(
            given.shares,
            seed=given.seed,
            pace=given.pace,
            roads=given.roads,
            web=given.web,
            agenda=self.agenda,
            tally=self.tally,
        )

    def statistics(self) -> dict[str, object]:
        return {"port": self.port, "pending": self.agenda.pending, **self.tally.statistics()}

    def save(self) -> None:
        if self.options.stats is not None:
            partial = self.options.stats.with_suffix(".partial")
            partial.write_text(json.dumps(self.statistics(), indent=1) + "\n")
            partial.replace(self.options.stats)

    async def save_often(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            self.save()

    async def start_control(self) -> asyncio.Server | None:
        place = self.options.control
        return await asyncio.start_server(self.tell, place.host, place.port) if place else None

    async def tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer any HTTP request with the statistics."""
        while (await reader.readline()).strip():
            pass
        body = json.dumps(self.statistics()).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


if __name__ == "__main__":
    sys.exit(main())
