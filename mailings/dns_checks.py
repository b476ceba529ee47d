"""What the DNS says about a domain we send from, as receivers read it, each with what to do about it. Pure but for the resolver.

Rules: SPF RFC 7208, DKIM RFC 6376, DMARC RFC 7489, MTA-STS RFC 8461, TLS reports RFC 8460, BIMI; and what Gmail, Yahoo and
Microsoft ask of bulk senders.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from mailings.dns import NoAnswer, Resolver

MOST_LOOKUPS = 10  # RFC 7208 §4.6.4


class Level(StrEnum):
    GOOD = "good"
    ADVICE = "advice"  # mail arrives without it
    PROBLEM = "problem"  # large mailbox providers refuse or mistrust mail
    UNASKED = "unasked"  # the DNS did not answer


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: kept by its code, so that it reads in anybody's language."""

    check: str  # a key of CHECKS
    level: Level
    code: str = ""  # of WORDS
    seen: str = ""  # the record as it stands
    values: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        kept = {"check": self.check, "level": self.level.value, "code": self.code, "seen": self.seen[:600]}
        return kept | {"values": dict(self.values)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Finding":
        return cls(kept["check"], Level(kept["level"]), kept["code"], kept["seen"], kept.get("values", {}))

    @property
    def name(self) -> str:
        return str(CHECKS[self.check])

    @property
    def sentence(self) -> str:
        """What it means and what to do."""
        return str(WORDS[self.code]) % dict(self.values)


CHECKS: Mapping[str, str | Promise] = {
    "dkim": gettext_lazy("DKIM: a signature on each mail"),
    "spf": gettext_lazy("SPF: who may send"),
    "dmarc": gettext_lazy("DMARC: what to do with forgeries"),
    "alignment": gettext_lazy("Alignment: all names belong together"),
    "mx": gettext_lazy("MX: where bounces come in"),
    "mta_sts": gettext_lazy("MTA-STS: encrypted on the way in"),
    "tls_rpt": gettext_lazy("TLS-RPT: reports about encryption"),
    "ptr": gettext_lazy("PTR: the mail server's name"),
    "bimi": gettext_lazy("BIMI: your mark beside the mail"),
}

WORDS: Mapping[str, str | Promise] = {
    "unasked": gettext_lazy("The DNS did not answer. Look again later: this says nothing about the record."),
    "good": gettext_lazy("In order."),
    "dkim_none": gettext_lazy("There are no keys yet. Make them here, then put their records into the DNS."),
    "dkim_missing": gettext_lazy("%(name)s does not show this key. Put the record into the DNS as it stands below."),
    "dkim_other": gettext_lazy("%(name)s shows another key than ours. Replace it by the record below."),
    "spf_missing": gettext_lazy(
        "%(name)s has no SPF record. Add a TXT record like “v=spf1 a:%(server)s -all”, with your mail server in it."
    ),
    "spf_many": gettext_lazy("%(name)s has several SPF records, and then none counts. Join them into one."),
    "spf_lookups": gettext_lazy(
        "The SPF record of %(name)s needs %(count)s look-ups; after 10 receivers stop reading. Take out what you do not use."
    ),
    "spf_loose": gettext_lazy("The SPF record of %(name)s lets everybody send. End it with -all or ~all."),
    "dmarc_missing": gettext_lazy(
        "There is no DMARC record, and bulk mail without one is refused. Begin with a TXT record at _dmarc.%(name)s: “v=DMARC1; p=none”."
    ),
    "dmarc_bad": gettext_lazy(
        "The DMARC record cannot be read. It begins with “v=DMARC1; p=” and none, quarantine or reject."
    ),
    "dmarc_none": gettext_lazy(
        "The policy is none: forgeries of your name arrive. Once your own mail is signed, make it quarantine, then reject."
    ),
    "dmarc_old": gettext_lazy("pct, rf and ri mean nothing to receivers any more. Leave them out."),
    "alignment_off": gettext_lazy(
        "Bounces return to %(bounce)s, which does not belong to %(name)s: only the DKIM signature speaks for your mail."
        " Use a name below %(name)s as BOUNCE_DOMAIN."
    ),
    "mx_missing": gettext_lazy(
        "%(name)s has no MX record, so bounces and complaints do not come back. Let it point at this server's inbound port."
    ),
    "mta_sts_missing": gettext_lazy("%(name)s does not ask for encryption when bounces come in. Useful, not required."),
    "tls_rpt_missing": gettext_lazy("Nobody tells you when encrypting towards %(name)s fails. Useful, not required."),
    "ptr_missing": gettext_lazy(
        "%(address)s of %(server)s has no name (PTR). Gmail, Yahoo and Microsoft refuse mail from such addresses: ask your provider."
    ),
    "ptr_other": gettext_lazy(
        "%(address)s is called %(found)s, and that name does not lead back to it. Both must agree: ask your provider."
    ),
    "ptr_unknown": gettext_lazy(
        "The mail server %(server)s has no address in the DNS, so its name cannot be checked from here."
    ),
    "bimi_missing": gettext_lazy(
        "Without a BIMI record mail programs show initials in place of your mark. Useful, not required."
    ),
    "bimi_early": gettext_lazy("A BIMI record counts only once the DMARC policy is quarantine or reject."),
}


def of(
    domain: str, keys: Sequence[tuple[str, str]], *, bounce_domain: str, server: str, resolver: Resolver
) -> list[Finding]:
    """Look at everything. `keys` are the names and p= of our DKIM records, `server` is the mail server we hand over to."""
    dmarc = _dmarc(domain, resolver)
    return [
        *_asked("dkim", lambda: _dkim(keys, resolver)),
        *_asked("spf", lambda: _spf(bounce_domain, server, resolver)),
        *_asked("dmarc", lambda: _on_dmarc(domain, dmarc)),
        *_alignment(domain, bounce_domain),
        *_asked("mx", lambda: _mx(bounce_domain, resolver)),
        *_asked("ptr", lambda: _ptr(server, resolver)),
        *_asked("mta_sts", lambda: _marked("mta_sts", f"_mta-sts.{bounce_domain}", "v=stsv1", bounce_domain, resolver)),
        *_asked(
            "tls_rpt", lambda: _marked("tls_rpt", f"_smtp._tls.{bounce_domain}", "v=tlsrptv1", bounce_domain, resolver)
        ),
        *_asked("bimi", lambda: _bimi(domain, dmarc, resolver)),
    ]


def _asked(check: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except NoAnswer:
        return [Finding(check, Level.UNASKED, "unasked")]


def shows(name: str, public: str, resolver: Resolver) -> bool:
    """Say whether the DNS publishes this key. Nobody answering counts as no."""
    try:
        return any(_tags(text).get("p", "").replace(" ", "") == public for text in resolver.txt(name))
    except NoAnswer:
        return False


def _dkim(keys: Sequence[tuple[str, str]], resolver: Resolver) -> Iterator[Finding]:
    if not keys:
        yield Finding("dkim", Level.PROBLEM, "dkim_none")
    for name, public in keys:
        found = [text for text in resolver.txt(name) if "p=" in text]
        if not found:
            yield Finding("dkim", Level.PROBLEM, "dkim_missing", values={"name": name})
        elif all(_tags(text).get("p", "").replace(" ", "") != public for text in found):
            yield Finding("dkim", Level.PROBLEM, "dkim_other", found[0], {"name": name})
        else:
            yield Finding("dkim", Level.GOOD, "good", f"{name} {found[0][:60]}…")


def _spf(domain: str, server: str, resolver: Resolver) -> Iterator[Finding]:
    """SPF is asked about the envelope sender, so about the bounce domain."""
    found = [text for text in resolver.txt(domain) if text.lower().split(" ")[0] == "v=spf1"]
    name = {"name": domain, "server": server}
    if not found:
        yield Finding("spf", Level.PROBLEM, "spf_missing", values=name)
        return
    if len(found) > 1:
        yield Finding("spf", Level.PROBLEM, "spf_many", " | ".join(found), name)
        return
    lookups = _spf_lookups(found[0], resolver, seen={domain})
    if lookups > MOST_LOOKUPS:
        yield Finding("spf", Level.PROBLEM, "spf_lookups", found[0], {**name, "count": str(lookups)})
    elif re.search(r"(?:^|\s)[+?]?all\b", found[0], re.IGNORECASE):
        yield Finding("spf", Level.ADVICE, "spf_loose", found[0], name)
    else:
        yield Finding("spf", Level.GOOD, "good", found[0])


def _spf_lookups(record: str, resolver: Resolver, *, seen: set[str]) -> int:
    """Count the terms that make a receiver ask again, through every include (RFC 7208 §4.6.4)."""
    count = 0
    for term in record.lower().split()[1:]:
        name, _colon, target = term.lstrip("+-~?").replace("redirect=", "include:", 1).partition(":")
        if name.partition("/")[0] in ("a", "mx", "ptr", "exists", "include"):
            count += 1
        if name == "include" and target and target not in seen and count <= MOST_LOOKUPS:
            seen.add(target)
            inner = [text for text in resolver.txt(target) if text.lower().startswith("v=spf1")]
            count += sum(_spf_lookups(text, resolver, seen=seen) for text in inner[:1])
    return count


def _dmarc(domain: str, resolver: Resolver) -> str | None:
    """The policy that counts for a domain: its own, or of the nearest name above it. None: nobody answered."""
    labels = domain.split(".")
    try:
        for start in range(max(1, len(labels) - 1)):
            name = ".".join(labels[start:])
            found = [text for text in resolver.txt(f"_dmarc.{name}") if text.lower().startswith("v=dmarc1")]
            if found:
                return found[0]
    except NoAnswer:
        return None
    return ""


def _on_dmarc(domain: str, record: str | None) -> Iterator[Finding]:
    if record is None:
        raise NoAnswer("_dmarc")
    tags = _tags(record)
    if not record:
        yield Finding("dmarc", Level.PROBLEM, "dmarc_missing", values={"name": domain})
    elif tags.get("p", "").lower() not in ("none", "quarantine", "reject"):
        yield Finding("dmarc", Level.PROBLEM, "dmarc_bad", record)
    elif tags["p"].lower() == "none":
        yield Finding("dmarc", Level.ADVICE, "dmarc_none", record)
    elif {"pct", "rf", "ri"} & set(tags):
        yield Finding("dmarc", Level.ADVICE, "dmarc_old", record)
    else:
        yield Finding("dmarc", Level.GOOD, "good", record)


def _alignment(domain: str, bounce_domain: str) -> Iterator[Finding]:
    """Relaxed alignment (RFC 7489 §3.1): one name lies below the other, or both below the same two labels."""
    one, other = domain.lower().split("."), bounce_domain.lower().split(".")
    shorter = min(len(one), len(other), 2 if len(one[-1]) > 2 or len(one[-2]) > 3 else 3)
    if shorter >= 2 and one[-shorter:] == other[-shorter:]:
        yield Finding("alignment", Level.GOOD, "good", bounce_domain)
    else:
        yield Finding("alignment", Level.ADVICE, "alignment_off", values={"name": domain, "bounce": bounce_domain})


def _mx(domain: str, resolver: Resolver) -> Iterator[Finding]:
    found = [name for name in resolver.mx(domain) if name]
    if found:
        yield Finding("mx", Level.GOOD, "good", ", ".join(found))
    else:
        yield Finding("mx", Level.PROBLEM, "mx_missing", values={"name": domain})


def _ptr(server: str, resolver: Resolver) -> Iterator[Finding]:
    """Forward-confirmed reverse DNS of the server we hand over to: right when it is the one that sends on."""
    addresses = [server] if _is_address(server) else list(resolver.addresses(server))
    if not addresses:
        yield Finding("ptr", Level.ADVICE, "ptr_unknown", values={"server": server})
    for address in addresses:
        names = resolver.names_of(address)
        values = {"server": server, "address": address, "found": ", ".join(names)}
        if not names:
            yield Finding("ptr", Level.PROBLEM, "ptr_missing", values=values)
        elif not any(address in resolver.addresses(name) for name in names):
            yield Finding("ptr", Level.PROBLEM, "ptr_other", values=values)
        else:
            yield Finding("ptr", Level.GOOD, "good", f"{address} {names[0]}")


def _marked(check: str, name: str, mark: str, domain: str, resolver: Resolver) -> Iterator[Finding]:
    found = [text for text in resolver.txt(name) if text.lower().replace(" ", "").startswith(mark)]
    if found:
        yield Finding(check, Level.GOOD, "good", found[0])
    else:
        yield Finding(check, Level.ADVICE, f"{check}_missing", values={"name": domain})


def _bimi(domain: str, dmarc: str | None, resolver: Resolver) -> Iterator[Finding]:
    found = [text for text in resolver.txt(f"default._bimi.{domain}") if text.lower().startswith("v=bimi1")]
    is_strict = _tags(dmarc or "").get("p", "").lower() in ("quarantine", "reject")
    if not found:
        yield Finding("bimi", Level.ADVICE, "bimi_missing")
    elif not is_strict:
        yield Finding("bimi", Level.ADVICE, "bimi_early", found[0])
    else:
        yield Finding("bimi", Level.GOOD, "good", found[0])


def _tags(record: str) -> dict[str, str]:
    """Read "v=DMARC1; p=none" into its parts."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _equals, value in pairs if name.strip()}


def _is_address(name: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*", name.lower()))
