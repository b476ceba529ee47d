"""The part of the last check that asks others: the sender's domain in the DNS, and the links. Workers ask, pages read.

What was found is kept in the cache for a quarter of an hour, for these very links and this sender, as facts; they become
sentences where somebody reads them, in their language.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from mailings.models import Mailing
from mailings.preflight import anchors
from mailings.preflight.domain import Dns, Fact, Resolver, Unanswered
from mailings.preflight.domain import check as check_domain
from mailings.preflight.findings import Finding, warning
from mailings.preflight.reach import Reach
from mailings.rendering import blocks

KEPT = 15 * 60  # seconds
ASKED = 60  # seconds until a question that was never answered may be asked again

SENTENCES = {
    "domain_no_mail": _("Nobody can answer: %(domain)s takes no mail. Readers' programs distrust such a sender."),
    "spf_missing": _("%(domain)s, where bounces go, has no SPF record. Gmail and Yahoo ask for one."),
    "spf_several": _("%(domain)s, where bounces go, has more than one SPF record; receivers then ignore all of them."),
    "spf_open": _("The SPF record of %(domain)s allows everybody (+all), so it proves nothing."),
    "dkim_missing": _("The DKIM key %(selector)s of %(domain)s is not in the DNS: signatures cannot be checked."),
    "dmarc_missing": _("%(domain)s has no DMARC record. Gmail and Yahoo ask one of everybody who mails many people."),
    "dmarc_fails": _(
        "%(domain)s tells receivers to refuse mail that is not proven to be its own (%(policy)s), and this mail would not be:"
        " no DKIM key of the domain signs it, and bounces go to %(bounce_domain)s."
    ),
    "dns_silent": _("The DNS did not answer, so the sender's domain %(domain)s could not be checked."),
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


def look(mailing: Mailing, *, resolver: Resolver | None = None, reach: Reach | None = None) -> list[Finding]:
    """Ask the DNS and the sites the mail links to, and keep what they say."""
    facts = list(_facts(mailing, resolver or Dns(), reach or Reach()))
    cache.set(_key(mailing), facts, KEPT)
    return [_finding(code, values) for code, values in facts]


def _facts(mailing: Mailing, resolver: Resolver, reach: Reach) -> Iterator[Fact]:
    domain = mailing.from_address.rpartition("@")[2].lower()
    if domain:
        try:
            yield from check_domain(domain, settings.BOUNCE_DOMAIN, resolver=resolver)
        except Unanswered:
            yield "dns_silent", {"domain": domain}
    for url, why in reach.broken(_links(mailing)).items():
        yield f"link_{why}", {"url": url[:120]}


def _links(mailing: Mailing) -> Sequence[str]:
    """Give the links that are the same for everybody."""
    try:
        document = blocks.Document.read(mailing.content)
    except blocks.NoSuchBlock:
        return []
    return [url for url in anchors.web_addresses(document.blocks) if "[[" not in url]


def _finding(code: str, values: dict[str, Any]) -> Finding:
    return warning(code, str(SENTENCES[code]) % values, "content" if code.startswith("link_") else "setup")


def _key(mailing: Mailing) -> str:
    asked = json.dumps([mailing.from_address, settings.BOUNCE_DOMAIN, *_links(mailing)])
    return f"outside:{mailing.pk}:{hashlib.sha256(asked.encode()).hexdigest()[:24]}"
