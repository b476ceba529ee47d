"""An import that is killed, again and again, by the operating system; and one that a real worker takes up by itself."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from consent import ledger
from consent.models import ConsentEvent, Standing
from recipients.models import Company, EmailAddress, Import, Person, Selection
from recipients.tasks import run_import
from tests.flows.station import Station, _database_url, wait_until
from tests.recipients.imports.stories import a_started_import

pytestmark = [pytest.mark.flow, pytest.mark.django_db(transaction=True)]

PEOPLE = 4_000
KILLS = 6
# One worker's life, `hours` later than the one before: its lease has run out by then.
WORKER = """
import datetime as dt, sys
import django
django.setup()
from django.utils import timezone
from recipients.imports import runs
later = dt.timedelta(hours=int(sys.argv[2]))
runs.run(int(sys.argv[1]), worker="w", clock=lambda: timezone.now() + later, size=200)
"""


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def a_crowd() -> list[tuple[str, str, str, str]]:
    return [(f"person{n}@example.org", "Person", f"Number{n}", f"Company {n % 50}") for n in range(PEOPLE)]


def a_worker(importing: Import, folder: Path, *, hours: int) -> subprocess.Popen[bytes]:
    env = os.environ | {"DATABASE_URL": _database_url(), "POSTDUIF_VAR": str(folder)}
    command = [sys.executable, "-c", WORKER, str(importing.pk), str(hours)]
    return subprocess.Popen(command, cwd=django_settings.BASE_DIR, env=env)


def assert_nobody_twice_and_nobody_missing(importing: Import) -> None:
    importing.refresh_from_db()
    assert (importing.state, importing.problem) == ("finished", "")
    assert (importing.created, importing.same, importing.done) == (PEOPLE, 0, PEOPLE)
    assert Person.objects.count() == EmailAddress.objects.values("address").distinct().count() == PEOPLE
    assert Selection.objects.get().members.count() == PEOPLE
    assert (ConsentEvent.objects.count(), Standing.objects.count()) == (PEOPLE, PEOPLE)
    assert Company.objects.count() == 50
    assert ledger.verify().is_whole


def test_killed_at_random_moments_it_goes_on_where_it_was(tmp_path: Path) -> None:
    importing = a_started_import(a_crowd(), tmp_path, selection_name="Crowd")
    progress = []
    for hour in range(KILLS):
        worker = a_worker(importing, tmp_path, hours=hour)
        wait_until(moved_beyond(importing, done=progress[-1] if progress else 0), seconds=20)
        time.sleep(random.uniform(0, 0.15))
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
        progress.append(Import.objects.get(pk=importing.pk).done)
        assert Person.objects.count() == progress[-1] == ConsentEvent.objects.count(), "half a batch was written"

    assert a_worker(importing, tmp_path, hours=KILLS + 1).wait(60) == 0

    assert progress == sorted(progress)
    assert_nobody_twice_and_nobody_missing(importing)


def moved_beyond(importing: Import, *, done: int) -> Callable[[], bool]:
    return Import.objects.filter(pk=importing.pk, done__gt=done).exists


def test_a_real_worker_carries_it_out(tmp_path: Path) -> None:
    importing = a_started_import(a_crowd(), tmp_path, selection_name="Crowd")
    with Station(tmp_path, smtp_url="smtp://127.0.0.1:9", POSTDUIF_VAR=str(tmp_path)) as station:
        run_import.apply_async(kwargs={"import_id": importing.pk}, queue=station.env["QUEUE"])
        done = wait_until(lambda: Import.objects.filter(pk=importing.pk, state="finished").exists())
        assert done, station.log()[-3000:]

    assert_nobody_twice_and_nobody_missing(importing)
