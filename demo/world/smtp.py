"""The mail server of the world: an SMTP peer of our own, because the ready ones take a millisecond per mail.

RFC 5321 with PIPELINING, SIZE, 8BITMIME and ENHANCEDSTATUSCODES. All answers to one piece of input go out in one write.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Protocol

from demo.world.letters import Letter
from demo.world.tally import Tally

NAME = "mx.world.example"
LARGEST = 25 * 1024 * 1024
LONGEST_LINE = 4096
MOST_RECIPIENTS = 100
END = b"\r\n.\r\n"
PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>(.*)", re.IGNORECASE)
SIZE = re.compile(r"\bSIZE=(\d{1,20})\b", re.IGNORECASE)

TAKEN = b"250 2.0.0 Ok: queued\r\n"
OK = b"250 2.0.0 Ok\r\n"
MAIL_OK = b"250 2.1.0 Ok\r\n"
RCPT_OK = b"250 2.1.5 Ok\r\n"
GO_ON = b"354 End data with <CR><LF>.<CR><LF>\r\n"
TOO_LARGE = b"552 5.3.4 Message too big\r\n"
SYNTAX = b"501 5.5.4 Syntax error\r\n"
ORDER = b"503 5.5.1 Bad sequence of commands\r\n"
NOBODY = b"554 5.5.1 No valid recipients\r\n"
TOO_MANY = b"452 4.5.3 Too many recipients\r\n"
UNKNOWN = b"502 5.5.2 Command not recognised\r\n"
TOO_LONG = b"500 5.5.6 Line too long\r\n"


class Household(Protocol):
    """Whoever lives behind the server."""

    def refuse(self, recipient: str) -> bytes | None:
        """The answer to RCPT when it is not a plain yes."""

    def accept(self, letter: Letter) -> None:
        """Take a mail that was acknowledged."""


class Nobody:
    """Swallows everything and does nothing."""

    def refuse(self, recipient: str) -> bytes | None:
        return None

    def accept(self, letter: Letter) -> None:
        return None


class Peer(asyncio.Protocol):
    """One connection."""

    def __init__(self, tally: Tally, household: Household | None, connections: set["Peer"]) -> None:
        self.tally = tally
        self.household = household or Nobody()
        self.swallows = household is None
        self.connections = connections
        self.buffer = bytearray()
        self.searched = 0  # how much of the buffer holds no end of data
        self.is_data = False
        self.is_too_large = False
        self.replies: list[bytes] = []
        self.transport: asyncio.Transport | None = None
        self.commands: dict[bytes, Callable[[bytes], bytes]] = {
            b"MAIL": self.mail,
            b"RCPT": self.rcpt,
            b"DATA": self.data,
            b"EHLO": self.ehlo,
            b"HELO": lambda _line: b"250 " + NAME.encode() + b"\r\n",
            b"RSET": self.rset,
            b"NOOP": lambda _line: OK,
            b"VRFY": lambda _line: b"252 2.1.5 Cannot verify, but will take it\r\n",
            b"QUIT": self.quit,
        }
        self.forget()

    def forget(self) -> None:
        """No mail is being handed over."""
        self.sender: str | None = None
        self.recipients: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self.transport = transport
            self.connections.add(self)
            self.tally.connections += 1
            transport.write(b"220 " + NAME.encode() + b" ESMTP demo world\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self.take_data() if self.is_data else self.take_line():
            pass
        self.tally.flush()
        if self.replies and self.transport is not None:
            self.transport.write(b"".join(self.replies))
            self.replies.clear()

    def take_line(self) -> bool:
        """Work on one command; False when no whole one has arrived."""
        end = self.buffer.find(b"\r\n")
        if end < 0 or end > LONGEST_LINE:
            if len(self.buffer) > LONGEST_LINE:
                self.hang_up(TOO_LONG)
            return False
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        command = self.commands.get(line[:4].upper())
        self.replies.append(command(line) if command else UNKNOWN)
        return True

    def take_data(self) -> bool:
        """Take one mail; False when its end has not arrived."""
        buffer = self.buffer
        if buffer.startswith(b".\r\n") and not self.searched and not self.is_too_large:
            end, after = 0, 3
        else:
            end = buffer.find(END, self.searched)
            after = end + len(END)
        if end < 0:
            self.searched = max(len(buffer) - len(END) + 1, 0)
            if len(buffer) > LARGEST:
                self.is_too_large = True
                del buffer[: self.searched]
                self.searched = 0
            return False
        content = bytes(buffer[: end + 2]) if end else b""
        del buffer[:after]
        self.is_data, self.searched = False, 0
        self.replies.append(TOO_LARGE if self.is_too_large else self.deliver(content))
        self.is_too_large = False
        self.forget()
        return True

    def deliver(self, content: bytes) -> bytes:
        self.tally.take(content, self.recipients)
        if not self.swallows:
            plain = (content[1:] if content.startswith(b"..") else content).replace(b"\r\n..", b"\r\n.")
            self.household.accept(Letter(self.sender or "", tuple(self.recipients), plain))
        return TAKEN

    def ehlo(self, line: bytes) -> bytes:
        self.forget()
        return (
            f"250-{NAME}\r\n250-PIPELINING\r\n250-SIZE {LARGEST}\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"
        ).encode()

    def mail(self, line: bytes) -> bytes:
        if self.sender is not None:
            return ORDER
        found = PATH.fullmatch(line[4:].decode(errors="surrogateescape").strip())
        if not found:
            return SYNTAX
        size = SIZE.search(found[2])
        if size and int(size[1]) > LARGEST:
            return TOO_LARGE
        self.sender = found[1]
        return MAIL_OK

    def rcpt(self, line: bytes) -> bytes:
        if self.sender is None:
            return ORDER
        found = PATH.fullmatch(line[4:].decode(errors="surrogateescape").strip())
        if not found or not found[1]:
            return SYNTAX
        if len(self.recipients) >= MOST_RECIPIENTS:
            return TOO_MANY
        refusal = self.household.refuse(found[1])
        if refusal is None:
            self.recipients.append(found[1])
        return refusal or RCPT_OK

    def data(self, line: bytes) -> bytes:
        if self.sender is None:
            return ORDER
        if not self.recipients:
            return NOBODY
        self.is_data = True
        return GO_ON

    def rset(self, line: bytes) -> bytes:
        self.forget()
        return OK

    def quit(self, line: bytes) -> bytes:
        self.hang_up(b"221 2.0.0 Bye\r\n")
        return b""

    def close(self) -> None:
        """The world ends: what was acknowledged is counted, the rest was never taken."""
        if self.transport is not None:
            self.transport.close()

    def hang_up(self, word: bytes) -> None:
        self.tally.flush()
        if self.transport is not None:
            self.transport.write(b"".join([*self.replies, word]))
            self.transport.close()
        self.replies.clear()
        self.buffer.clear()
