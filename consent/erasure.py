"""Forgetting somebody: in every table, in files, and again after an old backup was restored.

What stays: totals, the ledger's chain, and pseudonyms (consent.pseudonyms) under which the address is refused when it
comes back. Each erasure is also one line in a file outside the database, because a backup knows nothing of it.
"""

import datetime as dt
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from consent import dossier, kept, ledger, pseudonyms, suppressions
from consent.dossier import Subject
from consent.models import Purpose, Suppression, SuppressionReason

# Folders below MEDIA_ROOT whose files are lists of people: they go when they name somebody who is erased.
lists_of_people: list[str] = ["imports", "exports", "evidence"]


@dataclass(frozen=True)
class Erased:
    """What an erasure changed, and where the address still stands (nowhere, or somebody must look)."""

    rows: dict[str, int]
    left: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One erased address as the file has it."""

    channel: str
    pseudonym: str
    at: dt.datetime


def erase(address: str, *, actor: str, now: dt.datetime, log: bool = True) -> Erased:
    """Forget the person behind a normalised address, for good; doing it twice changes nothing more.

    Everything happens in one transaction; the line in the erasure log is on disk before it commits.
    """
    with transaction.atomic():
        ledger.lock()  # before rows of other tables, as everybody does
        subject = dossier.of(address)
        named = kept.entries(subject)
        rows = {one.name: one.erase(subject, now) for one in reversed(dossier.holdings)}
        _block(subject, actor, now)
        ledger.record(list(_entry(subject, named, actor)), now=now)
        if log:
            _write_down(subject, now)
    files = _forget_files(subject)
    return Erased({name: count for name, count in {**rows, "files": files}.items() if count}, hits(subject.words))


def hits(words: Iterable[str]) -> dict[str, int]:
    """Count the rows and files that still hold one of these texts: every table is read, so it takes its time."""
    wanted = [word.lower() for word in words]
    found = {table: count for table, columns in _columns() if (count := _rows_with(table, columns, wanted))}
    left = [path for path in _files() if _holds(path, wanted)]
    return found | ({"files": len(left)} if left else {})


def replay(lines: Iterable[str], *, now: dt.datetime) -> int:
    """Erase again whom the lines of an erasure log name, as far as a restored backup brought them back; give how many.

    Whoever is not there any more is blocked under the pseudonym anyway. Who came back by their own act, as the
    backup knows, is left alone.
    """
    logged = [line for line in _read(lines) if not suppressions.came_back(line.pseudonym, since=line.at)]
    again = _known(logged)
    for address in again:
        erase(address, actor="system", now=now, log=False)
    for line in logged:
        _block_pseudonym(line.channel, line.pseudonym, "system", line.at)
    return len(again)


def _entry(subject: Subject, named: list[int], actor: str) -> Iterator[ledger.Entry]:
    """One entry that names those whose personal side is gone: without it their absence would be tampering."""
    purpose = Purpose.objects.order_by("pk").values_list("pk", flat=True).first()
    if named and purpose:
        yield ledger.Entry(
            address=pseudonyms.of("email", min(subject.emails)),
            purpose=purpose,
            act="erased",
            source="erasure",
            evidence={"entries": named},
            actor=actor,
        )


def _block(subject: Subject, actor: str, now: dt.datetime) -> None:
    for channel, address in [*(("email", one) for one in subject.emails), *(("sms", one) for one in subject.phones)]:
        _block_pseudonym(channel, pseudonyms.of(channel, address), actor, now)


def _block_pseudonym(channel: str, pseudonym: str, actor: str, now: dt.datetime) -> None:
    Suppression.objects.get_or_create(
        channel=channel,
        address=pseudonym,
        subscription_type=None,
        reason=SuppressionReason.ERASED,
        released_at=None,
        defaults={"hashed_with": pseudonyms.key_of(pseudonym), "created_at": now, "actor": actor},
    )


def _write_down(subject: Subject, now: dt.datetime) -> None:
    lines = [("email", pseudonyms.of("email", one)) for one in sorted(subject.emails)]
    lines += [("sms", pseudonyms.of("sms", one)) for one in sorted(subject.phones)]
    settings.ERASURE_LOG.parent.mkdir(parents=True, exist_ok=True)
    with settings.ERASURE_LOG.open("a", encoding="utf-8") as log:
        for channel, pseudonym in lines:
            log.write(json.dumps({"channel": channel, "pseudonym": pseudonym, "at": now.isoformat()}) + "\n")
        log.flush()
        os.fsync(log.fileno())


def _read(lines: Iterable[str]) -> Iterator[Line]:
    """Read a log; a line that was cut off by a crash is left out."""
    for line in lines:
        try:
            row = json.loads(line)
            yield Line(row["channel"], row["pseudonym"], dt.datetime.fromisoformat(row["at"]))
        except (ValueError, KeyError, TypeError):
            continue


def _known(logged: list[Line]) -> list[str]:
    """Give the addresses that are kept somewhere and that the log names."""
    wanted = [line.pseudonym for line in logged if line.channel == "email"]
    books = " UNION ".join(f"SELECT address FROM ({book}) book" for book in dossier.address_books)  # noqa: S608
    named = pseudonyms.NAMED.replace("{candidate}", "book").replace(_IN_USE, "")
    query = f"WITH book AS MATERIALIZED ({books}) SELECT DISTINCT address FROM ({named}) named WHERE pseudonym = ANY(%(wanted)s)"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, {**pseudonyms.parameters(), "gate_channel": "email", "wanted": wanted})
        return [address for (address,) in cursor.fetchall()]


# a restored backup may know of no erasure at all, so no key would count as in use
_IN_USE = "WHERE EXISTS (SELECT FROM consent_suppression h WHERE h.hashed_with = known.fingerprint)"


def _columns() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Give every table of the database with the columns in which text can stand."""
    query = """
        SELECT c.oid::regclass::text, array_agg(a.attname::text), array_agg(t.typname::text)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type t ON t.oid = a.atttypid
        WHERE c.relkind = 'r' AND n.nspname = current_schema()
            AND t.typname IN ('text', 'varchar', 'bpchar', 'json', 'jsonb', 'bytea', '_text', '_varchar')
        GROUP BY c.oid ORDER BY 1
    """
    with connection.cursor() as cursor:
        cursor.execute(query)
        for table, names, types in cursor.fetchall():
            yield table, list(zip(names, types, strict=True))


