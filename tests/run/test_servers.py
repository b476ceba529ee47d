"""The servers of a machine that has none: started, left over, adopted, stopped."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from run.servers import ROOT, Home, running_pid

NAME = "servers-test"
SHOW = "import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 40 + 2').fetchone()[0])"


def without_servers() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}


def with_servers(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "run.servers", NAME, "--", *command],
        cwd=ROOT,
        env=without_servers(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def server_pids() -> list[int]:
    home = Home.of(NAME)
    return [
        pid for file in ("postgres/postmaster.pid", "redis.pid") if (pid := running_pid(home.path / file)) is not None
    ]


@pytest.mark.flow
def test_servers_start_for_a_command_and_end_with_it():
    run = with_servers(sys.executable, "-c", SHOW)

    out, err = run.communicate(timeout=120)

    assert out.strip() == "42", err
    assert server_pids() == []


@pytest.mark.flow
def test_servers_left_over_by_a_killed_owner_are_adopted_and_stopped():
    killed = with_servers("sleep", "600")
    child = wait_for_child(killed.pid)
    killed.send_signal(signal.SIGKILL)
    child.kill()
    killed.communicate()
    assert len(server_pids()) == 2

    out, err = with_servers(sys.executable, "-c", SHOW).communicate(timeout=120)

    assert out.strip() == "42", err
    assert server_pids() == []


def wait_for_child(pid: int) -> psutil.Process:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for child in psutil.Process(pid).children():
            if child.name() == "sleep":
                return child
        time.sleep(0.1)
    raise AssertionError("the command never started")


def test_an_address_that_is_given_is_taken_as_it_is():
    given = without_servers() | {"DATABASE_URL": "postgresql://elsewhere/x", "REDIS_URL": "redis://elsewhere"}

    shown = subprocess.run(
        [sys.executable, "-m", "run.servers", NAME, "--", "sh", "-c", "echo $DATABASE_URL $REDIS_URL"],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        check=True,
    )

    assert shown.stdout.split() == ["postgresql://elsewhere/x", "redis://elsewhere"]
