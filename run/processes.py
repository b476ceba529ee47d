"""One process of `make run`: started, restarted when it dies, stopped with the rest."""

import ctypes
import os
import signal
import subprocess
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
PATIENCE = 10  # seconds to stop by itself
CALM = 30  # seconds alive after which a process counts as healthy again


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies, however it dies (Linux only)."""
    if hasattr(os, "pidfd_open"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.command = command
        self.environment = environment
        self.log = log
        self.failures = 0
        self.started_at = 0.0
        self.start_at: float | None = None
        self.output: IO[bytes] | None = None
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.output = self.output or self.log.open("ab")
        # a session of its own: Ctrl+C reaches only the supervisor, which stops the rest in order
        self.child = subprocess.Popen(
            self.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )

    def watch(self, now: float) -> str:
        """Restart the process when it ended; return a line to show, or nothing."""
        if self.start_at is not None:
            if now >= self.start_at:
                self.start_at, self.started_at = None, now
                self.start()
            return ""
        if self.child is None or self.child.poll() is None:
            if self.started_at and now - self.started_at > CALM:
                self.failures = 0
            return ""
        self.failures += 1
        wait = min(2**self.failures, 30) / 2
        self.start_at = now + wait
        return f"  {self.name} ended ({self.child.returncode}): again in {wait:g} s. See {self.log}"

    def ask_to_stop(self) -> None:
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()

    def stop(self) -> None:
        if self.child is not None:
            try:
                self.child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()
        if self.output is not None:
            self.output.close()
