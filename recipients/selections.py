"""Selections that follow from criteria: counted while they are built, evaluated into members, explained per person.

Members are what the last evaluation found, so that lists, pages and mailings read every kind of selection alike.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from recipients.criteria import combined, compile, glossary, meaning, tree  # noqa: A004 - it is what it does
from recipients.criteria.glossary import Glossary
from recipients.criteria.tree import BadTree, Group
from recipients.models import Person, Selection, SelectionMember

MEMORY = "256MB"  # for one hash or sort of a million people
PATIENCE = dt.timedelta(seconds=20)  # for somebody who waits at a page
SAMPLED = 10
FRESH = dt.timedelta(minutes=1)  # so long an evaluation is not repeated by itself


class CannotSave(Exception):
    """The draft is not ready; fit to show."""


class Conflict(Exception):
    """Somebody else changed the draft in the meantime; fit to show."""

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed these criteria meanwhile. Below is how they stand now."))


class TooSlow(Exception):
    """Counting took longer than anybody waits; fit to show."""

    def __init__(self) -> None:
        super().__init__(_("Counting takes too long. Saving still works; it is evaluated when a mailing needs it."))


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation found, and what it changed."""

    people: int
    added: int
    removed: int


@dataclass(frozen=True)
class Look:
    """How many people criteria find now, and some of them."""

    people: int
    sample: list[Person]


# the tree of a selection ------------------------------------------------------------------------------------------------


def definition(selection: Selection) -> Group:
    """Give the saved criteria; what cannot be read is an empty group, which nobody matches."""
    return _tree(selection.kind, selection.criteria)


def drafted(selection: Selection) -> Group:
    """Give the criteria as they are being built, or the saved ones."""
    return _tree(selection.kind, draft_of(selection))


def draft_of(selection: Selection) -> Mapping[str, Any]:
    """Give the JSON form of what is being built."""
    data: Mapping[str, Any] = selection.draft if selection.draft is not None else selection.criteria
    return data


def _tree(kind: str, data: object) -> Group:
    try:
        return combined.read(data).tree() if kind == Selection.Kind.COMBINED else tree.read(data)
    except BadTree:
        return Group()


def problems(selection: Selection) -> dict[tree.Path, str]:
    """Say what keeps saved criteria from finding anybody, by place."""
    root = definition(selection)
    return meaning.problems(root, glossary.load(root, of=selection.pk))


# building ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def keep_draft(selection: Selection, data: Mapping[str, Any], *, version: int, by: User | None) -> None:
    """Keep what is being built. Raises Conflict when somebody else was faster."""
    locked = Selection.objects.select_for_update().get(pk=selection.pk)
    if locked.draft_version != version and (by is None or locked.draft_by_id != by.pk):
        raise Conflict
    selection.draft, selection.draft_version, selection.draft_by = dict(data), locked.draft_version + 1, by
    selection.save(update_fields=["draft", "draft_version", "draft_by"])


@transaction.atomic
def save(selection: Selection, *, now: dt.datetime) -> Evaluated:
    """Make the draft the criteria, and evaluate them. Raises CannotSave."""
    locked = Selection.objects.select_for_update().get(pk=selection.pk)
    root = drafted(locked)
    wrong = meaning.problems(root, glossary.load(root, of=locked.pk))
    if wrong:
        raise CannotSave(next(iter(wrong.values())))
    locked.criteria, locked.draft = dict(draft_of(locked)), None
    locked.draft_version += 1
    locked.save(update_fields=["criteria", "draft", "draft_version"])
    return evaluate(locked, now=now)


def discard(selection: Selection, *, by: User | None) -> None:
    """Forget the draft; the saved criteria stay."""
    forgotten = Selection.objects.filter(pk=selection.pk)
    forgotten.update(draft=None, draft_version=selection.draft_version + 1, draft_by=by)


# asking -----------------------------------------------------------------------------------------------------------------


def count(root: Group, known: Glossary, *, now: dt.datetime) -> int:
    """Count the people who meet these criteria now. Raises TooSlow."""
    writer = compile.Writer(known, now)
    condition = compile.where(root, writer)
    with _asking() as cursor:
        cursor.execute(f"SELECT count(*) FROM recipients_person p WHERE {condition}", writer.parameters)
        return int(cursor.fetchone()[0])


