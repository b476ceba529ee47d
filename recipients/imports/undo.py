"""An import is taken back: who it made and nobody has touched goes, what it changed comes back, what it declared
no longer counts.

All of it is one transaction, or nothing. Whoever was edited, mailed, put on another list or spoke for themselves since
stays, and the page says how many and why. Suppressions stay whatever happens. A value is restored only where it is
still what the import wrote.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, Model, Q
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import ledger
from recipients.imports import removing, rowchecks, runs, writing
from recipients.models import (
    Company,
    EmailAddress,
    Import,
    ImportedChange,
    Person,
    PersonSearch,
    Selection,
    SelectionMember,
)

LEASE = dt.timedelta(minutes=5)  # longer than a million people take
ATTEMPTS = 3

State = Import.State
OVER = (State.FINISHED, State.FAILED, State.CANCELLED)
# Tables that an import fills itself: rows in them are no sign that somebody touched the person.
OWN: list[type[Model]] = [EmailAddress, PersonSearch, ImportedChange, SelectionMember]

WHY: dict[str, Promise] = {
    "edited": gettext_lazy("Edited since"),
    "listed": gettext_lazy("On another selection since"),
    "spoke": gettext_lazy("Agreed, left or was asked since"),
}


class CannotUndo(Exception):
    """Why an import cannot be undone; fit to show."""


@dataclass(frozen=True)
class Undone:
    """What undoing does, or did: people removed and kept (by reason), people whose values or addresses come back."""

    removed: int = 0
    kept: Mapping[str, int] = field(default_factory=dict)
    restored: int = 0
    changed_since: int = 0  # a value that somebody changed again stays as it is
    left: int = 0  # memberships that end
    withdrawn: int = 0  # entries of consent that count no longer

    @property
    def kept_in_all(self) -> int:
        return sum(self.kept.values())

    def reasons(self) -> Iterator[tuple[str | Promise, int]]:
        """Give in words why people stay, and how many."""
        for code, people in self.kept.items():
            yield WHY[code] if code in WHY else capfirst(str(apps.get_model(code)._meta.verbose_name_plural)), people


def can_be_undone(importing: Import) -> bool:
    """Whether it is over and wrote something that we know how to take back."""
    return importing.state in OVER and bool(importing.batches)


def outlook(importing: Import) -> Undone:
    """Say what undoing would do now; nothing changes."""
    with transaction.atomic():
        sort_out(importing)
        kept = kept_people()
        seen = Undone(
            removed=count("SELECT count(*) FROM undoing WHERE why = ''"),
            kept=kept,
            restored=count(RESTORABLE.format(differs=still_ours()), {"importing": importing.pk}),
            changed_since=count(CHANGED_SINCE.format(differs=still_ours()), {"importing": importing.pk}),
            left=count(MEMBERS, members(importing)),
            withdrawn=count(DECLARED, declared(importing)),
        )
        transaction.set_rollback(True)
    return seen


def ask(importing: Import, *, by: User | None, now: dt.datetime) -> None:
    """Let it wait for a worker. Refuses with `CannotUndo`."""
    waiting = Import.objects.filter(pk=importing.pk, state__in=OVER).exclude(batches=[])
    moved = waiting.update(state=State.UNDOING, undone_by=by, lease_until=now, attempts=0, undone={})
    if not moved:
        raise CannotUndo(_("There is nothing to undo: the import is running, wrote nothing, or was undone before."))


def due(*, now: dt.datetime) -> list[int]:
    """Give the imports whose undoing nobody works on."""
    waiting = Import.objects.filter(state=State.UNDOING, lease_until__lt=now)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def run(import_id: int, *, now: dt.datetime) -> Undone | None:
    """Undo an import that waits for it, or nothing of it. Harmless when somebody else is doing it."""
    mine = Import.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), pk=import_id, state=State.UNDOING)
    if not mine.update(lease_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    importing = Import.objects.get(pk=import_id)
    if importing.attempts > ATTEMPTS:
        give_up(importing)
        return None
    with transaction.atomic():
        locked = Import.objects.select_for_update().get(pk=import_id)
        if locked.state != State.UNDOING:
            return None
        undone = carry_out(locked, now=now)
        locked.state, locked.undone, locked.undone_at, locked.lease_until = State.UNDONE, asdict(undone), now, None
        locked.save(update_fields=["state", "undone", "undone_at", "lease_until", "selection"])
    return undone


def give_up(importing: Import) -> None:
    text = _("Undoing stopped %(times)s times, so we gave it up. Nothing was undone; try again later.")
    waiting = Import.objects.filter(pk=importing.pk, state=State.UNDOING)
    waiting.update(state=State.FINISHED, problem=text % {"times": ATTEMPTS}, lease_until=None)


def carry_out(importing: Import, *, now: dt.datetime) -> Undone:
    """Undo it. In one transaction, alone among the imports."""
    own: dict[str, Any] = {"importing": importing.pk, "now": now}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [writing.LOCK])
        removing.lock(MADE, made_by(importing))
        sort_out(importing)
        changed_since = count(CHANGED_SINCE.format(differs=still_ours()), own)
        cursor.execute(restoring(), own)
        restored = {number for (number,) in cursor.fetchall()}
        cursor.execute(TAKE_ADDRESSES, own)
        restored |= {number for (number,) in cursor.fetchall()}
        cursor.execute(f"DELETE FROM recipients_selectionmember m {MEMBERS_OF}", members(importing))  # noqa: S608
        left = cursor.rowcount
        removed = removing.people("SELECT person_id FROM undoing WHERE why = ''")
        kept = kept_people()
        cursor.execute("DROP TABLE undoing")
        removing.lock(f"recipients_company x WHERE {AT_ITS_MOMENTS}", moments(importing))
        with rowchecks.left_out():
            cursor.execute(unused(Company, AT_ITS_MOMENTS), moments(importing))
    forget_selection(importing)
    Import.objects.filter(pk=importing.pk).update(is_indexed=importing.is_indexed and not restored)
    withdrawn = ledger.annul(
        f"import:{importing.pk}",
        [batch.events for batch in runs.batches_of(importing) if batch.events[1]],
        actor=f"user:{importing.undone_by_id}" if importing.undone_by_id else "system",
        now=now,
    )
    return Undone(removed, kept, len(restored), changed_since, left, withdrawn)


def sort_out(importing: Import) -> None:
    """List in `undoing` the people it made, each with what keeps them, or nothing."""
    given = made_by(importing)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.undoing")
        cursor.execute(UNDOING, given)
        cursor.execute("ANALYZE undoing")
        cursor.execute(LISTED, given)
        for model, column in pointing_at(Person, but=OWN):
            cursor.execute(HELD.format(table=model._meta.db_table, column=column), given | {"why": model._meta.label})
        cursor.execute(SPOKE.format(others=ledger.SPOKEN_BY_OTHERS), given)


def made_by(importing: Import) -> dict[str, Any]:
    """Give what tells the people of an import from all others."""
    made = [batch for batch in runs.batches_of(importing) if batch.people[1]]
    return {
        "importing": importing.pk,
        "actor": f"import:{importing.pk}",
        "selection": importing.selection_id or 0,
        "firsts": [batch.people[0] for batch in made],
        "lasts": [batch.people[1] for batch in made],
        "moments": [batch.at for batch in made],
        "first": min((batch.people[0] for batch in made), default=0),
        "last": max((batch.people[1] for batch in made), default=0),
    }


def pointing_at(model: type[Model], *, but: Sequence[type[Model]]) -> Iterator[tuple[type[Model], str]]:
    """Give the tables of the whole product that name rows of this model, each with its column."""
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one):
            named = relation.related_model
            if isinstance(named, type) and named not in but and named._meta.managed:
                yield named, str(relation.field.column)  # type: ignore[union-attr]


def unused(model: type[Model], condition: str) -> str:
    """Give the statement that deletes the rows of this condition which nothing in the product names."""
    free = "".join(
        f" AND NOT EXISTS (SELECT FROM {other._meta.db_table} y WHERE y.{column} = x.id)"
        for other, column in pointing_at(model, but=())
    )
    return f"DELETE FROM {model._meta.db_table} x WHERE {condition}{free}"  # noqa: S608 - our own names


def forget_selection(importing: Import) -> None:
    """A selection that came into being with the import goes with it, when it is empty and nothing uses it."""
    chosen = importing.selection
    if chosen is None or not importing.makes_selection or chosen.imports.exclude(pk=importing.pk).exists():
        return
    used = any(
        model._default_manager.filter(**{f"{column.removesuffix('_id')}": chosen.pk}).exists()
        for model, column in pointing_at(Selection, but=[Import])
    )
    if not used:
        importing.selection = None
        Import.objects.filter(pk=importing.pk).update(selection=None)
        chosen.delete()


def kept_people() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT why, count(*) FROM undoing WHERE why <> '' GROUP BY why ORDER BY 2 DESC, 1")
        return dict(cursor.fetchall())


def count(sql: str, given: Mapping[str, Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return int(cursor.fetchone()[0])


def moments(importing: Import) -> dict[str, Any]:
    return {"moments": [batch.at for batch in runs.batches_of(importing)]}


def members(importing: Import) -> dict[str, Any]:
    return moments(importing) | {"selection": importing.selection_id or 0}


def declared(importing: Import) -> dict[str, Any]:
    events = [batch.events for batch in runs.batches_of(importing) if batch.events[1]]
    return {"firsts": [first for first, _last in events], "lasts": [last for _first, last in events], "actor": f"import:{importing.pk}"}  # fmt: skip


def still_ours() -> str:
    """Give the condition that a value which the import changed is still what it wrote, for one of them at least."""
    return " OR ".join(ours(column) for column in writing.ATTRIBUTES.values())


def ours(column: str) -> str:
    return f"(c.before ? '{column}' AND coalesce(to_jsonb(p.{column}), 'null') = c.after -> '{column}')"


def restoring() -> str:
    texts = [column for column in writing.ATTRIBUTES.values() if column not in ("company_id", "custom")]
    values = [
        f"{column} = CASE WHEN {ours(column)} THEN c.before ->> '{column}' ELSE p.{column} END" for column in texts
    ]
    values.append(f"custom = CASE WHEN {ours('custom')} THEN c.before -> 'custom' ELSE p.custom END")
    values.append(
        f"company_id = CASE WHEN {ours('company_id')} THEN (SELECT k.id FROM recipients_company k "  # noqa: S608
        "WHERE k.id = (c.before ->> 'company_id')::bigint) ELSE p.company_id END"
    )
    return f"""
