"""The world's browsers: one request at a time, to our own web server on loopback and nowhere else."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PATIENCE = 10.0  # seconds
MOST_READ = 256 * 1024
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Visitor:
    """Who asks: the program's name, and an address of 127.0.0.0/8 that stands for the network it sits in."""

    user_agent: str
    source: str
    headers: dict[str, str] = field(default_factory=dict)


def home_of(*who: str) -> str:
    """The loopback address that stands for somebody's network."""
    first, second, third = hashlib.blake2b("\0".join(who).encode(errors="surrogateescape"), digest_size=3).digest()
    return f"127.{first % 254 + 1}.{second}.{third % 254 + 1}"


class Web:
    """Knows only the host of `base_url`, wherever a mail may point, and reaches it on 127.0.0.1."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"{base_url}: the world follows links to a plain http:// address only")
        self.host = parts.netloc
        self.port = parts.port or 80

    def path(self, url: str) -> str | None:
        """What to ask for, or None when the link leads elsewhere and must not be followed."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        if parts.scheme != "http" or parts.netloc != self.host:
            return None
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return target if target.isascii() and target.isprintable() and " " not in target else None

    async def ask(self, method: str, path: str, visitor: Visitor, *, form: str = "") -> int:
        """Make one request and return the status; redirects are not followed. Raises OSError when nobody answers."""
        async with asyncio.timeout(PATIENCE):
            reader, writer = await self.connect(visitor.source)
            try:
                writer.write(self.request(method, path, visitor, form))
                await writer.drain()
                status = await reader.readline()
                while await reader.read(MOST_READ):
                    pass
            finally:
                writer.close()
        words = status.split()
        if len(words) < 2 or not words[1].isdigit():
            raise ConnectionError(f"no answer to {method} {path}")
        return int(words[1])

    async def connect(self, source: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        except OSError as error:
            if "cannot assign" not in str(error).lower():  # not every system owns all of 127.0.0.0/8
                raise
        return await asyncio.open_connection("127.0.0.1", self.port)

    def request(self, method: str, path: str, visitor: Visitor, form: str) -> bytes:
        headers = {
            "Host": self.host,
            "User-Agent": visitor.user_agent,
            "Accept": "*/*",
            **visitor.headers,
            "Connection": "close",
        }
        if method == "POST":
            headers |= {"Content-Type": FORM, "Content-Length": str(len(form))}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", form]
        return "\r\n".join(lines).encode()