def _rows_with(table: str, columns: list[tuple[str, str]], words: list[str]) -> int:
    quote = connection.ops.quote_name
    tests = [_test(quote(name), kind) for name, kind in columns]
    query = (
        f"SELECT count(*) FROM {table} r WHERE EXISTS (SELECT FROM unnest(%(words)s::text[]) AS w (word)"  # noqa: S608
        f" WHERE {' OR '.join(tests)})"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, {"words": words})
        (count,) = cursor.fetchone()
    return int(count)


def _test(column: str, kind: str) -> str:
    if kind == "bytea":
        return f"position(convert_to(w.word, 'UTF8') IN r.{column}) > 0"
    return f"position(w.word IN lower(r.{column}::text)) > 0"


def _forget_files(subject: Subject) -> int:
    """Remove the lists of people that name somebody; give how many."""
    words = [word.lower() for word in subject.words]
    folders = [settings.MEDIA_ROOT / name for name in lists_of_people]
    named = [
        path for path in _files() if any(path.is_relative_to(folder) for folder in folders) and _holds(path, words)
    ]
    for path in named:
        path.unlink(missing_ok=True)
    return len(named)


def _files() -> Iterator[Path]:
    root = Path(settings.MEDIA_ROOT)
    return (path for path in root.rglob("*") if path.is_file()) if root.is_dir() else iter(())


def _holds(path: Path, words: list[str]) -> bool:
    """Say whether a file holds one of the texts; spreadsheets and archives are looked into."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return any(_says(archive.read(name), words) for name in archive.namelist())
        return _says(path.read_bytes(), words)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return False


def _says(content: bytes, words: list[str]) -> bool:
    lowered = content.lower()
    return any(word.encode(code) in lowered for word in words for code in ("utf-8", "utf-16-le", "utf-16-be"))
