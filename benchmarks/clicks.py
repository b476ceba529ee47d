"""Clicks: how many redirects a second the web answers when it can do no more, and what kill -9 of it loses."""

import http.client
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from benchmarks import debian
from benchmarks.frame import Figure, Scale
from benchmarks.oneclick import wait_for, web
from mailings.models import Mailing
from tracking import tokens
from tracking.models import Link

TARGET = "https://example.org/the-page"
READERS = 64  # connections at once
LINKS = 2_000  # different ones, over and over
ROUNDS = 3
KILLS = 3

NGINX = """
daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ return 302 {target}; }} }}
}}
"""
ASK = """
local paths, next = {}, 0
for line in io.lines("%s") do paths[#paths + 1] = line end
request = function() next = next %% #paths + 1; return wrk.format("GET", paths[next]) end
"""


def figures(scale: Scale) -> Iterator[Figure]:
    mailing = Mailing.objects.create(name="Clicked", status="sent")
    Link.objects.create(mailing=mailing.pk, number=1, url=TARGET)
    token = tokens.maker("click")
    paths = [f"/c/{token(mailing.pk, message)}/1" for message in range(1, LINKS + 1)]
    seconds = scale.pick(10, 3)
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder, web() as us, nginx() as them:
        script = Path(folder, "ask.lua")
        Path(folder, "paths").write_text("\n".join(paths))
        script.write_text(ASK % (Path(folder, "paths")))
        for _round in range(ROUNDS):
            theirs.append(saturated(them, script, seconds))
            ours.append(saturated(us, script, seconds))
    yield Figure("clicks.redirect", max(ours), "redirects/s", max(theirs), of=f"nginx's own 302, {READERS} connections")
    yield Figure("clicks.lost", sum(lost(paths) for _ in range(KILLS)), "hits", of=f"{KILLS} kills")


def saturated(address: tuple[str, int], script: Path, seconds: int) -> float:
    """Let wrk ask as fast as it can; give redirects a second. Any other answer ends the run."""
    (program,), env = debian.find(["wrk"], ["wrk", "libluajit-5.1-2", "libluajit-5.1-common"])
    command = [program, "-t", "1", "-c", str(READERS), "-d", f"{seconds}s", "-s", str(script)]
    said = subprocess.run(
        [*command, "http://{}:{}".format(*address)], env=env, capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"not every click was answered:\n{said}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if not found:
        raise SystemExit(f"wrk says:\n{said}")
    return float(found[1])


def lost(paths: list[str]) -> int:
    """Kill the web server in the middle of clicks; give how many that were answered are in no journal."""
    for file in journal():
        file.unlink()
    answered: set[int] = set()
    stop = threading.Event()
    with web() as address, ThreadPoolExecutor(8) as readers:
        links = list(enumerate(paths, 1))
        clicking = [readers.submit(click, address, links[share::8], answered, stop) for share in range(8)]
        while len(answered) < LINKS // 4:
            if all(one.done() for one in clicking):
                raise SystemExit("the web server answered too few clicks to be killed among them")
            time.sleep(0.005)
        kill_listeners(address[1])
        stop.set()
    kept = {int(line.split(b"\t")[3]) for file in journal() for line in file.read_bytes().splitlines()}
    return len(answered - kept)


def click(address: tuple[str, int], links: list[tuple[int, str]], answered: set[int], stop: threading.Event) -> None:
    client = http.client.HTTPConnection(*address, timeout=10)
    try:
        for message, path in links:
            client.request("GET", path)
            response = client.getresponse()
            response.read()
            if response.status == 302:
                answered.add(message)
            if stop.is_set():
                return
    except (OSError, http.client.HTTPException):
        return
    finally:
        client.close()


def journal() -> list[Path]:
    return list((settings.JOURNAL_DIR / "hits").glob("*.log"))


def kill_listeners(port: int) -> None:
    """kill -9 every process of ours that serves this port."""
    mine = subprocess.run(
        ["pgrep", "-f", f"granian .*--port {port} "], capture_output=True, text=True, check=True
    ).stdout.split()
    for process in mine:
        os.kill(int(process), signal.SIGKILL)


@contextmanager
def nginx() -> Iterator[tuple[str, int]]:
    """The yardstick: a web server that answers every request with the same redirect."""
    (program,), env = debian.find(["nginx"], ["nginx"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "nginx.conf")
        file.write_text(NGINX.format(folder=folder, port=port, target=TARGET))
        process = subprocess.Popen([program, "-p", folder, "-c", str(file)], env=env, stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            yield "127.0.0.1", port
        finally:
            process.terminate()
            process.wait(10)
