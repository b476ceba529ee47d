"""What somebody asks about their own data: to see it, to take it along, to be forgotten (GDPR Art. 15, 17 and 20).

Nobody sees or erases anything before they showed that the address is theirs, by a link that is mailed there and works for
a day. The answer to whoever types in an address is the same whether we know it or not. An erasure is asked for in the
request and carried out by the clock; from the first moment on nothing is sent any more.
"""

import calendar
import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import dossier, erasure, pseudonyms, suppressions
from consent.models import SubjectRequest, SuppressionReason

A_DAY = dt.timedelta(days=1)
TRIES = 6


class State(StrEnum):
    WAITING = "waiting"  # the mail is not out yet
    SENT = "sent"  # the link is on its way to them
    FAILED = "failed"
    EXPIRED = "expired"  # the link was not used
    IDENTIFIED = "identified"
    ERASING = "erasing"
    ERASED = "erased"
    ANSWERED = "answered"


class CannotAct(ValueError):
    """This is not possible with the request as it stands; the message says why, fit to show a person."""


def ask(address: str, *, language: str, actor: str = "self", note: str = "", now: dt.datetime) -> SubjectRequest | None:
    """Have a link mailed to a normalised address; None when nothing of it is kept, or it was asked for within a day."""
    with transaction.atomic():
        _one_at_a_time(address)
        if SubjectRequest.objects.filter(address=address, asked_at__gt=now - A_DAY, erased_at=None).exists():
            return None
        if actor == "self" and not is_kept(address):
            return None
        return SubjectRequest.objects.create(
            address=address,
            language=language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE,
            actor=actor,
            note=note[:1000],
            asked_at=now,
            due_on=a_month_after(timezone.localdate(now)),
            expires_at=now + _life(),
            not_before=now,
        )


def is_kept(address: str) -> bool:
    """Say whether an address stands in any table that is told to the registry."""
    books = " UNION ALL ".join(
        f"(SELECT 1 FROM ({book}) book WHERE address = %(address)s LIMIT 1)"  # noqa: S608
        for book in dossier.address_books
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({books})", {"address": address})
        return bool(cursor.fetchone()[0])


def path(key: str) -> str:
    """Give the path of the page where somebody sees or erases their data."""
    return reverse("consent:data", args=[key])


def find(key: str, *, at: dt.datetime) -> SubjectRequest | None:
    """Find the request that a link belongs to, as long as the link works."""
    if len(key) != 22 or not key.isascii():
        return None
    return SubjectRequest.objects.filter(key=key, expires_at__gt=at).first()


def state(asked: SubjectRequest, *, at: dt.datetime) -> State:
    """Say how a request stands."""
    if asked.erased_at:
        return State.ERASED
    if asked.erase_at:
        return State.ERASING
    if asked.closed_at:
        return State.ANSWERED
    if asked.identified_at:
        return State.IDENTIFIED
    if asked.not_before:
        return State.WAITING
    if not asked.sent_at:
        return State.FAILED
    return State.EXPIRED if asked.expires_at <= at else State.SENT


def identify(asked: SubjectRequest, *, how: str, now: dt.datetime) -> None:
    """Keep how we know that the request comes from the person; the first time counts."""
    waiting = SubjectRequest.objects.filter(pk=asked.pk, identified_at=None, erased_at=None)
    waiting.update(identified_at=now, identified_how=how[:500], not_before=None)
    asked.refresh_from_db()


def copy(asked: SubjectRequest, kind: str, *, now: dt.datetime) -> bytes:
    """Give everything we keep about the person, as "json" or "csv" (an archive of sheets)."""
    _must_be_identified(asked)
    subject = dossier.of(asked.address)
    content = dossier.as_csv(subject) if kind == "csv" else dossier.as_json(subject, at=now)
    SubjectRequest.objects.filter(pk=asked.pk).update(exported_at=now)
    return content


def ask_erasure(asked: SubjectRequest, *, actor: str, now: dt.datetime) -> None:
    """Stop everything for the person at once, and have the clock erase them."""
    _must_be_identified(asked)
    with transaction.atomic():
        if not SubjectRequest.objects.filter(pk=asked.pk, erase_at=None).update(erase_at=now, erase_by=actor):
            return
        blocks = [
            suppressions.Block(address=address, reason=SuppressionReason.OBJECTION, evidence={"request": asked.pk})
            for address in sorted(dossier.of(asked.address).emails)
        ]
        suppressions.add_many(blocks, actor=actor, now=now)


def erase_due(*, now: dt.datetime, limit: int = 20) -> int:
    """Erase whom it was asked for; give how many. A process that dies in between leaves whole persons."""
    due = SubjectRequest.objects.filter(erase_at__lte=now, erased_at=None).order_by("erase_at")
    for number in due.values_list("pk", flat=True)[:limit]:
        _erase(number, now)
    return SubjectRequest.objects.filter(erased_at=now).count()


def close(asked: SubjectRequest, *, now: dt.datetime) -> None:
    """Mark a request as answered."""
    SubjectRequest.objects.filter(pk=asked.pk, closed_at=None).update(closed_at=now, not_before=None)


def opened() -> QuerySet[SubjectRequest]:
    """Give the requests that are to be answered."""
    return SubjectRequest.objects.filter(closed_at=None)


def a_month_after(day: dt.date) -> dt.date:
    """Give the same day of the next month, or its last one (GDPR Art. 12(3), Regulation 1182/71)."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return day.replace(year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1]))


def _erase(number: int, now: dt.datetime) -> None:
    with transaction.atomic():
        asked = SubjectRequest.objects.select_for_update(skip_locked=True).filter(pk=number, erased_at=None).first()
        if asked is None:
            return
        address = asked.address
        if pseudonyms.is_one(address):  # another request of theirs did it
            SubjectRequest.objects.filter(pk=number).update(erased_at=now, closed_at=now)
            return
        done = erasure.erase(address, actor=asked.erase_by, now=now)
        SubjectRequest.objects.filter(pk=number).update(
            erased_at=now, closed_at=now, not_before=None, erased={"rows": done.rows, "left": done.left}
        )


def _must_be_identified(asked: SubjectRequest) -> None:
    if asked.identified_at is None:
        raise CannotAct(_("We do not know yet that it is them"))
    if asked.erased_at is not None:
        raise CannotAct(_("They were erased; there is nothing left"))


def _one_at_a_time(address: str) -> None:
    """Of two who ask for the same address at the same moment one waits for the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 27))", [address])


def _life() -> dt.timedelta:
    return dt.timedelta(hours=settings.SUBJECT_LINK_HOURS)


def left_of(asked: SubjectRequest) -> Sequence[tuple[str, int]]:
    """Name where the address still stood after the erasure."""
    return sorted(dict(asked.erased.get("left", {})).items())
