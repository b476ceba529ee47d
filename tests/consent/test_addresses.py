"""Addresses come in as people write them and stay in one form, or come back with what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent import addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace@Example.ORG\t", "ada.lovelace@example.org"),
        ("\u200bada@example.org\u00a0", "ada@example.org"),
        ("ADA+News@example.org", "ada+news@example.org"),
        ("a.d.a@example.org", "a.d.a@example.org"),
        ("o'brien@example.ie", "o'brien@example.ie"),
        ("ada@exämple.org", "ada@xn--exmple-cua.org"),
        ("ada@EXA\u0308MPLE.org", "ada@xn--exmple-cua.org"),  # decomposed: NFC
        ("ada@xn--exmple-cua.org", "ada@xn--exmple-cua.org"),
        ("ada@例え。jp", "ada@xn--r8jz45g.jp"),
        ("x" * 64 + "@example.org", "x" * 64 + "@example.org"),
    ],
)
def test_an_address_has_one_form(text: str, expected: str) -> None:
    assert addresses.normalise(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no address"),
        ("ada", "There is no @ in it"),
        ("a@b@c", "There is more than one @ in it"),
        ("ada@example", "A dot is missing after the @"),
        ("ada@example,org", "A dot is missing after the @"),
        ("@example.org", "The part before the @ is missing"),
        ("ada@", "The part after the @ is missing"),
        ("ülf@exämple.org", "Mail servers refuse the letter “ü” before the @"),
        ("x" * 65 + "@example.org", "The part before the @ is longer than 64 characters"),
        ("ada@" + "a" * 60 + ("." + "a" * 60) * 3 + ".example.org", "The address is longer than 254 characters"),
        ("ada..lovelace@example.org", "A dot stands in the wrong place before the @"),
        ("ada@example.org.", "A dot stands in the wrong place after the @"),
        ("ada@[127.0.0.1]", "A number is no mail domain; give its name"),
        ("ada@127.0.0.1", "A number is no mail domain; give its name"),
        ("ada lovelace@example.org", "There is a space in the address"),
        ("ada\r\nBcc: eve@example.org", "There is a line break or an invisible character in the address"),
        ("ada@exam\u200bple.org", "There is a line break or an invisible character in the address"),
        ("Ada <ada@example.org>", "Give only the address, without a name and without < >"),
        ("mailto:ada@example.org", "Give only the address, without “mailto:”"),
        ("ada@example.org; bob@example.org", "There are two addresses here; give one"),
        ("ada@-example.org", "The part after the @ is not a domain name"),
        ("ada@exa_mple.org", "The part after the @ is not a domain name"),
        ('"ada"@example.org', "This is not an e-mail address"),
    ],
)
def test_a_mistake_gets_its_own_sentence(text: str, sentence: str) -> None:
    with pytest.raises(addresses.InvalidAddress) as refusal:
        addresses.normalise(text)

    assert str(refusal.value) == sentence


@given(st.one_of(st.text(max_size=80), st.emails(), st.from_regex(r"[\w.+-]{1,9}@[\w.-]{1,20}", fullmatch=True)))
def test_whatever_comes_in_it_is_one_form_or_refused(text: str) -> None:
    try:
        address = addresses.normalise(text)
    except addresses.InvalidAddress:
        return

    assert addresses.normalise(address) == address
    assert addresses.has_shape(address)
    assert address == address.lower()
    assert len(address) <= addresses.LONGEST


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("info@example.org", True),
        ("info+nl@example.org", True),
        ("INFO+nl@example.org", True),
        ("sales-request@example.org", True),
        ("no-reply@example.org", True),
        ("boekhouding@example.nl", True),
        ("infodag@example.org", False),
        ("ada.info@example.org", False),
        ("request@example.org", False),
        ("ada@info.example.org", False),
    ],
)
def test_a_role_is_known_by_the_list_not_by_a_part(address: str, *, expected: bool) -> None:
    assert addresses.is_role(address) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [("hanna@example.org", "h•••a@example.org"), ("jo@example.org", "j•••@example.org"), ("j@x.nl", "j•••@x.nl")],
)
def test_a_masked_address_is_known_by_its_owner_only(address: str, expected: str) -> None:
    assert addresses.masked(address) == expected
