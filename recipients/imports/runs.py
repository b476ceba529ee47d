"""The life of an import after its columns are chosen: started, run by a worker, taken up again, cancelled.

The row of the import carries its progress, its owner and a lease. A batch and its progress are one transaction,
so a worker that is killed leaves whole batches behind; who takes over skips the rows that are done.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import ledger, rulebook, suppressions
from consent.models import Purpose
from recipients import phones
from recipients.imports import checks, declaration, rows, uploads, writing
from recipients.imports.ahead import ahead
from recipients.imports.checks import Checked, Warn
from recipients.imports.columns import CUSTOM, Custom, Field, Target
from recipients.imports.declaration import Declaration, Mistake
from recipients.models import CustomField, Import, RejectedRow, Selection

BATCH = 5_000
LEASE = dt.timedelta(seconds=30)  # between two batches; during one the row itself is locked
PATIENCE = dt.timedelta(seconds=20)  # how long a started import may wait before somebody asks again
ATTEMPTS = 5
ROWS_NAMED = 20  # of those that deserve a word

State = Import.State
# Who may move an import where. Running again after a lost lease is no move: its state stays.
MOVES: dict[State, frozenset[State]] = {
    State.MAPPING: frozenset({State.WAITING}),
    State.WAITING: frozenset({State.RUNNING, State.CANCELLED, State.FAILED}),
    State.RUNNING: frozenset({State.FINISHED, State.FAILED, State.CANCELLED}),
    # recipients.imports.undo
    State.FINISHED: frozenset({State.UNDOING}),
    State.FAILED: frozenset({State.UNDOING}),
    State.CANCELLED: frozenset({State.UNDOING}),
    State.UNDOING: frozenset({State.UNDONE, State.FINISHED}),
}

type Clock = Callable[[], dt.datetime]


@dataclass(frozen=True)
class Choices:
    """What somebody decided about a file before it is imported. An empty `selection_name` and no selection: none."""

    mapping: Mapping[int, Target]
    declared: Declaration
    purpose_id: int | None = None
    overwrite: bool = False  # in every field
    replace: frozenset[Target] = frozenset()  # in these fields
    selection_id: int | None = None
    selection_name: str = ""


class CannotStart(Exception):
    """Why an import cannot start; `mistakes` name the fields."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__(" ".join(str(mistake.text) for mistake in mistakes))
        self.mistakes = mistakes


class Lost(Exception):
    """The import is no longer ours: cancelled, or another worker took it up."""


def mistakes(choices: Choices, *, today: dt.date) -> list[Mistake]:
    """Say what keeps these choices from being carried out."""
    found: list[Mistake] = []
    if Field.EMAIL not in choices.mapping.values():
        found.append(Mistake("mapping", gettext_lazy("Choose the column with the e-mail addresses.")))
    for field in twice(field for field in choices.mapping.values() if field is not Field.EMAIL):
        text: Promise = gettext_lazy("Two columns are chosen for the same thing. Choose one of them.")
        found.append(Mistake(f"mapping-{field.value}", text))
    return found + declaration.mistakes(choices.declared, today=today)


def twice(fields: Iterable[Target]) -> list[Target]:
    given = list(fields)
    return [field for field in dict.fromkeys(given) if given.count(field) > 1]


@transaction.atomic
def start(importing: Import, choices: Choices, *, now: dt.datetime) -> Import:
    """Write the choices down and let it wait for a worker. Refuses with `CannotStart`."""
    current = Import.objects.select_for_update().get(pk=importing.pk)
    if State.WAITING not in MOVES.get(State(current.state), ()):
        raise CannotStart([Mistake("", _("This import was started before."))])
    if found := mistakes(choices, today=now.date()):
        raise CannotStart(found)
    declared = choices.declared
    current.mapping = {str(column): field.value for column, field in choices.mapping.items()}
    current.overwrite = choices.overwrite
    current.replace = sorted(field.value for field in choices.replace)
    current.source = declared.source
    current.evidence = dict(declared.evidence)
    current.evidence_on = declared.evidence_on
    current.evidence_columns = dict(declared.columns)
    current.is_explicit = declared.box_ticked
    current.for_texts = declared.for_texts
    current.purpose = purpose(choices.purpose_id)
    if declared.counts and current.purpose is None:
        raise CannotStart([Mistake("purpose", _("There is no purpose for which they can agree. Make one under Consent."))])  # fmt: skip
    current.selection_id = choices.selection_id
    if choices.selection_name:
        current.selection = Selection.objects.create(name=choices.selection_name, created_by=current.created_by)
        current.makes_selection = True
    current.state = State.WAITING
    current.head = {}
    current.lease_until = now + PATIENCE
    current.save()
    return current


