"""A real demo world in a process of its own, and small loopback servers that write down what reaches them."""

import json
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0  # seconds until something counts as not happening


@dataclass
class RunningWorld:
    process: subprocess.Popen[str]
    port: int
    stats: Path

    def statistics(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.stats.read_text())
        return said

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> dict[str, Any]:
        """End it as a supervisor does, and return its last word."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0
        return self.statistics()


@contextmanager
def a_world(folder: Path, *arguments: str) -> Iterator[RunningWorld]:
    """Start a world on a free port; nobody does anything unless `arguments` say so."""
    stats = folder / f"world-{time.monotonic_ns()}.json"
    still = [
        f"--{name}=0"
        for name in ("deferred", "unknown", "dsn", "open", "click", "scanner", "prefetch", "unsubscribe", "complaint")
    ]
    command = [sys.executable, "-m", "demo.world", "--listen", "127.0.0.1:0", "--stats", str(stats), *still]
    with subprocess.Popen([*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield RunningWorld(process, int(line.rpartition(":")[2]), stats)
        finally:
            if process.poll() is None:
                process.kill()


def eventually[T](look: Callable[[], T], *, within: float = PATIENCE) -> T:
    """Wait until `look` returns something true, and return it."""
    end = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
    return seen


@dataclass
class Mailbox:
    """An inbound server: what arrived, as (sender, recipient, bytes)."""

    address: str
    mails: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        sender = (envelope.mail_from or "").strip("<>")
        self.mails.append((sender, envelope.rcpt_tos[0], content))
        return "250 Ok"


@contextmanager
def a_mailbox(address: str = "") -> Iterator[Mailbox]:
    port = int(address.rpartition(":")[2]) if address else a_free_port()
    mailbox = Mailbox(f"127.0.0.1:{port}")
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def a_free_port() -> int:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as probe:
        return int(probe.server_address[1])


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    source: str
    user_agent: str
    body: str


@dataclass
class Website:
    base_url: str
    requests: list[Request] = field(default_factory=list)

    def paths(self, method: str = "GET") -> set[str]:
        return {request.path for request in self.requests if request.method == method}


@contextmanager
def a_website() -> Iterator[Website]:
    """A web server that answers every request with a redirect to elsewhere, or 200 for a POST."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length).decode()
            agent = self.headers["User-Agent"]
            site.requests.append(Request(self.command, self.path, self.client_address[0], agent, body))
            self.send_response(200 if self.command == "POST" else 302)
            if self.command != "POST":
                self.send_header("Location", "http://elsewhere.example/")
            self.end_headers()

        do_GET = do_HEAD = do_POST = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = Website(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def a_newsletter(base_url: str = "http://127.0.0.1:9", *, number: int = 1, extra: str = "") -> bytes:
    """A mail with a pixel, two tracked links, one that leads elsewhere, and one-click unsubscribing."""
    page = f"""<html><body><!-- <a href="{base_url}/c/hidden/1">no</a> -->
<p>Dear Hanna, <a href="{base_url}/c/token/1?x=1&amp;y=2">the report</a> and <a href='{base_url}/c/token/2'>the course</a>.
<a href="http://elsewhere.example/trap">elsewhere</a> <a href="mailto:a@b.example">mail</a></p>
<img src="{base_url}/o/token.gif" alt=""><img src="http://elsewhere.example/logo.png" alt="">
<a href="{base_url}/u/key/1">unsubscribe</a></body></html>"""
    return (
        f"From: De Werkbank <hallo@dewerkbank.example>\r\nTo: hanna@bakkerij.example\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <{number}.1@bounces.example>\r\n"
        f"List-Unsubscribe: <{base_url}/u/key/1?m=t>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n{extra}"
        "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page.replace("\n", "\r\n") + "\r\n"
    ).encode()


def send(
    world: RunningWorld, content: bytes, *, to: str = "hanna@bakkerij.example", sender: str = "b+1@b.example"
) -> None:
    with smtplib.SMTP("127.0.0.1", world.port, local_hostname="test", timeout=PATIENCE) as client:
        client.sendmail(sender, [to], content)
