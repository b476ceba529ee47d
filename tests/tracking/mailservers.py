"""A small IMAP and a small POP3 server on loopback: as much of the RFCs as a mailbox reader needs, and honest about flags."""

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Letter:
    number: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Post:
    """What lies in the folders. Numbers are never given twice."""

    folders: dict[str, list[Letter]] = field(default_factory=lambda: {"INBOX": []})
    validity: int = 1
    extensions: str = "UIDPLUS MOVE"
    cuts_after: int = 0  # the connection breaks after so many commands; 0: never
    last: int = 0

    def drop(self, raw: bytes, folder: str = "INBOX") -> Letter:
        self.last += 1
        letter = Letter(self.last, raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        self.folders.setdefault(folder, []).append(letter)
        return letter

    def numbers(self, folder: str = "INBOX") -> list[int]:
        return [letter.number for letter in self.folders.get(folder, [])]


class Gone(Exception):
    pass


class Imap(socketserver.StreamRequestHandler):
    post: Post
    folder = "INBOX"

    def handle(self) -> None:
        self.say("* OK ready")
        done = 0
        while line := self.rfile.readline():
            done += 1
            if self.post.cuts_after and done > self.post.cuts_after:
                return
            tag, verb, rest = [*line.decode().strip().split(" ", 2), ""][:3]
            if verb.upper() == "UID":
                verb, _, rest = rest.partition(" ")
            try:
                getattr(self, verb.lower(), self.unknown)(rest)
                self.say(f"{tag} OK done")
            except Gone:
                self.say(f"{tag} OK bye")
                return
            except (LookupError, ValueError) as error:
                self.say(f"{tag} NO {error}")

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def unknown(self, rest: str) -> None:
        raise ValueError(f"unknown command {rest}")

    def capability(self, rest: str) -> None:
        self.say(f"* CAPABILITY IMAP4rev1 {self.post.extensions}")

    def login(self, rest: str) -> None:
        if rest.replace('"', "") != "bounces secret":
            raise ValueError("[AUTHENTICATIONFAILED] wrong password")

    def select(self, rest: str) -> None:
        self.folder = rest.strip('"')
        if self.folder not in self.post.folders:
            raise ValueError(f"no folder {self.folder}")
        self.say(f"* {len(self.post.folders[self.folder])} EXISTS")
        self.say(f"* OK [UIDVALIDITY {self.post.validity}] valid")

    def search(self, rest: str) -> None:
        start = int(re.findall(r"(\d+):\*", rest)[0])
        numbers = self.post.numbers(self.folder)
        found = [number for number in numbers if number >= start] or numbers[-1:]  # "n:*" holds the last one, too
        self.say("* SEARCH " + " ".join(map(str, found)))

    def fetch(self, rest: str) -> None:
        number, _, what = rest.partition(" ")
        assert "BODY.PEEK[]" in what
        letter = self.letter(number)
        self.wfile.write(
            f"* 1 FETCH (UID {number} BODY[]<0> {{{len(letter.raw)}}}\r\n".encode() + letter.raw + b")\r\n"
        )

    def letter(self, number: str) -> Letter:
        return next(letter for letter in self.post.folders[self.folder] if letter.number == int(number))

    def store(self, rest: str) -> None:
        number, _, flags = rest.partition(" ")
        self.letter(number).flags |= set(re.findall(r"\\\w+", flags))

    def copy(self, rest: str) -> None:
        number, _, folder = rest.partition(" ")
        if folder.strip('"') not in self.post.folders:
            raise ValueError("[TRYCREATE] no such folder")
        self.post.drop(self.letter(number).raw, folder.strip('"'))

    def move(self, rest: str) -> None:
        if "MOVE" not in self.post.extensions:
            raise ValueError("unknown command MOVE")
        self.copy(rest)
        self.post.folders[self.folder].remove(self.letter(rest.partition(" ")[0]))

    def create(self, rest: str) -> None:
        self.post.folders[rest.strip('"')] = []

    def expunge(self, rest: str) -> None:
        assert rest.isdigit(), "a plain EXPUNGE removes what others marked"
        letter = self.letter(rest)
        if "\\Deleted" in letter.flags:
            self.post.folders[self.folder].remove(letter)

    def logout(self, rest: str) -> None:
        self.say("* BYE")
        raise Gone


class Pop3(socketserver.StreamRequestHandler):
    post: Post

    def handle(self) -> None:
        marked: set[int] = set()
        letters = list(self.post.folders["INBOX"])
        self.say("+OK ready")
        done = 0
        while line := self.rfile.readline():
            done += 1
            if self.post.cuts_after and done > self.post.cuts_after:
                return
            verb, _, rest = line.decode().strip().partition(" ")
            place = int(rest.split()[0]) - 1 if rest[:1].isdigit() else 0
            match verb.upper():
                case "USER":
                    self.say("+OK")
                case "PASS":
                    self.say("+OK" if rest == "secret" else "-ERR [AUTH] wrong password")
                case "UIDL":
                    self.lines([f"{n} uid-{letter.number}" for n, letter in enumerate(letters, 1)])
                case "LIST":
                    self.lines([f"{n} {len(letter.raw)}" for n, letter in enumerate(letters, 1)])
                case "RETR" | "TOP":
                    self.lines([text.decode() for text in letters[place].raw.split(b"\r\n")])
                case "DELE":
                    marked.add(letters[place].number)
                    self.say("+OK")
                case "QUIT":
                    inbox = self.post.folders["INBOX"]
                    inbox[:] = [letter for letter in inbox if letter.number not in marked]
                    self.say("+OK bye")
                    return
                case _:
                    self.say("-ERR unknown command")

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def lines(self, lines: list[str]) -> None:
        self.say("+OK")
        for line in lines:
            self.say("." + line if line.startswith(".") else line)
        self.say(".")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def serving(kind: type[Imap] | type[Pop3], post: Post) -> Iterator[int]:
    """Serve until the block ends; gives the port."""
    handler: Callable[..., socketserver.BaseRequestHandler] = type("Handler", (kind,), {"post": post})
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
