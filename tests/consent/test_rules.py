"""The rule table, row by row, as the reference has it."""

import datetime as dt
from pathlib import Path

import pytest

from consent import rules

A, V, X = rules.Status.ALLOWED, rules.Status.VERIFY, rules.Status.REFUSED
TABLE = {
    "own_form": (A, "implicit", 0),
    "purchase": (A, "implicit", 24),
    "contract": (A, "implicit", 24),
    "donation_volunteer": (A, "implicit", 24),
    "active_member": (A, "implicit", 12),
    "newsletter_signup": (A, "explicit", 0),
    "ad_response": (A, "implicit", 0),
    "third_party_list": (X, "none", 0),
    "member_org_list": (X, "none", 0),
    "former_employer": (X, "none", 0),
    "other_brand_form": (X, "none", 0),
    "lead_vendor": (X, "none", 0),
    "emailed_us": (X, "none", 0),
    "friends_family": (V, "none", 0),
    "event_own_contact": (A, "implicit", 24),
    "event_organiser_list": (X, "none", 0),
    "employer_list": (V, "none", 0),
    "merger_acquisition": (V, "none", 0),
    "met_in_person": (V, "none", 0),
    "role_address": (X, "none", 0),
    "unknown": (X, "none", 0),
}


def test_every_row_of_the_table_is_there() -> None:
    found = {rule.code: (rule.status, rule.kind.value, rule.months) for rule in rules.SOURCES.values()}

    assert found == TABLE


@pytest.mark.parametrize("rule", rules.SOURCES.values(), ids=lambda rule: rule.code)
def test_every_row_can_be_explained(rule: rules.SourceRule) -> None:
    assert str(rule.name)
    assert str(rule.explanation)
    assert str(rule.remedy)
    assert str(rule.expiry)
    assert bool(rule.evidence_fields) is rule.is_recordable


def test_only_a_form_and_a_stand_have_a_box_to_tick() -> None:
    assert {rule.code for rule in rules.SOURCES.values() if rule.may_be_explicit} == {"own_form", "event_own_contact"}


def test_what_never_counts_cannot_be_imported_for_mailing() -> None:
    codes = {rule.code for rule in rules.importable()}

    assert codes == {code for code, (status, _, _) in TABLE.items() if status is not X} | {"unknown"}
    assert codes.isdisjoint(rule.code for rule in rules.not_importable())


@pytest.mark.parametrize(
    ("source", "given", "ends"),
    [
        ("purchase", dt.date(2024, 11, 23), dt.date(2026, 11, 23)),
        ("purchase", dt.date(2024, 2, 29), dt.date(2026, 2, 28)),
        ("purchase", dt.date(2022, 2, 28), dt.date(2024, 2, 28)),
        ("active_member", dt.date(2024, 2, 29), dt.date(2025, 2, 28)),
        ("active_member", dt.date(2025, 12, 31), dt.date(2026, 12, 31)),
        ("newsletter_signup", dt.date(2001, 1, 1), None),
    ],
)
def test_years_are_calendar_years(source: str, given: dt.date, ends: dt.date | None) -> None:
    assert rules.expires_on(rules.SOURCES[source], given) == ends


def test_missing_evidence_is_named() -> None:
    purchase = rules.SOURCES["purchase"]

    assert [str(gap.label) for gap in rules.missing(purchase, {"brand": "De Werkbank"}, None)] == [
        "Order date",
        "Order number",
    ]
    assert rules.missing(purchase, {"brand": "De Werkbank", "order": "26-1"}, dt.date(2026, 1, 1)) == []


def test_rules_and_verdicts_know_no_model() -> None:
    for module in ("rules", "verdict", "addresses", "chain"):
        source = Path("consent", f"{module}.py").read_text()
        assert "consent.models" not in source
        assert "django.db" not in source
