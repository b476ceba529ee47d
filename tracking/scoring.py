"""How well the classifier does on labelled messages: a folder of `.eml` with a `labels.json`. Touches no database.

The labels are those of the collection beside the project: per file a list of {recipient, hard, reason, status, reply_code}. A
recipient counts as called dead when the failure that names it, or the only one there is, is about a dead address. An address
counts as found when the report names it, as the failed one or as where it was forwarded to.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracking import bounces
from tracking.bounces import Failure, Report
from tracking.refusals import Category

NOTHING = "nothing"  # the report was not recognised, or names nobody


class NotLabelled(Exception):
    """The folder has no readable labels; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled recipient, and what was made of it."""

    file: str
    address: str
    is_hard: bool
    reason: str
    category: str
    is_found: bool

    @property
    def is_called_hard(self) -> bool:
        return self.category == Category.DEAD_ADDRESS

    @property
    def agrees(self) -> bool:
        return self.is_hard is self.is_called_hard and self.is_found


@dataclass(frozen=True, slots=True)
class Score:
    rows: Sequence[Row]
    files: int
    crashes: Sequence[str] = ()
    unlabelled_hard: Sequence[str] = field(
        default_factory=tuple
    )  # files without recipients where somebody was called dead

    @property
    def called(self) -> int:
        return sum(row.is_called_hard for row in self.rows) + len(self.unlabelled_hard)

    @property
    def hard_precision(self) -> float:
        return self._right / self.called if self.called else 1.0

    @property
    def hard_recall(self) -> float:
        hard = sum(row.is_hard for row in self.rows)
        return self._right / hard if hard else 1.0

    @property
    def address_found(self) -> float:
        named = [row for row in self.rows if row.address]
        return sum(row.is_found for row in named) / len(named) if named else 1.0

    @property
    def confusion(self) -> Counter[tuple[str, str]]:
        """How often each (labelled reason, our category)."""
        return Counter((row.reason, row.category) for row in self.rows)

    @property
    def _right(self) -> int:
        return sum(row.is_hard and row.is_called_hard for row in self.rows)


def score(folder: Path) -> Score:
    """Read every labelled message of a folder and compare."""
    labels = _labels(folder)
    rows: list[Row] = []
    crashes: list[str] = []
    unlabelled: list[str] = []
    for name, expected in sorted(labels.items()):
        try:
            report = bounces.parse((folder / name).read_bytes())
        except FileNotFoundError as error:
            raise NotLabelled(f"{name} has labels, but is not there") from error
        except Exception:  # the measure counts what must never happen
            crashes.append(name)
            report = Report(bounces.Kind.OTHER)
        rows += _compared(name, expected, report)
        if not expected and any(failure.category is Category.DEAD_ADDRESS for failure in report.failures):
            unlabelled.append(name)
    return Score(rows, len(labels), crashes, unlabelled)


def _labels(folder: Path) -> dict[str, list[dict[str, Any]]]:
    path = folder / "labels.json"
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotLabelled(f"{path} is not there") from error
    except ValueError as error:
        raise NotLabelled(f"{path} cannot be read: {error}") from error
    if not isinstance(labels, dict) or not all(isinstance(rows, list) for rows in labels.values()):
        raise NotLabelled(f"{path} holds no files with lists of recipients")
    return labels


def _compared(name: str, expected: Sequence[dict[str, Any]], report: Report) -> Iterator[Row]:
    named = _named(report)
    for label in expected:
        address = str(label.get("recipient", "")).lower()
        failure = named.get(address) or (report.failures[0] if len(report.failures) == 1 else None)
        yield Row(
            file=name,
            address=address,
            is_hard=bool(label.get("hard")),
            reason=str(label.get("reason", "")),
            category=str(failure.category) if failure else _without_failure(report),
            is_found=not address or address in named or address == report.about.lower(),
        )


def _named(report: Report) -> dict[str, Failure]:
    named = {failure.final.lower(): failure for failure in report.failures if failure.final}
    return named | {failure.address.lower(): failure for failure in report.failures if failure.address}


def _without_failure(report: Report) -> str:
    return NOTHING if report.kind in (bounces.Kind.DSN, bounces.Kind.OTHER) else str(report.kind)
