"""One click (RFC 8058) under pressure: 200 mail providers post at the same moment while a mailing is being sent."""

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from benchmarks import delivery, postfix
from benchmarks.frame import Figure, Scale
from consent import unsubscribe
from consent.models import ConsentEvent, SubscriptionType, Suppression
from mailings import lifecycle, tasks
from mailings.models import Chunk
from recipients.models import EmailAddress

AT_ONCE = 200
ROUNDS = 5
BODY = "List-Unsubscribe=One-Click"


def figures(scale: Scale) -> Iterator[Figure]:
    size = scale.pick(50_000, 4_000)
    crowd = delivery.a_crowd(size)
    found = EmailAddress.objects.order_by("pk").values_list("address", flat=True)[: AT_ONCE * ROUNDS]
    of_type = SubscriptionType.objects.first()
    if of_type is None:
        raise SystemExit("there is no subscription type")
    links = list(unsubscribe.links(found, of_type).values())
    slowest = []
    with postfix.sink() as port, delivery.station(port), web() as address:
        post(address, "/u/nobody/1/")  # warm
        mailing = delivery.a_mailing(crowd)
        lifecycle.start(mailing, by=None, now=timezone.now())
        tasks.tick.delay()
        for number in range(ROUNDS):
            if not Chunk.objects.filter(mailing=mailing).exclude(state=Chunk.State.DONE).exists():
                break  # only what happened while it was being sent counts
            times = together(address, links[number * AT_ONCE : (number + 1) * AT_ONCE])
            slowest.append(sorted(times)[round(0.99 * len(times)) - 1] * 1000)
    if not slowest:
        raise SystemExit("the mailing was out before anybody left: this run says nothing")
    left = Suppression.objects.filter(reason="unsubscribed").count()
    if left != len(slowest) * AT_ONCE or ConsentEvent.objects.filter(act="withdrawn").count() != left:
        raise SystemExit(f"{left} of {len(slowest) * AT_ONCE} left: somebody was not heard")
    yield Figure("oneclick.p99", statistics.median(slowest), "ms", of=f"{AT_ONCE} at once, {len(slowest)} rounds")


def together(address: tuple[str, int], links: list[str]) -> list[float]:
    """Post to all links at the same moment; give how long each took. Anything but 200 ends the run."""
    gate = threading.Barrier(len(links))

    def leave(link: str) -> float:
        gate.wait(60)
        started = time.perf_counter()
        status = post(address, link)
        if status != 200:
            raise SystemExit(f"the endpoint answered {status}")
        return time.perf_counter() - started

    with ThreadPoolExecutor(len(links)) as providers:
        return list(providers.map(leave, links))


def post(address: tuple[str, int], path: str, body: str = BODY) -> int:
    client = http.client.HTTPConnection(*address, timeout=60)
    try:
        client.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        response = client.getresponse()
        response.read()
        return response.status
    finally:
        client.close()


@contextmanager
def web(env: Mapping[str, str] | None = None) -> Iterator[tuple[str, int]]:
    """The web server as it runs in production, on this run's database; `env` adds to its environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "2", "--blocking-threads", "4", "--backlog", "1024"]
    process = subprocess.Popen(
        [*command, "--log-level", "critical", "config.wsgi:application"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"ALLOWED_HOSTS": "127.0.0.1"} | dict(env or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(port)
        yield "127.0.0.1", port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the web server did not start")
