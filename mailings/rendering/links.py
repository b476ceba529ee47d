"""Which addresses a mail may link to, and how they stand on the wire."""

import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit, urlunsplit

from django.utils.translation import gettext as _

from mailings.rendering import variables
from mailings.rendering.variables import Merge, Piece

MAX_LENGTH = 2000
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
_DOMAIN = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?(?:[/?#].*)?")
_MAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"\u2028\u2029\ud800-\udfff]")
_SAFE = "!$&'()*+,;=:@/?%[]~-._"


class BadLink(ValueError):
    """An address a mail may not link to; the sentence says what to do."""


def check(text: str) -> str:
    """Give the address as it is kept: trimmed, `https://` put before a bare domain name. Raises BadLink."""
    address = text.strip()
    if not address:
        raise BadLink(_("Fill in the address of the page, such as https://example.org/."))
    if len(address) > MAX_LENGTH:
        raise BadLink(_("This address is longer than %(count)d characters.") % {"count": MAX_LENGTH})
    parsed = variables.parse(address)
    if parsed.mistakes:
        raise BadLink(parsed.mistakes[0].sentence)
    if any(parsed.forks):
        raise BadLink(_("An address has no conditions in it. Make two links, each within its condition."))
    if is_link_variable(parsed.pieces):
        return address
    scheme = _SCHEME.match(address)
    if _MAIL.fullmatch(address) and (scheme is None):
        address, scheme = f"mailto:{address}", _SCHEME.match(f"mailto:{address}")
    if _DOMAIN.fullmatch(address):  # "localhost:8000" has a scheme to the eye of a parser, "example.org:8000/x" too
        address, scheme = f"https://{address}", _SCHEME.match("https://")
    if scheme is None or scheme.group().lower() not in {"http", "https", "mailto"}:
        raise BadLink(_("A link starts with https://, http:// or mailto:."))
    _check_parts(address, scheme.group().lower())
    return address


def is_link_variable(pieces: tuple[Piece, ...]) -> bool:
    """Say whether the whole address is one of ours, such as `[[link.unsubscribe]]`."""
    return len(pieces) == 1 and isinstance(pieces[0], Merge) and pieces[0].variable.group == "link"


def is_call(address: str) -> bool:
    """Say whether the address calls or texts a number: it goes straight, there is no page to count."""
    return bool(re.fullmatch(r"(?:tel|sms):[+0-9()./ ;=a-z-]{3,60}", address, re.IGNORECASE))


def _check_parts(address: str, scheme: str) -> None:
    pieces = variables.parse(address).pieces
    first = pieces[0] if isinstance(pieces[0], str) else ""
    if any(_FORBIDDEN.search(piece) for piece in pieces if isinstance(piece, str)):
        raise BadLink(_("An address has no spaces, quotes or backslashes in it. Write %20 for a space."))
    if scheme == "mailto":
        if not _MAIL.match(first.removeprefix("mailto:").partition("?")[0]) and len(pieces) == 1:
            raise BadLink(_("Behind mailto: stands an e-mail address."))
        if len(pieces) > 1 and "?" not in first:
            raise BadLink(_("A variable can stand behind the e-mail address, not in it."))
        return
    try:
        parts = urlsplit(first)
        host, user, _port = parts.hostname, parts.username, parts.port
    except ValueError:
        raise BadLink(_("We cannot read this address. Copy it from the bar of the browser.")) from None
    if len(pieces) > 1 and not (host and (parts.path or parts.query or parts.fragment)):
        raise BadLink(_("A variable can stand behind the name of the site, not in it."))
    if not host:
        raise BadLink(_("The name of the site is missing: https://example.org/."))
    if user is not None:
        raise BadLink(
            _("An address with a name and password in it looks like a trick. Leave out what stands before @.")
        )


def with_campaign(address: str, campaign: Iterable[tuple[str, str]]) -> str:
    """Put the campaign parameters behind a web address; those it has already stay as they are."""
    if address[:4].lower() != "http":
        return address
    page, sharp, place = address.partition("#")
    there = set(re.findall(r"[?&]([^=&]+)=", page))
    added = "&".join(f"{name}={quote(value, safe='')}" for name, value in campaign if value and name not in there)
    if not added:
        return address
    joint = "" if page.endswith(("?", "&")) else "&" if "?" in page else "?"
    return f"{page}{joint}{added}{sharp}{place}"


def is_tracked(address: str) -> bool:
    """Say whether clicks can be counted: a web address that is the same for everybody."""
    return address[:4].lower() == "http" and not _is_merged(address)


def on_the_wire(address: str) -> str:
    """Give a static address in ASCII: the host as A-label, the rest percent-encoded. Raises BadLink."""
    scheme, separator, rest = address.partition(":")
    if scheme.lower() == "mailto":
        return f"mailto{separator}{quote(rest, safe=_SAFE)}"
    parts = urlsplit(address)
    try:
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except UnicodeError:
        raise BadLink(_("We cannot read the name of the site in this address.")) from None
    if ":" in host:
        host = f"[{host}]"
    place = f"{host}:{parts.port}" if parts.port else host
    path, query, fragment = (quote(part, safe=_SAFE) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme.lower(), place, path, query, fragment))


def quoted(part: str) -> str:
    """Percent-encode what stands behind a variable in an address."""
    return quote(part, safe=_SAFE)


def picture(text: str, base_url: str) -> str:
    """Give the address of a picture as it stands in the mail; `/…` is one of our own. Raises BadLink."""
    address = text.strip()
    if address.startswith("/") and not address.startswith("//"):
        address = base_url + address
        if _FORBIDDEN.search(address) or _is_merged(address):
            raise BadLink(_("An address has no spaces, quotes or backslashes in it. Write %20 for a space."))
        return on_the_wire(address)
    address = check(address)
    if not is_tracked(address):
        raise BadLink(_("A picture has a web address that starts with https://."))
    return on_the_wire(address)


def _is_merged(address: str) -> bool:
    parsed = variables.parse(address)
    return any(parsed.merges) or any(parsed.forks)
