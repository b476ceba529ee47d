"""Servers, brokers and clocks that misbehave while a real station sends: everybody once, nobody skipped, each with a reason."""

import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings as configured
from django.utils import timezone
from pytest_django.fixtures import Settings

from mailings import domains, lifecycle
from mailings.delivery import happenings
from mailings.models import GroupLimit, Happening, Mailing, Message
from tests.conftest import NOON
from tests.flows.station import Station, wait_until
from tests.mailings.delivery.factories import a_crowd, count
from tests.mailings.factories import a_mailing, an_author
from tests.mailings.peer import Peer, Script

pytestmark = [pytest.mark.flow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _with_address(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"


@pytest.fixture
def no_room(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 kB, less than a worker sets aside for its journal."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can be made only by root, where mounting is allowed")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def is_sent(mailing: Mailing) -> bool:
    return Mailing.objects.filter(pk=mailing.pk, status="sent").exists()


def accounted(mailing: Mailing, peer: Peer) -> dict[str, str]:
    """Nobody twice; whoever is `sent` was taken, and whoever was taken is sent or unknown."""
    rows = dict(Message.objects.filter(mailing=mailing).values_list("address", "state"))
    taken = set(peer.recipients())
    assert peer.twice() == []
    assert {address for address, state in rows.items() if state == "sent"} <= taken
    assert all(rows[address] in ("sent", "unknown") for address in taken)
    return rows


def test_a_server_with_every_bad_manner_at_once_costs_nobody_their_mail(tmp_path: Path) -> None:
    everybody = [f"r{number}@example.org" for number in range(1, 301)]
    script = Script(
        most_per_connection=25,
        at_rcpt=dict.fromkeys(everybody[::3], "450 4.2.0 not now")
        | dict.fromkeys(everybody[4::50], "421 4.7.0 slow down")
        | {"r2@example.org": "550 5.1.1 no such user"},
        at_end={"r3@example.org": "take and drop"},
    )
    # as the rules for sending set it: "slow down" halves this speed, not one that a busy machine happened to have
    GroupLimit.objects.create(group="example.org", per_minute=12_000)
    with Peer(script) as peer:
        station = Station(
            tmp_path, smtp_url=f"{peer.url}?connections=2", DELIVERY_SERVER_WAIT="0.2", DELIVERY_RETRY_FIRST="0.5"
        )
        with station:
            mailing = lifecycle.start(a_mailing(to=a_crowd(300)), by=None, now=NOON)
            assert wait_until(lambda: len(peer.letters) > 150), station.log()[-3000:]
            script.at_rcpt.clear()  # the burst is over
            script.at_rcpt["r2@example.org"] = "550 5.1.1 no such user"
            done = wait_until(lambda: is_sent(mailing))

    assert done, f"{count(mailing)}\n{station.log()[-3000:]}"
    rows = accounted(mailing, peer)
    assert rows["r2@example.org"] == "failed"
    assert rows["r3@example.org"] == "unknown"
    assert sorted(set(rows.values())) == ["failed", "sent", "unknown"]
    assert list(rows.values()).count("sent") == 298


def test_a_broker_that_forgets_everything_loses_no_mail(tmp_path: Path) -> None:
    with Peer(Script(delay=0.01)) as peer, Station(tmp_path, smtp_url=f"{peer.url}?connections=2") as station:
        mailing = lifecycle.start(a_mailing(to=a_crowd(1_200)), by=None, now=NOON)
        with redis.Redis.from_url(configured.REDIS_URL) as broker:
            for _ in range(8):
                time.sleep(random.uniform(0.1, 0.5))
                broker.delete(station.env["QUEUE"])
        done = wait_until(lambda: is_sent(mailing))

    assert done, f"{count(mailing)}\n{station.log()[-3000:]}"
    assert set(accounted(mailing, peer).values()) == {"sent"}
    assert len(peer.letters) == 1_200


def test_a_full_disk_stops_the_sending_cleanly_and_says_so(tmp_path: Path, no_room: Path) -> None:
    with Peer() as peer:
        station = Station(tmp_path, smtp_url=peer.url, DELIVERY_SERVER_WAIT="0.5")
        station.env["JOURNAL_DIR"] = str(no_room)
        with station:
            mailing = lifecycle.start(a_mailing(to=a_crowd(50)), by=None, now=NOON)
            told = wait_until(lambda: Happening.objects.filter(mailing=mailing, kind="no_room").exists())
            assert told, station.log()[-3000:]
            assert peer.letters == []
            assert "no room on the disk" in happenings.told(mailing)[0].words
            subprocess.run(["mount", "-o", "remount,size=4m", str(no_room)], check=True)
            done = wait_until(lambda: is_sent(mailing))

    assert done, f"{count(mailing)}\n{station.log()[-3000:]}"
    assert set(accounted(mailing, peer).values()) == {"sent"}


def test_fifty_pauses_skip_nobody_and_repeat_nobody(tmp_path: Path) -> None:
    with Peer(Script(delay=0.01)) as peer, Station(tmp_path, smtp_url=f"{peer.url}?connections=2") as station:
        mailing = lifecycle.start(a_mailing(to=a_crowd(1_500)), by=None, now=NOON)
        assert wait_until(lambda: len(peer.letters) > 5), station.log()[-3000:]
        for _ in range(50):
            lifecycle.pause(mailing, by=None, now=timezone.now())
            time.sleep(random.uniform(0, 0.05))
            lifecycle.resume(mailing, by=None, now=timezone.now())
            time.sleep(random.uniform(0, 0.05))
        done = wait_until(lambda: is_sent(mailing))

    assert done, f"{count(mailing)}\n{station.log()[-3000:]}"
    assert set(accounted(mailing, peer).values()) == {"sent"}


def test_real_workers_sign_with_the_domains_keys(tmp_path: Path) -> None:
    domain = domains.add("example.org", by=an_author(), now=NOON)
    domains.start_signing(domain, None, by=an_author(), now=NOON)
    with Peer() as peer, Station(tmp_path, smtp_url=peer.url) as station:
        mailing = lifecycle.start(a_mailing(to=a_crowd(3), from_address="hello@example.org"), by=None, now=NOON)
        done = wait_until(lambda: is_sent(mailing))

    assert done, station.log()[-3000:]
    for letter in peer.letters:
        assert letter.content.count(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.org;") == 1
        assert letter.content.count(b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; d=example.org;") == 1
