"""Human or machine: what the opens and clicks of one message say about who made them. Pure; touches no database.

Several weak signals add up; none but a method or a prefetch decides alone. Nothing is thrown away: verdicts stand beside the
raw hits with their reasons, and judging again with more hits, or a better judge, mends the past.
Weights: reference/consent-and-mail 3.5. Not judged yet: one network address over many recipients, honeypot links,
networks of data centres.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

THRESHOLD = 0.6
WEIGHTS = {
    "method": 1.0,  # HEAD: nobody looks at a page that way
    "prefetch": 1.0,  # the browser says it was fetched before anybody asked
    "before_sending": 1.0,
    "at_once": 0.6,
    "burst": 0.8,
    "pair": 0.6,  # the same link asked by HEAD just before
    "scanner": 0.6,
    "no_agent": 0.6,
    "apple_privacy": 0.6,  # Apple fetches every picture, opened or not
    "proxy": 0.3,  # Gmail and Yahoo fetch a picture when the mail is opened; not proof of a machine
}
AT_ONCE = dt.timedelta(seconds=2)
BURST = dt.timedelta(seconds=10)
BURST_LINKS = 3
SCANNER = re.compile(
    r"bot\b|crawl|spider|scan|preview|curl|wget|python|httpx|aiohttp|okhttp|java/|go-http|libwww|lwp|ruby|perl|headless|"
    r"phantom|barracuda|proofpoint|mimecast|cisco|ironport|symantec|forefront|safelinks|trendmicro|fireeye|sophos|fortinet|"
    r"zscaler|paloalto|checkpoint|urldefense|virustotal|cloudmark|messagelabs|vade",
    re.IGNORECASE,
)
PICTURE_PROXY = re.compile(r"GoogleImageProxy|ggpht|YahooMailProxy", re.IGNORECASE)
APPLE_PRIVACY = "Mozilla/5.0"  # all that Apple's proxy says of itself


@dataclass(frozen=True, slots=True)
class Hit:
    """An open (link None) or a click, as it was written down."""

    at: dt.datetime
    link: int | None
    method: str = "GET"
    user_agent: str = ""
    fetched_for: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    reasons: tuple[str, ...]

    @property
    def is_machine(self) -> bool:
        return sum(WEIGHTS[reason] for reason in self.reasons) >= THRESHOLD


def judge(hits: Sequence[Hit], *, sent_at: dt.datetime | None) -> list[Verdict]:
    """Judge all hits of one message together, in their order. `sent_at`: when the mail server took the message."""
    bursts = _bursts(hits)
    return [Verdict(tuple(_signals(hit, hits, sent_at, in_burst=hit in bursts))) for hit in hits]


def _signals(hit: Hit, hits: Sequence[Hit], sent_at: dt.datetime | None, *, in_burst: bool) -> list[str]:
    found = {
        "method": hit.method != "GET",
        "prefetch": "prefetch" in hit.fetched_for.lower() or "preview" in hit.fetched_for.lower(),
        "before_sending": sent_at is not None and hit.at < sent_at,
        "at_once": sent_at is not None and sent_at <= hit.at < sent_at + AT_ONCE,
        "burst": in_burst,
        "pair": hit.method == "GET" and any(_is_pair(other, hit) for other in hits),
        "no_agent": not hit.user_agent,
        "apple_privacy": hit.user_agent == APPLE_PRIVACY,
    }
    if PICTURE_PROXY.search(hit.user_agent):
        found["proxy" if hit.link is None else "scanner"] = True  # a picture proxy follows no links
    elif SCANNER.search(hit.user_agent):
        found["scanner"] = True
    return [signal for signal, is_there in found.items() if is_there]


def _is_pair(head: Hit, hit: Hit) -> bool:
    return head.method == "HEAD" and head.link == hit.link and dt.timedelta(0) <= hit.at - head.at <= AT_ONCE


def _bursts(hits: Sequence[Hit]) -> set[Hit]:
    """The clicks that fell within ten seconds on three links or more."""
    clicks = sorted((hit for hit in hits if hit.link is not None), key=lambda hit: hit.at)
    found: set[Hit] = set()
    first = 0
    for last, click in enumerate(clicks):
        while click.at - clicks[first].at > BURST:
            first += 1
        window = clicks[first : last + 1]
        if len({hit.link for hit in window}) >= BURST_LINKS:
            found.update(window)
    return found
