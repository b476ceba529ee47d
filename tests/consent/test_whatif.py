"""Every source of the rule table, in every situation the policy speaks of, by hand: the table is the specification."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from consent import law, rules, whatif
from consent.verdict import MessageClass

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
TODAY = dt.date(2026, 11, 23)
NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=AMSTERDAM)
FRESH = dt.date(2026, 10, 1)
ALWAYS, NEVER = dt.date.max, dt.date.min

ALLOWED = ["own_form", "purchase", "contract", "donation_volunteer", "active_member", "newsletter_signup"]
ALLOWED += ["ad_response", "event_own_contact"]
VERIFY = ["friends_family", "employer_list", "merger_acquisition", "met_in_person"]
REFUSED = ["third_party_list", "member_org_list", "former_employer", "other_brand_form", "lead_vendor", "emailed_us"]
REFUSED += ["event_organiser_list"]
TWO_YEARS = ["purchase", "contract", "donation_volunteer", "event_own_contact"]


def judged(source: str = "", evidence_date: dt.date | None = None, **more: Any) -> tuple[str, str]:
    """Judge a case at noon, by the policy alone unless told otherwise."""
    case = whatif.Case(source=source, evidence_date=evidence_date, **({"at": NOON, "overlay": False} | more))
    found = whatif.judge(case, zone=AMSTERDAM)
    return found.verdict.value, found.reason


def test_the_tables_below_name_every_source() -> None:
    assert {*ALLOWED, *VERIFY, *REFUSED, "role_address", "unknown"} == set(rules.SOURCES)
    assert len(rules.SOURCES) == 21


@pytest.mark.parametrize(
    ("source", "fresh", "undated", "explicit", "confirmed"),
    [
        *(
            (code, "implicit", "no_evidence", "explicit", "confirmed")
            for code in ALLOWED
            if code != "newsletter_signup"
        ),
        ("newsletter_signup", "explicit", "no_evidence", "explicit", "confirmed"),
        *((code, "verify_first", "verify_first", "verify_first", "confirmed") for code in VERIFY),
        *((code, "refused_source", "refused_source", "refused_source", "refused_source") for code in REFUSED),
        ("role_address", "role_address", "role_address", "role_address", "role_address"),
        ("unknown", "no_consent", "no_consent", "no_consent", "no_consent"),
    ],
)
def test_what_each_source_is_worth(source: str, fresh: str, undated: str, explicit: str, confirmed: str) -> None:
    assert judged(source, FRESH)[1] == fresh
    assert judged(source)[1] == undated
    assert judged(source, FRESH, explicit=True)[1] == explicit
    assert judged(source, FRESH, confirmed=True)[1] == confirmed
    assert judged(source, confirmed=True)[1] == confirmed
    assert judged(source, TODAY + dt.timedelta(days=1))[1] == undated  # it has not happened yet


@pytest.mark.parametrize("source", rules.SOURCES)
def test_the_verdict_follows_from_the_status(source: str) -> None:
    expected = {"allowed": "allow", "verify": "verify", "refused": "refuse"}[rules.SOURCES[source].status]

    assert judged(source, FRESH)[0] == expected
    assert judged(source, FRESH, address="info@example.org") == ("refuse", "role_address")
    assert judged(source, FRESH, address="nobody") == ("refuse", "invalid_address")
    assert judged(source, FRESH, overlay=True, country="US")[0] == expected  # its column leaves the table alone


@pytest.mark.parametrize("source", TWO_YEARS)
@pytest.mark.parametrize(
    ("on", "at", "verdict"),
    [
        (dt.date(2024, 11, 23), "2026-11-22T23:59:59.999999+01:00", "allow"),
        (dt.date(2024, 11, 23), "2026-11-23T00:00+01:00", "refuse"),
        (dt.date(2024, 11, 23), "2026-11-22T23:00+00:00", "refuse"),  # midnight in Amsterdam
        (dt.date(2024, 11, 24), "2026-11-23T12:00+01:00", "allow"),
        (dt.date(2024, 2, 29), "2026-02-27T23:59+01:00", "allow"),
        (dt.date(2024, 2, 29), "2026-02-28T00:00+01:00", "refuse"),
        (dt.date(2022, 2, 28), "2024-02-27T23:59+01:00", "allow"),
        (dt.date(2022, 2, 28), "2024-02-28T00:00+01:00", "refuse"),
        (dt.date(2024, 7, 1), "2026-06-30T23:59+02:00", "allow"),
        (dt.date(2024, 7, 1), "2026-07-01T00:00+02:00", "refuse"),
        (dt.date(2010, 1, 1), "2026-11-23T12:00+01:00", "refuse"),
    ],
)
def test_two_years_are_two_calendar_years(source: str, on: dt.date, at: str, verdict: str) -> None:
    moment = dt.datetime.fromisoformat(at)

    assert judged(source, on, at=moment) == (verdict, "implicit" if verdict == "allow" else "expired")
    assert judged(source, on, at=moment, explicit=True) == ("allow", "explicit")  # a ticked box has no window
    assert judged(source, on, at=moment, confirmed=True) == ("allow", "confirmed")


def test_a_member_counts_while_active() -> None:
    assert judged("active_member", dt.date(2025, 11, 24)) == ("allow", "implicit")
    assert judged("active_member", dt.date(2025, 11, 23)) == ("refuse", "expired")


@pytest.mark.parametrize("source", ["own_form", "newsletter_signup", "ad_response"])
def test_what_has_no_window_counts_until_withdrawn(source: str) -> None:
    assert judged(source, dt.date(2004, 1, 1))[0] == "allow"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "implicit"),
        ("Ada@Example.org", "implicit"),
        ("infodag@example.org", "implicit"),
        ("marketing.ada@example.org", "implicit"),
        ("INFO+nl@example.org", "role_address"),
        ("sales-request@example.org", "role_address"),
        ("klantenservice@example.org", "role_address"),
        ("no-reply@example.org", "role_address"),
        ("ada@", "invalid_address"),
    ],
)
def test_an_address_of_a_function_is_refused_by_list(address: str, reason: str) -> None:
    assert judged("purchase", FRESH, address=address)[1] == reason


E, C, S = "explicit_needed", "confirm_needed", "soft_opt_in"
IMPLICIT, SOFT = "implicit", "soft_opt_in_complete"


@pytest.mark.parametrize(
    ("source", "nl", "de", "fr", "uk", "ca", "us"),
    [
        ("own_form", E, C, E, S, IMPLICIT, IMPLICIT),
        ("purchase", S, S, S, S, IMPLICIT, IMPLICIT),
        ("contract", S, S, S, S, IMPLICIT, IMPLICIT),
        ("donation_volunteer", E, C, E, E, IMPLICIT, IMPLICIT),
        ("active_member", S, S, S, S, IMPLICIT, IMPLICIT),
        ("newsletter_signup", "explicit", C, "explicit", "explicit", "explicit", "explicit"),
        ("ad_response", E, C, E, E, IMPLICIT, IMPLICIT),
        ("event_own_contact", E, C, E, E, IMPLICIT, IMPLICIT),
    ],
)
def test_the_strictest_of_policy_and_country_wins(
    source: str, nl: str, de: str, fr: str, uk: str, ca: str, us: str
) -> None:
    columns = {"NL": nl, "DE": de, "FR": fr, "UK": uk, "CA": ca, "US": us, "": nl, "GB": uk, "BE": nl, "de": de}
    for country, reason in columns.items():
        verdict = "verify" if reason in (E, C, S) else "allow"
        assert judged(source, FRESH, country=country, overlay=True) == (verdict, reason), country
        # a confirmed yes is enough everywhere; a ticked box everywhere but in Germany
        assert judged(source, FRESH, country=country, overlay=True, confirmed=True) == ("allow", "confirmed")
        ticked = judged(source, FRESH, country=country, overlay=True, explicit=True)
        assert ticked == (("verify", C) if country in ("DE", "de") else ("allow", "explicit"))
        assert judged(source, FRESH, country=country, channel="sms", overlay=True)[0] == (
            "verify" if country == "US" and source != "newsletter_signup" else verdict
        )
        assert judged(source, FRESH, country=country, channel="letter", overlay=True)[0] == "allow"


@pytest.mark.parametrize("source", ["purchase", "contract", "active_member"])
@pytest.mark.parametrize("country", ["NL", "DE", "FR", "UK", ""])
def test_a_customer_with_all_of_soft_opt_in_may_be_mailed_until_the_window_closes(source: str, country: str) -> None:
    more = {"country": country, "overlay": True, "soft_opt_in": True}

    assert judged(source, FRESH, **more) == ("allow", SOFT)
    assert judged(source, dt.date(2020, 1, 1), **more) == ("refuse", "expired")
    assert judged("donation_volunteer", FRESH, **more)[0] == "verify"  # no customer


@pytest.mark.parametrize(
    ("on", "verdict"), [(dt.date(2026, 5, 24), "allow"), (dt.date(2026, 5, 23), "refuse"), (FRESH, "allow")]
)
def test_an_inquiry_counts_half_a_year_in_canada(on: dt.date, verdict: str) -> None:
    assert judged("own_form", on, country="CA", overlay=True)[0] == verdict
    assert judged("own_form", on, country="CA", overlay=True, explicit=True) == ("allow", "explicit")
    assert judged("own_form", on, country="CA")[0] == "allow"  # the policy alone has no window


@pytest.mark.parametrize("country", [*law.Regime, ""])
@pytest.mark.parametrize("source", [*VERIFY, *REFUSED, "role_address"])
def test_no_country_makes_a_source_better_than_the_policy_does(source: str, country: str) -> None:
    more = {"country": country, "overlay": True, "explicit": True, "soft_opt_in": True}

    assert judged(source, FRESH, **more) == judged(source, FRESH)


@pytest.mark.parametrize("source", ["", "third_party_list", "employer_list", "purchase"])
@pytest.mark.parametrize("of_class", ["transactional", "one_to_one", "form_response"])
def test_what_is_no_marketing_needs_no_consent(source: str, of_class: str) -> None:
    more = {"message_class": MessageClass(of_class), "overlay": True}

    assert judged(source, **more) == ("allow", "not_marketing")
    assert judged(source, address="info@example.org", **more) == ("allow", "not_marketing")
    assert judged(source, address="nobody", **more) == ("refuse", "invalid_address")


def test_nobody_may_be_texted_at_something_that_is_no_number() -> None:
    more = {"channel": "sms", "overlay": True, "country": "NL"}

    assert judged("newsletter_signup", FRESH, address="+31 6 1234 5678", **more) == ("allow", "explicit")
    assert judged("newsletter_signup", FRESH, address="06-12345678", **more) == ("allow", "explicit")
    assert judged("newsletter_signup", FRESH, address="0612", **more) == ("refuse", "invalid_address")


def test_a_letter_needs_no_consent_but_no_bought_list_either() -> None:
    more = {"channel": "letter", "overlay": True, "country": "NL"}

    assert judged("purchase", dt.date(2010, 1, 1), **more) == ("allow", "no_consent_needed")
    assert judged("third_party_list", FRESH, **more) == ("refuse", "refused_source")
