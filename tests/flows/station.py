"""Real worker and beat processes on the test's database, started, killed and started again."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo


class Station:
    """`celery worker` and `celery beat` as in production; `with Station(...) as station:` leaves nothing running."""

    def __init__(self, folder: Path, *, smtp_url: str, concurrency: int = 2, **env: str) -> None:
        self.folder = folder
        self.concurrency = concurrency
        self.journal = folder / "journal"
        self.env = os.environ | {
            "DATABASE_URL": _database_url(),
            "SMTP_URL": smtp_url,
            "JOURNAL_DIR": str(self.journal),
            "QUEUE": f"test-{os.getpid()}-{random.randrange(10**9)}",
            "POSTAL_ADDRESS": "De Werkbank, Kade 4, 3011 Rotterdam",
            **env,
        }
        self.worker: subprocess.Popen[bytes] | None = None
        self.beat: subprocess.Popen[bytes] | None = None
        self.web: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Station":
        self.start_worker()
        self.start_beat()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill_worker()
        self.kill_beat()
        self.kill_web()

    def start_worker(self) -> None:
        self.worker = self._start(
            "worker", f"--concurrency={self.concurrency}", "--without-gossip", "--without-mingle", "--loglevel=WARNING"
        )

    def start_beat(self) -> None:
        self.beat = self._start("beat", f"--schedule={self.folder / 'beat'}", "--loglevel=WARNING", "--pidfile=")

    def start_web(self, port: int) -> None:
        granian = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
        self.web = self._start_module("web", *granian, "config.wsgi:application")

    def children(self) -> list[psutil.Process]:
        """The processes that hand over."""
        if self.worker is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.worker.pid).children()
        return []

    def kill_a_child(self) -> int:
        """kill -9 one of them at whatever it is doing; returns how many were killed."""
        children = self.children()
        if not children:
            return 0
        with contextlib.suppress(psutil.NoSuchProcess):
            random.choice(children).kill()
        return 1

    def kill_worker(self) -> int:
        """kill -9 the worker and all its processes at once; returns how many were handing over."""
        if self.worker is None:
            return 0
        children = len(self.children())
        self._kill(self.worker)
        self.worker = None
        return children

    def kill_beat(self) -> None:
        if self.beat is not None:
            self._kill(self.beat)
        self.beat = None

    def kill_web(self) -> None:
        """kill -9 the web server and its workers, in the middle of whatever they answer."""
        if self.web is not None:
            self._kill(self.web)
        self.web = None

    def cut_database(self) -> None:
        """Break every database connection but our own, as a server that is started again does."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def log(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.out"))

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        return self._start_module(command[0], "celery", "-A", "config", *command)

    def _start_module(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.out").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=settings.BASE_DIR,
                env=self.env,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @staticmethod
    def _kill(process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def wait_until(is_so: Callable[[], bool], *, seconds: float = 120) -> bool:
    """Look ten times a second."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if is_so():
            return True
        time.sleep(0.1)
    return False


def _database_url() -> str:
    given = connection.settings_dict
    parts = {"dbname": given["NAME"], "user": given["USER"], "password": given["PASSWORD"]}
    parts |= {"host": given["HOST"], "port": given["PORT"]}
    return make_conninfo("", **{key: value for key, value in parts.items() if value})
