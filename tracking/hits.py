"""The redirect and the pixel, answered before Django: decode a token, append a line, answer. No database write.

`/s/<token>` is the same for text messages, where there is little room; on the short domain it stands alone.
`/c/<token>/<number>` leads to a link of the mailing the token names; its target is looked up, never taken from the request,
so this is no open redirect; number 0 is the link that only machines see and leads nowhere. `/o/<token>` is the pixel.
Everything else, forged and cut tokens included, goes on to Django, which has one page for all of them (tracking.views.no_such_page).
"""

import logging
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import django.db
from django.conf import settings
from django.utils.encoding import iri_to_uri

from tracking import library, spool, tokens
from tracking.models import Link

PIXEL = (  # a GIF of one transparent dot, 43 bytes
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
NEVER_KEPT = [
    ("Cache-Control", "no-store, private, max-age=0"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex, nofollow"),
]
CONTROL = dict.fromkeys([*range(32), 127], " ")
MAILINGS_KEPT = 2_000
LIBRARY_KEPT = 60.0  # seconds: so long a changed link of the library may still lead where it led
WEB = ("https://", "http://")
TRAP = "0"  # the number of the link that nobody sees (mailings.rendering.frame)
ARRIVES = "_from"  # the parameter (no name of a field) that tells a form of ours which message led to it

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

log = logging.getLogger(__name__)


class Known(NamedTuple):
    """A mailing's links as they were read. Those of the library may change: they are read anew after a while."""

    targets: dict[int, str]
    pages: frozenset[int]  # numbers of links that end on a page of ours
    until: float


class Links:
    """The targets of a mailing's links, read from the database once per process; they are final once it is frozen."""

    def __init__(self) -> None:
        self._known: dict[int, Known] = {}

    def target(self, mailing: int, message: int, number: int, token: str) -> str | None:
        """Where the link leads, or None. A test send looks anew each time: the draft may still change."""
        if message == tokens.TEST:
            links = self._read(mailing)
        else:
            links = self._known.get(mailing) or self._keep(mailing)
            if number not in links.targets or time.monotonic() > links.until:
                links = self._keep(mailing)
        if number in links.pages:
            return f"{settings.BASE_URL}/k/{token}/{number}/"
        return links.targets.get(number)

    def _keep(self, mailing: int) -> Known:
        if len(self._known) >= MAILINGS_KEPT:
            self._known.clear()
        links = self._known[mailing] = self._read(mailing)
        return links

    def _read(self, mailing: int) -> Known:
        if not django.db.connection.in_atomic_block:
            django.db.close_old_connections()  # we are outside Django's requests: nobody else replaces a dead one
        found = list(Link.objects.filter(mailing=mailing).values_list("number", "url", "library"))
        targets = {number: iri_to_uri(url) for number, url, _ in found if url.startswith(WEB)}
        if not any(of_library for _number, _url, of_library in found):
            return Known(targets, frozenset(), math.inf)
        shared = library.targets(mailing)
        targets |= {number: iri_to_uri(url) for number, (url, _page) in shared.items() if url.startswith(WEB)}
        pages = frozenset(number for number, (_url, has_page) in shared.items() if has_page)
        return Known(targets, pages, time.monotonic() + LIBRARY_KEPT)


class Hits:
    """A WSGI application that answers clicks and opens itself and passes everything else on."""

    def __init__(
        self, application: Application, folder: Path, node: str, proxies: int, *, short_host: str = ""
    ) -> None:
        self._application = application
        self._journal = spool.Writer(folder, node)
        self._links = Links()
        self._proxies = proxies
        self._short_host = short_host

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if self._short_host and environ.get("HTTP_HOST", "").lower() == self._short_host and path[:3] != "/s/":
            path = environ["PATH_INFO"] = f"/s{path}" if tokens.SHORT_TOKEN.fullmatch(path, 1) else path
        if path[:3] == "/s/" and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            try:
                return self._short(path[3:], environ, start_response)
            except tokens.BadToken:
                pass
        if path[:3] in ("/c/", "/o/") and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            try:
                answer = self._click if path[1] == "c" else self._open
                return answer(path[3:], environ, start_response)
            except tokens.BadToken:
                pass
        return self._application(environ, start_response)

    def close(self) -> None:
        self._journal.close()

    def _click(self, rest: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        token, _, written = rest.partition("/")
        mailing, message = tokens.read("click", token)
        if written == TRAP:
            self._append("t", mailing, message, "", environ)
            start_response("204 No Content", [*NEVER_KEPT])
            return []
        return self._lead(mailing, message, _number(written), token, environ, start_response)

    def _short(self, token: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        mailing, message, number = tokens.read_short(token)
        if not number:
            raise tokens.BadToken("the page to leave is Django's")
        return self._lead(mailing, message, number, tokens.make("click", mailing, message), environ, start_response)

    def _lead(
        self, mailing: int, message: int, number: int, token: str, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        written = str(number)
        try:
            target = self._links.target(mailing, message, number, token)
        except django.db.Error:
            log.exception("the database is away: a click on link %s of mailing %s has no target", number, mailing)
            self._append("c", mailing, message, written, environ)
            start_response("503 Service Unavailable", [*NEVER_KEPT, ("Retry-After", "30"), ("Content-Length", "0")])
            return []
        if target is None:
            raise tokens.BadToken("no such link")
        self._append("c", mailing, message, written, environ)
        if message != tokens.TEST and target.startswith(f"{settings.BASE_URL}/f/"):
            target = _with_who(target, tokens.make("form", mailing, message))
        start_response("302 Found", [*NEVER_KEPT, ("Location", target), ("Content-Length", "0")])
        return []

    def _open(self, token: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        mailing, message = tokens.read("open", token)
        self._append("o", mailing, message, "", environ)
        start_response("200 OK", [*NEVER_KEPT, ("Content-Type", "image/gif"), ("Content-Length", str(len(PIXEL)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [PIXEL]

    def _append(self, letter: str, mailing: int, message: int, link: str, environ: Environ) -> None:
        if message == tokens.TEST:
            return
        said = environ.get
        parts = (
            letter,
            str(time.time_ns() // 1000),
            str(mailing),
            str(message),
            link,
            environ["REQUEST_METHOD"],
            _ip(environ, self._proxies),
            said("HTTP_SEC_PURPOSE", "") or said("HTTP_PURPOSE", "") or said("HTTP_X_MOZ", ""),
            said("HTTP_REFERER", "")[:200],
            said("HTTP_USER_AGENT", "")[:300],
        )
        line = "\t".join(part.translate(CONTROL) if not part.isprintable() else part for part in parts)
        try:
            self._journal.append(line.encode("utf-8", "replace") + b"\n")
        except OSError:  # a full disk must not keep the reader from the page; the log says what was lost
            log.exception("hit not written: %s", line)


def before(application: Application) -> Hits:
    """Put the redirect and the pixel before `application`."""
    short_host = urlsplit(settings.SHORT_URL).netloc if f"{settings.BASE_URL}/s/" != settings.SHORT_URL else ""
    return Hits(
        application,
        settings.JOURNAL_DIR / "hits",
        settings.NODE,
        settings.TRUSTED_PROXIES,
        short_host=short_host,
    )


def _with_who(target: str, token: str) -> str:
    """A form of ours may fill in who comes (forms.arriving)."""
    address, sign, place = target.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{ARRIVES}={token}{sign}{place}"


def _number(written: str) -> int:
    """A link's number as we write it: digits without a leading zero. Nothing else is an address of ours."""
    if not written.isascii() or not written.isdigit() or written[0] == "0" or len(written) > 5:
        raise tokens.BadToken("no such link")
    return int(written)


def _ip(environ: Environ, proxies: int) -> str:
    """The visitor's address: the peer's, or what the nth proxy of our own saw (a visitor may write the rest)."""
    if proxies:
        seen = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(seen) >= proxies:
            return str(seen[-proxies])
    return str(environ.get("REMOTE_ADDR", ""))
