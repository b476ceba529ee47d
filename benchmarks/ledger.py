"""The ledger of consent: appending evidence in bulk with chain and standings, and walking the chain."""

import datetime as dt
import hashlib
from collections.abc import Iterator

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.frame import Figure, Scale, interleaved, rate
from consent import ledger
from consent.ledger import Entry
from consent.models import SubscriptionType

TABLES = ("consent_consentevent", "consent_consentdetail")


class Crowd:
    """Entries of people the ledger has not heard of, as many as are asked for."""

    def __init__(self) -> None:
        self.purpose = SubscriptionType.objects.get(code="newsletter").purpose_id
        self.met = 0

    def entries(self, count: int) -> list[Entry]:
        first, self.met = self.met, self.met + count
        return [
            Entry(
                address=f"reader{number}@example.org",
                purpose=self.purpose,
                source="newsletter_signup",
                evidence_on=dt.date(2026, 3, 1 + number % 28),
                evidence={"form": "Newsletter", "wording": "Yes, send me the newsletter"},
                actor="import:1",
            )
            for number in range(first, self.met)
        ]


def figures(scale: Scale) -> Iterator[Figure]:
    size, crowd = scale.pick(100_000, 2_000), Crowd()
    now = timezone.now()
    ledger.record(crowd.entries(size), now=now)
    contents = [copied(table) for table in TABLES]

    def append() -> float:
        entries = crowd.entries(size)
        return rate(size, lambda: ledger.record(entries, now=now))

    medians = interleaved({"append": append, "copy": lambda: rate(size, lambda: copy(contents))})
    yield Figure(
        "ledger.append", medians["append"], "events/s", medians["copy"], "bare COPY of the same rows, same indexes"
    )

    events = ledger.verify().events
    bodies = [number.to_bytes(8, "big") * 20 for number in range(events)]
    medians = interleaved(
        {
            "verify": lambda: rate(events, ledger.verify),
            "hashes": lambda: rate(events, lambda: [hashlib.sha256(body).digest() for body in bodies]),
        }
    )
    yield Figure("ledger.verify", medians["verify"], "events/s", medians["hashes"], "one SHA-256 per event in a loop")


def copied(table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT") as out:
        return b"".join(bytes(block) for block in out)


def copy(contents: list[bytes]) -> None:
    """The same rows into tables of the same shape, keys and indexes, without triggers; gone afterwards."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table, content in zip(TABLES, contents, strict=True):
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
            with cursor.copy(f"COPY bare_{table} FROM STDIN") as into:
                into.write(content)
        transaction.set_rollback(True)
