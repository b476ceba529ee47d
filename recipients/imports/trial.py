"""A trial of a whole file: how many rows would be new, changed, the same, rejected, blocked; nothing is written.

It goes the way of an import, batch by batch, and asks where that would write. In the background, like the import itself.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import translation

from consent import suppressions
from recipients.imports import rows, runs, writing
from recipients.imports.ahead import ahead
from recipients.imports.checks import WARNINGS, Warn
from recipients.models import Import

State = Import.State


@dataclass(frozen=True)
class Tried:
    """What an import would do. `done` of `total` rows were looked at; `problem` is why it stopped."""

    total: int
    done: int = 0
    created: int = 0
    changed: int = 0
    same: int = 0
    rejected: int = 0
    suppressed: int = 0
    warnings: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""

    @property
    def is_over(self) -> bool:
        return self.done >= self.total or bool(self.problem)

    def words(self) -> list[tuple[str, int]]:
        """Give what deserves a word, with the number of rows."""
        return [(str(WARNINGS[warn]), self.warnings[warn.value]) for warn in Warn if self.warnings.get(warn.value)]


def ask(importing: Import, choices: runs.Choices, *, token: str) -> None:
    """Write down what is to be tried; a later trial takes the place of this one."""
    asked = {
        "token": token,
        "mapping": {str(column): target.value for column, target in choices.mapping.items()},
        "replace": sorted(
            writing.FILLED if choices.overwrite else runs.columns_of(one.value for one in choices.replace)
        ),
        "tried": asdict(Tried(importing.total)),
    }
    Import.objects.filter(pk=importing.pk, state=State.MAPPING).update(trial=asked)


def of(importing: Import) -> Tried | None:
    """Give how far the trial is."""
    return Tried(**importing.trial["tried"]) if importing.trial else None


def run(import_id: int, *, token: str, size: int = runs.BATCH) -> None:
    """Try a file out, unless it was started, thrown away or tried anew meanwhile."""
    importing = Import.objects.filter(pk=import_id, state=State.MAPPING, trial__token=token).first()
    if importing is None:
        return
    mapping = runs.mapped(importing.trial["mapping"], runs.house_fields())
    replace = frozenset(importing.trial["replace"])
    tried = Tried(importing.total)
    seen: set[str] = set()
    with translation.override(importing.language):
        try:
            with closing(ahead(runs.prepared(importing, mapping, size))) as work:
                for batch, checked in work:
                    tried = with_batch(tried, len(batch), checked, replace, seen)
                    if not keep(importing, tried):
                        return
        except rows.Unreadable as problem:
            keep(importing, Tried(**asdict(tried) | {"problem": str(problem)}))


def keep(importing: Import, tried: Tried) -> bool:
    """Write the progress down; false when nobody waits for this trial any more."""
    trial = importing.trial | {"tried": asdict(tried)}
    waiting = Import.objects.filter(pk=importing.pk, state=State.MAPPING, trial__token=importing.trial["token"])
    return bool(waiting.update(trial=trial))


def with_batch(tried: Tried, size: int, checked: Any, replace: frozenset[str], seen: set[str]) -> Tried:
    """Count one batch. An address that an earlier row had is taken for the same, whatever else stands in the row."""
    erased = suppressions.erased_among("email", [person.address for person in checked.people])
    people = [person for person in checked.people if person.address not in erased]
    new = [person for person in people if not (person.address in seen or seen.add(person.address))]  # type: ignore[func-returns-value]
    made, changed = counted(new, replace) if new else (0, 0)
    blocked = suppressions.among("email", [person.address for person in people])
    warnings = dict(tried.warnings)
    repeated = len(people) - len(new)
    for code, number in [*((warn.value, len(found)) for warn, found in checked.warnings.items()), (Warn.REPEATED.value, repeated)]:  # fmt: skip
        warnings[code] = warnings.get(code, 0) + number
    return Tried(
        total=tried.total,
        done=tried.done + size,
        created=tried.created + made,
        changed=tried.changed + changed,
        same=tried.same + len(people) - made - changed,
        rejected=tried.rejected + size - len(people),
        suppressed=tried.suppressed + len(blocked),
        warnings=warnings,
    )


def counted(people: list[Any], replace: frozenset[str]) -> tuple[int, int]:
    """Ask, on the way that an import goes, how many people would be made and how many changed."""
    with transaction.atomic():
        writing.prepare()
        writing.copy(people, with_others=any(person.others for person in people))
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM incoming WHERE is_new")
            (made,) = cursor.fetchone()
            changing = CHANGED.format(differing=writing.differing(replace))
            cursor.execute(changing, {"replaces_company": "company" in replace})
            (changed,) = cursor.fetchone()
        transaction.set_rollback(True)
    return made, changed


# Of a known person something differs, or the row brings a company that would be made, or an address that nobody has.
CHANGED = """
SELECT count(DISTINCT id) FROM (
    SELECT differs.id FROM ({differing}) differs
    UNION ALL
    SELECT p.id FROM incoming i JOIN recipients_person p ON p.id = i.person_id
    WHERE NOT i.is_new AND i.company <> '' AND (p.company_id IS NULL OR %(replaces_company)s)
        AND NOT EXISTS (SELECT FROM recipients_company k WHERE lower(k.name) = lower(i.company))
    UNION ALL
    SELECT i.person_id FROM incoming i
    CROSS JOIN LATERAL unnest(string_to_array(i.address || ' ' || i.others, ' ')) AS other(address)
    WHERE NOT i.is_new AND i.others <> ''
        AND NOT EXISTS (SELECT FROM recipients_emailaddress e WHERE e.address = other.address)
) touched
"""
