"""An import may declare that its people agreed to text messages, too: with the same evidence, and taken back with it."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from consent import ledger
from recipients.imports import undo
from recipients.tasks import run_import
from tests.conftest import NOON
from tests.recipients.imports.stories import SIGNED_UP, a_user, an_import, an_upload
from tests.recipients.imports.test_views import PURCHASE, post

pytestmark = pytest.mark.django_db
HEADERS = ("E-mail", "Voornaam", "Mobiel")
ROWS = [
    ("ada@example.org", "Ada", "06 12345601"),
    ("bob@example.org", "Bob", "06 12345601"),
    ("cleo@example.org", "Cleo", "010 1234567"),
    ("dirk@example.org", "Dirk", ""),
]
TOO = dataclasses.replace(SIGNED_UP, for_texts=True)


def acts(channel: str, address: str) -> int:
    return len(ledger.evidence_of(channel, address))


def test_mobile_numbers_get_the_evidence_of_the_addresses_each_once_and_landlines_none(tmp_path: Path):
    importing = an_import(ROWS, tmp_path, TOO, headers=HEADERS)

    assert [acts("email", row[0]) for row in ROWS] == [1, 1, 1, 1]
    assert acts("sms", "+31101234567") == 0
    (act,) = ledger.evidence_of("sms", "+31612345601")
    assert (act.evidence_on, act.actor) == (dt.date(2025, 3, 3), f"import:{importing.pk}")


def test_without_the_tick_no_number_agreed(tmp_path: Path):
    an_import(ROWS, tmp_path, headers=HEADERS)
    assert acts("sms", "+31612345601") == 0


def test_undoing_the_import_takes_back_both(tmp_path: Path):
    importing = an_import(ROWS, tmp_path, TOO, headers=HEADERS)
    later = NOON + dt.timedelta(hours=1)
    undo.ask(importing, by=None, now=later)
    assert undo.run(importing.pk, now=later).withdrawn == 5
    assert not ledger.evidence_of("sms", "+31612345601")


def test_the_form_asks_for_it_and_the_page_of_the_import_says_it(client: Client, tmp_path: Path):
    client.force_login(a_user())
    importing = an_upload(ROWS, tmp_path, headers=HEADERS)
    at = reverse("recipients:import", args=[importing.pk])
    assert "agreed to text messages on their mobile number" in client.get(at).content.decode()

    post(client, importing, **PURCHASE, **{"purchase-texts": "on"})
    run_import(import_id=importing.pk)

    assert acts("sms", "+31612345601") == 1
    assert "Text messages, too" in client.get(at).content.decode()