def look(root: Group, known: Glossary, *, now: dt.datetime) -> Look:
    """Count, and give ten of the people found. Raises TooSlow."""
    found = count(root, known, now=now)
    writer = compile.Writer(known, now)
    # materialised, so that it is planned as the count was, and stopped after ten
    sql = f"WITH found AS MATERIALIZED ({compile.people(root, writer)}) SELECT id FROM found LIMIT {SAMPLED}"
    numbers = []
    if found:
        with _asking() as cursor:
            cursor.execute(sql, writer.parameters)
            numbers = [row[0] for row in cursor.fetchall()]
    people = Person.objects.filter(pk__in=numbers).select_related("company").defer("notes")
    return Look(found, list(people.with_addresses().order_by("sort_name", "id")))


def why(root: Group, known: Glossary, person: Person, *, now: dt.datetime) -> meaning.Answer:
    """Say of each criterion whether this person meets it, and so of the whole."""
    writer = compile.Writer(known, now, only=person.pk)
    sql, places = compile.answers(root, writer)
    with connection.cursor() as cursor:
        cursor.execute(sql, writer.parameters)
        row = cursor.fetchone() or ()
    return meaning.answer(root, dict(zip(places, row, strict=False)))


@contextmanager
def _asking() -> Iterator[CursorWrapper]:
    """Ask about everybody at once, but not for ever."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL work_mem = '{MEMORY}'; SET LOCAL jit = off")
            cursor.execute(f"SET LOCAL statement_timeout = {int(PATIENCE.total_seconds() * 1000)}")
            yield cursor
            cursor.execute("SET LOCAL statement_timeout = 0")
    except OperationalError as problem:
        if isinstance(problem.__cause__, QueryCanceled):
            raise TooSlow from problem
        raise


# evaluating -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def evaluate(selection: Selection, *, now: dt.datetime) -> Evaluated:
    """Make the members of a selection what its criteria find now, in sets; only what differs is written.

    A selection kept by hand stays as it is. Two evaluations of one selection wait for each other.
    """
    locked = Selection.objects.select_for_update(no_key=True).get(pk=selection.pk)
    if locked.is_by_hand:
        return Evaluated(SelectionMember.objects.filter(selection=locked).count(), 0, 0)
    root = definition(locked)
    writer = compile.Writer(glossary.load(root, of=locked.pk), now)
    people = compile.people(root, writer)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{MEMORY}'; SET LOCAL jit = off")
        cursor.execute("DROP TABLE IF EXISTS pg_temp.found")
        cursor.execute(f"CREATE TEMPORARY TABLE found ON COMMIT DROP AS {people}", writer.parameters)
        found = cursor.rowcount
        cursor.execute("ANALYZE found")
        cursor.execute(LEAVING, [locked.pk])
        removed = cursor.rowcount
        cursor.execute(COMING, {"selection": locked.pk, "now": now})
        added = cursor.rowcount
        cursor.execute("DROP TABLE found")
    selection.evaluated_at = locked.evaluated_at = now
    locked.save(update_fields=["evaluated_at"])
    return Evaluated(found, added, removed)


def evaluate_all(selections: Iterable[Selection], *, now: dt.datetime, fresh: dt.timedelta = dt.timedelta()) -> None:
    """Evaluate those that follow from criteria, in the order of their numbers, unless that was done just now."""
    for selection in sorted(selections, key=lambda row: row.pk):
        if not selection.is_by_hand and not is_fresh(selection, now=now, within=fresh):
            evaluate(selection, now=now)


def is_fresh(selection: Selection, *, now: dt.datetime, within: dt.timedelta = FRESH) -> bool:
    """Say whether the members are those of a moment ago."""
    return selection.is_by_hand or (selection.evaluated_at is not None and selection.evaluated_at > now - within)


LEAVING = """
DELETE FROM recipients_selectionmember member
 WHERE member.selection_id = %s AND NOT EXISTS (SELECT 1 FROM found WHERE found.id = member.person_id)
"""
COMING = """
INSERT INTO recipients_selectionmember (selection_id, person_id, added_at)
SELECT %(selection)s, found.id, %(now)s FROM found
 WHERE NOT EXISTS (SELECT 1 FROM recipients_selectionmember member
                    WHERE member.selection_id = %(selection)s AND member.person_id = found.id)
 ORDER BY found.id
    ON CONFLICT DO NOTHING
"""
