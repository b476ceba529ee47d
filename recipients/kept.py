"""What this app keeps about a person, for `consent.dossier`: they get a copy of it, and an erasure removes it."""

import datetime as dt
from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Q, QuerySet, Value
from django.db.models.fields import TextField
from django.db.models.functions import Cast, Lower, StrIndex

from consent import dossier
from consent.dossier import Holding, Subject
from recipients.models import (
    Change,
    EmailAddress,
    Import,
    ImportedChange,
    Merge,
    Person,
    PersonInterest,
    PersonPhone,
    ProjectMember,
    RejectedRow,
    SelectionMember,
    Task,
)

dossier.address_books.append("SELECT address FROM recipients_emailaddress")


def find(subject: Subject) -> Subject:
    """Whoever has one of these addresses is the person, with all their addresses and their telephone."""
    numbers = subject.numbers | set(
        EmailAddress.objects.filter(address__in=subject.emails).values_list("person_id", flat=True)
    )
    return dossier.widen(
        subject,
        numbers=numbers,
        emails=EmailAddress.objects.filter(person__in=numbers).values_list("address", flat=True),
        phones=_phones(numbers),
    )


def _phones(people: Collection[int]) -> set[str]:
    own = Person.objects.filter(pk__in=people).values_list("mobile", "phone")
    others = PersonPhone.objects.filter(person__in=people).values_list("number", flat=True)
    return {number for pair in own for number in pair} | set(others)


def holdings() -> list[Holding]:
    """Give the tables of this app that hold people. Removing the person takes their memberships along."""
    return [
        Holding(name="people", rows=_people, erase=_remove),
        Holding(name="email_addresses", rows=partial(_of_person, EmailAddress), erase=_nothing),
        Holding(name="changes_by_imports", rows=partial(_of_person, ImportedChange), erase=_nothing),
        Holding(name="phones", rows=partial(_of_person, PersonPhone), erase=_nothing),
        Holding(name="interests", rows=partial(_of_person, PersonInterest), erase=_nothing),
        Holding(name="tasks", rows=partial(_of_person, Task), erase=_nothing),
        Holding(name="changes", rows=_changes, erase=_forget_changes),
        Holding(name="merges", rows=_merges, erase=_nothing),
        Holding(name="selections", rows=partial(_of_person, SelectionMember), erase=_nothing),
        Holding(name="projects", rows=partial(_of_person, ProjectMember), erase=_nothing),
        Holding(name="administration", rows=_logged, erase=_blank_logged),
        Holding(name="rejected_rows", rows=partial(_naming, RejectedRow, "cells"), erase=_forget_rejected),
        Holding(name="uploads", rows=partial(_naming, Import, "head"), erase=_forget_heads, hidden=frozenset({"head"})),
    ]


def _logged(subject: Subject) -> QuerySet[LogEntry]:
    named = Q(pk__in=[])
    for word in subject.words:
        named |= Q(object_repr__icontains=word) | Q(change_message__icontains=word)
    return LogEntry.objects.filter(named)


def _blank_logged(subject: Subject, _now: dt.datetime) -> int:
    """Who did something in the administration, and when, stays; about whom goes."""
    return _logged(subject).update(object_repr="", change_message="")


def _people(subject: Subject) -> QuerySet[Person]:
    return Person.objects.filter(pk__in=subject.numbers)


def _changes(subject: Subject) -> QuerySet[Change]:
    """Those of the person, and those of others that name one of the addresses."""
    named = _naming(Change, "what", subject).values("pk")
    return Change.objects.filter(Q(person__in=subject.numbers) | Q(pk__in=named))


def _merges(subject: Subject) -> QuerySet[Merge]:
    return Merge.objects.filter(kept__in=subject.numbers)


def _of_person(model: Any, subject: Subject) -> QuerySet[Any]:
    found: QuerySet[Any] = model.objects.filter(person__in=subject.numbers)
    return found


def _naming(model: Any, column: str, subject: Subject) -> QuerySet[Any]:
    """Rows whose cells name one of the addresses."""
    text = Lower(Cast(column, TextField()))
    rows: QuerySet[Any] = model.objects.all()
    named = Q(pk__in=[])
    for at, word in enumerate(subject.words):
        rows = rows.alias(**{f"at_{at}": StrIndex(text, Value(word.lower()))})
        named |= Q(**{f"at_{at}__gt": 0})
    return rows.filter(named)


def _remove(subject: Subject, _now: dt.datetime) -> int:
    _count, per_model = _people(subject).delete()
    return per_model.get("recipients.Person", 0)


def _nothing(_subject: Subject, _now: dt.datetime) -> int:
    return 0


def _forget_changes(subject: Subject, _now: dt.datetime) -> int:
    """That somebody else was changed stays; what stood there goes."""
    return _naming(Change, "what", subject).update(what={})


def _forget_rejected(subject: Subject, _now: dt.datetime) -> int:
    """The row and its reason stay, so that the import still adds up; what stood in it goes."""
    return _naming(RejectedRow, "cells", subject).update(cells=[])


def _forget_heads(subject: Subject, _now: dt.datetime) -> int:
    """The first rows of a file that somebody is still looking at: the upload has to be done again."""
    return _naming(Import, "head", subject).update(head={})
