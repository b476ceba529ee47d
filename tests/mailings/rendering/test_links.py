"""Which addresses a mail may link to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.rendering import links

OURS = "https://mail.example.org"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://example.org/", "https://example.org/"),
        (" http://example.org/a?b=c#d ", "http://example.org/a?b=c#d"),
        ("example.org/page", "https://example.org/page"),
        ("example.org:8000/page", "https://example.org:8000/page"),
        ("hallo@example.org", "mailto:hallo@example.org"),
        ("mailto:hallo@example.org?subject=Hi", "mailto:hallo@example.org?subject=Hi"),
        ("https://example.org/?id=[[customer.id]]", "https://example.org/?id=[[customer.id]]"),
        ("[[link.unsubscribe]]", "[[link.unsubscribe]]"),
        ("https://127.0.0.1:8000/x", "https://127.0.0.1:8000/x"),
    ],
)
def test_a_good_address_is_kept(typed, kept):
    assert links.check(typed) == kept


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Fill in"),
        ("javascript:alert(1)", "starts with https"),
        ("JaVaScRiPt:alert(1)", "starts with https"),
        ("java\nscript:alert(1)", "starts with https"),
        ("data:text/html,x", "starts with https"),
        ("vbscript:x", "starts with https"),
        ("file:///etc/passwd", "starts with https"),
        ("ftp://example.org/", "starts with https"),
        ("//example.org/", "starts with https"),
        ("/page", "starts with https"),
        ("https://", "name of the site"),
        ("https:///path", "name of the site"),
        ("https://exa mple.org/", "no spaces"),
        ("https://example.org\\@evil.example/", "no spaces, quotes or backslashes"),
        ('https://example.org/"onclick=x', "no spaces, quotes"),
        ("https://user:pw@example.org/", "looks like a trick"),
        ("https://[::1", "cannot read"),
        ("https://example.org:port/", "cannot read"),
        ("https://[[customer.id]].example.org/", "behind the name of the site"),
        ("https://example.org[[customer.id]]", "behind the name of the site"),
        ("[[customer.email]]", "starts with https"),
        ("https://example.org/[[customer.nme]]", "not a variable"),
        ("mailto:", "e-mail address"),
        ("mailto:[[customer.email]]", "behind the e-mail address"),
        ("https://example.org/" + "x" * 2000, "2000"),
    ],
)
def test_a_bad_address_is_refused_with_a_sentence(typed, sentence):
    with pytest.raises(links.BadLink, match=sentence.replace("(", r"\(")):
        links.check(typed)


@pytest.mark.parametrize(
    ("kept", "wire"),
    [
        ("https://exämple.org/ü?q=é#ß", "https://xn--exmple-cua.org/%C3%BC?q=%C3%A9#%C3%9F"),
        ("https://example.org/a%20b?x=%26", "https://example.org/a%20b?x=%26"),
        ("HTTPS://Example.ORG/Path", "https://example.org/Path"),
        ("mailto:a@example.org?subject=hé", "mailto:a@example.org?subject=h%C3%A9"),
    ],
)
def test_an_address_goes_out_in_ascii(kept, wire):
    assert links.on_the_wire(kept) == wire


@pytest.mark.parametrize(
    ("typed", "wire"),
    [("/static/x.png", f"{OURS}/static/x.png"), ("example.org/x.png", "https://example.org/x.png")],
)
def test_a_picture_stands_on_the_web_or_with_us(typed, wire):
    assert links.picture(typed, OURS) == wire


@pytest.mark.parametrize("typed", ["data:image/png;base64,x", "//evil.example/x.png", "mailto:a@b.example", "/a b.png"])
def test_other_pictures_are_refused(typed):
    with pytest.raises(links.BadLink):
        links.picture(typed, OURS)


@given(st.text(max_size=80) | st.text(st.sampled_from("htps:/@.[]%\\ax\n\u200b"), max_size=40).map("https://".__add__))
def test_any_text_is_refused_or_becomes_a_harmless_address(typed):
    try:
        address = links.check(typed)
        wire = links.on_the_wire(address) if links.is_tracked(address) else "https://"
    except links.BadLink:
        return

    assert wire.isascii()
    assert wire.startswith(("https://", "http://"))
    assert not set(wire) & set('\r\n\t "<>\\')
