"""A synthetic log of people and machines with labels: how many machines are caught, and how few people are called one."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings as django_settings

from mailings import statistics
from mailings.models import Message
from tests.conftest import NOON
from tests.mailings.factories import a_mailing
from tests.tracking.factories import an_event
from tracking import journal, networks
from tracking.models import Event, Kind

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
LINKS = 6


@dataclass(frozen=True)
class Said:
    """One hit of the log with the truth about it."""

    who: str
    after: float  # seconds after the hand-over
    link: int | None
    agent: str
    ip: str
    is_machine: bool
    method: str = "GET"
    fetched_for: str = ""


def people(dice: random.Random) -> Iterator[list[Said]]:
    """Readers: at home, on the phone, through Gmail, in an office with one address, and a few who are very quick."""
    for number in range(400):
        ip = f"198.51.100.{number % 250}"
        agent = dice.choice([FIREFOX, PHONE, CHROME.format(130 + number % 9)])
        opened = dice.expovariate(1 / 7200) + 4
        hits = [Said("reader", opened, None, dice.choice([agent, GMAIL]), ip, False)]
        for _click in range(dice.choice([0, 0, 1, 1, 2, 3])):
            opened += dice.uniform(5, 120)
            hits.append(Said("reader", opened, dice.randint(1, LINKS), agent, ip, False))
        yield hits
    for _number in range(60):  # one office, one address, over the first half hour
        agent = CHROME.format(dice.randint(120, 139))
        first = dice.uniform(10, 1800)
        yield [
            Said("office", first, None, agent, "203.0.113.9", False),
            Said("office", first + dice.uniform(4, 40), dice.randint(1, LINKS), agent, "203.0.113.9", False),
        ]
    for number in range(20):  # three seconds after the hand-over, and a second link right away
        yield [
            Said("quick", 3 + number / 10, 1, FIREFOX, f"192.0.2.{number}", False),
            Said("quick", 6 + number / 10, 2, FIREFOX, f"192.0.2.{number}", False),
        ]


def machines(dice: random.Random) -> Iterator[list[Said]]:
    """Scanners that follow every link, that call by HEAD, that say their name; Apple's proxy; browsers that fetch ahead."""
    for number in range(120):
        agent, ip, start = CHROME.format(120), f"52.0.{number}.7", dice.uniform(0.5, 600)
        yield [Said("follows all", start + n * 0.4, n, agent, ip, True) for n in range(1, LINKS + 1)]
    for number in range(60):
        start = dice.uniform(5, 300)
        yield [
            Said("head", start, 1, FIREFOX, f"52.1.{number}.7", True, "HEAD"),
            Said("head", start + 0.3, 1, FIREFOX, f"52.1.{number}.7", True),
        ]
    for number in range(60):
        agent = dice.choice(
            ["Barracuda Sentinel (EE)", "Mozilla/5.0 (compatible; BingPreview/1.0b)", "python-requests/2.32", ""]
        )
        yield [Said("named", dice.uniform(3, 900), dice.choice([None, 1, 2]), agent, f"52.2.{number}.7", True)]
    for number in range(120):
        yield [Said("apple", dice.uniform(3, 3600), None, "Mozilla/5.0", f"17.58.{number}.7", True)]
    for number in range(40):
        yield [Said("ahead", dice.uniform(10, 900), 1, PHONE, f"198.18.0.{number}", True, fetched_for="prefetch")]
    for number in range(60):  # one scanner for a whole company, a link each, under a browser's name
        yield [Said("crowd", 120 + number * 2, 1, CHROME.format(99), "52.9.9.9", True)]


def the_log() -> list[tuple[int, Said]]:
    """Each message has one story; a third of the people also have a scanner before them."""
    dice = random.Random(4711)
    stories = [*people(dice), *machines(dice)]
    scanners = list(machines(dice))
    stories = [
        [*story, *scanners[n % 120]] if n % 3 == 0 and not story[0].is_machine else story
        for n, story in enumerate(stories)
    ]
    return [(number, hit) for number, story in enumerate(stories) for hit in story]


