"""What workers do for people: carry out imports, and take up those that were left."""

import datetime as dt
import os
import socket

from celery import shared_task
from django.utils import timezone

from recipients.imports import indexing, runs, trial, undo, uploads

DRAFTS_KEPT = dt.timedelta(days=7)


@shared_task(acks_late=True)
def run_import(*, import_id: int) -> None:
    """Carry out one import; a second task for the same one finds it taken and does nothing."""
    runs.run(import_id, worker=f"{socket.gethostname()}:{os.getpid()}", clock=timezone.now)
    indexing.catch_up(import_id)


@shared_task
def try_import(*, import_id: int, token: str) -> None:
    """Count what an import would do."""
    trial.run(import_id, token=token)


@shared_task(acks_late=True)
def undo_import(*, import_id: int) -> None:
    """Take one import back; a second task for the same one finds it taken and does nothing."""
    undo.run(import_id, now=timezone.now())
    indexing.catch_up(import_id)


@shared_task
def take_up_imports() -> None:
    """Ask again for imports whose task was lost or whose worker died."""
    for import_id in runs.due(now=timezone.now()):
        run_import.delay(import_id=import_id)
    for import_id in undo.due(now=timezone.now()):
        undo_import.delay(import_id=import_id)
    for import_id in indexing.due():
        indexing.catch_up(import_id)


@shared_task
def forget_drafts() -> None:
    """Throw away uploads that nobody started within a week."""
    uploads.forget_drafts(before=timezone.now() - DRAFTS_KEPT)
