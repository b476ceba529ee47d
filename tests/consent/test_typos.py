"""Addresses that were probably typed wrongly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent import typos


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ada@gmial.com", "ada@gmail.com"),
        ("Ada.L@GMAIL.CON", "Ada.L@gmail.com"),
        ("ada@gmaill.com", "ada@gmail.com"),  # one too many
        ("ada@gmai.com", "ada@gmail.com"),  # one too few
        ("ada@gmsil.com", "ada@gmail.com"),  # another
        ("ada@hotmial.com", "ada@hotmail.com"),
        ("ada@hotmaill.nl", "ada@hotmail.nl"),
        ("ada@zigo.nl", "ada@ziggo.nl"),
        ("ada@werkbank.con", "ada@werkbank.com"),
        ("ada@gmail.com", ""),
        ("ada@mail.com", ""),  # a provider of its own
        ("ada@ymail.com", ""),
        ("ada@example.org", ""),
        ("ada@live.be", ""),
        ("ada", ""),
        ("", ""),
    ],
)
def test_a_slip_of_the_hand_is_noticed_and_a_right_address_left_alone(typed, meant):
    assert typos.suggest(typed) == meant


@given(st.text(max_size=80))
def test_no_text_crashes_it_and_no_suggestion_needs_another(text):
    meant = typos.suggest(text)

    assert not meant or typos.suggest(meant) == ""
