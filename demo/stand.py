"""A list scanned at a stand three days ago, imported as anybody would: its people must confirm first."""

import datetime as dt
import io
from collections.abc import Iterable
from random import Random

from django.contrib.auth.models import User
from django.core.files import File
from openpyxl import Workbook

from demo.data import names
from demo.data.people import SEED, slug
from recipients.imports import indexing, runs, uploads
from recipients.imports.columns import Field
from recipients.imports.declaration import Declaration
from recipients.models import Import

FILE = "stand-onderwijsbeurs.xlsx"
SELECTION = "Stand at Onderwijsbeurs"
HEADERS = ("Voornaam", "Tussenvoegsel", "Achternaam", "E-mailadres", "School", "Functie")
SCHOOLS = ("Techniek College Maasmond", "Vakschool Schiehaven", "Scholengemeenschap Waalhaven", "Mbo Rijnmond")
JOBS = ("Decaan", "Docent techniek", "Stagecoördinator", "Teamleider")
MISTYPED = (
    ("Bas", "", "Kok", "bas.kok@mborijnmond", SCHOOLS[3], JOBS[0]),
    ("Els", "de", "Rooij", "", SCHOOLS[1], JOBS[2]),
)


def collect(by: User, *, now: dt.datetime) -> Import:
    """Import the list of the stand as of the evening after it."""
    evening = (now - dt.timedelta(days=3)).replace(hour=17, minute=12)
    importing = uploads.upload(File(workbook(rows()), name=FILE), by=by)
    declared = Declaration(
        source="met_in_person",
        evidence={"note": "Badge scanned at our stand, Onderwijsbeurs; asked to hear about the open day"},
        evidence_on=evening.date(),
    )
    mapping = {int(column): Field(field) for column, field in importing.mapping.items()}
    runs.start(importing, runs.Choices(mapping, declared, selection_name=SELECTION), now=evening)
    moments = (evening + dt.timedelta(milliseconds=8 * number) for number in range(1_000))
    runs.run(importing.pk, worker="demo", clock=lambda: next(moments))
    indexing.catch_up(importing.pk)
    Import.objects.filter(pk=importing.pk).update(created_at=evening - dt.timedelta(minutes=2))
    importing.refresh_from_db()
    return importing


def rows() -> Iterable[tuple[str, ...]]:
    chance = Random(SEED)
    for number in range(29):
        first = chance.choice(names.FIRST_NAMES_NL)
        middle, _, last = chance.choice(names.LAST_NAMES_NL).replace("_", " ").rpartition("|")
        school = SCHOOLS[number % len(SCHOOLS)]
        address = f"{slug(first)[0]}.{slug(middle + last)}{number}@{slug(school)}.example"
        yield first, middle, last, address, school, chance.choice(JOBS)
    yield from MISTYPED


def workbook(lines: Iterable[tuple[str, ...]]) -> io.BytesIO:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Stand")
    sheet.append(HEADERS)
    for line in lines:
        sheet.append(line)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file
