"""A file comes in: kept, read once, its columns guessed. A file that cannot be read is not kept."""

import datetime as dt
from pathlib import Path

from django.contrib.auth.models import User
from django.core.files import File
from django.utils.translation import get_language

from recipients.imports import columns, layouts, rows
from recipients.models import Import

LONGEST_NAME = 255
HEADER_LETTERS = 200
UNFINISHED = [Import.State.MAPPING, Import.State.WAITING, Import.State.RUNNING]


def upload(file: "File[bytes]", *, by: User | None) -> Import:
    """Keep the file, see what it is and guess its columns. Raises `rows.Unreadable`."""
    if (file.size or 0) > rows.Limits().file:
        raise rows.Unreadable("too_large")
    importing = Import(
        file=file,
        file_name=(file.name or "")[-LONGEST_NAME:],
        language=get_language() or "en",
        created_by=by,
    )
    importing.file.save(file.name or "list", file, save=False)
    try:
        look_into(importing)
    except rows.Unreadable:
        importing.file.delete(save=False)
        raise
    importing.save()
    return importing


def choose_sheet(importing: Import, sheet: str) -> Import:
    """Look into another sheet of the same workbook."""
    look_into(importing, sheet)
    importing.save()
    return importing


def look_into(importing: Import, sheet: str = "") -> None:
    survey = rows.survey(Path(importing.file.path), sheet)
    guess = columns.guess(survey.head.rows)
    importing.sheets = survey.sheets
    importing.sheet = survey.sheet
    importing.first_column = survey.first_column
    importing.header_row = survey.head.numbers[guess.header_row] if guess.header_row >= 0 else 0
    headers = survey.head.rows[guess.header_row] if guess.header_row >= 0 else []
    importing.headers = [header[:HEADER_LETTERS] for header in headers]
    importing.mapping = {str(column): field.value for column, field in guess.mapping.items()}
    layouts.recall(importing)
    importing.head = {
        "numbers": survey.head.numbers[guess.header_row + 1 :],
        "rows": survey.head.rows[guess.header_row + 1 :],
        "width": survey.width,
    }
    importing.total = survey.total - guess.header_row - 1
    if importing.total < 1:
        raise rows.Unreadable("only_headers")


def discard(importing: Import) -> None:
    """Throw away an upload that was never started."""
    importing.file.delete(save=False)
    importing.delete()


def forget_file(importing: Import) -> None:
    """Throw away the file of an import that is over: what it held stands in the database, or was refused."""
    importing.file.delete(save=False)
    Import.objects.filter(pk=importing.pk).update(file="")


def forget_drafts(*, before: dt.datetime) -> int:
    """Throw away uploads that nobody started, and files left by a process that died between its two last steps."""
    old = Import.objects.filter(created_at__lt=before)
    drafts = list(old.filter(state=Import.State.MAPPING))
    for draft in drafts:
        discard(draft)
    for over in old.exclude(file="").exclude(state__in=UNFINISHED):
        forget_file(over)
    return len(drafts)