UPDATE recipients_person p SET updated_at = %(now)s, {", ".join(values)}
FROM recipients_importedchange c
WHERE c.importing_id = %(importing)s AND p.id = c.person_id AND ({still_ours()})
    AND NOT EXISTS (SELECT FROM undoing u WHERE u.person_id = p.id)
RETURNING p.id
"""  # noqa: S608 - our own names


MADE = """
recipients_person x
JOIN unnest(%(firsts)s::bigint[], %(lasts)s::bigint[], %(moments)s::timestamptz[]) AS batch(first, last, at)
    ON x.id BETWEEN batch.first AND batch.last AND x.created_at = batch.at
"""
UNDOING = f"""
CREATE TEMPORARY TABLE undoing ON COMMIT DROP AS
SELECT x.id AS person_id, CASE WHEN x.updated_at <> x.created_at THEN 'edited' ELSE '' END AS why FROM {MADE}
"""  # noqa: S608 - our own text

# A dynamic selection finds its members by itself: being on it is nobody's doing.
LISTED = """
UPDATE undoing u SET why = 'listed'
WHERE u.why = '' AND u.person_id IN (
    SELECT m.person_id FROM recipients_selectionmember m JOIN recipients_selection s ON s.id = m.selection_id
    WHERE m.person_id BETWEEN %(first)s AND %(last)s AND m.selection_id <> %(selection)s AND s.kind = 'static'
)
"""
# The people of an import have numbers close together: one look at each index says whether anything names them.
HELD = """
UPDATE undoing u SET why = %(why)s
WHERE u.why = '' AND u.person_id IN (
    SELECT x.{column} FROM {table} x WHERE x.{column} BETWEEN %(first)s AND %(last)s
)
"""
SPOKE = """
UPDATE undoing u SET why = 'spoke'
WHERE u.why = '' AND u.person_id IN (
    SELECT e.person_id FROM recipients_emailaddress e
    WHERE e.person_id BETWEEN %(first)s AND %(last)s AND e.address IN ({others})
)
"""
AT_ITS_MOMENTS = "x.created_at = ANY(%(moments)s::timestamptz[])"

RESTORABLE = """
SELECT count(*) FROM recipients_importedchange c JOIN recipients_person p ON p.id = c.person_id
WHERE c.importing_id = %(importing)s AND ({differs} OR c.addresses <> '[]')
    AND NOT EXISTS (SELECT FROM undoing u WHERE u.person_id = p.id)
