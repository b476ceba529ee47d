"""A Twilio for the demo, the tests and the benchmarks: its messages API on loopback, with signed callbacks. No text leaves.

What a number gets is told by its last five digits: a Twilio error (…30003: not reached, …21211: refused at once, and so on),
…00429 too many requests, …00500 an error, …00408 taken and never answered, …00499 the line breaks after taking it.
All others arrive.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import requests
from twilio.request_validator import RequestValidator

SID, TOKEN = "AC" + "0" * 32, "demo-token-of-no-value"
PORT = 1090  # of the demo
LATER = range(30001, 30500)  # errors that a callback tells
AT_ONCE = range(21000, 22000)  # errors in the answer itself
SILENT, BROKEN = 408, 499  # taken; the answer never comes, or the line breaks
MESSAGES = f"/2010-04-01/Accounts/{SID}/Messages.json"
NEVER = 3600.0


@dataclass
class Taken:
    """A text as it was taken."""

    sid: str
    to: str
    sender: str
    body: str
    callback: str
    at: datetime
    status: str = "queued"


@dataclass
class Twilio:
    """Starts on a free port of loopback. `latency` seconds pass before each answer; `tells` False sends no callbacks."""

    latency: float = 0.0
    tells: bool = True
    token: str = TOKEN
    port: int = 0
    # what a callback goes through: (address, values, signature). Tests put them aside, to repeat and reorder them
    post: Callable[[str, Mapping[str, str], str], object] | None = None
    taken: list[Taken] = field(default_factory=list)

    def __enter__(self) -> "Twilio":
        self._ended = threading.Event()
        self._callbacks = ThreadPoolExecutor(4, thread_name_prefix="callback")
        twilio = self

        class Handler(_Handler):
            of = twilio

        self._server = _Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._callbacks.shutdown(wait=False, cancel_futures=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def options(self, sender: str = "+3197010000000") -> dict[str, str]:
        """What a sending account of ours needs to send here."""
        return {"user": SID, "sender": sender, "api_url": self.url}

    def wait(self, seconds: float) -> None:
        self._ended.wait(seconds)

    def take(self, given: Mapping[str, str]) -> Taken:
        """Take a text, and tell its end later."""
        sender = given.get("From") or given.get("MessagingServiceSid", "")
        text = Taken(
            f"SM{token_hex(16)}", given["To"], sender, given["Body"], given.get("StatusCallback", ""), datetime.now(UTC)
        )
        self.taken.append(text)
        if self.tells and text.callback:
            self._callbacks.submit(self._tell, text)
        return text

    def signature(self, address: str, values: Mapping[str, str]) -> str:
        """Sign as Twilio does."""
        return str(RequestValidator(self.token).compute_signature(address, dict(values)))

    def answers(
        self, address: str, number: str, body: str, *, to: str = "+3197010000000", **more: str
    ) -> tuple[dict[str, str], str]:
        """Give the values and the signature of somebody's answer to the address of ours that takes them."""
        values = {"MessageSid": f"SM{token_hex(16)}", "From": number, "To": to, "Body": body, "AccountSid": SID, **more}
        return values, self.signature(address, values)

    def answer(self, sid: str, body: str) -> None:
        """Send what the owner of a telephone types on our page, as their answer."""
        text = next((one for one in self.taken if one.sid == sid), None)
        if text is None or not text.callback:
            return
        address = text.callback.partition("?")[0].replace("/status/", "/reply/")
        values, signature = self.answers(address, text.to, body, to=text.sender)
        _post(address, values, signature)

    def _tell(self, text: Taken) -> None:
        code = int(text.to[-5:])
        ends = [("undelivered", str(code))] if code in LATER else [("delivered", "")]
        for status, error in [("sent", ""), *ends]:
            text.status = status
            values = {
                "MessageSid": text.sid,
                "MessageStatus": status,
                "To": text.to,
                "From": text.sender,
                "AccountSid": SID,
            }
            if error:
                values["ErrorCode"] = error
            (self.post or _post)(text.callback, values, self.signature(text.callback, values))


def _post(address: str, values: Mapping[str, str], signature: str) -> None:
    try:
        requests.post(address, data=dict(values), headers={"X-Twilio-Signature": signature}, timeout=10)
    except requests.RequestException:
        return  # nobody listens: Twilio would try again, a demo need not


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class _Handler(BaseHTTPRequestHandler):
    of: Twilio
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        given = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
        if self.path == "/answer":
            self.of.answer(given.get("sid", ""), given.get("body", ""))
            self.send_response(303)
            self.send_header("Location", "/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.of.latency:
            time.sleep(self.of.latency)
        if refusal := self._refusal(given):
            status, code, words = refusal
            self._say(status, {"code": code, "message": words, "status": status})
            return
        taken = self.of.take(given)
        code = int(taken.to[-5:])
        if code == SILENT:
            self.of.wait(NEVER)
        if code in (SILENT, BROKEN):
            self.close_connection = True
            self.connection.close()
        else:
            self._say(201, _shown(taken))

    def _refusal(self, given: Mapping[str, str]) -> tuple[int, int, str] | None:
        """Status, error and words, where the text is not taken."""
        if self.path != MESSAGES:
            return 401, 20003, "Authenticate"
        code = int(given["To"][-5:])
        if code in AT_ONCE:
            return 400, code, f"The number {given['To']} is not taken"
        return {429: (429, 20429, "Too Many Requests"), 500: (500, 20500, "Internal Server Error")}.get(code)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/":
            self._show(_page(self.of.taken))
            return
        to = parse_qs(parts.query).get("To", [""])[0]
        if parts.path != MESSAGES:
            self._say(404, {"code": 20404, "message": "Not found", "status": 404})
            return
        found = [_shown(one) for one in reversed(self.of.taken) if not to or one.to == to]
        self._say(200, {"messages": found, "page": 0, "page_size": 200, "next_page_uri": None})

    def _show(self, page: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page.encode())))
        self.end_headers()
        self.wfile.write(page.encode())

    def _say(self, status: int, what: Mapping[str, Any]) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 as the library has it
        """Say nothing."""


def _page(taken: Sequence[Taken]) -> str:
    """The texts that came in, the newest first, each with a line to answer it."""
    rows = "".join(
        f"<li><p><b>{escape(one.to)}</b> from {escape(one.sender)}, {one.at:%H:%M:%S}, {one.status}</p>"
        f"<pre>{escape(one.body)}</pre><form method=post action=/answer><input type=hidden name=sid value={one.sid}>"
        f"<input name=body aria-label=Answer><button>Answer</button></form></li>"
        for one in list(reversed(taken))[:200]
    )
    style = "body{font:16px system-ui;max-width:40rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap}li{margin:1rem 0}"
    return f"<!doctype html><meta charset=utf-8><title>Texts</title><style>{style}</style><h1>Texts</h1><ul>{rows}</ul>"


def _shown(text: Taken) -> dict[str, Any]:
    moment = format_datetime(text.at)
    return {
        "sid": text.sid, "account_sid": SID, "to": text.to, "from": text.sender, "body": text.body, "status": text.status,
        "date_created": moment, "date_sent": moment, "date_updated": moment, "direction": "outbound-api",
        "error_code": None, "error_message": None, "num_segments": "1", "num_media": "0", "price": None,
        "price_unit": "USD", "api_version": "2010-04-01", "messaging_service_sid": None, "uri": "", "subresource_uris": {},
    }  # fmt: skip


if __name__ == "__main__":
    with Twilio(port=int(sys.argv[1]) if len(sys.argv) > 1 else PORT) as twilio:
        twilio.wait(NEVER * 24 * 365)
