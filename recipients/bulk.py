"""One act for many people: a field, an interest, a task, consent. Each is a few statements whatever their number.

What changed is written down on each card, so that the time line and an undo of an import know of it.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet

from recipients.models import Change, EmailAddress, Interest, Person, Project, ProjectMember, Task

# what may be set for many at once: field → column
FIELDS: Mapping[str, str] = {
    "title": "title",
    "language": "language",
    "country": "country",
    "city": "city",
    "time_zone": "time_zone",
    "our_contact": "our_contact_id",
    "support_contact": "support_contact_id",
    "is_former_employee": "is_former_employee",
}


@dataclass(frozen=True)
class By:
    """Who does it, and when."""

    user: User | None
    now: dt.datetime


def set_field(chosen: QuerySet[Person], field: str, value: Any, *, shown: tuple[str, str], by: By) -> int:
    """Give a field one value on all of these cards; tell on how many it was another one.

    `shown` is the SQL that says the old value, and the new value in words, for the time line.
    """
    column = FIELDS[field]
    old, new = shown
    sql = f"""
        WITH chosen AS ({{chosen}}),
        had AS MATERIALIZED (
            SELECT p.id, {old} AS old FROM recipients_person p JOIN chosen ON chosen.id = p.id
             WHERE p.{column} IS DISTINCT FROM %s FOR NO KEY UPDATE OF p
        ),
        changed AS (
            UPDATE recipients_person p SET {column} = %s, updated_at = %s FROM had WHERE p.id = had.id
        )
        INSERT INTO recipients_change (person_id, at, by_id, source, what)
        SELECT id, %s, %s, %s, jsonb_build_object(%s::text, jsonb_build_array(old, %s::text)) FROM had"""  # noqa: S608
    given = [value, value, by.now, by.now, _pk(by), Change.Source.BULK, field, new]
    return _run(sql, chosen, given)


def set_custom(chosen: QuerySet[Person], key: str, value: Any, *, by: By) -> int:
    """Give a custom field one value on all of these cards, or none."""
    wanted = "custom - %s::text" if value is None else "jsonb_set(custom, ARRAY[%s::text], %s::jsonb)"
    as_json = _json(value)
    sql = f"""
        WITH chosen AS ({{chosen}}),
        had AS MATERIALIZED (
            SELECT p.id, p.custom -> %s::text AS old FROM recipients_person p JOIN chosen ON chosen.id = p.id
             WHERE p.custom -> %s::text IS DISTINCT FROM %s::jsonb FOR NO KEY UPDATE OF p
        ),
        changed AS (
            UPDATE recipients_person p SET custom = {wanted}, updated_at = %s FROM had WHERE p.id = had.id
        )
        INSERT INTO recipients_change (person_id, at, by_id, source, what)
        SELECT id, %s, %s, %s, jsonb_build_object(%s::text, jsonb_build_array(old, %s::jsonb)) FROM had"""  # noqa: S608
    setting = [key] if value is None else [key, as_json]
    given = [key, key, as_json, *setting, by.now, by.now, _pk(by), Change.Source.BULK, f"custom.{key}", as_json]
    return _run(sql, chosen, given)


def add_interest(chosen: QuerySet[Person], interest: Interest, *, by: By) -> int:
    """Give all of them an interest; tell how many did not have it."""
    sql = """
        WITH chosen AS ({chosen}),
        added AS (
            INSERT INTO recipients_personinterest (person_id, interest_id, added_at)
            SELECT id, %s, %s FROM chosen ON CONFLICT DO NOTHING RETURNING person_id
        )
        INSERT INTO recipients_change (person_id, at, by_id, source, what)
        SELECT person_id, %s, %s, %s, jsonb_build_object('interests', jsonb_build_array(NULL, %s::text)) FROM added"""
    return _run(sql, chosen, [interest.pk, by.now, by.now, _pk(by), Change.Source.BULK, interest.name])


def take_interest(chosen: QuerySet[Person], interest: Interest, *, by: By) -> int:
    """Take an interest off all of them; tell how many had it."""
    sql = """
        WITH chosen AS ({chosen}),
        gone AS (
            DELETE FROM recipients_personinterest i USING chosen WHERE i.person_id = chosen.id AND i.interest_id = %s
            RETURNING i.person_id
        )
        INSERT INTO recipients_change (person_id, at, by_id, source, what)
        SELECT person_id, %s, %s, %s, jsonb_build_object('interests', jsonb_build_array(%s::text, NULL)) FROM gone"""
    return _run(sql, chosen, [interest.pk, by.now, _pk(by), Change.Source.BULK, interest.name])


def make_tasks(chosen: QuerySet[Person], like: Task, *, by: By) -> int:
    """Make a task about each of them, all like this one."""
    sql = """
        WITH chosen AS ({chosen})
        INSERT INTO recipients_task (kind, title, notes, due_on, due_at, assignee_id, person_id, created_at, created_by_id)
        SELECT %s, %s, %s, %s, %s, %s, id, %s, %s FROM chosen"""
    given = [like.kind, like.title, like.notes, like.due_on, like.due_at, like.assignee_id, by.now, _pk(by)]
    return _run(sql, chosen, given)


def set_role(chosen: QuerySet[Person], project: Project, role: str) -> int:
    """Give those of them who are members of a project a role in it."""
    numbers = chosen.order_by().values("pk")
    members = ProjectMember.objects.filter(project=project, person__in=numbers).exclude(role=role)
    return members.update(role=role)


def addresses(chosen: QuerySet[Person], channel: str = "email") -> QuerySet[Any, str]:
    """Give the address we write to of each of them, or the mobile number."""
    numbers = chosen.order_by().values("pk")
    if channel == "sms":
        return Person.objects.filter(pk__in=numbers).exclude(mobile="").values_list("mobile", flat=True)
    return EmailAddress.objects.filter(rank=1, person__in=numbers).values_list("address", flat=True)


@transaction.atomic
def _run(sql: str, chosen: QuerySet[Person], given: list[Any]) -> int:
    """Put the people who are chosen into a statement; their own parameters come first."""
    try:
        query, parameters = chosen.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0
    with connection.cursor() as cursor:
        numbers = f"SELECT own.id FROM ({query}) own(id)"  # noqa: S608 - Django's own
        cursor.execute(sql.replace("{chosen}", numbers), [*parameters, *given])
        return int(cursor.rowcount)


def _pk(by: By) -> int | None:
    return by.user.pk if by.user else None


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)
