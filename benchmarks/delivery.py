"""Delivery: whole campaigns through real Celery workers and PostgreSQL into smtp-sink, beside Postfix's own source."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db import connection
from django.utils import timezone

from benchmarks import postfix, render
from benchmarks import sink as slow
from benchmarks.frame import Figure, Scale, interleaved, rate
from consent import ledger
from consent.models import SubscriptionType
from mailings import lifecycle, tasks
from mailings.channels import Outgoing
from mailings.channels.dkim import Key, Signer
from mailings.channels.email import EmailChannel
from mailings.channels.smtp import Account
from mailings.delivery import letters, writing
from mailings.models import Chunk, Mailing, Message, Source
from mailings.rendering.compile import compile_letter
from recipients.models import Company, EmailAddress, Person, Selection, SelectionMember

WORKERS = 2
CONNECTIONS = 4  # per worker
SESSIONS = WORKERS * CONNECTIONS  # of the reference: as many as ours
STATIC = b"Subject: hello\r\n\r\n" + b"A line of a letter that is the same for everybody, seventy-two wide.\r\n" * 180
PATIENCE = 900  # seconds for one campaign


def figures(scale: Scale) -> Iterator[Figure]:
    size = scale.pick(50_000, 5_000)
    everybody = a_crowd(size)
    with postfix.sink() as port, station(port):
        campaign(everybody)  # warm: connections, caches, statistics of the tables
        static = a_letter()
        medians = interleaved(
            {
                "campaign": lambda: rate(size, lambda: campaign(everybody)),
                "source": lambda: rate(size, lambda: postfix.send(port, size, len(static), SESSIONS)),
                "source -d": lambda: rate(
                    size, lambda: postfix.send(port, size, len(static), SESSIONS, keeps_connections=True)
                ),
                "replay": lambda: rate(size, lambda: replay(port, size, static)),
            }
        )
    kept = f"smtp-source -s {SESSIONS} (with -d {medians['source -d']:.0f})"
    yield Figure("delivery.campaign", medians["campaign"], "msg/s", medians["source"], kept)
    yield Figure("delivery.replay", medians["campaign"], "msg/s", medians["replay"], "replay of one static message")
    yield from memory(scale)
    yield from scaling(scale)
    yield from latency(scale)
    yield from pause(scale)
    yield from dkim(scale)


def scaling(scale: Scale) -> Iterator[Figure]:
    """Whole campaigns by two workers: what one recipient costs in a large audience and in a small one."""
    costs = []
    for size in (10_000, scale.pick(1_000_000, 30_000)):
        crowd = a_crowd(size)
        with postfix.sink() as port, station(port):
            campaign(crowd)  # warm
            rounds = 3 if size == 10_000 else scale.pick(1, 3)
            costs.append(min(_microseconds(crowd, size) for _ in range(rounds)))
    yield Figure("delivery.scaling", costs[1], "µs", costs[0], "at 10,000 recipients")


def _microseconds(crowd: Selection, size: int) -> float:
    return 1e6 / rate(size, lambda: campaign(crowd))


def latency(scale: Scale) -> Iterator[Figure]:
    """A server far away: it answers a final dot after 20 ms, over 200 connections of two processes."""
    delay, connections, size = 0.020, 200, scale.pick(60_000, 10_000)
    with slow.sink(delay=delay) as (port, _seen):
        best = max(replay(port, size, STATIC, connections // WORKERS) for _ in range(3))
    yield Figure("delivery.latency", best, "msg/s", connections / delay, "connections ÷ latency")


def pause(scale: Scale) -> Iterator[Figure]:
    """From the button to the last message that arrives, at full speed."""
    crowd, waits = a_crowd(scale.pick(50_000, 15_000)), []
    with slow.sink() as (port, seen), station(port):
        for _ in range(scale.pick(5, 3)):
            mailing, before = a_mailing(crowd), seen.count.value
            lifecycle.start(mailing, by=None, now=timezone.now())
            tasks.tick.delay()
            while seen.count.value < before + 1_000:
                time.sleep(0.01)
            pressed = time.time()
            lifecycle.pause(mailing, by=None, now=timezone.now())
            while time.time() < max(pressed, seen.last.value) + 3:
                time.sleep(0.05)
            waits.append(max(0.0, seen.last.value - pressed))
            lifecycle.cancel(mailing, by=None, now=timezone.now())
    yield Figure("delivery.pause", max(waits), "s", of="the slowest of several")


def dkim(scale: Scale) -> Iterator[Figure]:
    """Letters filled in and signed by RSA-2048, in as many processes as openssl signs in."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signer, compiled = Signer([Key("example.org", "bench", key)]), compile_letter(render.a_newsletter())
    people = [render.recipient(number) for number in range(500)]
    seconds = scale.pick(4, 1)

    def ours() -> float:
        with multiprocessing.get_context("fork").Pool(WORKERS, _write_and_sign, (signer, compiled, people)) as pool:
            return sum(pool.map(_signed_per_second, [seconds] * WORKERS, chunksize=1))

    medians = interleaved({"ours": ours, "openssl": lambda: openssl_signs(seconds)})
    yield Figure(
        "delivery.dkim", medians["ours"], "msg/s", medians["openssl"], f"openssl speed -multi {WORKERS} rsa2048"
    )