def purpose(chosen: int | None) -> Purpose | None:
    """The chosen purpose; without a choice the one that every installation starts with."""
    active = Purpose.objects.filter(is_active=True).order_by("pk")
    return active.first() if chosen is None else active.filter(pk=chosen).first()


def cancel(importing: Import, *, now: dt.datetime) -> bool:
    """Stop after the batch that is being written. What was written stays; say whether there was something to stop."""
    stoppable = [state for state, ways in MOVES.items() if State.CANCELLED in ways]
    waiting = Import.objects.filter(pk=importing.pk, state__in=stoppable)
    if not waiting.update(state=State.CANCELLED, finished_at=now, lease_until=None):
        return False
    uploads.forget_file(importing)
    return True


def due(*, now: dt.datetime) -> list[int]:
    """Give the imports that nobody works on: never taken up, or left by a worker that died."""
    unfinished = Q(state__in=[State.WAITING, State.RUNNING]) & Q(lease_until__lt=now)
    return list(Import.objects.filter(unfinished).order_by("pk").values_list("pk", flat=True))


def run(import_id: int, *, worker: str, clock: Clock, size: int = BATCH) -> None:
    """Carry an import out, from where it stands to its end. Harmless when somebody else is doing it."""
    importing = claim(import_id, worker=worker, now=clock())
    if importing is None:
        return
    with translation.override(importing.language):
        if importing.attempts > ATTEMPTS:
            text = _("The import stopped %(times)s times after row %(row)s, so we gave it up. What was written stays.")
            end(importing, State.FAILED, text % {"times": ATTEMPTS, "row": importing.done}, now=clock())
            return
        try:
            with closing(ahead(prepared(importing, mapping_of(importing), size))) as work:
                for batch, checked in work:
                    carry_out(importing, batch, checked, clock=clock)
        except Lost:
            return
        except rows.Unreadable as problem:
            end(importing, State.FAILED, str(problem), now=clock())
            return
    end(importing, State.FINISHED, "", now=clock())


def claim(import_id: int, *, worker: str, now: dt.datetime) -> Import | None:
    """Take an import that waits, or whose worker let its lease run out."""
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        importing = Import.objects.select_for_update().filter(free, pk=import_id).first()
        if importing is None:
            return None
        importing.state = State.RUNNING
        importing.owner = f"{worker[:45]} {secrets.token_hex(6)}"  # who comes back after losing it is somebody else
        importing.attempts += 1
        importing.lease_until = now + LEASE
        importing.started_at = importing.started_at or now
        importing.save(update_fields=["state", "owner", "attempts", "lease_until", "started_at"])
    return importing


def prepared(importing: Import, mapping: Mapping[int, Target], size: int) -> Generator[tuple[rows.Batch, Checked]]:
    """Read and check the rows that are still to do; the reasons are written in the language of whoever uploaded them."""
    with translation.override(importing.language):
        for batch in batches(importing, size):
            yield batch, checks.check(batch, mapping)


def batches(importing: Import, size: int) -> Generator[rows.Batch]:
    """Give the rows that are still to do, `size` at a time."""
    skip = importing.done
    numbers: list[int] = []
    cells: list[list[str]] = []
    with closing(rows.read(Path(importing.file.path), importing.sheet)) as reading:
        for batch in reading:
            body = below(batch, importing.header_row)
            dropped = min(skip, len(body))
            skip -= dropped
            numbers += body.numbers[dropped:]
            cells += body.rows[dropped:]
            while len(numbers) >= size:
                yield rows.Batch(numbers[:size], cells[:size])
                numbers, cells = numbers[size:], cells[size:]
    if numbers:
        yield rows.Batch(numbers, cells)


