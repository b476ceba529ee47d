"""Many people or companies go at once: what names them is asked per set, instead of once per row and table.

A deleted row of PostgreSQL is looked for in every table that may name it, each time by a query of its own: fourteen per
person, a hundred microseconds. Here the rows are locked first, so that nothing can begin to name them (a foreign key needs
FOR KEY SHARE); then the caller asks every table that may name them; then they go, and what goes along with them.
"""

from typing import Any

from django.db import connection

from recipients.imports import rowchecks
from recipients.models import GOES_ALONG


def lock(rows: str, given: dict[str, Any]) -> None:
    """Let nobody begin to name these rows (called x), or change them, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT FROM {rows} FOR UPDATE OF x) held", given)  # noqa: S608 - our own text


def people(chosen: str) -> int:
    """Remove the people of this SELECT of numbers, locked and named by nothing else, and what goes along with them."""
    with rowchecks.left_out(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM recipients_person WHERE id IN ({chosen})")  # noqa: S608 - our own text
        removed = int(cursor.rowcount)
        for table in GOES_ALONG:
            cursor.execute(f"DELETE FROM {table} WHERE person_id IN ({chosen})")  # noqa: S608 - our own names
    return removed
