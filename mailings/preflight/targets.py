"""Where the links of a mail lead, as far as one can tell without asking."""

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailings.preflight.findings import Finding, warning

INSIDE = ("local", "localhost", "internal", "intranet", "lan", "corp", "home", "private", "home.arpa")
SHORTENERS = frozenset(
    ["bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly", "shorturl.at"]
)


def is_private(host: str) -> bool:
    """Say whether only machines of one network can open this site (RFC 1918, 4193, 6761, 6762, 8375)."""
    host = host.rstrip(".").lower()
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return "." not in host or host.endswith(tuple(f".{name}" for name in INSIDE))


def check(urls: Sequence[str]) -> Iterator[Finding]:
    """Name links that readers cannot open, that are open to everybody on the way, or that hide where they lead."""
    hosts = {url: urlsplit(url).hostname or "" for url in urls}
    yield from _about("link_private", [url for url, host in hosts.items() if host and is_private(host)])
    yield from _about("link_shortener", [url for url, host in hosts.items() if host in SHORTENERS])
    plain = [url for url, host in hosts.items() if url.lower().startswith("http:") and not is_private(host)]
    yield from _about("link_plain", plain)


def _about(code: str, urls: Sequence[str]) -> Iterator[Finding]:
    if urls:
        sentence = SENTENCES[code](len(urls)) % {"count": len(urls), "url": urls[0][:80]}
        yield warning(code, sentence, "content", count=0)


SENTENCES: Mapping[str, Callable[[int], str]] = {
    "link_private": lambda count: ngettext(
        "A link leads into a private network, which readers cannot open: %(url)s",
        "%(count)s links lead into a private network, which readers cannot open, such as %(url)s",
        count,
    ),
    "link_shortener": lambda _count: _(
        "%(url)s hides where it leads. Filters distrust short addresses; clicks are counted without them."
    ),
    "link_plain": lambda count: ngettext(
        "A link is not encrypted: %(url)s. Browsers warn of it; write https://.",
        "%(count)s links are not encrypted, such as %(url)s. Browsers warn of them; write https://.",
        count,
    ),
}