_signing: list[Any] = []


def _write_and_sign(*parts: Any) -> None:
    _signing[:] = parts


def _signed_per_second(seconds: float) -> float:
    signer, compiled, people = _signing
    done, started = 0, time.perf_counter()
    while (passed := time.perf_counter() - started) < seconds:
        for person in people[:50]:
            signer.sign(compiled.render(person), at=1795345200)
        done += 50
    return done / passed


def openssl_signs(seconds: float) -> float:
    command = ["openssl", "speed", "-mr", "-seconds", str(int(seconds)), "-multi", str(WORKERS), "rsa2048"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    figure = float(next(line for line in said.splitlines() if line.startswith("+F2:")).split(":")[3])
    return figure if figure > 1 else 1 / figure  # signs per second, or in older ones seconds per sign


def memory(scale: Scale) -> Iterator[Figure]:
    """The largest worker process after a large campaign, beside the largest after a small one; fresh workers each."""
    peaks = []
    for size in (1_000, scale.pick(200_000, 10_000)):
        crowd = a_crowd(size)
        with postfix.sink() as port, station(port) as processes:
            campaign(crowd)
            peaks.append(max(peak(child.pid) for child in psutil.Process(processes.pid).children()))
    yield Figure("delivery.memory", peaks[1], "MB", peaks[0], "the same at 1,000 recipients")


def campaign(crowd: Selection) -> None:
    """From the button to the last row marked: check, compile, freeze with the gate, cut, render, hand over, write down."""
    mailing = a_mailing(crowd)
    lifecycle.start(mailing, by=None, now=timezone.now())
    tasks.tick.delay()
    deadline = time.monotonic() + PATIENCE
    while Chunk.objects.filter(mailing=mailing).exclude(state=Chunk.State.DONE).exists():
        if time.monotonic() > deadline:
            raise SystemExit(f"the workers did not finish within {PATIENCE} s")
        time.sleep(0.05)  # looking costs the same two cores
    others = Message.objects.filter(mailing=mailing).exclude(state=Message.State.SENT).count()
    if others:
        raise SystemExit(f"{others} messages were not sent: this run says nothing about speed")


@contextmanager
def station(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Real workers with a beat, on this run's database and a queue of their own."""
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    env = os.environ | {
        "SMTP_URL": f"smtp://127.0.0.1:{port}?connections={CONNECTIONS}",
        "POSTAL_ADDRESS": settings.POSTAL_ADDRESS,
    }
    with tempfile.TemporaryDirectory() as folder, Path(folder, "out").open("wb") as output:
        command = ["celery", "-A", "config", "worker", f"--concurrency={WORKERS}", "--without-gossip"]
        command += ["--without-mingle", "--loglevel=WARNING", "--beat", f"--schedule={folder}/beat"]
        process = subprocess.Popen(
            [sys.executable, "-m", *command], env=env, stdout=output, stderr=output, start_new_session=True
        )
        try:
            wait_for_workers(process)
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def wait_for_workers(process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if len(psutil.Process(process.pid).children()) > WORKERS:  # and beat
            return
        time.sleep(0.1)
    raise SystemExit("the workers did not start")


def replay(port: int, size: int, static: bytes, connections: int = CONNECTIONS) -> float:
    """The ceiling: our client, as many processes and connections, one message neither rendered nor written down."""
    fork = multiprocessing.get_context("fork")
    gate = fork.Barrier(WORKERS + 1)
    players = [
        fork.Process(target=_play, args=(port, size // WORKERS, static, gate, connections)) for _ in range(WORKERS)
    ]
    for player in players:
        player.start()
    gate.wait(60)
    started = time.perf_counter()
    for player in players:
        player.join(PATIENCE)
    return size / (time.perf_counter() - started)


def _play(port: int, size: int, static: bytes, gate: Any, connections: int) -> None:
    account = Account("127.0.0.1", port, connections=connections)
    channel = EmailChannel(account, hello="bench.example")
    batch = (
        Outgoing(number, "s@example.org", "r@example.net", static, may_begin_with_dots=False) for number in range(size)
    )
    gate.wait(60)
    for _ in channel.send(batch, on_wire=lambda number: None):
        pass
    channel.close()
    os._exit(0)  # the parent's database connection is not ours to close


def a_letter() -> bytes:
    """One message of the latest mailing, as the worker writes it."""
    message = Message.objects.latest("pk")
    mailing = Mailing.objects.get(pk=message.mailing_id)
    row = letters.Row(message.pk, message.address, dict(message.data))
    return writing.letter_of(mailing.pk, mailing.frozen_at).write(row, letters.Stamp.at(timezone.now())).body


def a_crowd(size: int) -> Selection:
    """So many people with a name, a company and a sign-up for the newsletter in the ledger."""
    subscription = SubscriptionType.objects.first()
    if subscription is None:
        raise SystemExit("there is no subscription type")
    crowd = Selection.objects.create(name=f"{size} people")
    company = Company.objects.create(name="De Werkbank")
    for start in range(0, size, 10_000):
        numbers = range(start, min(start + 10_000, size))
        people = Person.objects.bulk_create(
            [Person(first_name=f"Reader {n}", last_name="De Vries", company=company) for n in numbers]
        )
        addresses = [f"reader{n}.of{crowd.pk}@example.net" for n in numbers]
        pairs = zip(people, addresses, strict=True)
        EmailAddress.objects.bulk_create([EmailAddress(person=p, address=address, rank=1) for p, address in pairs])
        SelectionMember.objects.bulk_create([SelectionMember(selection=crowd, person=person) for person in people])
        ledger.record([an_entry(address, subscription) for address in addresses], now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return crowd


def an_entry(address: str, subscription: SubscriptionType) -> ledger.Entry:
    return ledger.Entry(
        address=address,
        purpose=subscription.purpose_id,
        subscription_type=subscription.pk,
        source="newsletter_signup",
        evidence_on=timezone.localdate(),
        actor="import:1",
        evidence={"form": "Sign-up", "wording": "Yes, send me the newsletter"},
    )


def a_mailing(crowd: Selection) -> Mailing:
    """A newsletter of some 13 kB with 12 counted links and 7 merge variables."""
    mailing = Mailing.objects.create(
        name="Newsletter",
        subject="News for [[customer.firstname|you]]",
        from_name="De Werkbank",
        from_address="hello@example.org",
        subscription_type=SubscriptionType.objects.first(),
        content={"language": "en", "blocks": [*_blocks()]},
    )
    Source.objects.create(mailing=mailing, selection=crowd)
    return mailing


def _blocks() -> Iterator[dict[str, str]]:
    words = "A paragraph about the workshop, its people and what they made this month, in plain words. " * 3
    for number, names in enumerate((("firstname", "email"), ("lastname", "name"))):
        people = ", ".join(f"[[customer.{name}|friend]]" for name in names)
        links = " ".join(f'<a href="https://example.org/{number}/{part}">Read on</a>' for part in range(6))
        yield {"id": f"t{number}", "kind": "text", "html": f"<p>{people}: {words}{links}</p>"}
    yield {"id": "h", "kind": "heading", "text": "To [[customer.firstname]] [[customer.lastname]] of [[company.name]]"}


def peak(process: int) -> float:
    """The most memory a process ever held, in MB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
