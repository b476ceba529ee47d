"""Consent of a whole list: with evidence and a reason, and never over what somebody took back themselves."""

import datetime as dt

import pytest

from consent import bulk, gate, ledger, suppressions
from consent.models import ConsentDetail, ConsentEvent, Suppression
from tests.conftest import NOON
from tests.consent.factories import EVIDENCE, a_subscription_type, withdraws

pytestmark = pytest.mark.django_db
ADA, BOB = "ada@example.org", "bob@example.org"


def give(
    *addresses: str, because: str = "Paper forms of the open day", source: str = "newsletter_signup"
) -> ledger.Recorded:
    return bulk.give(
        addresses,
        [a_subscription_type(), a_subscription_type("events")],
        source=source,
        evidence_on=dt.date(2026, 11, 2),
        evidence=EVIDENCE.get(source, {}),
        because=because,
        actor="user:7",
        now=NOON,
    )


def held(*addresses: str) -> dict[str, str]:
    found = gate.recheck("email", a_subscription_type().pk, addresses, at=NOON + dt.timedelta(days=1))
    return {address: verdict.reason for address, verdict in found.items()}


def test_a_list_that_agreed_is_written_down_once_for_each_type_with_the_reason() -> None:
    first, again = give(ADA, BOB, ADA), give(ADA, BOB)

    assert (first.new, again.new, again.known) == (4, 0, 4)
    assert held(ADA, BOB) == {}
    assert ConsentDetail.objects.filter(evidence__because="Paper forms of the open day").count() == 4


def test_a_yes_of_staff_lifts_no_opt_out() -> None:
    withdraws(BOB, actor="self")

    give(ADA, BOB)

    assert held(ADA, BOB) == {BOB: "withdrawn"}


def test_a_no_stops_the_whole_list_and_names_who_and_why() -> None:
    give(ADA, BOB)

    new = bulk.refuse([ADA, BOB], None, because="The contract with their employer ended", actor="user:7", now=NOON)

    assert new == 2
    assert held(ADA, BOB) == {ADA: "unsubscribed", BOB: "unsubscribed"}
    assert {row.evidence["because"] for row in Suppression.objects.all()} == {"The contract with their employer ended"}
    assert ConsentEvent.objects.filter(act="withdrawn", actor="user:7").count() == 2
    assert suppressions.among("email", [ADA, BOB]) == {ADA: "unsubscribed", BOB: "unsubscribed"}


def test_nothing_is_changed_without_a_reason_or_without_evidence() -> None:
    with pytest.raises(bulk.NoReason):
        give(ADA, because="  ")
    with pytest.raises(bulk.NoReason):
        bulk.refuse([ADA], None, because="", actor="user:7", now=NOON)
    with pytest.raises(ledger.NotEvidence):
        give(ADA, source="third_party_list")

    assert not ConsentEvent.objects.exists()
    assert not Suppression.objects.exists()
