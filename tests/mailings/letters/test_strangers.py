"""Whatever stands in a frame, a value or a picture: a letter comes out, or a refusal; nothing gets out of its place."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailings.letters import pictures
from mailings.letters.postal import Postal
from mailings.letters.sheet import Sheet
from mailings.letters.writing import write
from mailings.rendering.escaping import RenderError
from tests.mailings.letters.pages import a_letter, filled

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))
OURS = re.compile(r"</?(header|div|address|p|br|i|h1|span)\b[^<>]*>")


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*Sheet.__dataclass_fields__, "x"]), JSON))
def test_a_frame_of_anything_is_a_frame(kept: dict[str, object]):
    sheet = Sheet.read(kept)

    assert Sheet.read(sheet.to_json()) == sheet
    css = write(a_letter(**sheet.to_json())).css
    assert "<" not in css
    assert css.count('"') % 2 == 0


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_no_value_writes_a_tag(name: str, street: str, first: str):
    try:
        page = filled(
            write(a_letter()),
            postal=Postal(name, name, street, name, street, "", "NL"),
            **{"customer.firstname": first},
        ).html
    except RenderError:
        return
    assert "<" not in OURS.sub("", page)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_picture_are_refused(data: bytes):
    for start in (
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"\xff\xd8\xff\xe0",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
    ):
        with pytest.raises(pictures.Forbidden):
            pictures.shrunk(start + data)
