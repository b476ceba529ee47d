"""The ledger keeps what happened: once, in a chain that tells when somebody wrote over it."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from consent import erasure, ledger, walking
from consent.models import ConsentEvent, Standing
from tests.conftest import NOON
from tests.consent.factories import an_entry, consents, withdraws

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"


def test_the_same_evidence_makes_no_second_event() -> None:
    first = ledger.record([an_entry(ADA), an_entry("bob@example.org")], now=NOON)
    again = ledger.record([an_entry(ADA), an_entry("eve@example.org"), an_entry("eve@example.org")], now=NOON)

    assert (first.new, first.known) == (2, 0)
    assert (again.new, again.known) == (1, 2)
    assert ConsentEvent.objects.count() == 3


def test_another_import_of_the_same_list_is_the_same_evidence() -> None:
    consents(ADA, actor="import:1")
    consents(ADA, actor="import:2")

    assert ConsentEvent.objects.count() == 1


def test_a_person_who_agrees_twice_did_it_twice() -> None:
    consents(ADA, actor="self", now=NOON)
    withdraws(ADA, now=NOON + dt.timedelta(hours=1))
    consents(ADA, actor="self", now=NOON + dt.timedelta(hours=2))

    assert ConsentEvent.objects.count() == 3


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"source": "third_party_list"}, "somebody else"),
        ({"source": "unknown"}, "Unknown is no"),
        ({"source": "no_such_row"}, "Choose where"),
        ({"source": "purchase", "evidence": {}}, "Missing: Order number"),
        ({"source": "newsletter_signup", "evidence_on": None}, "Missing: Signed up on"),
        ({"source": "purchase", "evidence_on": dt.date(2026, 11, 24)}, "future"),
        ({"source": "purchase", "box_ticked": True}, "no box"),
    ],
)
def test_what_cannot_count_is_refused_and_nothing_is_written(entry: dict[str, object], words: str) -> None:
    good = an_entry("bob@example.org")
    bad = dataclasses.replace(an_entry(ADA, "purchase"), **entry)  # type: ignore[arg-type]

    with pytest.raises(ledger.NotEvidence, match=words):
        ledger.record([good, bad], now=NOON)

    assert not ConsentEvent.objects.exists()
    assert not Standing.objects.exists()


def test_a_whole_chain_verifies_and_names_its_head() -> None:
    consents(ADA)
    withdraws(ADA)

    found = ledger.verify()

    assert found.is_whole
    assert found.events == 2
    assert found.head == bytes(ConsentEvent.objects.latest("id").hash).hex()


@pytest.mark.parametrize(
    ("tampering", "part"),
    [
        ("UPDATE consent_consentevent SET source = 'purchase' WHERE id = %s", "hash"),
        ("UPDATE consent_consentevent SET acted_at = acted_at - interval '1 second' WHERE id = %s", "hash"),
        ("UPDATE consent_consentevent SET expires_at = now() WHERE id = %s", "hash"),
        ("UPDATE consent_consentdetail SET address = 'eve@example.org' WHERE event_id = %s", "detail"),
        ("UPDATE consent_consentdetail SET evidence = '{}' WHERE event_id = %s", "detail"),
    ],
)
def test_writing_over_one_row_behind_our_back_is_found(tampering: str, part: str) -> None:
    for address in ("one@example.org", "two@example.org", "three@example.org"):
        consents(address)
    second = ConsentEvent.objects.order_by("id")[1].pk

    behind_our_back(tampering, second)

    assert ledger.verify().broken == walking.Broken(second, part)


def test_a_number_written_another_way_is_found() -> None:
    for address in ("one@example.org", "two@example.org"):
        consents(address, evidence={"form": "Counter", "wording": "Yes", "order": 1})
    second = ConsentEvent.objects.order_by("id")[1].pk

    behind_our_back(
        """UPDATE consent_consentdetail SET evidence = evidence || '{"order": 1.0}' WHERE event_id = %s""", second
    )

    assert ledger.verify().broken == walking.Broken(second, "detail")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", [0, 1, 21, 29])
def test_a_chain_walked_side_by_side_names_its_first_broken_link(place: int) -> None:
    ledger.record([an_entry(f"reader{number}@example.org") for number in range(30)], now=NOON)
    assert walking.verify(size=2) == ledger.verify() == walking.verify(size=1)
    numbers = list(ConsentEvent.objects.order_by("id").values_list("id", flat=True))

    behind_our_back("UPDATE consent_consentevent SET country = 'DE' WHERE id = %s", numbers[place])
    behind_our_back("UPDATE consent_consentevent SET country = 'DE' WHERE id = %s", numbers[29])

    assert walking.verify(size=2).broken == walking.Broken(numbers[place], "hash")

    behind_our_back("UPDATE consent_consentevent SET previous = hash WHERE id = %s", numbers[place])

    assert walking.verify(size=2).broken == walking.Broken(numbers[place], "previous")


def test_taking_a_row_out_is_found_at_the_next_one() -> None:
    for address in ("one@example.org", "two@example.org", "three@example.org"):
        consents(address)
    _first, second, third = ConsentEvent.objects.order_by("id").values_list("id", flat=True)

    behind_our_back("DELETE FROM consent_consentdetail WHERE event_id = %s", second)
    behind_our_back("DELETE FROM consent_consentevent WHERE id = %s", second)

    assert ledger.verify().broken == walking.Broken(third, "previous")


def test_erasing_the_personal_side_leaves_the_chain_whole(settings: Settings, tmp_path: Path) -> None:
    settings.ERASURE_LOG = tmp_path / "erasures.log"
    consents(ADA)
    consents("bob@example.org")

    erasure.erase(ADA, actor="self", now=NOON)

    found = ledger.verify()
    assert found.is_whole
    assert (found.events, found.erased) == (3, 1)


def test_a_personal_side_that_no_erasure_took_away_is_found_missing() -> None:
    consents(ADA)
    number = ConsentEvent.objects.get().pk

    behind_our_back("DELETE FROM consent_consentdetail WHERE event_id = %s", number)

    assert ledger.verify().broken == walking.Broken(number, "detail")


TEXT = st.text(st.characters(exclude_categories=[]), max_size=40)
JSON = st.recursive(
    st.one_of(TEXT, st.integers(-(2**70), 2**70), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=8,
)


@hypothesis(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(evidence=st.dictionaries(TEXT, JSON, max_size=4), wording=TEXT, agent=TEXT, ip=st.ip_addresses())
def test_whatever_the_evidence_says_the_chain_can_be_verified(
    evidence: dict[str, object], wording: str, agent: str, ip: object
) -> None:
    entry = an_entry(ADA, act="withdrawn", evidence=evidence, wording=wording, user_agent=agent, ip=str(ip))
    with transaction.atomic():
        ledger.record([entry, an_entry("bob@example.org")], now=NOON)

        assert ledger.verify().is_whole
        transaction.set_rollback(True)


def behind_our_back(statement: str, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, [number])
        cursor.execute("SET session_replication_role = DEFAULT")


def test_the_command_names_the_first_broken_entry(capsys: pytest.CaptureFixture[str]) -> None:
    consents(ADA)
    call_command("verify_ledger")
    assert "The ledger of 1 entries is unbroken" in capsys.readouterr().out
    number = ConsentEvent.objects.get().pk

    behind_our_back("UPDATE consent_consentevent SET actor = 'self' WHERE id = %s", number)

    with pytest.raises(CommandError, match=f"Entry {number} was changed"):
        call_command("verify_ledger")


def test_a_hash_kept_elsewhere_tells_when_the_end_was_cut_off(capsys: pytest.CaptureFixture[str]) -> None:
    consents(ADA)
    consents("bob@example.org")
    head = ledger.verify().head
    call_command("verify_ledger", head=head)
    last = ConsentEvent.objects.latest("id").pk

    behind_our_back("DELETE FROM consent_consentdetail WHERE event_id = %s", last)
    behind_our_back("DELETE FROM consent_consentevent WHERE id = %s", last)

    assert ledger.verify().is_whole
    with pytest.raises(CommandError, match="cut off"):
        call_command("verify_ledger", head=head)
    with pytest.raises(CommandError, match="hexadecimal"):
        call_command("verify_ledger", head="no hash")