def judged(order: random.Random | None = None) -> list[tuple[Said, bool]]:
    """Send, write the log down as the web server would, fold; give each hit with the verdict."""
    mailing = a_mailing(status="sent", started_at=NOON)
    log = the_log()
    count = max(number for number, _hit in log) + 1
    rows = Message.objects.bulk_create(
        Message(mailing=mailing, address=f"r{n}@example.org", state="sent", sent_at=NOON) for n in range(count)
    )
    events = [
        an_event(
            Kind.OPEN if hit.link is None else Kind.CLICK,
            mailing=mailing.pk,
            message=rows[number].pk,
            after=hit.after,
            link=hit.link,
            user_agent=hit.agent,
            ip=hit.ip,
            method=hit.method,
            fetched_for=hit.fetched_for,
            origin=f"log:{index}",
        )
        for index, (number, hit) in enumerate(log)
    ]
    told = sorted(events, key=lambda event: event.at)
    if order:
        order.shuffle(told)
    for start in range(0, len(told), 137):
        journal.record(told[start : start + 137])
        statistics.fold(now=NOON + dt.timedelta(days=1))
    verdicts = dict(Event.objects.values_list("origin", "is_machine"))
    return [(hit, verdicts[f"log:{index}"]) for index, (_number, hit) in enumerate(log)]


def rates(verdicts: list[tuple[Said, bool]]) -> tuple[float, float]:
    """(recall of machines, share of people's hits that are called a machine's)."""
    machines_, humans = [v for hit, v in verdicts if hit.is_machine], [v for hit, v in verdicts if not hit.is_machine]
    return sum(machines_) / len(machines_), sum(humans) / len(humans)


def test_nearly_every_machine_is_caught_and_hardly_any_person():
    verdicts = judged()
    recall, wrong = rates(verdicts)

    assert recall >= 0.95
    assert wrong <= 0.02
    for kind in ("office", "quick"):
        assert not any(verdict for hit, verdict in verdicts if hit.who == kind and hit.agent)
    assert sum(v for hit, v in verdicts if hit.who == "crowd") >= 57


def test_the_order_in_which_hits_come_in_changes_no_verdict():
    assert judged(random.Random(1)) == judged(random.Random(2))


def test_a_stricter_or_milder_measure_judges_the_past_anew(settings):
    mailing = a_mailing(status="sent", started_at=NOON)
    row = Message.objects.create(mailing=mailing, address="ada@example.org", state="sent", sent_at=NOON)
    journal.record([an_event(Kind.CLICK, mailing=mailing.pk, message=row.pk, link=n, after=60 + n) for n in (1, 2, 3)])
    statistics.fold(now=NOON)
    assert Event.objects.filter(is_machine=True).count() == 3

    settings.JUDGE = {"burst_links": 4}
    statistics.rebuild(mailing, now=NOON)

    assert Event.objects.filter(is_machine=True).count() == 0
    row.refresh_from_db()
    assert row.clicked_at


def test_a_data_centres_network_weighs_with_other_signs(tmp_path, settings):
    settings.JUDGE_NETWORKS = tmp_path / "networks.txt"
    settings.JUDGE_NETWORKS.write_text("# clouds\n52.0.0.0/8\n2001:db8::/32\nnonsense\n10.0.0.0/8 # ours\n")
    known = networks.known(settings.JUDGE_NETWORKS)

    assert [known.hold(ip) for ip in ("52.1.2.3", "53.0.0.1", "2001:db8::1", "2001:db9::1", "9.255.255.255", None)] == [
        True,
        False,
        True,
        False,
        False,
        False,
    ]
    assert not networks.known(tmp_path / "gone.txt").ranges


def test_the_house_judges_as_usual_unless_told_otherwise():
    assert django_settings.JUDGE == {}
