"""Journal stories in one line each."""

import datetime as dt
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

from tests.conftest import NOON
from tracking import hits, journal
from tracking.models import Kind, Link

numbers = count(1)


def a_link(mailing: int = 7, number: int = 1, url: str = "https://example.org/page", name: str = "") -> Link:
    return Link.objects.create(mailing=mailing, number=number, url=url, name=name)


def an_event(kind: str = Kind.OPEN, *, mailing: int = 7, message: int = 1, after: float = 60, **more: Any) -> Any:
    """An event so many seconds after noon, from a human's browser unless told otherwise."""
    more.setdefault("origin", f"test:{next(numbers)}")
    more.setdefault("method", "GET")
    more.setdefault("user_agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")
    return journal.NewEvent(at=NOON + dt.timedelta(seconds=after), kind=kind, mailing=mailing, message=message, **more)


def django_says_no(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("404 Not Found", [])
    return [b"no such page"]


def a_server(folder: Path, proxies: int = 0, *, short_host: str = "") -> hits.Hits:
    return hits.Hits(django_says_no, folder, "node1", proxies, short_host=short_host)


def ask(server: hits.Hits, path: str, method: str = "GET", **headers: str) -> tuple[str, dict[str, str], bytes]:
    """Ask the WSGI application for a path; returns (status, headers, body)."""
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ.update(PATH_INFO=path, REQUEST_METHOD=method, REMOTE_ADDR="192.0.2.1")
    environ.update({f"HTTP_{name.upper()}": value for name, value in headers.items()})
    answered: list[Any] = []
    body = b"".join(server(environ, lambda status, sent: answered.extend([status, dict(sent)])))
    return answered[0], answered[1], body
