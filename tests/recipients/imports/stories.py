"""Imports in stories: a list that somebody made, uploaded and started, without a browser and without Celery."""

import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.files import File

from recipients.imports import indexing, runs, uploads
from recipients.imports.columns import Field
from recipients.imports.declaration import Declaration
from recipients.models import Import
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type
from tests.recipients.imports import workbooks

SIGNED_UP = Declaration(
    "newsletter_signup", {"form": "Counter, spring", "wording": "Yes, send me the newsletter"}, dt.date(2025, 3, 3)
)
WITHOUT_CONSENT = Declaration("unknown", without_consent=True)
HEADERS = ("E-mail", "Voornaam", "Achternaam", "Bedrijf")


def an_upload(rows: Sequence[Sequence[object]], folder: Path, *, name: str = "list.xlsx", headers: Sequence[str] = HEADERS) -> Import:  # fmt: skip
    """A workbook with these rows below its headers, uploaded."""
    a_subscription_type()
    path = workbooks.a_workbook(folder / name, [headers, *rows])
    return uploads.upload(File(io.BytesIO(path.read_bytes()), name=name), by=None)


def choices_for(importing: Import, declared: Declaration = SIGNED_UP, **more: Any) -> runs.Choices:
    more.setdefault("mapping", {int(column): Field(field) for column, field in importing.mapping.items()})
    return runs.Choices(declared=declared, **more)


def a_started_import(
    rows: Sequence[Sequence[object]], folder: Path, declared: Declaration = SIGNED_UP, *, now: dt.datetime = NOON, headers: Sequence[str] = HEADERS, **more: Any
) -> Import:  # fmt: skip
    importing = an_upload(rows, folder, headers=headers)
    return runs.start(importing, choices_for(importing, declared, **more), now=now)


def an_import(rows: Sequence[Sequence[object]], folder: Path, declared: Declaration = SIGNED_UP, **more: Any) -> Import:
    """Uploaded, started and carried out."""
    importing = a_started_import(rows, folder, declared, **more)
    runs.run(importing.pk, worker="test", clock=lambda: NOON)
    indexing.catch_up(importing.pk)
    importing.refresh_from_db()
    return importing


def a_user() -> User:
    return User.objects.create_superuser("marieke", "marieke@example.org", "a long enough one", first_name="Marieke")
