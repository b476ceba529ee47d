"""What strangers try on consent: guessing links, using one link for another purpose, look-alike addresses, odd clocks."""

import datetime as dt
import secrets
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from consent import addresses, double_opt_in, gate, ledger, preferences, pseudonyms, requests, suppressions, unsubscribe
from consent.models import Confirmation, ConsentEvent, OptOutKey, SubjectRequest, Suppression
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, an_entry, consents, withdraws

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"
HOUR = dt.timedelta(hours=1)


def reason(address: str = ADA, *, at: dt.datetime = NOON + 24 * HOUR) -> str:
    refused = gate.recheck("email", a_subscription_type().pk, [address], at=at)
    return refused[address].reason if refused else ""


@pytest.fixture
def keys() -> dict[str, str]:
    """One key of each purpose, all of the same person."""
    now = timezone.now()
    consents(ADA, now=now - HOUR, on=dt.date(2026, 3, 3))
    unsubscribe.keep_keys({ADA})
    asked = double_opt_in.Request(address=ADA, subscription_types=[a_subscription_type()], source="newsletter_signup")
    double_opt_in.ask(asked, now=now)
    requests.ask(ADA, language="en", now=now)
    row = OptOutKey.objects.get(address=ADA)
    return {
        "unsubscribe": row.key,
        "preferences": row.preferences,
        "confirm": Confirmation.objects.get().key,
        "data": SubjectRequest.objects.get().key,
    }


def paths(key: str) -> dict[str, str]:
    of_type = a_subscription_type().pk
    return {
        "unsubscribe": f"/u/{key}/{of_type}/",
        "preferences": f"/p/{key}/",
        "confirm": f"/confirm/{key}/",
        "data": f"/data/{key}/",
    }


def test_a_thousand_guesses_get_one_answer_and_change_nothing(client: Client, keys: dict[str, str]) -> None:
    before = ConsentEvent.objects.count()

    answers = {
        (response.status_code, response.content)
        for number in range(250)
        for path in paths(secrets.token_urlsafe(16)).values()
        for response in [client.get(path) if number % 2 else client.post(path, {"action": "leave", "sure": "1"})]
    }

    assert len(answers) == 1
    assert next(iter(answers))[0] == 404
    assert ConsentEvent.objects.count() == before


@pytest.mark.parametrize("of", ["unsubscribe", "preferences", "confirm", "data"])
def test_a_key_does_what_it_is_for_and_nothing_else(client: Client, keys: dict[str, str], of: str) -> None:
    before = ConsentEvent.objects.count()
    for purpose, path in paths(keys[of]).items():
        expected = 200 if purpose == of else 404
        assert client.get(path).status_code == expected, (of, purpose)
        if purpose != of:
            everything = {"action": "erase", "sure": "1", "List-Unsubscribe": "One-Click"}
            assert client.post(path, everything).status_code == 404

    assert ConsentEvent.objects.count() == before
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    "variant",
    ["ADA@EXAMPLE.ORG", " ada@example.org ", "Ada@Example.org\u200b", "ada@example\uff0eorg"],
)
def test_other_ways_of_writing_an_address_are_the_same_address(variant: str) -> None:
    assert addresses.normalise(variant) == ADA


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("info@müller.example", "INFO@MÜLLER.example"),
        ("a@xn--mller-kva.example", "a@müller.example"),
        ("a@mu\u0308ller.example", "a@müller.example"),
    ],
)
def test_a_domain_outside_ascii_is_one_domain_however_it_is_written(one: str, other: str) -> None:
    assert addresses.normalise(one) == addresses.normalise(other)


@pytest.mark.parametrize("alike", ["аda@example.org", "ada@exаmple.org", "ada@examp1e.org"])
def test_a_look_alike_is_somebody_else_and_inherits_nothing(alike: str) -> None:
    """A Cyrillic а is another letter: refused before the @, another domain after it; never Ada's consent or her block."""
    consents(ADA)
    suppressions.add("email", ADA, "complained", evidence={}, actor="self", now=NOON)

    try:
        other = addresses.normalise(alike)
    except addresses.InvalidAddress:
        return
    assert other != ADA
    assert reason(other) == "no_consent"
    assert pseudonyms.of("email", other) != pseudonyms.of("email", ADA)


@pytest.mark.parametrize("actor", ["self", "user:7", "import:1"])
def test_of_yes_and_no_the_later_own_act_wins(actor: str) -> None:
    consents(ADA, now=NOON)
    withdraws(ADA, now=NOON + HOUR)
    consents(ADA, now=NOON + 2 * HOUR, actor=actor, evidence={"form": "Again", "wording": "Yes"})

    assert reason() == ("" if actor == "self" else "withdrawn")

    withdraws(ADA, now=NOON + 3 * HOUR)
    assert reason() == "withdrawn"


def test_a_clock_that_stepped_back_swallows_no_no() -> None:
    """The no was recorded last, though the machine's clock said it came first: it counts."""
    consents(ADA, actor="self", now=NOON)
    withdraws(ADA, now=NOON - HOUR)

    assert reason() == "withdrawn"
    assert ledger.verify().is_whole


def test_an_act_from_the_future_counts_for_nothing_before_its_day() -> None:
    with pytest.raises(ledger.NotEvidence, match="future"):
        ledger.record([an_entry(ADA, on=dt.date(2026, 11, 24))], now=NOON)


@pytest.mark.parametrize(
    ("bought", "last_moment"),
    [
        (dt.date(2024, 3, 31), dt.datetime(2026, 3, 30, 23, 59)),  # noqa: DTZ001 - a wall clock; it jumped the day before
        (dt.date(2024, 10, 25), dt.datetime(2026, 10, 24, 23, 59)),  # noqa: DTZ001 - the night before an hour comes twice
        (dt.date(2024, 2, 29), dt.datetime(2026, 2, 27, 23, 59)),  # noqa: DTZ001 - a leap day ends on the 28th
    ],
)
def test_evidence_ends_at_midnight_of_our_own_clock_also_on_odd_days(bought: dt.date, last_moment: dt.datetime) -> None:
    consents(ADA, "purchase", on=bought)
    moment = last_moment.replace(tzinfo=ZoneInfo("Europe/Amsterdam"))

    assert reason(at=moment) == ""
    assert reason(at=moment + dt.timedelta(minutes=1)) == "expired"


def test_links_outlive_the_secret_key_and_the_person(client: Client, keys: dict[str, str], settings: object) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another secret entirely", []  # type: ignore[attr-defined]
    of_type = a_subscription_type().pk

    answer = client.post(f"/u/{keys['unsubscribe']}/{of_type}", {"List-Unsubscribe": "One-Click"})

    assert (answer.status_code, answer.cookies) == (200, {})
    assert preferences.who(keys["preferences"]) is not None
    assert suppressions.among("email", [ADA]) == {ADA: "unsubscribed"}
