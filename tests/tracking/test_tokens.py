"""Tokens: short, ours, for one purpose, and readable after the keys were changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking import tokens

PURPOSES = ["click", "open", "view", "bounce"]
mailings = st.integers(0, 2**32 - 1)
messages = st.integers(0, 2**63 - 1)


@given(st.sampled_from(PURPOSES), mailings, messages)
def test_a_token_is_read_back_as_it_was_made(purpose, mailing, message):
    assert tokens.read(purpose, tokens.make(purpose, mailing, message)) == (mailing, message)


@pytest.mark.parametrize("made_for", PURPOSES)
@pytest.mark.parametrize("shown_as", PURPOSES)
def test_a_token_opens_its_own_purpose_only(made_for, shown_as):
    token = tokens.make(made_for, 7, 4711)

    if made_for == shown_as:
        assert tokens.read(shown_as, token) == (7, 4711)
    else:
        with pytest.raises(tokens.BadToken):
            tokens.read(shown_as, token)


@given(st.integers(0, 31), st.sampled_from("ABCxyz019-_"))
def test_one_changed_character_makes_a_token_worthless(position, character):
    token = tokens.make("click", 7, 4711)
    changed = token[:position] + character + token[position + 1 :]

    if changed != token:
        with pytest.raises(tokens.BadToken):
            tokens.read("click", changed)


@given(st.text(max_size=80))
def test_what_strangers_write_is_refused_and_never_crashes(text):
    for purpose in PURPOSES:
        with pytest.raises(tokens.BadToken):
            tokens.read(purpose, text)


def test_a_token_fits_a_short_address_and_a_local_part():
    assert len(tokens.make("click", 2**32 - 1, 2**63 - 1)) == 32
    local = tokens.make("bounce", 2**32 - 1, 2**63 - 1)
    assert len(local) <= 64
    assert local == local.lower()


def test_a_mail_system_may_shout_our_local_part():
    assert tokens.read("bounce", tokens.make("bounce", 7, 4711).upper()) == (7, 4711)


def test_old_tokens_live_on_after_the_key_was_changed(settings):
    settings.SECRET_KEY = "first"
    token = tokens.make("click", 7, 4711)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second", ["first"]
    assert tokens.read("click", token) == (7, 4711)
    assert tokens.make("click", 7, 4711) != token

    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(tokens.BadToken):
        tokens.read("click", token)


def test_the_return_path_names_the_message(settings):
    local, _, domain = tokens.return_path(7, 4711).partition("@")

    assert domain == settings.BOUNCE_DOMAIN
    assert tokens.read("bounce", local) == (7, 4711)


@given(st.integers(0, 2**20 - 1), st.integers(0, 2**38 - 1), st.integers(0, 63))
def test_a_short_token_tells_its_numbers_and_has_one_length(mailing, message, number):
    token = tokens.short_maker()(mailing, message, number)

    assert len(token) == 16
    assert tokens.read_short(token) == (mailing, message, number)


@given(st.text(max_size=20))
def test_whatever_stands_in_a_short_link_is_read_or_refused(text):
    try:
        tokens.read_short(text)
    except tokens.BadToken:
        return
    raise AssertionError("guessed")


@pytest.mark.parametrize("numbers", [(2**20, 1, 1), (1, 2**38, 1), (1, 1, 64)])
def test_a_short_token_refuses_numbers_that_do_not_fit(numbers):
    with pytest.raises(ValueError, match="too large"):
        tokens.short_maker()(*numbers)
