"""How far an import is and what it did, in figures and sentences for its page."""

import datetime as dt
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from consent import law, rules
from recipients.imports.checks import WARNINGS, Warn
from recipients.imports.declaration import DATE
from recipients.models import Import


@dataclass(frozen=True)
class Progress:
    done: int
    total: int
    per_second: int
    left: dt.timedelta | None  # None: not known yet, or nothing left to do

    @property
    def minutes_left(self) -> str:
        """2:04, as a clock shows it."""
        seconds = 0 if self.left is None else round(self.left.total_seconds())
        return f"{seconds // 60}:{seconds % 60:02}"


@dataclass(frozen=True)
class Warned:
    """A thing that deserves a word: how many rows, and the first of them with their people."""

    code: str
    text: str | Promise
    count: int
    rows: list[tuple[int, int | None]]

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


def of(importing: Import, *, now: dt.datetime) -> Progress:
    """Say how many rows are done, how quickly, and how long the rest will take."""
    passed = ((importing.finished_at or now) - (importing.started_at or now)).total_seconds()
    rate = importing.done / passed if passed > 0 else 0.0
    left = None
    if importing.state == Import.State.RUNNING and rate:
        left = dt.timedelta(seconds=(importing.total - importing.done) / rate)
    return Progress(importing.done, importing.total, round(rate), left)


def warnings(importing: Import) -> list[Warned]:
    """List what deserves a word, the gravest first."""
    return [
        Warned(warn.value, WARNINGS[warn], found["count"], [(row, person) for row, person in found["rows"]])
        for warn in Warn
        if (found := importing.warnings.get(warn.value))
    ]


def evidence(importing: Import) -> list[tuple[str | Promise, str | dt.date]]:
    """Give the declared evidence, piece by piece, with its labels."""
    rule = rules.SOURCES.get(importing.source)
    if rule is None or not rule.is_recordable:
        return []
    labels = {DATE: rule.date_label, **{piece.key: piece.label for piece in rule.evidence_fields}}
    pieces: list[tuple[str | Promise, str | dt.date]] = []
    for key, label in labels.items():
        value: str | dt.date | None = importing.evidence_on if key == DATE else importing.evidence.get(key)
        if (column := importing.evidence_columns.get(key)) is not None:
            name = importing.headers[column] if column < len(importing.headers) else str(column + 1)
            value = _("from column “%(name)s”") % {"name": name}
        if value:
            pieces.append((label, value))
    pieces += [(label, _("yes")) for flag, label in law.SOFT_FLAGS.items() if importing.evidence.get(flag)]
    if importing.for_texts:
        pieces.append((_("Text messages, too"), _("yes")))
    return pieces
