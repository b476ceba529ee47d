"""Nobody is skipped and nobody gets it twice, whatever is killed: real workers, a real beat, a counting mail server."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailings import lifecycle
from mailings.models import Mailing, Message
from tests.conftest import NOON
from tests.flows.station import Station, wait_until
from tests.mailings.delivery.factories import a_crowd, count
from tests.mailings.factories import a_mailing
from tests.mailings.peer import Letter, Peer, Script

pytestmark = [pytest.mark.flow, pytest.mark.django_db(transaction=True)]

CONNECTIONS = 4
SLOW = Script(delay=0.015)


@pytest.fixture(autouse=True)
def _with_address(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"


def is_final(mailing: Mailing) -> bool:
    return Mailing.objects.filter(pk=mailing.pk, status="sent").exists()


def assert_kept_promise(mailing: Mailing, letters: list[Letter], *, at_most_unknown: int) -> None:
    """0 twice, 0 skipped, every row final, and no more unknown than was on the wire at the kills."""
    received = Counter(letter.recipient for letter in letters)
    rows = dict(Message.objects.filter(mailing=mailing).values_list("address", "state"))
    assert [address for address, times in received.items() if times > 1] == [], "sent twice"
    assert set(rows.values()) <= {"sent", "unknown"}, "every row is final"
    assert [address for address, state in rows.items() if state == "sent" and address not in received] == [], "skipped"
    unknown = [address for address, state in rows.items() if state == "unknown"]
    assert len(unknown) <= at_most_unknown, f"{len(unknown)} unknown"
    assert len({letter.message_id for letter in letters}) == len(letters)


def test_workers_killed_at_random_moments(tmp_path: Path) -> None:
    with Peer(SLOW) as peer, Station(tmp_path, smtp_url=f"{peer.url}?connections={CONNECTIONS}") as station:
        mailing = lifecycle.start(a_mailing(to=a_crowd(2_500)), by=None, now=NOON)
        assert wait_until(lambda: len(peer.letters) > 50), station.log()
        killed = 0
        for _ in range(8):
            time.sleep(random.uniform(0.2, 1.2))
            killed += station.kill_a_child()
        done = wait_until(lambda: is_final(mailing))

    assert done, f"{count(mailing)}\n{station.log()[-3000:]}"
    assert killed >= 5
    assert_kept_promise(mailing, peer.letters, at_most_unknown=killed * CONNECTIONS)


def test_the_whole_station_and_the_mail_server_killed_and_started_again(tmp_path: Path) -> None:
    letters: list[Letter] = []
    peer = Peer(SLOW, letters=letters)
    on_the_wire = 0
    with Station(tmp_path, smtp_url=f"{peer.url}?connections={CONNECTIONS}", DELIVERY_SERVER_WAIT="1") as station:
        mailing = lifecycle.start(a_mailing(to=a_crowd(1_500)), by=None, now=NOON)
        assert wait_until(lambda: len(letters) > 50), station.log()
        for _ in range(2):
            time.sleep(random.uniform(0.2, 0.8))
            on_the_wire += station.kill_worker() * CONNECTIONS
            station.start_worker()
            seen = len(letters)
            wait_until(lambda seen=seen: len(letters) > seen + 50, seconds=20)
            peer.close()
            on_the_wire += station.concurrency * CONNECTIONS
            peer = Peer(SLOW, port=peer.port, letters=letters)
            station.kill_beat()
            station.start_beat()
            station.cut_database()
        done = wait_until(lambda: is_final(mailing))
        peer.close()

    assert done, f"{count(mailing)}\n{station.log()[-3000:]}"
    assert_kept_promise(mailing, letters, at_most_unknown=on_the_wire)


def test_pausing_and_resuming_again_and_again_sends_to_everybody_once(tmp_path: Path) -> None:
    with Peer(SLOW) as peer, Station(tmp_path, smtp_url=f"{peer.url}?connections={CONNECTIONS}") as station:
        mailing = lifecycle.start(a_mailing(to=a_crowd(1_000)), by=None, now=NOON)
        assert wait_until(lambda: len(peer.letters) > 20), station.log()
        for _ in range(10):
            lifecycle.pause(mailing, by=None, now=timezone.now())
            time.sleep(random.uniform(0, 0.2))
            lifecycle.resume(mailing, by=None, now=timezone.now())
            time.sleep(random.uniform(0, 0.4))
        done = wait_until(lambda: is_final(mailing))

    assert done, f"{count(mailing)}\n{station.log()[-3000:]}"
    assert_kept_promise(mailing, peer.letters, at_most_unknown=0)
