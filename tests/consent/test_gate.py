"""The gate's rules as tables, and the promise that its two forms agree."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from consent import gate, suppressions
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents, withdraws

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ADA = "ada@example.org"
DAY = dt.timedelta(days=1)
NOT_SOFT = {"order": "26-0411", "brand": "De Werkbank", "own_similar_products": "yes", "refusal_offered": "yes"}


def verdict(
    address: str = ADA, *, code: str = "newsletter", country: str = "", channel: str = "email", at: dt.datetime = NOON
) -> tuple[str, str]:
    refused = gate.recheck(channel, a_subscription_type(code).pk, [address], countries=[country], at=at)
    found = refused.get(address, gate.Verdict(gate.Call.ALLOW))
    return found.verdict.value, found.reason


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("bought", "at", "expected"),
    [
        (dt.date(2024, 11, 23), dt.datetime(2026, 11, 22, 23, 59, tzinfo=AMSTERDAM), ("allow", "")),
        (dt.date(2024, 11, 23), dt.datetime(2026, 11, 23, 0, 0, tzinfo=AMSTERDAM), ("refuse", "expired")),
        (dt.date(2024, 2, 29), dt.datetime(2026, 2, 27, 23, 59, tzinfo=AMSTERDAM), ("allow", "")),
        (dt.date(2024, 2, 29), dt.datetime(2026, 2, 28, 0, 0, tzinfo=AMSTERDAM), ("refuse", "expired")),
        # summer time begins and ends in between: midnight is midnight in the sender's zone
        (dt.date(2024, 7, 1), dt.datetime(2026, 6, 30, 21, 59, tzinfo=dt.UTC), ("allow", "")),
        (dt.date(2024, 7, 1), dt.datetime(2026, 6, 30, 22, 0, tzinfo=dt.UTC), ("refuse", "expired")),
    ],
)
def test_a_purchase_counts_for_two_calendar_years(bought: dt.date, at: dt.datetime, expected: tuple[str, str]) -> None:
    consents(ADA, "purchase", on=bought)

    assert verdict(at=at) == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([], ("refuse", "no_consent")),
        (["own_form"], ("allow", "")),
        (["newsletter_signup"], ("allow", "")),
        (["employer_list"], ("verify", "verify_first")),
        (["met_in_person"], ("verify", "verify_first")),
        (["friends_family"], ("verify", "verify_first")),
        (["merger_acquisition"], ("verify", "verify_first")),
        (["friends_family", "donation_volunteer"], ("allow", "")),
    ],
)
def test_a_source_is_worth_what_its_row_says(sources: list[str], expected: tuple[str, str]) -> None:
    for source in sources:
        consents(ADA, source)

    assert verdict(country="US") == expected  # where the law adds nothing


EXPLICIT, CONFIRM, SOFT_OPT_IN = "explicit_needed", "confirm_needed", "soft_opt_in"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "more", "nl", "de", "fr", "uk", "ca", "us"),
    [
        ("own_form", {}, EXPLICIT, CONFIRM, EXPLICIT, SOFT_OPT_IN, "expired", ""),
        ("own_form", {"on": dt.date(2026, 5, 24)}, EXPLICIT, CONFIRM, EXPLICIT, SOFT_OPT_IN, "", ""),
        ("own_form", {"box_ticked": True}, "", CONFIRM, "", "", "", ""),
        ("newsletter_signup", {}, "", CONFIRM, "", "", "", ""),
        ("newsletter_signup", {"act": "confirmed"}, "", "", "", "", "", ""),
        ("purchase", {}, "", "", "", "", "", ""),
        ("purchase", {"evidence": NOT_SOFT}, SOFT_OPT_IN, SOFT_OPT_IN, SOFT_OPT_IN, SOFT_OPT_IN, "", ""),
        ("contract", {}, "", "", "", "", "", ""),
        ("donation_volunteer", {}, EXPLICIT, CONFIRM, EXPLICIT, EXPLICIT, "", ""),
        ("active_member", {}, SOFT_OPT_IN, SOFT_OPT_IN, SOFT_OPT_IN, SOFT_OPT_IN, "", ""),
        ("ad_response", {}, EXPLICIT, CONFIRM, EXPLICIT, EXPLICIT, "", ""),
        ("event_own_contact", {}, EXPLICIT, CONFIRM, EXPLICIT, EXPLICIT, "", ""),
        ("employer_list", {}, *["verify_first"] * 6),
        ("employer_list", {"act": "confirmed"}, "", "", "", "", "", ""),
    ],
)
def test_the_law_of_a_country_asks_for_more(
    source: str, more: dict[str, object], nl: str, de: str, fr: str, uk: str, ca: str, us: str
) -> None:
    consents(ADA, source, **more)

    said = {country: verdict(country=country)[1] for country in ("NL", "DE", "FR", "UK", "CA", "US")}

    assert said == {"NL": nl, "DE": de, "FR": fr, "UK": uk, "CA": ca, "US": us}
    assert verdict(country="")[1] == verdict(country="AT")[1] == nl  # unknown, and every other country
    assert verdict(country="gb")[1] == uk


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "number", "country", "expected"),
    [
        ("purchase", "+31612345678", "NL", ("allow", "")),
        ("purchase", "+14155550123", "NL", ("verify", "explicit_needed")),  # the number counts, wherever they live
        ("purchase", "+16135550123", "CA", ("allow", "")),  # numbers of Canada begin in the same way
        ("purchase", "+14155550123", "US", ("verify", "explicit_needed")),
        ("own_form", "+14155550123", "US", ("verify", "explicit_needed")),
        ("newsletter_signup", "+14155550123", "US", ("allow", "")),
        ("newsletter_signup", "+14155550123", "DE", ("verify", "confirm_needed")),
    ],
)
def test_a_text_to_the_united_states_needs_written_consent(
    source: str, number: str, country: str, expected: tuple[str, str]
) -> None:
    consents(number, source, channel="sms")

    assert verdict(number, country=country, channel="sms") == expected


@pytest.mark.django_db
def test_a_letter_needs_no_consent_but_respects_a_no() -> None:
    suppressions.add("letter", "Dam 1, Amsterdam", "objection", evidence={}, actor="self", now=NOON)

    assert verdict("Dam 2, Amsterdam", channel="letter") == ("allow", "")
    assert verdict("Dam 1, Amsterdam", channel="letter") == ("refuse", "objection")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("of_class", "passes"),
    [
        ("marketing", set()),
        ("transactional", {"", "unsubscribed", "complained", "objection", "role"}),
        ("one_to_one", {"", "unsubscribed", "complained", "role"}),
        ("form_response", {"", "unsubscribed", "complained", "objection", "role"}),
    ],
)
def test_the_class_of_a_message_decides_what_is_asked(of_class: str, passes: set[str]) -> None:
    reasons = ["unsubscribed", "complained", "objection", "erased", "hard_bounce", "manual"]
    for reason in reasons:
        suppressions.add("email", f"{reason}@example.org", reason, evidence={}, actor="self", now=NOON)
    addresses = {"": "nobody.knows@example.org", "role": "info@example.org", "invalid": "no address"}
    addresses |= {reason: f"{reason}@example.org" for reason in reasons}

    refused = gate.recheck(
        "email",
        a_subscription_type().pk,
        list(addresses.values()),
        message_class=gate.MessageClass(of_class),
        at=NOON,
    )

    assert {name for name, address in addresses.items() if address not in refused} == passes


@pytest.mark.django_db
def test_in_germany_a_yes_after_a_no_must_be_confirmed_too() -> None:
    consents(ADA, actor="self", act="confirmed", now=NOON - 3 * DAY)
    withdraws(ADA, now=NOON - 2 * DAY)
    consents(ADA, actor="self", now=NOON - DAY)
    assert verdict(country="DE") == ("verify", "confirm_needed")

    consents(ADA, actor="self", act="confirmed")
    assert verdict(country="DE") == ("allow", "")


@pytest.mark.django_db
def test_an_expired_purchase_steps_back_for_a_newsletter_sign_up() -> None:
    consents(ADA, "purchase", on=dt.date(2020, 1, 1))
    consents(ADA, "newsletter_signup", on=dt.date(2021, 1, 1))

    assert verdict() == ("allow", "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("info@example.org", "role_address"),
        ("info+nl@example.org", "role_address"),
        ("sales-request@example.org", "role_address"),
        ("infodag@example.org", ""),
        ("ada.info@example.org", ""),
        ("no address", "invalid_address"),
        ("ada@localhost", "invalid_address"),
    ],
)
def test_a_mailbox_of_a_function_is_never_mailed(address: str, expected: str) -> None:
    consents(address)

    assert verdict(address)[1] == expected


@pytest.mark.django_db
def test_consent_is_bound_to_the_exact_address() -> None:
    consents("ada@old.example.org")

    assert verdict("ada@old.example.org") == ("allow", "")
    assert verdict("ada@new.example.org") == ("refuse", "no_consent")


@pytest.mark.django_db
def test_consent_for_one_type_is_no_consent_for_another_but_the_purpose_covers_all() -> None:
    consents("one@example.org")
    consents("all@example.org", whole_purpose=True)

    assert verdict("one@example.org", code="events") == ("refuse", "no_consent")
    assert verdict("all@example.org", code="events") == ("allow", "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "actor", "box", "expected"),
    [
        ("own_form", "self", True, ("allow", "")),  # the person's own, explicit, later yes
        ("own_form", "self", False, ("refuse", "unsubscribed")),  # own, but nobody asked
        ("newsletter_signup", "self", False, ("allow", "")),
        ("newsletter_signup", "import:9", False, ("refuse", "unsubscribed")),  # a file never lifts an opt-out
        ("newsletter_signup", "user:7", False, ("refuse", "unsubscribed")),  # nor does staff, silently
        ("newsletter_signup", "api:crm", False, ("refuse", "unsubscribed")),
        ("purchase", "self", False, ("refuse", "unsubscribed")),
    ],
)
def test_only_the_persons_own_later_yes_beats_an_unsubscription(
    source: str, actor: str, box: bool, expected: tuple[str, str]
) -> None:
    consents(ADA, now=NOON - 2 * DAY)
    suppressions.add(
        "email", ADA, "unsubscribed", subscription_type=a_subscription_type(), evidence={}, actor="self", now=NOON - DAY
    )

    consents(ADA, source, actor=actor, box_ticked=box, on=dt.date(2026, 11, 23))

    assert verdict() == expected


@pytest.mark.django_db
def test_of_a_yes_and_a_no_at_the_same_moment_the_no_counts() -> None:
    consents(ADA, actor="self")
    withdraws(ADA)

    assert verdict() == ("refuse", "withdrawn")


@pytest.mark.django_db
def test_a_clock_that_stepped_back_does_not_swallow_a_no() -> None:
    consents(ADA, actor="self", now=NOON)
    withdraws(ADA, now=NOON - DAY)

    assert verdict() == ("refuse", "withdrawn")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("complained", "complained"),
        ("hard_bounce", "hard_bounce"),
        ("objection", "objection"),
        ("erased", "erased"),
        ("manual", "blocked"),
    ],
)
def test_a_blocked_address_stays_blocked_whatever_anybody_agreed_to(reason: str, expected: str) -> None:
    suppressions.add("email", ADA, reason, evidence={}, actor="system", now=NOON - DAY)
    consents(ADA, actor="self")

    assert verdict() == ("refuse", expected)


@pytest.mark.django_db
def test_unsubscribing_from_one_type_leaves_the_others() -> None:
    consents(ADA, whole_purpose=True, now=NOON - DAY)
    suppressions.add(
        "email", ADA, "unsubscribed", subscription_type=a_subscription_type(), evidence={}, actor="self", now=NOON
    )

    assert verdict() == ("refuse", "unsubscribed")
    assert verdict(code="events") == ("allow", "")


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["erased", "objection", "complained", "hard_bounce", "manual"])
def test_an_override_never_passes_over_what_is_final(reason: str) -> None:
    suppressions.add("email", ADA, "paused", evidence={}, actor="self", now=NOON)
    suppressions.add("email", ADA, reason, evidence={}, actor="self", now=NOON)

    assert overridden(ADA) == ("refuse", dict(gate.BLOCKS)[reason], "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "waived"),
    [
        ("info@example.org", "role_address"),
        ("nobody@example.org", "no_consent"),
        ("bought@example.org", "explicit_needed"),
    ],
)
def test_an_override_passes_over_consent_and_says_what(address: str, waived: str) -> None:
    consents("bought@example.org", "donation_volunteer")

    assert overridden(address) == ("allow", "", waived)


@pytest.mark.django_db
def test_an_override_reaches_who_left_one_type_but_not_who_left_everything() -> None:
    suppressions.add(
        "email", ADA, "unsubscribed", subscription_type=a_subscription_type(), evidence={}, actor="self", now=NOON
    )
    suppressions.add("email", "bob@example.org", "unsubscribed", evidence={}, actor="self", now=NOON)

    assert overridden(ADA) == ("allow", "", "unsubscribed")
    assert overridden("bob@example.org") == ("refuse", "unsubscribed", "")
    assert overridden("no address") == ("refuse", "invalid_address", "")


def overridden(address: str) -> tuple[str, str, str]:
    of = a_subscription_type()
    sql = f"WITH candidate AS (SELECT %(one)s AS address, '' AS country), judged AS ({gate.verdicts_sql()}) SELECT verdict, reason, waived FROM judged"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, gate.parameters("email", of.pk, override=True, at=NOON) | {"one": address})
        found: tuple[str, str, str] = cursor.fetchone()
    again = gate.recheck("email", of.pk, [address], override=True, at=NOON).get(address)
    assert ("allow" if again is None else again.verdict.value) == found[0]
    return found
