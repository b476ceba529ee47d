"""Postfix's test programs, smtp-source and smtp-sink: a yardstick that is not ours. No mail server is started."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks import debian


@dataclass(frozen=True)
class Programs:
    source: str
    sink: str
    env: dict[str, str]


def programs() -> Programs:
    """Find them on the machine, else unpack them (nothing is installed or started)."""
    (source, sink), env = debian.find(["smtp-source", "smtp-sink"], ["postfix"])
    return Programs(source, sink, env)


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
    raise debian.Missing("smtp-sink does not listen")


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
