"""The part of the last check that asks others: the sender's domain in the DNS, and the links. Workers ask, pages read.

What was found is kept in the cache for a quarter of an hour, for these very links and this sender, as facts; they become
sentences where somebody reads them, in their language.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailings import dns, dns_checks, editions, texts
from mailings.models import DkimKey, Mailing
from mailings.preflight import anchors
from mailings.preflight.findings import Finding, warning
from mailings.preflight.reach import Reach
from mailings.rendering import blocks

KEPT = 15 * 60  # seconds
ASKED = 60  # seconds until a question that was never answered may be asked again

Fact = tuple[str, dict[str, str]]  # a code, and what its sentence names
# Of what dns_checks looks at, this decides whether a mail is believed; the rest stands on the domain's page.
DECIDING = frozenset({"dkim", "spf", "dmarc"})
SENTENCES: Mapping[str, str | Promise] = {
    "dns_silent": _("The DNS did not answer, so the sender's domain %(domain)s could not be checked."),
    "dkim_unsigned": _(
        "Nothing here signs mail from %(domain)s (DKIM). Make keys under Settings, Sending domains, unless your mail server signs."
    ),
    "link_gone": _("The page does not exist: %(url)s"),
    "link_broken": _("The site answers with an error: %(url)s"),
    "link_no_such_site": _("There is no such site: %(url)s"),
    "link_no_answer": _("The site does not answer: %(url)s"),
    "link_certificate": _("Browsers warn of this site's certificate: %(url)s"),
    "link_circle": _("The link leads round in circles: %(url)s"),
    "link_private": _("The link leads into a private network: %(url)s"),
}


def known(mailing: Mailing) -> list[Finding] | None:
    """Give what workers found out about this mailing as it stands, or None while nobody has looked."""
    facts = cache.get(_key(mailing))
    return None if facts is None else [_finding(code, values) for code, values in facts]


def is_to_ask(mailing: Mailing) -> bool:
    """Say, once a minute, that somebody should look."""
    return bool(cache.add(f"{_key(mailing)}:asked", 1, ASKED))


def look(mailing: Mailing, *, resolver: dns.Resolver | None, reach: Reach | None = None) -> list[Finding]:
    """Ask the DNS and the sites the mail links to, and keep what they say. Without a resolver nobody can be asked."""
    facts = [*_of_domain(mailing, resolver), *_of_links(mailing, reach or Reach())]
    cache.set(_key(mailing), facts, KEPT)
    return [_finding(code, values) for code, values in facts]


def _of_domain(mailing: Mailing, resolver: dns.Resolver | None) -> Iterator[Fact]:
    domain = "" if mailing.is_text else mailing.from_address.rpartition("@")[2].lower()
    if not domain:
        return
    keys = DkimKey.objects.filter(domain__name=domain).exclude(status=DkimKey.Status.RETIRED).select_related("domain")
    names = [(key.record_name, key.public) for key in keys]
    server = urlsplit(settings.SMTP_URL).hostname or ""
    found = (
        dns_checks.of(domain, names, bounce_domain=settings.BOUNCE_DOMAIN, server=server, resolver=resolver)
        if resolver
        else [dns_checks.Finding("dmarc", dns_checks.Level.UNASKED)]
    )
    deciding = [finding for finding in found if finding.check in DECIDING]
    if any(finding.level is dns_checks.Level.UNASKED for finding in deciding):
        yield "dns_silent", {"domain": domain}
    for finding in deciding:
        if finding.code == "dkim_none":
            yield "dkim_unsigned", {"domain": domain}
        elif finding.level is dns_checks.Level.PROBLEM:
            yield finding.code, dict(finding.values)


def _of_links(mailing: Mailing, reach: Reach) -> Iterator[Fact]:
    for url, why in reach.broken(_links(mailing)).items():
        yield f"link_{why}", {"url": url[:120]}


def _links(mailing: Mailing) -> Sequence[str]:
    """Give the links that are the same for everybody."""
    if mailing.is_text:
        return [url for _number, url, _name in texts.compiled_of(mailing).links]
    urls: list[str] = []
    for _subject, _preheader, _sender, content in editions.said(mailing):
        try:
            urls += anchors.web_addresses(blocks.Document.read(content).blocks)
        except blocks.NoSuchBlock:
            continue
    return [url for url in dict.fromkeys(urls) if "[[" not in url]


def _finding(code: str, values: dict[str, Any]) -> Finding:
    words = SENTENCES.get(code) or dns_checks.WORDS[code]
    return warning(code, str(words) % values, "content" if code.startswith("link_") else "setup")


def _key(mailing: Mailing) -> str:
    asked = json.dumps([mailing.from_address, settings.BOUNCE_DOMAIN, *_links(mailing)])
    return f"outside:{mailing.pk}:{hashlib.sha256(asked.encode()).hexdigest()[:24]}"
