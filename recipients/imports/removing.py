"""Many people or companies go at once: what names them is asked per set, instead of once per row and table.

A deleted row of PostgreSQL is looked for in every table that may name it, each time by a query of its own: fourteen per
person, a hundred microseconds. Whoever may set `session_replication_role` (a superuser, or who was granted it) leaves that
out here, under three conditions that the callers keep: the rows are locked first, so that nothing can begin to name
them (a foreign key needs FOR KEY SHARE); then every table that may name them was asked; and what goes along is deleted here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from recipients.models import GOES_ALONG


@contextmanager
def asked_already() -> Iterator[None]:
    """No row is checked by itself in here, where we are allowed to say so; else each is, as always."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        (may,) = cursor.fetchone()
        if may:
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        if may:
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def lock(rows: str, given: dict[str, Any]) -> None:
    """Let nobody begin to name these rows (called x), or change them, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT FROM {rows} FOR UPDATE OF x) held", given)  # noqa: S608 - our own text


def people(chosen: str) -> int:
    """Remove the people of this SELECT of numbers, locked and named by nothing else, and what goes along with them."""
    with asked_already(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM recipients_person WHERE id IN ({chosen})")  # noqa: S608 - our own text
        removed = int(cursor.rowcount)
        for table in GOES_ALONG:
            cursor.execute(f"DELETE FROM {table} WHERE person_id IN ({chosen})")  # noqa: S608 - our own names
    return removed
