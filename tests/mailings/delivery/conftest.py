from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from mailings.channels.email import EmailChannel
from tests.mailings.delivery.factories import a_channel
from tests.mailings.peer import Peer


@pytest.fixture(autouse=True)
def _own_ground(settings: Settings, tmp_path: Path) -> None:
    settings.JOURNAL_DIR = tmp_path
    settings.DELIVERY_TURN = 600  # a busy machine is no reason to give a chunk back
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as peer:
        yield peer


@pytest.fixture
def channel(peer: Peer) -> Iterator[EmailChannel]:
    channel = a_channel(peer)
    yield channel
    channel.close()
