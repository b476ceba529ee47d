"""A mail server that does what the test tells it, and remembers what it acknowledged."""

import re
import socket
import threading
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>]*>)", re.IGNORECASE | re.MULTILINE)


class Letter(NamedTuple):
    sender: str
    recipient: str
    content: bytes

    @property
    def message_id(self) -> str:
        found = MESSAGE_ID.search(self.content)
        return found[1].decode() if found else ""


@dataclass
class Script:
    """What goes wrong. Keys are recipients; an answer "drop" closes the connection instead."""

    pipelining: bool = True
    greeting: str = "220 peer ESMTP"
    at_mail: dict[str, str] = field(default_factory=dict)  # by sender
    at_rcpt: dict[str, str] = field(default_factory=dict)
    at_data: dict[str, str] = field(default_factory=dict)
    at_end: dict[str, str] = field(default_factory=dict)  # "take and drop" takes the message, then hangs up
    login: tuple[str, str] | None = None
    most_per_connection: int = 0
    delay: float = 0.0  # before the answer to a final dot


class Peer:
    """Listens on a free port of loopback from the first line on; `with Peer(...) as peer:`."""

    def __init__(self, script: Script | None = None, *, port: int = 0, letters: list[Letter] | None = None) -> None:
        self.script = script or Script()
        self.letters: list[Letter] = [] if letters is None else letters
        self.commands: list[str] = []
        self.connections = 0
        self.most_at_once = 0
        self.per_connection: list[int] = []  # letters each one brought, once it is over
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop at once, as a killed server does."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def recipients(self) -> list[str]:
        return sorted(letter.recipient for letter in self.letters)

    def twice(self) -> list[str]:
        """Message-IDs that were acknowledged more than once."""
        return [name for name, count in Counter(letter.message_id for letter in self.letters).items() if count > 1]

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            self.most_at_once = max(self.most_at_once, len(self._open))
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        session = _Session(self, connection)
        with suppress(OSError), connection:
            session.run()
        self.per_connection.append(session.taken)
        self._open.discard(connection)


class _Session:
    def __init__(self, peer: Peer, connection: socket.socket) -> None:
        self.peer = peer
        self.script = peer.script
        self.connection = connection
        self.file = connection.makefile("rb")
        self.sender = self.recipient = ""
        self.taken = 0

    def say(self, *lines: str) -> None:
        self.connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def run(self) -> None:
        self.say(self.script.greeting)
        while line := self.file.readline():
            command = line.decode().strip()
            self.peer.commands.append(command)
            verb = command.split(" ")[0].split(":")[0].upper()
            if verb == "QUIT" or not self.answer(verb, command):
                self.connection.shutdown(socket.SHUT_RDWR)
                return

    def answer(self, verb: str, command: str) -> bool:
        """Return False to hang up."""
        if verb == "EHLO":
            self.say(*self.offer())
        elif verb == "AUTH":
            self.say("235 welcome" if self.script.login and command.endswith(self.credentials()) else "535 5.7.8 no")
        elif verb == "MAIL":
            return self.mail(command)
        elif verb == "RCPT":
            return self.rcpt(command)
        elif verb == "DATA":
            return self.data()
        elif verb == "RSET":
            self.sender = self.recipient = ""
            self.say("250 clean")
        else:
            self.say("500 what?")
        return True

    def offer(self) -> Iterable[str]:
        words = ["peer", "8BITMIME"]
        words += ["PIPELINING"] if self.script.pipelining else []
        words += ["AUTH PLAIN"] if self.script.login else []
        return [f"250-{word}" for word in words[:-1]] + [f"250 {words[-1]}"]

    def credentials(self) -> str:
        import base64

        assert self.script.login
        user, password = self.script.login
        return base64.b64encode(f"\0{user}\0{password}".encode()).decode()

    def mail(self, command: str) -> bool:
        if self.sender:
            self.say("503 5.5.1 nested MAIL command")
            return True
        if self.script.most_per_connection and self.taken >= self.script.most_per_connection:
            self.say("421 4.7.0 enough for one connection")
            return False
        sender = command.partition("<")[2].partition(">")[0]
        return self.reply(self.script.at_mail.get(sender, "250 ok"), sender=sender)

    def rcpt(self, command: str) -> bool:
        recipient = command.partition("<")[2].partition(">")[0]
        if not self.sender:
            self.say("503 5.5.1 MAIL first")
            return True
        return self.reply(self.script.at_rcpt.get(recipient, "250 ok"), recipient=recipient)

    def reply(self, answer: str, *, sender: str = "", recipient: str = "") -> bool:
        if answer == "drop":
            return False
        if answer.startswith("250"):
            self.sender, self.recipient = sender or self.sender, recipient or self.recipient
        self.say(answer)
        return not answer.startswith("421")

    def data(self) -> bool:
        if not self.recipient:
            self.say("554 5.5.1 no valid recipients")
            return True
        answer = self.script.at_data.get(self.recipient, "354 go on")
        if answer == "drop":
            return False
        self.say(answer)
        return not answer.startswith("354") or self.content()

    def content(self) -> bool:
        lines = []
        while (line := self.file.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        if not line:
            return False
        if self.script.delay:
            threading.Event().wait(self.script.delay)
        answer = self.script.at_end.get(self.recipient, "250 taken")
        if answer == "drop":
            return False
        if answer.startswith("2") or answer == "take and drop":
            self.taken += 1
            self.peer.letters.append(Letter(self.sender, self.recipient, b"".join(lines)))
        self.sender = self.recipient = ""
        if answer == "take and drop":
            return False
        self.say(answer)
        return True
