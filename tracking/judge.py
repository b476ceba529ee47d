"""Human or machine: what the opens and clicks of one message say about who made them. Pure; touches no database.

Several weak signals add up; none but a method or a prefetch decides alone. Nothing is thrown away: verdicts stand beside the
raw hits with their reasons, and judging again with more hits, or a better judge, mends the past.
Weights: reference/consent-and-mail 3.5. What one message cannot tell is told with the hit: `crowd` (the same program at the
same address clicked for many recipients within a minute: tracking.crowds) and `hosted` (a network of data centres: tracking.networks).
"""

import datetime as dt
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

WEIGHTS = {
    "trap": 1.0,  # a link that nobody sees was followed in the same mail within ten minutes
    "method": 1.0,  # HEAD: nobody looks at a page that way
    "prefetch": 1.0,  # the browser says it was fetched before anybody asked
    "before_sending": 1.0,
    "at_once": 0.6,
    "burst": 0.8,
    "pair": 0.6,  # the same link asked by HEAD just before
    "scanner": 0.6,
    "no_agent": 0.6,
    "crowd": 0.6,  # one program, one address, many recipients within a minute
    "hosted": 0.3,  # from a data centre: a scanner, or a person behind a VPN
    "apple_privacy": 0.6,  # Apple fetches every picture, opened or not
    "proxy": 0.3,  # Gmail and Yahoo fetch a picture when the mail is opened; not proof of a machine
}


@dataclass(frozen=True, slots=True)
class Measure:
    """How strictly is judged: the setting JUDGE says otherwise. Judging again with another measure mends the past."""

    threshold: float = 0.6
    at_once: float = 2.0  # seconds after the hand-over
    burst: float = 10.0  # seconds
    burst_links: int = 3
    crowd: int = 5  # recipients
    crowd_within: float = 60.0  # seconds


USUAL = Measure()
PAIR = dt.timedelta(seconds=2)
AROUND_TRAP = dt.timedelta(minutes=10)
SCANNER = re.compile(
    r"bot\b|crawl|spider|scan|preview|curl|wget|python|httpx|aiohttp|okhttp|java/|go-http|libwww|lwp|ruby|perl|headless|"
    r"phantom|barracuda|proofpoint|mimecast|cisco|ironport|symantec|forefront|safelinks|trendmicro|fireeye|sophos|fortinet|"
    r"zscaler|paloalto|checkpoint|urldefense|virustotal|cloudmark|messagelabs|vade",
    re.IGNORECASE,
)
PICTURE_PROXY = re.compile(r"GoogleImageProxy|ggpht|YahooMailProxy", re.IGNORECASE)
APPLE_PRIVACY = "Mozilla/5.0"  # all that Apple's proxy says of itself


class Hit(NamedTuple):
    """An open (link None) or a click, as it was written down."""

    at: dt.datetime
    link: int | None
    method: str = "GET"
    user_agent: str = ""
    fetched_for: str = ""
    told: tuple[str, ...] = ()  # what others know of it: "crowd", "hosted"


class Verdict(NamedTuple):
    reasons: tuple[str, ...]
    threshold: float = USUAL.threshold

    @property
    def is_machine(self) -> bool:
        return _is_enough(self.reasons, self.threshold)


@lru_cache(maxsize=4096)
def _is_enough(reasons: tuple[str, ...], threshold: float) -> bool:
    return sum(WEIGHTS[reason] for reason in reasons) >= threshold - 1e-9


def judge(
    hits: Sequence[Hit],
    *,
    sent_at: dt.datetime | None,
    measure: Measure = USUAL,
    traps: Sequence[dt.datetime] = (),
) -> list[Verdict]:
    """Judge all hits of one message together, in their order.

    `sent_at`: when the mail server took the message; `traps`: when its hidden link was followed.
    """
    is_alone = len(hits) < 2
    bursts = frozenset[Hit]() if is_alone else _bursts(hits, measure)
    heads = {} if is_alone else _heads(hits)
    return [
        Verdict(
            (
                *_of_itself(hit.method, hit.user_agent, hit.fetched_for, is_click=hit.link is not None),
                *_of_time(hit.at, sent_at, measure),
                *(() if is_alone else _of_company(hit, bursts, heads.get(hit.link, []))),
                *(_of_traps(hit.at, traps) if traps else ()),
                *hit.told,
            ),
            measure.threshold,
        )
        for hit in hits
    ]


@lru_cache(maxsize=8192)  # a mailing's readers use a few hundred programs
def _of_itself(method: str, user_agent: str, fetched_for: str, *, is_click: bool) -> tuple[str, ...]:
    """What a hit says alone, by its method, its headers and what its program calls itself."""
    found = []
    if method != "GET":
        found.append("method")
    if "prefetch" in fetched_for.lower() or "preview" in fetched_for.lower():
        found.append("prefetch")
    if sign := _of_agent(user_agent, is_click=is_click):
        found.append(sign)
    return tuple(found)


def _of_agent(user_agent: str, *, is_click: bool) -> str:
    if not user_agent:
        return "no_agent"
    if user_agent == APPLE_PRIVACY:
        return "apple_privacy"
    if PICTURE_PROXY.search(user_agent):
        return "scanner" if is_click else "proxy"  # a picture proxy follows no links
    return "scanner" if SCANNER.search(user_agent) else ""


def _of_time(at: dt.datetime, sent_at: dt.datetime | None, measure: Measure) -> list[str]:
    if sent_at is None:
        return []
    if at < sent_at:
        return ["before_sending"]
    return ["at_once"] if at < sent_at + dt.timedelta(seconds=measure.at_once) else []


def _of_traps(at: dt.datetime, traps: Sequence[dt.datetime]) -> list[str]:
    return ["trap"] if any(abs(at - trap) <= AROUND_TRAP for trap in traps) else []


def _of_company(hit: Hit, bursts: Set[Hit], heads: list[dt.datetime]) -> list[str]:
    """What the hits around it say."""
    found = ["burst"] if hit in bursts else []
    before = bisect_right(heads, hit.at)
    if hit.method == "GET" and before and hit.at - heads[before - 1] <= PAIR:
        found.append("pair")
    return found


def _heads(hits: Sequence[Hit]) -> dict[int | None, list[dt.datetime]]:
    found: dict[int | None, list[dt.datetime]] = {}
    for hit in sorted((hit for hit in hits if hit.method == "HEAD"), key=lambda hit: hit.at):
        found.setdefault(hit.link, []).append(hit.at)
    return found


def _bursts(hits: Sequence[Hit], measure: Measure) -> Set[Hit]:
    """The clicks that fell within ten seconds on three links or more."""
    clicks = sorted((hit for hit in hits if hit.link is not None), key=lambda hit: hit.at)
    if len(clicks) < measure.burst_links:
        return frozenset()
    span = dt.timedelta(seconds=measure.burst)
    window: Counter[int | None] = Counter()
    found: set[Hit] = set()
    first = marked = 0
    for last, click in enumerate(clicks):
        window[click.link] += 1
        while click.at - clicks[first].at > span:
            window -= Counter([clicks[first].link])
            first += 1
        if len(window) >= measure.burst_links:
            found.update(clicks[max(first, marked) : last + 1])
            marked = last + 1
    return found
