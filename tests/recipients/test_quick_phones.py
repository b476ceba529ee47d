"""The quick way to read a Dutch mobile number gives what the library gives."""

import contextlib

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipients import phones


@given(
    rest=st.from_regex(r"[1-58][0-9]{7}", fullmatch=True),
    start=st.sampled_from(["06", "06-", "+316", "+31 6 ", "0031 6", "06 "]),
)
def test_a_dutch_mobile_number_is_read_as_the_library_reads_it(rest: str, start: str) -> None:
    number = phonenumbers.parse(f"{start}{rest}", "NL")

    assert phonenumbers.is_valid_number(number)
    assert phones.normalise(f"{start}{rest}", "NL") == phonenumbers.format_number(
        number, phonenumbers.PhoneNumberFormat.E164
    )


@pytest.mark.parametrize(("text", "country"), [("0612345678", "FR"), ("0612345678", "DE"), ("061234567", "NL")])
def test_elsewhere_the_same_digits_are_another_number(text: str, country: str) -> None:
    with contextlib.suppress(phones.InvalidPhone):
        assert not phones.normalise(text, country).startswith("+31")
