"""Telephone numbers as people write them."""

import pytest
from django.utils import translation

from recipients import phones


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("06-12345678", "NL", "+31612345678"),
        ("(0)6 1234 5678", "NL", "+31612345678"),
        ("+31 (0)6 12345678", "", "+31612345678"),
        ("0031 10 123 45 67", "NL", "+31101234567"),
        ("0475 12 34 56", "BE", "+32475123456"),
        ("+1 212 555 2368", "NL", "+12125552368"),
    ],
)
def test_a_number_is_kept_as_the_whole_world_dials_it(written: str, country: str, kept: str) -> None:
    assert phones.normalise(written, country) == kept


@pytest.mark.parametrize(
    ("written", "country", "said"),
    [
        ("ask reception", "NL", "This is not a phone number"),
        ("06 12", "NL", "too few or too many digits"),
        ("06 12345678", "", r"Begin it with \+ and the country"),
        ("06 00000000000000", "NL", "too few or too many digits"),
        ("+999 123456789", "NL", "not a phone number"),
        ("", "NL", "not a phone number"),
    ],
)
def test_what_is_no_number_is_refused_with_what_to_do(written: str, country: str, said: str) -> None:
    with translation.override("en"), pytest.raises(phones.InvalidPhone, match=said):
        phones.normalise(written, country)


def test_a_number_is_said_as_one_dials_it_at_home_and_with_its_country_abroad() -> None:
    assert phones.said("+31612345678", "NL") == "06 12345678"
    assert phones.said("+31612345678", "BE") == "+31 6 12345678"
    assert phones.said("as it came in", "NL") == "as it came in"


@pytest.mark.parametrize(
    ("number", "kind"),
    [("+31612345678", "mobile"), ("+31101234567", "fixed"), ("+318001234", "other"), ("no number", "other")],
)
def test_a_number_tells_by_itself_whether_it_is_mobile(number: str, kind: str) -> None:
    assert phones.kind(number) == kind
