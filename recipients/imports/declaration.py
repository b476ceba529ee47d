"""Where the addresses of a file come from: what a source asks for, and what each row then has to show.

Pure: the rules stand in `consent.rules`; this says how one declaration becomes evidence for every row.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent import rules

DATE = "evidence_on"
DATE_FORMS = (
    re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:[T ].*)?"),
    re.compile(r"(?P<d>\d{1,2})[-/. ](?P<m>\d{1,2})[-/. ](?P<y>\d{4})(?:[T ,].*)?"),  # as the Dutch write it
)


@dataclass(frozen=True)
class Declaration:
    """What somebody declares about all rows of a file.

    Each piece of evidence is one text for all rows (`evidence`) or stands in a column (`columns`); the date likewise.
    `sources` is the rule table by which it is judged.
    """

    source: str
    evidence: Mapping[str, str] = field(default_factory=dict)
    evidence_on: dt.date | None = None
    columns: Mapping[str, int] = field(default_factory=dict)
    box_ticked: bool = False
    for_texts: bool = False  # the same evidence holds for text messages to the mobile number of the row
    without_consent: bool = False
    sources: Mapping[str, rules.SourceRule] = field(default_factory=lambda: rules.SOURCES, compare=False, repr=False)

    @property
    def rule(self) -> rules.SourceRule | None:
        return self.sources.get(self.source)

    @property
    def counts(self) -> bool:
        """Whether the rows get evidence at all."""
        return self.rule is not None and self.rule.is_recordable


@dataclass(frozen=True)
class Shown:
    """The evidence of one row."""

    evidence_on: dt.date
    evidence: Mapping[str, str]
    is_expired: bool


@dataclass(frozen=True)
class Mistake:
    """What keeps an import from starting: the name of the form's field, and a sentence."""

    field: str
    text: str | Promise


def mistakes(declared: Declaration, *, today: dt.date) -> list[Mistake]:
    """Say what is missing before rows may be imported under this declaration."""
    rule = declared.rule
    if rule is None:
        return [Mistake("source", _("Choose where these addresses come from."))]
    if not declared.counts:
        if declared.without_consent:
            return []
        return [Mistake("without_consent", _("This source is no consent. Import the people without it, or choose another source."))]  # fmt: skip
    found = []
    if DATE not in declared.columns:
        if declared.evidence_on is None:
            found.append(Mistake(DATE, _("The date is missing. Type it, or choose the column in which it stands.")))
        elif declared.evidence_on > today:
            found.append(Mistake(DATE, _("The date lies in the future.")))
    found += [
        Mistake(piece.key, _("This evidence is missing. Type it, or choose the column in which it stands."))
        for piece in rule.evidence_fields
        if piece.is_required and piece.key not in declared.columns and not declared.evidence.get(piece.key)
    ]
    return found


def shown_by(row: Sequence[str], declared: Declaration, *, today: dt.date) -> Shown | None:
    """Give the evidence that a row shows, or None when a piece of it is missing, unreadable or in the future."""
    evidence_on = declared.evidence_on
    if DATE in declared.columns:
        evidence_on = date(cell(row, declared.columns[DATE]))
    if evidence_on is None or evidence_on > today or declared.rule is None:
        return None
    evidence = dict(declared.evidence)
    evidence |= {key: cell(row, at) for key, at in declared.columns.items() if key != DATE}
    if any(piece.is_required and not evidence.get(piece.key) for piece in declared.rule.evidence_fields):
        return None
    ends_on = rules.expires_on(declared.rule, evidence_on)
    is_expired = ends_on is not None and ends_on <= today
    return Shown(evidence_on, {key: value for key, value in evidence.items() if value}, is_expired)


def cell(row: Sequence[str], at: int) -> str:
    return row[at] if at < len(row) else ""


def date(text: str) -> dt.date | None:
    """Read 2026-11-23 and 23-11-2026, with a time behind it or without; the day comes before the month."""
    for form in DATE_FORMS:
        if found := form.fullmatch(text):
            try:
                return dt.date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                return None
    return None
