"""What the world will do later: a bounded heap of actions, worked off by a bounded number at a time."""

import asyncio
import heapq
import itertools
import smtplib
from collections.abc import Awaitable, Callable

from demo.world.tally import Tally

Action = Callable[[], Awaitable[None]]

AT_ONCE = 32
MOST = 200_000
AGAIN = (1.0, 5.0, 15.0, 30.0)  # seconds; a server that restarts misses nothing
UNREACHABLE = (OSError, TimeoutError, EOFError, smtplib.SMTPException)


class Agenda:
    def __init__(self, tally: Tally, *, at_once: int = AT_ONCE, most: int = MOST) -> None:
        self.tally = tally
        self.most = most
        self.slots = asyncio.Semaphore(at_once)
        self.heap: list[tuple[float, int, int, Action]] = []
        self.numbers = itertools.count()
        self.changed = asyncio.Event()
        self.busy = 0

    def later(self, delay: float, act: Action, attempt: int = 0) -> None:
        """Do `act` in `delay` seconds, or (when too much is planned already) never; that is counted."""
        if len(self.heap) >= self.most:
            self.tally.did["dropped"] += 1
            return
        due = asyncio.get_running_loop().time() + delay
        heapq.heappush(self.heap, (due, next(self.numbers), attempt, act))
        self.changed.set()

    @property
    def pending(self) -> int:
        return len(self.heap) + self.busy

    async def run(self) -> None:
        """Work until cancelled."""
        clock = asyncio.get_running_loop().time
        async with asyncio.TaskGroup() as group:
            while True:
                if self.heap and self.heap[0][0] <= clock():
                    await self.slots.acquire()
                    _due, _number, attempt, act = heapq.heappop(self.heap)
                    self.busy += 1
                    group.create_task(self.do(act, attempt))
                    continue
                self.changed.clear()
                wait = self.heap[0][0] - clock() if self.heap else None
                try:
                    await asyncio.wait_for(self.changed.wait(), wait)
                except TimeoutError:
                    continue

    async def do(self, act: Action, attempt: int) -> None:
        """Do it now; when the other side is not there, a few times again."""
        try:
            await act()
        except UNREACHABLE:
            self.tally.did["unreachable"] += 1
            if attempt < len(AGAIN):
                self.later(AGAIN[attempt], act, attempt + 1)
            else:
                self.tally.did["given_up"] += 1
        finally:
            self.busy -= 1
            self.slots.release()