def below(batch: rows.Batch, header_row: int) -> rows.Batch:
    if not batch.numbers or batch.numbers[0] > header_row:
        return batch
    kept = [position for position, number in enumerate(batch.numbers) if number > header_row]
    return rows.Batch([batch.numbers[at] for at in kept], [batch.rows[at] for at in kept])


def carry_out(importing: Import, batch: rows.Batch, checked: Checked, *, clock: Clock) -> None:
    """Write one batch with its refusals, evidence and progress, or nothing of it.

    It need not be on disk when we go on: should the power fail, it is done again, and the end of the import waits for all.
    """
    with transaction.atomic():
        now = clock()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        keep_hold(importing)
        checked = without_erased(checked)
        written = writing.write(checked.people, aim_of(importing), now=now)
        RejectedRow.objects.bulk_create(
            [
                RejectedRow(importing=importing, row=row.row, cells=row.cells, reason=row.reason)
                for row in checked.refused
            ]
        )
        importing.done += len(batch)
        importing.created += written.made.people
        importing.is_indexed = importing.is_indexed and not (written.made.people or written.changed)
        importing.changed += written.changed
        importing.same += written.same
        importing.rejected += len(checked.refused)
        blocked = suppressions.among("email", list(written.people))
        importing.suppressed += len(blocked)
        entries, lacking = evidence(importing, batch, checked, written, today=now.date())
        stopped = [person.row for person in checked.people if person.address in blocked]
        words = checked.warnings | lacking | {Warn.SUPPRESSED: stopped, Warn.REPEATED: written.repeated}
        importing.warnings = added(importing.warnings, words, people_of(checked, written))
        importing.attempts = 1
        importing.lease_until = clock() + LEASE
        recorded = ledger.record(entries, now=now)  # last: it holds the ledger's lock until we commit
        batch_of = Batch(now, (written.made.first, written.made.last), (recorded.first, recorded.last))
        importing.batches = [*importing.batches, batch_of.as_json()]
        importing.save(update_fields=PROGRESS)


def without_erased(checked: Checked) -> Checked:
    """Refuse the rows of those who asked to be erased, and keep nothing of what stands in them."""
    named = (address for person in checked.people for address in (person.address, *person.others.split()))
    erased = suppressions.erased_among("email", named)
    if not erased:
        return checked
    reason = _("This person asked us to erase them; nothing of the row was kept")
    refused = [checks.Refused(person.row, [], reason) for person in checked.people if person.address in erased]
    people = [
        person._replace(others=" ".join(other for other in person.others.split() if other not in erased))
        for person in checked.people
        if person.address not in erased
    ]
    return replace(checked, people=people, refused=[*checked.refused, *refused])


PROGRESS = ["done", "created", "changed", "same", "rejected", "suppressed", "warnings", "attempts", "lease_until", "batches", "is_indexed"]  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """What one batch wrote, for whoever has to find it again: the moment, the new people and events, first and last."""

    at: dt.datetime
    people: tuple[int, int] = (0, 0)
    events: tuple[int, int] = (0, 0)

    def as_json(self) -> dict[str, Any]:
        return {"at": self.at.isoformat(), "people": list(self.people), "events": list(self.events)}


def batches_of(importing: Import) -> list[Batch]:
    """Give what was written, batch by batch."""
    return [
        Batch(dt.datetime.fromisoformat(row["at"]), tuple(row["people"]), tuple(row["events"]))
        for row in importing.batches
    ]


def aim_of(importing: Import) -> writing.Aim:
    replace = set(writing.FILLED) if importing.overwrite else columns_of(importing.replace)
    moments = [batch.at for batch in batches_of(importing)]
    return writing.Aim(importing.pk, importing.selection_id, replace, moments)


def columns_of(fields: Iterable[str]) -> set[str]:
    """Give what of a person the fields are about; a whole name is all three parts."""
    chosen = {"custom" if field.startswith(CUSTOM) else field for field in fields}
    return (chosen & set(writing.FILLED)) | (set(writing.NAME) if Field.FULL_NAME in chosen else set())


