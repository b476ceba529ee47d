"""Importing a workbook: read in its own process, checked, matched, written with companies, addresses and a selection.

The reference reads the same workbook with calamine and sends its rows by COPY into a bare table. The people come
without declared consent, as `ledger.append` measures the ledger by itself; IMPORT_CONSENT=1 declares it.
"""

import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
from django.core.files import File
from django.db import connection
from django.utils import timezone
from python_calamine import CalamineWorkbook

from benchmarks.frame import Figure, Scale, interleaved, rate, seconds
from recipients.imports import runs, undo, uploads
from recipients.imports.columns import Field
from recipients.imports.declaration import Declaration
from recipients.models import Import

HEADERS = ("E-mail", "Voornaam", "Achternaam", "Bedrijf", "Functie", "Telefoon")
ROUNDS = 3
WITHOUT_CONSENT = Declaration("unknown", without_consent=True)
SIGNED_UP = Declaration("newsletter_signup", {"form": "Counter", "wording": "Yes, mail me"}, dt.date(2026, 3, 3))


def figures(scale: Scale) -> Iterator[Figure]:
    size = scale.pick(100_000, 5_000)
    with tempfile.TemporaryDirectory() as folder:
        books = [a_workbook(Path(folder) / f"{turn}.xlsx", size, turn) for turn in range(ROUNDS)]
        new, known, plain = iter(books), iter(books), iter(books)
        medians = interleaved(
            {
                "bare": lambda: bare(next(plain), size),
                "new": lambda: carried_out(next(new), size, created=size),
            },
            rounds=ROUNDS,
        )
        yield Figure("import.new", medians["new"], "rows/s", medians["bare"], "calamine and bare COPY of the same rows")
        undone = [undo_seconds(book.stem) for book in books]
        yield Figure("import.undo", statistics.median(undone), "s", size / medians["new"], "seconds of import.new")
        for book in books:
            carried_out(book, size, created=size)
        again = interleaved({"known": lambda: carried_out(next(known), size, created=0)}, rounds=ROUNDS)
        yield Figure("import.known", again["known"], "rows/s", medians["new"], "import.new")
        yield Figure("import.memory", peak_of(scale.pick(1_000_000, 20_000), Path(folder)), "MB")


def undo_seconds(name: str) -> float:
    """Seconds to take back the import whose file has this name; everybody it made goes."""
    importing = Import.objects.get(selection__name=name)
    undo.ask(importing, by=None, now=timezone.now())
    taken = seconds(lambda: undo.run(importing.pk, now=timezone.now()))
    importing.refresh_from_db()
    assert (importing.state, importing.undone["removed"]) == ("undone", importing.created), importing.problem
    return taken


# One import in a process of its own, and the most memory that it and its reader took: ru_maxrss is in kB.
ALONE = """
import resource, sys
import django
django.setup()
from django.utils import timezone
from recipients.imports import runs
runs.run(int(sys.argv[1]), worker="bench", clock=timezone.now)
print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024)
"""


def peak_of(size: int, folder: Path) -> float:
    """Megabytes of the larger of the two processes that carry an import out: the worker, and the reader of the file."""
    importing = started(a_workbook(folder / "large.xlsx", size, turn=99))
    command = [sys.executable, "-c", ALONE, str(importing.pk)]
    peak = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    importing.refresh_from_db()
    assert (importing.state, importing.taken) == ("finished", size), importing.problem
    return peak


def a_workbook(path: Path, size: int, turn: int) -> Path:
    """People nobody knows yet: another round, other addresses."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("People")
    sheet.append(HEADERS)
    for number in range(turn * size, (turn + 1) * size):
        sheet.append(
            (
                f"person{number}@example{number % 997}.org",
                f"Voornaam{number % 5000}",
                f"Achternaam{number}",
                f"Bedrijf {number % 20_000}",
                f"Functie {number % 300}",
                f"06-1{number:07}",
            )
        )
    book.save(path)
    return path


def carried_out(path: Path, size: int, *, created: int) -> float:
    """Rows per second from the start to the end of the job; uploading comes before it, indexing its words after it."""
    importing = started(path)
    speed = rate(size, lambda: runs.run(importing.pk, worker="bench", clock=timezone.now))
    importing = Import.objects.get(pk=importing.pk)
    assert (importing.state, importing.created, importing.taken) == ("finished", created, size), importing.problem
    return speed


def started(path: Path) -> Import:
    with path.open("rb") as file:
        importing = uploads.upload(File(file, name=path.name), by=None)
    choices = runs.Choices(
        mapping={int(column): Field(field) for column, field in importing.mapping.items()},
        declared=SIGNED_UP if os.environ.get("IMPORT_CONSENT") else WITHOUT_CONSENT,
        selection_name=path.stem,
    )
    return runs.start(importing, choices, now=timezone.now())


def bare(path: Path, size: int) -> float:
    return rate(size, lambda: read_and_copy(path))


def read_and_copy(path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_bare")
        cursor.execute(
            "CREATE TABLE bench_bare (email text, first text, last text, company text, title text, phone text)"
        )
        rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()
        next(rows)
        with cursor.copy("COPY bench_bare FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
