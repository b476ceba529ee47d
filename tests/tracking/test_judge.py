"""Human or machine, told by what scanners do and people do not."""

import datetime as dt

import pytest

from tests.conftest import NOON
from tracking.judge import Hit, judge

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def a_hit(after: float, link: int | None = None, **more: str) -> Hit:
    return Hit(at=NOON + dt.timedelta(seconds=after), link=link, **{"user_agent": FIREFOX, **more})


def said(*hits: Hit) -> list[tuple[bool, tuple[str, ...]]]:
    return [(verdict.is_machine, verdict.reasons) for verdict in judge(hits, sent_at=NOON)]


@pytest.mark.parametrize(
    ("hit", "is_machine", "reasons"),
    [
        (a_hit(60), False, ()),
        (a_hit(3, link=1), False, ()),  # a fast human
        (a_hit(60, method="HEAD"), True, ("method",)),
        (a_hit(60, fetched_for="prefetch"), True, ("prefetch",)),
        (a_hit(60, fetched_for="prefetch;anonymous-client-ip"), True, ("prefetch",)),
        (a_hit(-1), True, ("before_sending",)),
        (a_hit(1), True, ("at_once",)),
        (a_hit(60, user_agent=""), True, ("no_agent",)),
        (a_hit(60, user_agent="python-requests/2.32"), True, ("scanner",)),
        (a_hit(60, user_agent="Mozilla/5.0 (compatible; BingPreview/1.0b)"), True, ("scanner",)),
        (a_hit(60, user_agent="Mozilla/5.0"), True, ("apple_privacy",)),
        (a_hit(60, user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)"), False, ("proxy",)),
        (a_hit(60, link=1, user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)"), True, ("scanner",)),
        (a_hit(1, user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)"), True, ("proxy", "at_once")),
    ],
)
def test_one_hit_alone(hit, is_machine, reasons):
    assert said(hit) == [(is_machine, reasons)]


def test_every_link_within_seconds_is_a_scanner_and_the_human_an_hour_later_is_not():
    scanner = [a_hit(30 + number, link=number) for number in (1, 2, 3)]
    human = a_hit(3600, link=2)

    assert [machine for machine, _ in said(*scanner, human)] == [True, True, True, False]


def test_two_links_in_ten_seconds_are_a_human():
    assert not any(machine for machine, _ in said(a_hit(30, link=1), a_hit(34, link=2), a_hit(36, link=1)))


def test_a_look_by_head_gives_away_the_get_behind_it():
    pair = said(a_hit(60, link=1, method="HEAD"), a_hit(61, link=1))

    assert [machine for machine, _ in pair] == [True, True]


@pytest.mark.parametrize(
    ("after", "is_machine"), [(3_600, True), (3_600 + 599, True), (3_600 - 599, True), (4_300, False)]
)
def test_whoever_followed_the_hidden_link_is_a_machine_for_ten_minutes_around(after, is_machine):
    trap = NOON + dt.timedelta(seconds=3_600)

    verdict = judge([a_hit(after, link=1)], sent_at=NOON, traps=[trap])[0]

    assert verdict.is_machine == is_machine
    assert verdict.reasons == (("trap",) if is_machine else ())


def test_without_a_moment_of_sending_time_says_nothing():
    assert [verdict.reasons for verdict in judge([a_hit(0)], sent_at=None)] == [()]
