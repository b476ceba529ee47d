"""Whose mail servers a domain has. Large providers count all domains they serve together, and so do our limits.

What everybody knows is a table; the rest is looked up beside the sending, kept for a week, and until then a domain is
its own group. Nothing that is being sent waits for a name server.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

import dns.exception
import dns.resolver
from django.db.models import Q

from mailings.models import MailDomain

KEPT = timedelta(days=7)
AGAIN = timedelta(hours=1)  # after a name server that did not answer
MOST = 50  # domains in one go
BUDGET = 8.0  # seconds for one go

KNOWN: Mapping[str, str] = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), "google"),
    **dict.fromkeys(
        ("outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.nl", "live.nl", "outlook.nl", "hotmail.be",
         "live.be", "hotmail.co.uk", "hotmail.de", "hotmail.fr"),
        "microsoft",
    ),
    **dict.fromkeys(
        ("yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr"), "yahoo"
    ),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), "apple"),
    **dict.fromkeys(("gmx.de", "gmx.net", "web.de", "gmx.at", "gmx.ch"), "united internet"),
    **dict.fromkeys(("ziggo.nl", "upcmail.nl", "home.nl", "casema.nl", "chello.nl", "quicknet.nl"), "ziggo"),
    **dict.fromkeys(("kpnmail.nl", "planet.nl", "hetnet.nl", "xs4all.nl", "telfort.nl"), "kpn"),
    **dict.fromkeys(("proton.me", "protonmail.com", "pm.me"), "proton"),
}  # fmt: skip
# the end of an MX host's name → whose it is
HOSTS: Mapping[str, str] = {
    "google.com": "google", "googlemail.com": "google", "outlook.com": "microsoft", "hotmail.com": "microsoft",
    "yahoodns.net": "yahoo", "icloud.com": "apple", "protonmail.ch": "proton", "mimecast.com": "mimecast",
    "pphosted.com": "proofpoint", "ppe-hosted.com": "proofpoint", "messagelabs.com": "broadcom",
    "barracudanetworks.com": "barracuda", "gmx.net": "united internet", "kundenserver.de": "united internet",
    "ziggo.nl": "ziggo", "kpnmail.nl": "kpn", "xs4all.nl": "kpn", "transip.email": "transip", "zoho.com": "zoho",
    "zoho.eu": "zoho", "ovh.net": "ovh", "secureserver.net": "godaddy", "antispamcloud.com": "spamexperts",
}  # fmt: skip


class Resolver(Protocol):
    def __call__(self, domain: str) -> Sequence[str]:
        """The MX hosts of a domain, best first; none when it has none. LookupError: nobody could tell."""
        ...


def by_dns(domain: str) -> Sequence[str]:
    """Ask a name server."""
    try:
        answer = dns.resolver.resolve(domain, "MX", lifetime=3.0)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise LookupError(str(error)) from error
    best_first = sorted(answer, key=lambda record: record.preference)
    return [record.exchange.to_text(omit_final_dot=True).lower() for record in best_first]


def group_of_hosts(domain: str, hosts: Sequence[str]) -> str:
    """Name whose servers these are: a known provider, else the domain of the first host, else the domain itself."""
    for host in hosts:
        for end, group in HOSTS.items():
            if host == end or host.endswith(f".{end}"):
                return group
    return ".".join(hosts[0].split(".")[-2:]) if hosts and hosts[0] else domain


def groups_of(domains: Iterable[str]) -> dict[str, str]:
    """The group of each domain, and remember those that nobody has looked up."""
    wanted = set(domains)
    found = {domain: KNOWN[domain] for domain in wanted if domain in KNOWN}
    rest = wanted - found.keys()
    if not rest:
        return found
    known = dict(MailDomain.objects.filter(pk__in=rest).values_list("pk", "group"))
    remember(rest - known.keys())
    return found | {domain: known.get(domain) or domain for domain in rest}


def remember(domains: Iterable[str]) -> None:
    """Note domains to be looked up."""
    rows = [MailDomain(domain=domain) for domain in domains if domain and domain not in KNOWN]
    MailDomain.objects.bulk_create(rows, ignore_conflicts=True)


def look_up(*, now: datetime, resolver: Resolver = by_dns) -> int:
    """Look up some domains whose turn it is, for a few seconds at most. Returns how many were asked about."""
    due = Q(looked_up_at=None) | Q(looked_up_at__lt=now - KEPT) | Q(group="", looked_up_at__lt=now - AGAIN)
    ends = time.monotonic() + BUDGET
    asked = 0
    for row in MailDomain.objects.filter(due).order_by("looked_up_at", "pk")[:MOST]:
        if time.monotonic() > ends:
            break
        with suppress(LookupError):  # what was known stays
            row.group = group_of_hosts(row.domain, resolver(row.domain))[:253]
        row.looked_up_at = now
        row.save(update_fields=["group", "looked_up_at"])
        asked += 1
    return asked
