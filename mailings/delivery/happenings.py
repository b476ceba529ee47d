"""What happened to a mailing, line by line, as its page tells it."""

from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser, User

from mailings.models import Happening

QUIET = timedelta(minutes=10)  # the same trouble is told once in this time


def note(mailing: int, kind: str, *, now: datetime, by: User | AnonymousUser | None = None, **detail: object) -> None:
    """Write a line of "What happened"."""
    person = by if isinstance(by, User) else None
    Happening.objects.create(mailing_id=mailing, at=now, kind=kind, detail=detail, by=person)


def note_trouble(mailing: int, kind: str, answer: str, *, now: datetime) -> None:
    """Write down what stands in the way, unless it stood there minutes ago."""
    if not Happening.objects.filter(mailing=mailing, kind=kind, at__gt=now - QUIET).exists():
        note(mailing, kind, now=now, answer=answer[:1000])
