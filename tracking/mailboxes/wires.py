"""IMAP and POP3 as far as it takes to read mails without changing them, and to put away those that are ours.

A wire knows no database. It yields (number, bytes) of mails it was not shown before and puts one away when told to.
"""

import contextlib
import imaplib
import poplib
import re
import ssl
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Protocol

LARGEST = 2 * 1024 * 1024
PATIENCE = 20.0  # seconds for an answer
PORTS = {("imap", "tls"): 993, ("imap", ""): 143, ("pop3", "tls"): 995, ("pop3", ""): 110}
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
UID = re.compile(rb"UID (\d+)")


class CannotLook(Exception):
    """The mailbox could not be read; the message says why, fit to show a person."""


@dataclass(frozen=True, slots=True)
class Way:
    """How to get into a mailbox."""

    protocol: str
    host: str
    security: str  # tls, starttls, none
    username: str
    password: str
    port: int | None = None
    folder: str = "INBOX"

    @property
    def door(self) -> int:
        return self.port or PORTS[self.protocol, "tls" if self.security == "tls" else ""]


class Wire(Protocol):
    def new(self, *, after: int, known: Collection[str], most: int) -> Iterator[tuple[str, bytes]]: ...

    def put_away(self, number: str, *, how: str, folder: str) -> None:
        """`how`: stays (mark it as read), moves, goes. The mail is kept by now."""

    def close(self) -> None: ...


@contextlib.contextmanager
def open_wire(way: Way) -> Iterator["Imap | Pop3"]:
    """Connect, log in, choose the folder; whatever goes wrong is a CannotLook."""
    try:
        wire = Imap.connect(way) if way.protocol == "imap" else Pop3.connect(way)
    except (OSError, imaplib.IMAP4.error, poplib.error_proto, UnicodeError, ValueError) as error:
        raise CannotLook(_plain(error)) from error
    try:
        yield wire
        wire.close()
    except (OSError, imaplib.IMAP4.error, poplib.error_proto, ValueError) as error:
        raise CannotLook(_plain(error)) from error
    finally:
        wire.cut()


def _plain(error: Exception) -> str:
    """An error's words without Python's: servers answer bytes, and poplib shows them as such."""
    said = error.args[0] if error.args else str(error)
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
    return re.sub(r"^b'(.*)'$", r"\1", text)[:500] or type(error).__name__


