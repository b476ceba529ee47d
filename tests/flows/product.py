"""The whole product on the test's database: workers, beat, web server and inbound port as real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests
from django.conf import settings as wired
from pytest_django.fixtures import Settings

from tests.demo.worlds import RunningWorld
from tests.flows.station import Station, wait_until


@contextmanager
def the_product(folder: Path, world: RunningWorld, settings: Settings, inbound: str) -> Iterator[Station]:
    """Workers, beat, web server and inbound port on the test's database."""
    smtp_url = f"smtp://127.0.0.1:{world.port}"
    env = {"BASE_URL": settings.BASE_URL, "DELIVERY_RETRY_FIRST": "0.5", "POSTDUIF_VAR": str(folder)}
    with Station(folder, smtp_url=smtp_url, **env) as station, ExitStack() as running:
        web = [str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--host", "127.0.0.1"]
        for name, command in {
            "web": [*web, "--port", settings.BASE_URL.rpartition(":")[2], "config.wsgi:application"],
            "inbound": [sys.executable, "manage.py", "inbound", "--listen", inbound],
        }.items():
            running.enter_context(a_process(command, station.env, folder / f"{name}.out"))
        assert wait_until(lambda: answers(settings.BASE_URL), seconds=90), (folder / "web.out").read_text()
        yield station


@contextmanager
def a_process(command: list[str], env: dict[str, str], log: Path) -> Iterator[None]:
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=wired.BASE_DIR, env=env, stdout=output, stderr=output, start_new_session=True
        ) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:  # granian does not hear it while it starts
                os.killpg(process.pid, signal.SIGKILL)


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health/", timeout=5).ok
    except requests.RequestException:
        return False
