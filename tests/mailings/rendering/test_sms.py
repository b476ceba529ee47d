"""How long a text message is. The vectors are those of reference/consent-and-mail.md 3.6, worked out from 3GPP TS 23.038."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.rendering import sms
from mailings.rendering.sms import Encoding

VECTORS = [
    ("", Encoding.GSM, 1),
    ("a" * 160, Encoding.GSM, 1),
    ("a" * 161, Encoding.GSM, 2),
    ("a" * 306, Encoding.GSM, 2),
    ("a" * 307, Encoding.GSM, 3),
    ("a" * 158 + "€", Encoding.GSM, 1),
    ("a" * 159 + "€", Encoding.GSM, 2),
    ("a" * 152 + "€" + "a" * 152, Encoding.GSM, 3),
    ("ë" * 70, Encoding.UCS2, 1),
    ("ë" * 71, Encoding.UCS2, 2),
    ("😀" * 35, Encoding.UCS2, 1),
    ("😀" * 36, Encoding.UCS2, 2),
    ("😀" * 67, Encoding.UCS2, 3),
]


@pytest.mark.parametrize(("text", "encoding", "segments"), VECTORS)
def test_a_text_takes_as_many_parts_as_the_standard_says(text: str, encoding: Encoding, segments: int) -> None:
    counted = sms.measure(text)

    assert (counted.encoding, counted.segments) == (encoding, segments)


@pytest.mark.parametrize("character", "^{}\\[]~|€\f")
def test_what_stands_in_the_extension_takes_two_places(character: str) -> None:
    assert sms.measure(character).units == 2
    assert sms.measure(character).encoding is Encoding.GSM


@pytest.mark.parametrize("character", "ëïáíóúêç’“”–…`")
def test_characters_that_force_ucs_2_are_named_and_have_something_in_their_place(character: str) -> None:
    (offender,) = sms.offenders(f"Hi {character} and {character}")

    assert (offender.character, offender.times) == (character, 2)
    assert offender.instead is not None
    assert sms.measure(sms.plain(f"Hi {character}")).encoding is Encoding.GSM


def test_what_has_nothing_in_its_place_stays() -> None:
    assert [offender.instead for offender in sms.offenders("Да 😀")] == [None, None, None]
    assert sms.plain("Да 😀’") == "Да 😀'"


def test_letters_that_are_written_apart_are_one() -> None:
    assert sms.plain("Zoe\u0308") == "Zoe"
    assert sms.one_form("Zoe\u0308 \r\nhi\x00\ud800 ") == "Zoë \nhi"


texts = st.text(st.one_of(st.sampled_from("aé€[😀ë\n"), st.characters(exclude_categories=["Cs"])), max_size=700)


@given(texts)
def test_the_parts_hold_the_text_and_no_part_would_do_without(text: str) -> None:
    counted = sms.measure(text)
    room = sms.ROOM[counted.encoding]

    assert 0 <= counted.left <= room.alone
    if counted.segments == 1:
        assert counted.units + counted.left == room.alone
    else:
        assert counted.units > room.alone
        wasted = counted.segments - 1  # one place at most at the end of each part but the last
        assert counted.units <= counted.segments * room.part <= counted.units + counted.left + wasted


@given(texts, texts)
def test_more_text_never_takes_fewer_parts(text: str, more: str) -> None:
    assert sms.measure(text + more).segments >= sms.measure(text).segments


@given(texts)
def test_substituting_twice_changes_nothing_and_leaves_only_what_has_no_substitute(text: str) -> None:
    plain = sms.plain(text)

    assert sms.plain(plain) == plain
    assert all(offender.instead is None for offender in sms.offenders(plain))
    assert sms.one_form(sms.one_form(text)) == sms.one_form(text)
