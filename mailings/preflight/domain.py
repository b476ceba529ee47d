"""What the sender's domain says in the DNS: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489).

Gmail and Yahoo ask all three of whoever mails many people (since February 2024). The envelope sender is an address of our
bounce domain: SPF is looked up there, and counts for DMARC only where both names belong to one organisation.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import dns.exception
import dns.resolver

LIFETIME = 4.0  # seconds for one question, all servers together
# Whoever keeps signing keys says here which selectors sign for a domain.
selectors: list[Callable[[str], Sequence[str]]] = []


class Unanswered(Exception):
    """The DNS did not answer: not the domain's fault."""


class Resolver(Protocol):
    def texts(self, name: str) -> Sequence[str]:
        """Give the TXT records of a name, none where there are none. Raises Unanswered."""

    def takes_mail(self, domain: str) -> bool:
        """Say whether mail to the domain has anywhere to go (MX, or an address). Raises Unanswered."""


class Dns:
    """The resolvers this machine is told to use."""

    def __init__(self) -> None:
        self._resolver = dns.resolver.Resolver()
        self._resolver.lifetime = LIFETIME

    def texts(self, name: str) -> Sequence[str]:
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def takes_mail(self, domain: str) -> bool:
        hosts = [record.exchange.to_text() for record in self._ask(domain, "MX")]
        if hosts:
            return hosts != ["."]  # RFC 7505: this domain takes no mail
        return bool(self._ask(domain, "A")) or bool(self._ask(domain, "AAAA"))

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(self._resolver.resolve(name, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise Unanswered(str(error)) from error


Fact = tuple[str, dict[str, str]]  # a code of mailings.preflight.outside, and what its sentence names


def check(domain: str, bounce_domain: str, *, resolver: Resolver) -> Iterator[Fact]:
    """Say what is missing for mail from `domain`, whose bounces go to `bounce_domain`. Raises Unanswered."""
    if not resolver.takes_mail(domain):
        yield "domain_no_mail", {"domain": domain}
    spf = [text for text in resolver.texts(bounce_domain) if text.lower().split(" ")[0] == "v=spf1"]
    if len(spf) != 1:
        yield "spf_missing" if not spf else "spf_several", {"domain": bounce_domain}
    elif spf[0].lower().rstrip().endswith("+all"):
        yield "spf_open", {"domain": bounce_domain}
    is_signed = True
    for selector in (selector for ask in selectors for selector in ask(domain)):
        if not any(_holds_key(text) for text in resolver.texts(f"{selector}._domainkey.{domain}")):
            yield "dkim_missing", {"domain": domain, "selector": selector}
            is_signed = False
    if not any(ask(domain) for ask in selectors):
        is_signed = False
    dmarc = _dmarc(domain, resolver)
    if dmarc is None:
        yield "dmarc_missing", {"domain": domain}
    elif dmarc != "none" and not is_signed and not (spf and _one_organisation(domain, bounce_domain)):
        yield "dmarc_fails", {"domain": domain, "policy": dmarc, "bounce_domain": bounce_domain}


def _holds_key(record: str) -> bool:
    tags = dict(part.strip().partition("=")[::2] for part in record.split(";"))
    return bool(tags.get("p", "").strip())  # an empty p= is a key taken back (RFC 6376 §3.6.1)


def _dmarc(domain: str, resolver: Resolver) -> str | None:
    """Give the policy that holds for this domain: its own, or that of the domain it belongs to."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        for text in resolver.texts("_dmarc." + ".".join(labels[start:])):
            tags = {
                key.strip().lower(): value.strip().lower()
                for key, _eq, value in (part.partition("=") for part in text.split(";"))
            }
            if tags.get("v") == "dmarc1":
                return tags.get("sp" if start else "p") or tags.get("p", "none")
    return None


def _one_organisation(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