"""
CHANGED_SINCE = """
SELECT count(*) FROM recipients_importedchange c JOIN recipients_person p ON p.id = c.person_id
WHERE c.importing_id = %(importing)s AND c.before <> '{{}}' AND NOT ({differs})
    AND NOT EXISTS (SELECT FROM undoing u WHERE u.person_id = p.id)
"""
# Not the one we write to: somebody put it first.
TAKE_ADDRESSES = """
WITH taken AS (
    DELETE FROM recipients_emailaddress e USING recipients_importedchange c
    WHERE c.importing_id = %(importing)s AND e.person_id = c.person_id AND c.addresses ? e.address AND e.rank > 1
    RETURNING e.person_id
)
UPDATE recipients_person p SET updated_at = %(now)s WHERE p.id IN (SELECT person_id FROM taken) RETURNING p.id
"""

MEMBERS_OF = "WHERE m.selection_id = %(selection)s AND m.added_at = ANY(%(moments)s::timestamptz[])"
MEMBERS = f"SELECT count(*) FROM recipients_selectionmember m {MEMBERS_OF}"  # noqa: S608 - our own text

DECLARED = """
SELECT count(*) FROM unnest(%(firsts)s::bigint[], %(lasts)s::bigint[]) AS batch(first, last)
JOIN consent_consentevent e ON e.id BETWEEN batch.first AND batch.last
WHERE e.actor = %(actor)s AND e.act IN ('given', 'confirmed')
"""
