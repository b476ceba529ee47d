"""What a source of consent asks for before rows may be imported under it."""

import datetime as dt

import pytest

from consent import rules
from recipients.imports import declaration
from recipients.imports.declaration import Declaration

TODAY = dt.date(2026, 11, 23)
PURCHASE = {"order": "26-0411", "brand": "De Werkbank"}


def fields_of(declared: Declaration) -> list[str]:
    return [mistake.field for mistake in declaration.mistakes(declared, today=TODAY)]


def test_a_source_is_required() -> None:
    assert fields_of(Declaration("")) == ["source"]
    assert fields_of(Declaration("a neighbour told me")) == ["source"]


@pytest.mark.parametrize("rule", [*rules.not_importable(), rules.SOURCES["unknown"]], ids=lambda rule: rule.code)
def test_a_source_that_never_counts_imports_people_only_without_consent(rule: rules.SourceRule) -> None:
    assert fields_of(Declaration(rule.code)) == ["without_consent"]
    assert fields_of(Declaration(rule.code, without_consent=True)) == []
    assert not Declaration(rule.code, without_consent=True).counts


def test_every_piece_of_evidence_is_asked_for() -> None:
    assert fields_of(Declaration("purchase")) == ["evidence_on", "order", "brand"]
    assert fields_of(Declaration("purchase", PURCHASE, TODAY)) == []


def test_evidence_may_stand_in_columns() -> None:
    declared = Declaration("purchase", {"brand": "De Werkbank"}, columns={"order": 4, "evidence_on": 5})

    assert fields_of(declared) == []


def test_a_date_in_the_future_is_no_evidence() -> None:
    assert fields_of(Declaration("purchase", PURCHASE, TODAY + dt.timedelta(days=1))) == ["evidence_on"]


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (["x", "26-0411", "2026-10-01"], ("26-0411", dt.date(2026, 10, 1))),
        (["x", "26-0411", "01-10-2026"], ("26-0411", dt.date(2026, 10, 1))),
        (["x", "26-0411", "1/10/2026 12:30"], ("26-0411", dt.date(2026, 10, 1))),
        (["x", "26-0411", "2026-10-01T12:30:00"], ("26-0411", dt.date(2026, 10, 1))),
        (["x", "", "2026-10-01"], None),
        (["x", "26-0411", ""], None),
        (["x", "26-0411", "last week"], None),
        (["x", "26-0411", "2026-02-30"], None),
        (["x", "26-0411", "2027-01-01"], None),
        (["x"], None),
    ],
)
def test_a_row_shows_its_own_evidence_or_none(row: list[str], shown: tuple[str, dt.date] | None) -> None:
    declared = Declaration("purchase", {"brand": "De Werkbank"}, columns={"order": 1, "evidence_on": 2})

    found = declaration.shown_by(row, declared, today=TODAY)

    assert (found and (found.evidence["order"], found.evidence_on)) == shown
