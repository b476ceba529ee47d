"""Whether the links of a mail lead anywhere: each is asked once, and never at an address inside a network."""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

TIMEOUT = 6.0  # seconds for connecting, and for each answer
AT_ONCE = 8
MOST = 60  # links of one mail that are asked
HOPS = 5
GONE = frozenset({404, 410})
AGENT = "Postduif link check"

type Find = Callable[[str, int], Sequence[str]]


class Unreachable(Exception):
    """The page cannot be had; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def addresses_of(host: str, port: int) -> Sequence[str]:
    """Ask the machine's resolver."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise Unreachable("no_such_site") from error


def is_public(address: str) -> bool:
    """Say whether everybody can reach this address; all others are refused (server-side request forgery)."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return found.is_global and not found.is_multicast


@dataclass(frozen=True)
class Reach:
    """How links are asked. Tests find their own server by a name, and allow its address."""

    find: Find = addresses_of
    may_ask: Callable[[str], bool] = is_public
    timeout: float = TIMEOUT

    def broken(self, urls: Iterable[str]) -> dict[str, str]:
        """Give the links that lead nowhere, with why. Sites that only keep robots out are not among them."""
        asked = list(dict.fromkeys(urls))[:MOST]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return {url: why for url, why in zip(asked, pool.map(self._why, asked), strict=True) if why}

    def _why(self, url: str) -> str:
        try:
            for method in ("HEAD", "GET"):  # some sites answer HEAD with an error
                status = self._status(url, method)
                if status < 400:
                    return ""
        except Unreachable as refusal:
            return refusal.code
        return "gone" if status in GONE else "broken" if status >= 500 else ""

    def _status(self, url: str, method: str) -> int:
        for _hop in range(HOPS):
            status, location = self._ask(url, method)
            if status not in {301, 302, 303, 307, 308} or not location:
                return status
            url = urljoin(url, location)
        raise Unreachable("circle")

    def _ask(self, url: str, method: str) -> tuple[int, str]:
        try:
            parts = urlsplit(url)
            secure, host = parts.scheme == "https", (parts.hostname or "").encode("idna").decode()
            port = parts.port or (443 if secure else 80)
        except (ValueError, UnicodeError) as error:
            raise Unreachable("no_such_site") from error
        if parts.scheme not in {"http", "https"} or not host:
            raise Unreachable("no_such_site")
        found = self.find(host, port)
        if not found or not all(self.may_ask(address) for address in found):
            raise Unreachable("private")
        try:
            return self._talk(found[0], host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), method, secure=secure)  # fmt: skip
        except ssl.SSLError as error:
            raise Unreachable("certificate") from error
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable("no_answer") from error

    def _talk(self, address: str, host: str, port: int, path: str, method: str, *, secure: bool) -> tuple[int, str]:
        """Connect to the very address that was judged, so that a second look-up cannot lead elsewhere."""
        connection = http.client.HTTPConnection(host, port, timeout=self.timeout)
        connection.sock = socket.create_connection((address, port), self.timeout)
        try:
            if secure:
                connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
            connection.request(method, path, headers={"User-Agent": AGENT, "Accept": "*/*"})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Location") or ""
        finally:
            connection.close()
