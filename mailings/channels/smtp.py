"""One SMTP connection: opened by smtplib, spoken to with pipelining (RFC 2920).

MAIL, RCPT and DATA leave in one write, and the end of a message in one write with the next envelope: one round trip
per message. A server without PIPELINING is asked step by step by the same code.
"""

import re
import smtplib
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import parse_qs, unquote, urlsplit

from mailings.channels import DeliveryError, Outcome, Outgoing, Receipt


@dataclass(frozen=True)
class Account:
    """A mail server and how to log in: smtp://user:password@host:port, smtps://…, ?starttls=1&connections=8&most=100."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    starttls: bool = False
    connections: int = 4
    most: int = 0  # messages over one connection; 0: as many as there are

    @classmethod
    def from_url(cls, url: str) -> "Account":
        """Read an address, or raise ValueError with a sentence that says what is wrong with it."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL must look like smtp://user:password@host:port or smtps://…")
        options = parse_qs(parts.query)
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 25),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=tls,
            starttls=options.get("starttls", ["0"])[-1] == "1",
            connections=max(1, int(options.get("connections", ["4"])[-1])),
            most=max(0, int(options.get("most", ["0"])[-1])),
        )


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for an answer, as RFC 5321 §4.5.3.2 advises. A shorter wait makes more of `lost`."""

    connect: float = 30
    command: float = 300
    data: float = 120
    block: float = 180
    final_dot: float = 600


def connect(account: Account, *, hello: str, patience: Patience) -> smtplib.SMTP:
    """Connect, greet, secure, log in. Blocks; raises DeliveryError."""
    try:
        return _connect(account, hello, patience.connect)
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryError(_words(error), retry=400 <= error.smtp_code < 500) from error
    except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
        raise DeliveryError(str(error), retry=False) from error
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(_words(error), retry=True) from error
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(str(error) or type(error).__name__, retry=True) from error


def _connect(account: Account, hello: str, timeout: float) -> smtplib.SMTP:
    client: smtplib.SMTP
    if account.tls:
        client = smtplib.SMTP_SSL(
            account.host, account.port, hello, timeout=timeout, context=ssl.create_default_context()
        )
    else:
        client = smtplib.SMTP(account.host, account.port, hello, timeout=timeout)
    try:
        client.ehlo_or_helo_if_needed()
        if account.starttls:
            client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
        if account.user:
            client.login(account.user, account.password)
    except BaseException:
        client.close()
        raise
    return client


def _words(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    return f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"


class Step(IntEnum):
    """Whose answer we wait for."""

    RSET = 0
    MAIL = 1
    RCPT = 2
    DATA = 3
    END = 4
    LONE_DOT = 5  # after a 354 that should not have been: RFC 2920 §3.1


IN_REPLY = {Step.MAIL: " (in reply to MAIL FROM)", Step.END: " (in reply to end of DATA)"}  # as Postfix writes it


PATH = re.compile(r"[^\x00-\x20\x7f<>]+@[^\x00-\x20\x7f<>@]+")
STUFF = re.compile(rb"(?:\A|(?<=\n))\.")
# a 250 to the final dot, then to MAIL and RCPT, and a 354 to DATA, one line each
ALL_WELL = re.compile(rb"250 [^\n]*\n25[01] [^\n]*\n25[01] [^\n]*\n354 [^\n]*\n")
ALL_WELL_ANSWERS = 4
LINES_KEPT = 20  # of an answer; a server may send more, nobody reads them
LONGEST_LINE = 65536
MOST_LINES = 1000


class Conversation:
    """The state of one connection. It holds at most one message without an answer to its final dot."""

    def __init__(
        self,
        client: smtplib.SMTP,
        wire: socket.socket,
        *,
        patience: Patience,
        pull: Callable[[], Outgoing | None],
        on_wire: Callable[[int], object],
        most: int = 0,
    ) -> None:
        self.client = client
        self.socket = wire
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(0)
        self._is_tls = isinstance(wire, ssl.SSLSocket)
        self.pipelining = client.has_extn("pipelining")
        self.smtputf8 = client.has_extn("smtputf8")
        self.patience = patience
        self._waits = [patience.command] * len(Step)
        self._waits[Step.DATA], self._waits[Step.END] = patience.data, patience.final_dot
        self.pull = pull
        self.on_wire = on_wire
        self.body: Outgoing | None = None  # its content is leaving or has left; no answer yet
        self.envelope: Outgoing | None = None  # announced; the server has not yet asked for its content
        self.refusal: tuple[int, str] | None = None
        self.expected: deque[Step] = deque()
        self.unsaid: deque[tuple[Step, bytes]] = deque()  # commands that wait for their turn (no PIPELINING)
        self.out = b""
        self.body_left = 0  # bytes until the final dot has left us
        self.answered = 0  # messages that got an answer here
        self.left = most or -1  # messages that may still be announced here; below zero: no end
        self.deadline = 0.0
        self.is_open = True
        self.is_writing = False  # the selector watches for room to write
        self._has_spoken = False  # since the last answer came in
        self._unread = b""
        self._lines: list[bytes] = []

    @property
    def is_idle(self) -> bool:
        return not self.expected and self.is_open

    @property
    def is_spent(self) -> bool:
        """It has carried as many messages as one connection may."""
        return self.left == 0

    # --- speaking

    def start(self) -> Iterator[Receipt]:
        """Announce the next message on an idle connection, if there is one."""
        message = yield from self._next()
        if message is not None:
            self._say(message)

    def _next(self) -> Generator[Receipt, None, Outgoing | None]:
        """The next message with an envelope that can be spoken; the others get their receipt here."""
        while self.left and (message := self.pull()):
            if not (problem := self._problem(message)):
                self.left -= 1
                return message
            yield Receipt(message.number, Outcome.REFUSED, 0, problem)
        return None

    def _say(self, message: Outgoing | None, *, before: Sequence[bytes] = (), reset: bool = False) -> None:
        """Write `before` and the envelope of `message`, in one write where the server allows."""
        commands: list[tuple[Step, bytes]] = [(Step.RSET, b"RSET\r\n")] if reset else []
        if message is not None:
            self.envelope, self.refusal = message, None
            commands += self._commands(message)
        if self.pipelining:
            self.expected.extend([step for step, _ in commands])
            self._write(*before, *[line for _, line in commands])
        else:
            self.unsaid.extend(commands)
            self._write(*before) if before else self._next_command()

    def _problem(self, message: Outgoing) -> str:
        """Why this envelope may not be spoken. One bad recipient never harms its neighbours."""
        if not PATH.fullmatch(message.recipient) or not PATH.fullmatch(message.sender):
            return "not an address that can be written in an envelope"
        if not self.smtputf8 and not _on_the_wire(message.recipient).isascii():
            return "the mail server does not take addresses outside ASCII (SMTPUTF8)"
        return ""

    def _commands(self, message: Outgoing) -> list[tuple[Step, bytes]]:
        recipient = _on_the_wire(message.recipient)
        utf8 = "" if recipient.isascii() else " SMTPUTF8"
        return [
            (Step.MAIL, f"MAIL FROM:<{message.sender}>{utf8}\r\n".encode()),
            (Step.RCPT, f"RCPT TO:<{recipient}>\r\n".encode()),
            (Step.DATA, b"DATA\r\n"),
        ]

    def _next_command(self) -> None:
        if self.unsaid:
            step, line = self.unsaid.popleft()
            self.expected.append(step)
            self._write(line)

    def _write(self, *parts: bytes) -> None:
        self._has_spoken = True
        if self.out or self._is_tls:
            self.out += b"".join(parts)
            self.flush()
        elif parts:
            sent = self._send(parts)
            if sent < sum(map(len, parts)):
                self.out = b"".join(parts)[sent:]
        self._wait()

    def _send(self, parts: Sequence[bytes]) -> int:
        """Give the kernel several pieces without joining them first."""
        try:
            sent = self.socket.sendmsg(parts)
        except BlockingIOError:
            return 0
        except OSError:
            self.is_open = False
            return 0
        self.body_left = max(0, self.body_left - sent)
        return sent

    def flush(self) -> None:
        """Give the kernel what it takes now."""
        try:
            while self.out:
                sent = self.socket.send(self.out)
                self.body_left = max(0, self.body_left - sent)
                self.out = self.out[sent:]
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return
        except OSError:
            self.is_open = False

    def _wait(self) -> None:
        if self.out:
            self.deadline = time.monotonic() + self.patience.block
        elif self.expected:
            self.deadline = time.monotonic() + self._waits[self.expected[0]]

    # --- listening

    def read(self) -> Iterator[Receipt]:
        """Take in what has arrived and act on every complete answer, in order."""
        data = self._receive()
        if self.body is not None and self._is_all_well(data):
            self.expected.clear()
            yield from self._end(250, [])
            yield from self._hand_over()
            return
        self._has_spoken = False
        *lines, self._unread = (self._unread + data).split(b"\n")
        due = len(self.expected)  # an answer to what has not been said yet is none: it would pass for the next one's
        for line in lines:
            self._lines.append(line)
            if line[3:4] == b"-":
                continue
            said, self._lines = self._lines, []
            due -= 1
            if due < 0:
                self.is_open = False
                return
            yield from self._hear(said)
            if not self.is_open:
                return
        if len(self._unread) > LONGEST_LINE or len(self._lines) > MOST_LINES:
            self.is_open = False
        if self.expected and not self._has_spoken:
            self._acknowledge()
        self._wait()

    def _is_all_well(self, data: bytes) -> bool:
        """The usual case at once: one message taken, the envelope of the next one welcome."""
        return (
            ALL_WELL.fullmatch(data) is not None
            and len(self.expected) == ALL_WELL_ANSWERS
            and not self._unread
            and not self._lines
        )

    def _acknowledge(self) -> None:
        """Do not delay our ACK: a server that writes its answers one by one may wait for it (Nagle, 40 ms each)."""
        if hasattr(socket, "TCP_QUICKACK"):
            with suppress(OSError):
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _receive(self) -> bytes:
        received = b""
        try:
            while data := self.socket.recv(65536):
                received += data
                if not self._is_tls or len(received) > 1 << 20:
                    return received
            self.is_open = False
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            self.is_open = False
        return received

    def _hear(self, lines: list[bytes]) -> Iterator[Receipt]:
        head = lines[-1][:3]
        code = int(head) if head.isdigit() else 0
        if not self.expected or not 200 <= code < 600:
            self.is_open = False  # a server that speaks out of turn or not SMTP is not to be trusted with a next one
            return
        step = self.expected.popleft()
        if step is Step.END:
            yield from self._end(code, lines)
        elif step is Step.MAIL or step is Step.RCPT:
            if code >= 300 and self.refusal is None:
                self.refusal = (code, _text(lines, to=step))
        elif step is Step.DATA:
            yield from self._data(code, lines)
            return
        elif step is Step.LONE_DOT:
            yield from self._refuse(reset=False)
            return
        if code == 421:
            self.is_open = False
        elif not self.pipelining:
            yield from self._step_by_step()

    def _step_by_step(self) -> Iterator[Receipt]:
        if self.refusal and self.unsaid:  # the rest of a refused envelope need not be said
            self.unsaid.clear()
            yield from self._refuse(reset=True)
        elif self.unsaid:
            self._next_command()
        elif self.is_idle:
            yield from self.start()

    def _data(self, code: int, lines: list[bytes]) -> Iterator[Receipt]:
        if code == 354 and self.refusal is None:
            yield from self._hand_over()
        elif code == 354:
            self.expected.append(Step.LONE_DOT)
            self._write(b".\r\n")
        else:
            self.refusal = self.refusal or (code, _text(lines))
            if code == 421:
                self.is_open = False
            else:
                yield from self._refuse(reset=True)

    def _hand_over(self) -> Iterator[Receipt]:
        """The server asked for the content: write it down, then send it together with the next envelope."""
        message = self.envelope
        if message is None:
            return
        # rendered first, so that "on the wire" is written as late as can be
        following = (yield from self._next()) if self.pipelining else None
        content = message.body
        if message.may_begin_with_dots and (content[:1] == b"." or b"\n." in content):
            content = STUFF.sub(b"..", content)
        end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        self.on_wire(message.number)
        self.envelope, self.body = None, message
        self.body_left = len(content) + len(end)
        self.expected.append(Step.END)
        self._say(following, before=(content, end))

    def _refuse(self, *, reset: bool) -> Iterator[Receipt]:
        message, refusal = self.envelope, self.refusal
        if message is None or refusal is None:
            return
        self.envelope = self.refusal = None
        self.answered += 1
        yield _receipt(message.number, *refusal)
        following = yield from self._next()
        self._say(following, reset=reset)

    def _end(self, code: int, lines: list[bytes]) -> Iterator[Receipt]:
        """The answer to a final dot: from here on the server is responsible, or is not."""
        message, self.body = self.body, None
        if message is None:
            return
        self.answered += 1
        if code < 300:
            yield Receipt(message.number, Outcome.ACCEPTED, code)
        elif code < 400:  # no answer to a final dot that RFC 5321 knows
            yield Receipt(message.number, Outcome.LOST, code, _text(lines))
        else:
            yield _receipt(message.number, code, _text(lines, to=Step.END))

    def has_news(self) -> bool:
        """On an idle connection the server has nothing to say but goodbye."""
        return bool(self._receive()) or not self.is_open

    # --- ending

    def give_up(self, why: str) -> Iterator[Receipt]:
        """The connection is gone: say of every message it held what can be known."""
        self.is_open = False
        self.client.close()
        if self.body is not None:
            handed = self.body_left == 0
            yield Receipt(self.body.number, Outcome.LOST if handed else Outcome.NOT_HANDED, 0, why)
        if self.envelope is not None:
            number, refusal = self.envelope.number, self.refusal
            tired = refusal is not None and refusal[0] == 421 and self.answered > 0  # "enough for one connection"
            if refusal is None or tired:
                yield Receipt(number, Outcome.NOT_HANDED, 0, why)
            else:
                yield _receipt(number, *refusal)
        self.body = self.envelope = None
        self.expected.clear()
        self.unsaid.clear()

    def say_quit(self) -> None:
        """Say goodbye; the connection stays until the server has answered, or nobody waits any longer (`leave`)."""
        with suppress(OSError):
            self.socket.send(b"QUIT\r\n")
        self.is_open = False

    def leave(self, *, wait: float = 0.0) -> None:
        """Close it, after waiting so long for the answer to QUIT: a server that is cut off while it says 221 logs a fault."""
        with suppress(OSError):
            self.socket.settimeout(wait)
            while wait and self.socket.recv(4096):
                pass
        self.client.close()


def _on_the_wire(recipient: str) -> str:
    """A domain goes out as its A-label; only letters outside ASCII before the @ need SMTPUTF8 (RFC 6531)."""
    if recipient.isascii():
        return recipient
    local, _at, domain = recipient.rpartition("@")
    with suppress(UnicodeError):
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    return recipient


def _receipt(number: int, code: int, text: str) -> Receipt:
    if 200 <= code < 300:  # of an envelope whose connection then went: it was not refused
        return Receipt(number, Outcome.NOT_HANDED, code, text)
    return Receipt(number, Outcome.REFUSED if code >= 500 else Outcome.TEMPORARY, code, text)


def _text(lines: list[bytes], *, to: Step = Step.RCPT) -> str:
    """An answer as one line without its codes, fit for a page; and to what, since "user unknown" says three things."""
    words = b" ".join([line[4:].strip() for line in lines[:LINES_KEPT]]).decode("utf-8", "replace")
    text = f"{lines[-1][:3].decode('ascii', 'replace')} {words}".strip().replace("\x00", "")[:950]
    return text + IN_REPLY.get(to, "")
