"""A small mail server for what comes back: SMTP or LMTP, only for our own addresses, with a cap on everything.

It knows no database: `Post` says which addresses are ours and keeps a mail. An answer 250 means that the mail is kept.
"""

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

LARGEST = 2 * 1024 * 1024
LONGEST_COMMAND = 2048
MOST_RECIPIENTS = 100
MOST_MISTAKES = 10
MOST_CONNECTIONS = 200
IDLE = 60.0  # seconds to wait for a command
PATIENCE = 180.0  # seconds for a whole letter
ENDING = b"\r\n.\r\n"  # nothing else ends a letter: a bare LF would let one mail smuggle a second

PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]{0,320})>(?:\s.*)?", re.IGNORECASE)
SIZE = re.compile(r"\bSIZE=(\d{1,20})\b", re.IGNORECASE)


class Busy(Exception):
    """The mail cannot be kept now; its sender shall try again."""


class Post(Protocol):
    def is_ours(self, address: str) -> bool: ...

    async def keep(self, mail_from: str, recipients: Sequence[str], raw: bytes) -> None:
        """Keep the mail for good, or raise Busy."""


class Hangup(Exception):
    """The connection has ended, or has to."""


@dataclass
class Server:
    """Listens until it is cancelled."""

    post: Post
    name: str
    is_lmtp: bool = False
    idle: float = IDLE
    patience: float = PATIENCE
    connections: int = 0

    async def start(self, host: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, host, port, limit=LONGEST_COMMAND)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.connections > MOST_CONNECTIONS:
                writer.write(b"421 4.3.2 Too many connections, try again later\r\n")
            else:
                await Session(self, reader, writer).run()
        except (Hangup, ConnectionError, TimeoutError):
            pass
        finally:
            self.connections -= 1
            with contextlib.suppress(ConnectionError):
                writer.close()
                await writer.wait_closed()


@dataclass
class Session:
    """One connection: command after command, until it quits, idles or makes too many mistakes."""

    server: Server
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    has_greeted: bool = False
    mail_from: str | None = None
    recipients: list[str] = field(default_factory=list)
    mistakes: int = 0

    async def run(self) -> None:
        self.say(f"220 {self.server.name} Postduif ready")
        while True:
            await self.writer.drain()
            line = await self._command()
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO" | "LHLO" | "HELO":
                    self._hello(verb.upper(), rest)
                case "MAIL":
                    self._mail(rest)
                case "RCPT":
                    self._recipient(rest)
                case "DATA":
                    await self._data()
                case "RSET":
                    self._forget()
                    self.say("250 2.0.0 OK")
                case "NOOP":
                    self.say("250 2.0.0 OK")
                case "VRFY":
                    self.say("252 2.5.0 Send it and see")
                case "QUIT":
                    self.say("221 2.0.0 Bye")
                    await self.writer.drain()
                    return
                case _:
                    self._mistake("500 5.5.2 Unknown command")

    def say(self, answer: str) -> None:
        self.writer.write(answer.encode("ascii", "replace") + b"\r\n")

    async def _command(self) -> str:
        try:
            async with asyncio.timeout(self.server.idle):
                line = await self.reader.readuntil(b"\n")
        except TimeoutError:
            self.say("421 4.4.2 Too slow")
            raise
        except asyncio.LimitOverrunError:
            self.say("500 5.5.2 Line too long")
            raise Hangup from None
        except asyncio.IncompleteReadError:
            raise Hangup from None
        return line.decode("utf-8", "replace").strip("\r\n ")

    def _mistake(self, answer: str) -> None:
        self.mistakes += 1
        self.say(answer)
        if self.mistakes >= MOST_MISTAKES:
            self.say("421 4.7.0 Too many mistakes")
            raise Hangup

    def _forget(self) -> None:
        self.mail_from, self.recipients = None, []

    def _hello(self, verb: str, who: str) -> None:
        if (verb == "LHLO") != self.server.is_lmtp or not who:
            self._mistake(f"500 5.5.1 Say {'LHLO' if self.server.is_lmtp else 'EHLO'} and your name")
            return
        self._forget()
        self.has_greeted = True
        if verb == "HELO":
            self.say(f"250 {self.server.name}")
            return
        extensions = ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", f"SIZE {LARGEST}"]
        for answer in [self.server.name, *extensions[:-1]]:
            self.say(f"250-{answer}")
        self.say(f"250 {extensions[-1]}")

    def _mail(self, rest: str) -> None:
        path = PATH.fullmatch(rest)
        if not self.has_greeted or self.mail_from is not None:
            self._mistake("503 5.5.1 Not now")
        elif path is None:
            self._mistake("501 5.5.4 MAIL FROM:<address>")
        elif (size := SIZE.search(rest)) and int(size.group(1)) > LARGEST:
            self.say("552 5.3.4 Too large")
        else:
            self.mail_from = path.group(1)
            self.say("250 2.1.0 OK")

    def _recipient(self, rest: str) -> None:
        path = PATH.fullmatch(rest)
        if self.mail_from is None:
            self._mistake("503 5.5.1 MAIL first")
        elif path is None:
            self._mistake("501 5.5.4 RCPT TO:<address>")
        elif len(self.recipients) >= MOST_RECIPIENTS:
            self.say("452 4.5.3 Too many recipients")
        elif not self.server.post.is_ours(path.group(1)):
            self._mistake("550 5.1.1 No such address here")
        else:
            self.recipients.append(path.group(1))
            self.say("250 2.1.5 OK")

    async def _data(self) -> None:
        if not self.recipients:
            self._mistake("503 5.5.1 RCPT first")
            return
        self.say("354 End with a dot")
        await self.writer.drain()
        async with asyncio.timeout(self.server.patience):
            raw = await self._letter()
        answer = "552 5.3.4 Too large" if raw is None else "250 2.0.0 Kept"
        if raw is not None:
            try:
                await self.server.post.keep(self.mail_from or "", self.recipients, raw)
            except Busy:
                answer = "451 4.3.0 Try again later"
        for _recipient in self.recipients if self.server.is_lmtp else [""]:
            self.say(answer)  # LMTP answers for each recipient (RFC 2033, 4.2)
        self._forget()

    async def _letter(self) -> bytes | None:
        """Read up to the dot, its stuffing undone. None: larger than we take."""
        taken = bytearray(b"\r\n")  # so that a dot on the very first line ends the letter, too
        size = 0
        while True:
            try:
                chunk = await self.reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as overrun:
                chunk = await self.reader.readexactly(overrun.consumed or LONGEST_COMMAND)
            except asyncio.IncompleteReadError:
                raise Hangup from None
            size += len(chunk)
            taken += chunk
            if taken.endswith(ENDING):
                break
            if size > LARGEST:
                del taken[: -len(ENDING)]  # read on to the end, keep nothing
            if size > 4 * LARGEST:
                self.say("552 5.3.4 Too large")
                raise Hangup
        if size > LARGEST:
            return None
        return bytes(taken[: -len(ENDING) + 2]).replace(b"\r\n..", b"\r\n.")[2:]