def keep_hold(importing: Import) -> None:
    """Lock our row, so that a cancel waits for the batch, and see that it is still ours."""
    mine = Import.objects.select_for_update().filter(pk=importing.pk, state=State.RUNNING, owner=importing.owner)
    if mine.first() is None:
        raise Lost


def evidence(
    importing: Import, batch: rows.Batch, checked: Checked, written: writing.Written, *, today: dt.date
) -> tuple[list[ledger.Entry], dict[Warn, list[int]]]:
    """Make the ledger's entries, and name the rows whose evidence is missing or too old."""
    declared = declaration_of(importing)
    if not declared.counts or importing.purpose_id is None:
        return [], {}
    everywhere = None if declared.columns else declaration.shown_by([], declared, today=today)
    cells = dict(zip(batch.numbers, batch.rows, strict=True)) if declared.columns else {}
    entries: list[ledger.Entry] = []
    texts: dict[str, ledger.Entry] = {}  # by number: two people with one telephone agree once
    lacking: dict[Warn, list[int]] = {Warn.NO_EVIDENCE: [], Warn.EXPIRED: []}
    for person in checked.people:
        shown = everywhere or declaration.shown_by(cells.get(person.row, []), declared, today=today)
        if shown is None:
            lacking[Warn.NO_EVIDENCE].append(person.row)
            continue
        if shown.is_expired:
            lacking[Warn.EXPIRED].append(person.row)
        entry = ledger.Entry(
            address=person.address,
            subject=written.people[person.address],
            purpose=importing.purpose_id,
            source=declared.source,
            box_ticked=declared.box_ticked,
            evidence_on=shown.evidence_on,
            evidence=shown.evidence,
            actor=f"import:{importing.pk}",
        )
        entries.append(entry)
        if declared.for_texts and phones.takes_texts(person.mobile):
            texts.setdefault(person.mobile, replace(entry, address=person.mobile, channel="sms"))
    return [*entries, *texts.values()], lacking


def people_of(checked: Checked, written: writing.Written) -> dict[int, int]:
    return {person.row: written.people[person.address] for person in checked.people}


def added(
    known: dict[str, dict[str, Any]], words: Mapping[Warn, list[int]], people: Mapping[int, int]
) -> dict[str, dict[str, Any]]:
    """Count the rows of each warning; keep the numbers of the first ones, each with its person."""
    result = dict(known)
    for warning, numbers in words.items():
        if numbers:
            before = result.get(warning.value, {"count": 0, "rows": []})
            named = [*before["rows"], *([number, people.get(number)] for number in numbers)]
            result[warning.value] = {"count": before["count"] + len(numbers), "rows": named[:ROWS_NAMED]}
    return result


def end(importing: Import, state: State, problem: str, *, now: dt.datetime) -> None:
    mine = Import.objects.filter(pk=importing.pk, state=State.RUNNING, owner=importing.owner)
    if mine.update(state=state, problem=problem, finished_at=now, lease_until=None):
        uploads.forget_file(importing)


def mapping_of(importing: Import) -> dict[int, Target]:
    return mapped(importing.mapping, house_fields())


def mapped(chosen: Mapping[Any, str], fields: Iterable[Custom]) -> dict[int, Target]:
    """Read a mapping as it is kept. A field of the house that is not there any more is not imported."""
    house = {field.value: field for field in fields}
    return {
        int(column): house[name] if name in house else Field(name)
        for column, name in chosen.items()
        if name in house or name in Field
    }


def house_fields() -> list[Custom]:
    """Give the fields of people that this house made up."""
    rows = CustomField.objects.filter(of=CustomField.Of.PERSON).order_by("position", "pk")
    return [Custom(row.key, row.name, row.kind, tuple(row.choices)) for row in rows]


def declaration_of(importing: Import) -> Declaration:
    return Declaration(
        source=importing.source,
        evidence=importing.evidence,
        evidence_on=importing.evidence_on,
        columns=importing.evidence_columns,
        box_ticked=importing.is_explicit,
        for_texts=importing.for_texts,
        without_consent=not importing.is_mailable,
        sources=rulebook.current().sources,
    )
