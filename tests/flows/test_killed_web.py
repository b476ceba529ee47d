"""The web server killed while mail goes out and its readers click: every click it answered is kept, nobody is mailed twice."""

import email
import email.policy
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from pytest_django.fixtures import Settings

from mailings import lifecycle
from mailings.models import Mailing
from tests.conftest import NOON
from tests.demo.worlds import a_free_port
from tests.flows.product import answers
from tests.flows.station import Station, wait_until
from tests.mailings.delivery.factories import a_crowd, count
from tests.mailings.factories import a_mailing
from tests.mailings.peer import Letter, Peer, Script
from tracking import tokens
from tracking.models import Event

pytestmark = [pytest.mark.flow, pytest.mark.django_db(transaction=True)]

READERS = 4  # at once
KILLS = 3


class Readers:
    """Click the link of letters that arrived, and remember for which message an answer came back."""

    def __init__(self, letters: list[Letter]) -> None:
        self.letters = letters
        self.answered: Counter[int] = Counter()
        self.tried: Counter[int] = Counter()
        self.ends = threading.Event()

    def click(self) -> None:
        session = requests.Session()
        while not self.ends.wait(0.002):
            address = link_in(random.choice(self.letters))
            _mailing, message = tokens.read("click", address.split("/")[-2])
            self.tried[message] += 1
            try:
                answer = session.get(address, allow_redirects=False, timeout=5)
            except requests.RequestException:
                continue
            if answer.status_code == 302:
                self.answered[message] += 1


def link_in(letter: Letter) -> str:
    mail = email.message_from_bytes(letter.content, policy=email.policy.default)
    page = mail.get_body(("html",))
    assert page is not None
    found = re.search(r'href="(http://[^"]+/c/[^"]+)"', page.get_content())
    assert found, page.get_content()
    return found[1]


@contextmanager
def clicking(letters: list[Letter]) -> Iterator[Readers]:
    readers = Readers(letters)
    threads = [threading.Thread(target=readers.click) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield readers
    finally:
        readers.ends.set()
        for thread in threads:
            thread.join()


def clicks_of(mailing: Mailing) -> Counter[int]:
    return Counter(Event.objects.filter(mailing=mailing.pk, kind="click").values_list("message", flat=True))


def test_a_web_server_killed_during_a_send_loses_no_click_it_answered(tmp_path: Path, settings: Settings) -> None:
    port = a_free_port()
    settings.BASE_URL = f"http://127.0.0.1:{port}"
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    with (
        Peer(Script(delay=0.4)) as peer,
        Station(tmp_path, smtp_url=f"{peer.url}?connections=4", BASE_URL=settings.BASE_URL) as station,
    ):
        station.start_web(port)
        assert wait_until(lambda: answers(settings.BASE_URL)), station.log()
        mailing = lifecycle.start(a_mailing(to=a_crowd(1_000)), by=None, now=NOON)
        assert wait_until(lambda: len(peer.letters) > 50), station.log()
        during = 0
        with clicking(peer.letters) as readers:
            for _ in range(KILLS):
                seen = readers.answered.total()
                assert wait_until(lambda seen=seen: readers.answered.total() > seen + 50), station.log()
                time.sleep(random.uniform(0, 0.3))
                during += Mailing.objects.filter(pk=mailing.pk, status="sending").count()
                station.kill_web()
                station.start_web(port)
            assert wait_until(lambda: answers(settings.BASE_URL)), station.log()
        peer.script.delay = 0
        done = wait_until(lambda: Mailing.objects.filter(pk=mailing.pk, status="sent").exists())
        kept = wait_until(lambda: clicks_of(mailing) >= readers.answered)
        folded = wait_until(lambda: not Event.objects.filter(mailing=mailing.pk, folded_at=None).exists())

    assert done, f"{count(mailing)}\n{station.log()[-3000:]}"
    assert during == KILLS, "the mail was out before the web server died"
    assert kept, f"lost: {readers.answered - clicks_of(mailing)}"
    assert folded
    assert clicks_of(mailing) <= readers.tried, "no click is counted twice"
    assert count(mailing) == {"sent": 1_000}
    assert peer.twice() == []
    assert len({letter.recipient for letter in peer.letters}) == len(peer.letters) == 1_000
