"""Asking the DNS, with little patience. Whoever asks takes a Resolver; only views and commands make one."""

from collections.abc import Sequence
from typing import Any, Protocol

import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver
import dns.reversename
from django.conf import settings

SECONDS = 3.0  # for one question, all servers together


class NoAnswer(Exception):
    """The DNS could not be asked: that says nothing about what stands in it."""


class Resolver(Protocol):
    """Each gives what stands there, nothing when nothing does, and raises NoAnswer when nobody answered."""

    def txt(self, name: str) -> Sequence[str]: ...
    def mx(self, name: str) -> Sequence[str]: ...
    def addresses(self, name: str) -> Sequence[str]: ...
    def names_of(self, address: str) -> Sequence[str]: ...


class Dns:
    """The machine's resolvers, or those of the setting DNS_SERVERS."""

    def __init__(self, servers: Sequence[str] = ()) -> None:
        self._resolver = dns.resolver.Resolver(configure=not servers)
        self._resolver.lifetime = SECONDS
        if servers:
            self._resolver.nameservers = [_server(one) for one in servers]

    def txt(self, name: str) -> Sequence[str]:
        return [b"".join(found.strings).decode("utf-8", "replace") for found in self._ask(name, "TXT")]

    def mx(self, name: str) -> Sequence[str]:
        return [found.exchange.to_text(omit_final_dot=True) for found in self._ask(name, "MX")]

    def addresses(self, name: str) -> Sequence[str]:
        return [found.address for kind in ("A", "AAAA") for found in self._ask(name, kind)]

    def names_of(self, address: str) -> Sequence[str]:
        reverse = dns.reversename.from_address(address).to_text()
        return [found.target.to_text(omit_final_dot=True) for found in self._ask(reverse, "PTR")]

    def _ask(self, name: str, kind: str) -> Sequence[Any]:  # what it holds depends on the kind
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise NoAnswer(str(error)) from error


def resolver() -> Resolver:
    """The one this installation asks. Raises NoAnswer when the machine knows none."""
    try:
        return Dns(settings.DNS_SERVERS)
    except dns.resolver.NoResolverConfiguration as error:
        raise NoAnswer(str(error)) from error


def _server(given: str) -> dns.nameserver.Nameserver:
    host, _colon, port = given.rpartition(":") if given.count(":") == 1 else (given, "", "")
    return dns.nameserver.Do53Nameserver(host, int(port or 53))
