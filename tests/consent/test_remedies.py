"""Whom we may ask by mail ourselves, by where the address came from and the law of the country (reference 1.4)."""

import datetime as dt

import pytest

from consent import remedies, rules
from consent.remedies import Remedy

NOW, LONG_AGO = dt.timedelta(hours=1), dt.timedelta(days=400)
ALL = ("", "NL", "DE", "CA", "FR", "GB", "US")


@pytest.mark.parametrize("country", ALL)
@pytest.mark.parametrize("source", ["own_form", "newsletter_signup", "ad_response"])
def test_who_typed_it_in_just_now_is_asked(source: str, country: str) -> None:
    assert remedies.of(source, country, age=NOW) is Remedy.CONFIRM
    assert remedies.of(source, country, age=remedies.JUST_NOW) is Remedy.CONFIRM
    assert remedies.of(source, country, age=remedies.JUST_NOW + NOW) is Remedy.ONE_TO_ONE
    assert remedies.of(source, country, is_explicit=True, age=LONG_AGO) is Remedy.CONFIRM


@pytest.mark.parametrize("source", ["purchase", "contract", "active_member"])
def test_a_customer_is_asked_only_with_a_whole_soft_opt_in(source: str) -> None:
    assert remedies.of(source, "NL", is_soft=True, age=LONG_AGO) is Remedy.CONFIRM
    assert remedies.of(source, "NL", age=NOW) is Remedy.ONE_TO_ONE


@pytest.mark.parametrize("country", ["", "NL", "DE", "CA", "de", "XX"])
def test_a_card_gets_no_request_where_that_is_mail_without_permission(country: str) -> None:
    assert remedies.of("event_own_contact", country, age=NOW) is Remedy.SIGN_UP
    assert remedies.of("merger_acquisition", country, age=NOW) is Remedy.ONE_TO_ONE


@pytest.mark.parametrize("country", ["FR", "GB", "UK", "US"])
def test_a_card_may_be_answered_by_a_request_elsewhere(country: str) -> None:
    assert remedies.of("event_own_contact", country, age=NOW) is Remedy.CONFIRM


NEVER = sorted(code for code, rule in rules.SOURCES.items() if rule.status is rules.Status.REFUSED)


@pytest.mark.parametrize("country", ALL)
@pytest.mark.parametrize("source", ["employer_list", "friends_family", "met_in_person", *NEVER])
def test_some_are_never_asked_in_bulk_anywhere(source: str, country: str) -> None:
    assert remedies.of(source, country, is_soft=True, age=NOW) is not Remedy.CONFIRM
