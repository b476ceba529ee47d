"""A mail server of our own for what smtp-sink cannot do: answer after so many milliseconds, and say when mail last came.

One process, one asyncio Protocol; it keeps nothing but a count, a clock and, when asked, who had mail how often.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

HELLO = b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"


class Seen:
    """What the sink shares with who measures."""

    def __init__(self, fork: Any) -> None:
        self.last: Synchronized[float] = fork.Value("d", 0.0)
        self.count: Synchronized[int] = fork.Value("L", 0)


class Taker(asyncio.Protocol):
    """Enough of SMTP for clients that behave."""

    def __init__(self, seen: Seen, delay: float, log: Any) -> None:
        self.seen, self.delay, self.log = seen, delay, log
        self.buffer, self.in_data, self.about, self.waiting = b"", False, b"", b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        transport.write(b"220 sink\r\n")  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            if self.in_data:
                end = self.buffer.find(b"\r\n.\r\n")
                if end < 0:
                    return
                content, self.buffer, self.in_data = self.buffer[:end], self.buffer[end + 5 :], False
                self._take(content)
            else:
                line, found, rest = self.buffer.partition(b"\r\n")
                if not found:
                    return
                self.buffer = rest
                self._command(line)

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.transport.write(HELLO)
        elif verb == b"DATA":
            self.in_data = True
            self._say(b"354 go\r\n")
        elif verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            if verb == b"RCPT":
                self.about = line[9:-1]
            self._say(b"250 ok\r\n")

    def _take(self, content: bytes) -> None:
        self.seen.last.value = time.time()
        self.seen.count.value += 1
        if self.log is not None:
            self.log.write(self.about + b"\n")
            self.log.flush()
        if self.delay and not self.waiting:
            asyncio.get_running_loop().call_later(self.delay, self._answer)
        self.waiting += b"250 taken\r\n"
        if not self.delay:
            self._answer()

    def _say(self, answer: bytes) -> None:
        """In order: what was pipelined behind a final dot waits with its answer."""
        if self.waiting:
            self.waiting += answer
        else:
            self.transport.write(answer)

    def _answer(self) -> None:
        answer, self.waiting = self.waiting, b""
        if not self.transport.is_closing():
            self.transport.write(answer)


def _serve(port_of: Any, seen: Seen, delay: float, log_path: str) -> None:
    async def main() -> None:
        log = Path(log_path).open("ab") if log_path else None  # noqa: SIM115 - as long as the process
        server = await asyncio.get_running_loop().create_server(lambda: Taker(seen, delay, log), "127.0.0.1", 0)
        port_of.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def sink(*, delay: float = 0.0, log: str = "") -> Iterator[tuple[int, Seen]]:
    """Yield the port and what was seen. `delay`: seconds before the answer to a final dot; `log`: a file of recipients."""
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    seen = Seen(fork)
    process = fork.Process(target=_serve, args=(there, seen, delay, log), daemon=True)
    process.start()
    try:
        yield here.recv(), seen
    finally:
        process.kill()
        process.join(10)
