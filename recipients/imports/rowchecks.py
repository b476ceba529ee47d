"""What PostgreSQL asks row by row, asked once per set instead.

A foreign key is a query for each row that is written, and for each table that may name a row that is deleted. Whoever may
set `session_replication_role` (a superuser, or who was granted it) leaves that out here, for single statements. What
keeps the data whole is that the caller has locked the rows in question and has asked the same questions, as a set.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def left_out() -> Iterator[None]:
    """No row is checked by itself and no trigger fires in here, where we are allowed to say so; else all is as always."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        (may,) = cursor.fetchone()
        if may:
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        if may:
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
