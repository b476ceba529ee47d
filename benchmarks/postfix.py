"""Postfix's test programs, smtp-source and smtp-sink: a yardstick that is not ours. No mail server is started."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "var" / "postfix"


class Missing(SystemExit):
    """The programs are not here and cannot be fetched; the sentence says what to do."""


@dataclass(frozen=True)
class Programs:
    source: str
    sink: str
    env: dict[str, str]


def programs() -> Programs:
    """Find them on the machine, else unpack them from Debian's package into var/ (nothing is installed or started)."""
    source, sink = shutil.which("smtp-source"), shutil.which("smtp-sink")
    if source and sink:
        return Programs(source, sink, dict(os.environ))
    if not (FOLDER / "usr/sbin/smtp-sink").exists():
        _unpack()
    libraries = str(FOLDER / "usr/lib/postfix")
    binaries = FOLDER / "usr/sbin"
    return Programs(
        str(binaries / "smtp-source"), str(binaries / "smtp-sink"), os.environ | {"LD_LIBRARY_PATH": libraries}
    )


def _unpack() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["apt-get", "download", "postfix"], cwd=FOLDER, check=True, capture_output=True)
        package = next(FOLDER.glob("postfix_*.deb"))
        subprocess.run(["dpkg", "-x", package.name, "."], cwd=FOLDER, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        raise Missing(
            "The reference needs Postfix's smtp-source and smtp-sink, and they could not be fetched "
            f"({error}). Install Debian's package postfix, or run this where apt-get download works."
        ) from error


@contextmanager
def sink() -> Iterator[int]:
    """A mail server that takes everything and keeps nothing; yields its port."""
    found = programs()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [found.sink, *user, f"127.0.0.1:{port}", "1000"]
    process = subprocess.Popen(command, env=found.env, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise Missing("smtp-sink does not listen")


def send(port: int, messages: int, size: int, sessions: int, *, keeps_connections: bool = False) -> None:
    """Let smtp-source send so many messages of `size` bytes, as it does by itself or over kept connections (-d)."""
    found = programs()
    subprocess.run(
        [
            found.source,
            *(["-d"] if keeps_connections else []),
            *("-s", str(sessions), "-m", str(messages), "-l", str(size)),
            *("-f", "sender@example.org", "-t", "reader@example.net"),
            f"127.0.0.1:{port}",
        ],
        env=found.env,
        check=True,
    )