@dataclass
class Imap:
    """RFC 3501 by numbers that last (UID). Bodies are peeked at: nothing is marked as read by looking."""

    server: imaplib.IMAP4
    validity: str = ""
    has_move: bool = False
    gone: bool = False

    @classmethod
    def connect(cls, way: Way) -> "Imap":
        context = ssl.create_default_context()
        if way.security == "tls":
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(way.host, way.door, ssl_context=context, timeout=PATIENCE)
        else:
            server = imaplib.IMAP4(way.host, way.door, timeout=PATIENCE)
        try:
            if way.security == "starttls":
                server.starttls(context)
            server.login(way.username, way.password)
            answer, said = server.select(_quoted(way.folder))
            if answer != "OK":
                raise imaplib.IMAP4.error((said[0] or b"no such folder").decode("utf-8", "replace"))
        except BaseException:
            server.shutdown()
            raise
        _, told = server.response("UIDVALIDITY")
        validity = (told[0] or b"").decode("ascii", "replace") if told else ""
        return cls(server, validity[:20], "MOVE" in server.capabilities)

    def new(self, *, after: int, known: Collection[str], most: int) -> Iterator[tuple[str, bytes]]:
        """Mails with a number above `after`, oldest first. A mail that is too large comes as its beginning."""
        del known
        _, found = self.server.uid("SEARCH", f"UID {after + 1}:*")
        numbers = sorted(int(number) for number in (found[0] or b"").split())
        for number in [number for number in numbers if number > after][:most]:  # "n:*" gives the last one even below n
            _, parts = self.server.uid("FETCH", str(number), f"(BODY.PEEK[]<0.{LARGEST}>)")
            raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
            if isinstance(raw, bytes):
                yield str(number), raw

    def put_away(self, number: str, *, how: str, folder: str) -> None:
        if how == "moves":
            self._move(number, folder)
        elif how == "goes":
            self._remove(number)
        else:
            self.server.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)")

    def _move(self, number: str, folder: str) -> None:
        verb = "MOVE" if self.has_move else "COPY"
        answer, _said = self.server.uid(verb, number, _quoted(folder))
        if answer != "OK":  # the folder is not there yet
            self.server.create(_quoted(folder))
            answer, said = self.server.uid(verb, number, _quoted(folder))
            if answer != "OK":
                raise imaplib.IMAP4.error((said[0] or b"cannot move").decode("utf-8", "replace"))
        if verb == "COPY":
            self._remove(number)

    def _remove(self, number: str) -> None:
        """Only this one: a plain EXPUNGE would remove what others marked as well (RFC 4315)."""
        self.server.uid("STORE", number, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self.server.capabilities:
            self.server.uid("EXPUNGE", number)

    def close(self) -> None:
        """Unselect without CLOSE, which would expunge what others marked as deleted."""
        self.server.logout()

    def cut(self) -> None:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self.server.shutdown()


@dataclass
class Pop3:
    """RFC 1939. Numbers are the server's unique ids; deletions count only when the session ends well."""

    server: poplib.POP3
    places: dict[str, int] = field(default_factory=dict)
    validity: str = ""

    @classmethod
    def connect(cls, way: Way) -> "Pop3":
        context = ssl.create_default_context()
        if way.security == "tls":
            server: poplib.POP3 = poplib.POP3_SSL(way.host, way.door, context=context, timeout=PATIENCE)
        else:
            server = poplib.POP3(way.host, way.door, timeout=PATIENCE)
        try:
            if way.security == "starttls":
                server.stls(context)
            server.user(way.username)
            server.pass_(way.password)
            _, lines, _ = server.uidl()
        except BaseException:
            server.close()
            raise
        pairs = (line.decode("ascii", "replace").split(" ", 1) for line in lines)
        return cls(server, {pair[1][:70]: int(pair[0]) for pair in pairs if len(pair) == 2})

    @property
    def held(self) -> set[str]:
        """Every number the mailbox holds now."""
        return set(self.places)

    def new(self, *, after: int, known: Collection[str], most: int) -> Iterator[tuple[str, bytes]]:
        del after
        fresh = [uid for uid in self.places if uid not in known][:most]
        sizes = self._sizes() if fresh else {}
        for uid in fresh:
            place = self.places[uid]
            is_whole = sizes.get(place, 0) <= LARGEST
            _, lines, _ = self.server.retr(place) if is_whole else self.server.top(place, 500)
            yield uid, b"\r\n".join(lines)[:LARGEST]

    def put_away(self, number: str, *, how: str, folder: str) -> None:
        del folder
        if how == "goes":
            self.server.dele(self.places[number])

    def _sizes(self) -> dict[int, int]:
        _, lines, _ = self.server.list()
        pairs = (line.split() for line in lines)
        return {int(pair[0]): int(pair[1]) for pair in pairs if len(pair) >= 2}

    def close(self) -> None:
        self.server.quit()

    def cut(self) -> None:
        with contextlib.suppress(OSError):
            self.server.close()


def _quoted(folder: str) -> str:
    """A folder's name as IMAP writes it: modified UTF-7 (RFC 3501 §5.1.3) in quotes."""
    written = re.sub(r"[^\x20-\x7e]+|&", lambda found: _utf7(found.group(0)), folder)
    return '"' + written.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _utf7(text: str) -> str:
    if text == "&":
        return "&-"
    return "&" + text.encode("utf-7").decode("ascii").strip("+-").replace("/", ",") + "-"
