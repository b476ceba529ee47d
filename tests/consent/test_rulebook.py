"""The rule table in the hands of administrators: stricter, never laxer, each change with its reason and kept."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import DatabaseError, transaction

from consent import gate, ledger, rulebook, rules
from consent.models import ConsentEvent, RuleVersion
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, an_entry, consents

ADA = "ada@example.org"
LATER = NOON + dt.timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    cache.delete(rulebook.KEPT)
    yield
    cache.delete(rulebook.KEPT)


def changed(code: str, status: str = "allowed", months: int = 0, remedy: str = "", note: str = "Our counsel") -> None:
    rulebook.change_source(code, status=status, months=months, remedy=remedy, note=note, by=None, now=NOON)
    cache.delete(rulebook.KEPT)  # as the end of the transaction does


def verdict(address: str = ADA, *, country: str = "US", at: dt.datetime = NOON) -> tuple[str, str]:
    refused = gate.recheck("email", a_subscription_type().pk, [address], countries=[country], at=at)
    found = refused.get(address, gate.Verdict(gate.Call.ALLOW))
    return found.verdict.value, found.reason


def test_without_a_change_the_rules_are_those_that_were_shipped() -> None:
    assert rulebook.current() == rulebook.SHIPPED


def test_a_shorter_window_closes_earlier_for_what_is_known_and_what_comes() -> None:
    consents("old@example.org", "purchase", on=dt.date(2025, 6, 1))
    changed("purchase", months=12)
    consents("new@example.org", "purchase", on=dt.date(2025, 6, 1))

    assert verdict("old@example.org") == ("refuse", "expired")
    assert verdict("new@example.org") == ("refuse", "expired")
    assert verdict("new@example.org", at=dt.datetime(2026, 5, 31, tzinfo=dt.UTC)) == ("allow", "")


def test_a_source_that_must_be_confirmed_from_now_on_no_longer_counts_alone() -> None:
    consents(ADA, "purchase", on=dt.date(2026, 6, 1))
    consents("eva@example.org", "purchase", on=dt.date(2026, 6, 1), act="confirmed")
    changed("purchase", status="verify", months=24)
    consents("bob@example.org", "purchase", on=dt.date(2026, 6, 1))

    assert verdict() == ("verify", "confirm_needed")
    assert verdict("bob@example.org") == ("verify", "verify_first")
    assert verdict("eva@example.org") == ("allow", "")
    assert ConsentEvent.objects.latest("pk").kind == "none"


def test_a_source_that_is_refused_from_now_on_is_not_taken() -> None:
    changed("ad_response", status="refused", months=0)

    with pytest.raises(ledger.NotEvidence):
        ledger.record([an_entry(ADA, "ad_response")], now=NOON)
    assert "ad_response" not in [rule.code for rule in rulebook.current().sources.values() if rule.is_recordable]


@pytest.mark.parametrize(
    ("code", "status", "months", "note", "says"),
    [
        ("third_party_list", "allowed", 0, "They promised", "stricter, never laxer"),
        ("employer_list", "allowed", 0, "They promised", "stricter, never laxer"),
        ("purchase", "nonsense", 24, "Why not", "stricter, never laxer"),
        ("purchase", "allowed", 36, "We like it", "it can be fewer"),
        ("purchase", "allowed", 0, "We like it", "it can be fewer"),
        ("own_form", "allowed", 121, "We like it", "between 0 and 120"),
        ("own_form", "allowed", -1, "We like it", "between 0 and 120"),
        ("purchase", "allowed", 12, "  ", "Say why"),
    ],
)
def test_nothing_becomes_laxer_than_the_policy_and_nothing_changes_without_a_reason(
    code: str, status: str, months: int, note: str, says: str
) -> None:
    with pytest.raises(rulebook.CannotChange, match=says):
        changed(code, status, months, note=note)
    assert not RuleVersion.objects.exists()


def test_the_latest_change_counts_and_every_earlier_one_is_kept() -> None:
    changed("own_form", months=24, note="Review after two years")
    changed("own_form", months=12, remedy="Ask at the counter", note="Better after one")

    assert rulebook.current().sources["own_form"].months == 12
    assert rulebook.current().sources["own_form"].remedy == "Ask at the counter"
    assert [version.note for version in rulebook.history("own_form")] == ["Better after one", "Review after two years"]
    with pytest.raises(DatabaseError), transaction.atomic():
        RuleVersion.objects.update(note="It was always so")
    with pytest.raises(DatabaseError), transaction.atomic():
        RuleVersion.objects.all().delete()


def test_a_window_set_back_to_that_of_the_policy_is_the_policy() -> None:
    changed("purchase", months=12)
    changed("purchase", months=24)

    assert rulebook.current().sources["purchase"] == rules.SOURCES["purchase"]


def test_the_list_of_functions_is_the_houses_own() -> None:
    for address in ("balie@example.org", "info@example.org"):
        consents(address)
    assert verdict("balie@example.org") == ("allow", "")

    rulebook.change_roles("Balie, info\nsales", note="Our counter", by=None, now=NOON)
    cache.delete(rulebook.KEPT)

    assert rulebook.current().roles == {"balie", "info", "sales"}
    assert verdict("balie@example.org") == ("refuse", "role_address")
    assert verdict("info+x@example.org")[1] == "role_address"


@pytest.mark.parametrize("names", ["", " , ", "info@example.org", "a+b", "x" * 65])
def test_what_cannot_stand_before_an_at_is_no_function(names: str) -> None:
    with pytest.raises(rulebook.CannotChange):
        rulebook.change_roles(names, note="Why", by=None, now=NOON)
