"""A Word file becomes a letter: its fields are found wherever Word cut them up, and nothing in it can run or fetch."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailings.letters import office, word
from mailings.letters.word import CannotUse
from mailings.letters.writing import DATE, WINDOW
from tests.mailings.letters.wordfiles import a_word_file, entry, with_entries, words_of

ADA = {
    "customer.firstname": "Ada",
    "company.name": "",
    WINDOW: ["Ada Lovelace", "Kerkstraat 1"],
    DATE: "27 November 2026",
}
RELS = "word/_rels/document.xml.rels"


def filled(data: bytes, **more: object) -> list[str]:
    template = word.read(data)
    return words_of(office.fill(template, template.values(ADA | more)))


def test_a_field_is_filled_in_though_word_cut_it_into_runs():
    file = a_word_file(
        ("Dear [[cust", "omer.first", "name|friend]], wel", "come"), "[[letter.address]]", "[[letter.date]]"
    )

    assert filled(file) == ["Dear Ada, welcome", "Ada Lovelace\nKerkstraat 1", "27 November 2026"]
    assert word.read(file).fields == ("[[customer.firstname|friend]]", "[[letter.address]]", "[[letter.date]]")


def test_a_date_is_written_as_the_field_says_in_the_language_of_the_letter():
    template = word.read(a_word_file("Until [[customer.note:d MMMM yyyy|soon]]"))

    for note, said in (("05-03-2026", "5 maart 2026"), ("", "soon"), ("Easter", "Easter")):
        values = template.values(ADA | {"customer.note": note}, language="nl")
        assert words_of(office.fill(template, values)) == [f"Until {said}"]
    assert template.fields == ("[[customer.note:d MMMM yyyy|soon]]",)


def test_a_condition_and_a_fallback_are_those_of_a_mail():
    file = a_word_file('[[IF:customer.firstname="ada"]]Hi[[ELSE]]Hello[[ENDIF]] [[company.name|you]]')
    assert filled(file) == ["Hi you"]
    assert filled(file, **{"customer.firstname": "Bob", "company.name": "Molenaar & <Zn>"}) == ["Hello Molenaar & <Zn>"]


@pytest.mark.parametrize(
    "text",
    [
        "{{ 7*7 }}",
        "{% for x in range(9) %}x{% endfor %}",
        "{# gone #}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "a { b } {",
    ],
)
def test_what_looks_like_code_of_a_template_stays_as_it_is_typed(text: str):
    assert filled(a_word_file(text, header=text, title=text)) == [text]
    assert filled(a_word_file(tuple(text))) == [text]


def test_a_value_is_never_read_as_code():
    file = a_word_file("Dear [[customer.firstname]]")
    assert filled(file, **{"customer.firstname": "{{ 7*7 }}{% if %}"}) == ["Dear {{ 7*7 }}{% if %}"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Dear [[customer.firstname", "has no “]]” behind it"),
        ("Dear [[customer.fristname]]", "not a variable we know"),
        ("[[IF:company.name]]at work", "[[ENDIF]]"),
        ("See [[link.view]]", "no link of its own"),
    ],
)
def test_a_field_that_cannot_be_read_is_named_with_the_words_around_it(text: str, says: str):
    (mistake,) = word.read(a_word_file("Fine.", text)).mistakes
    assert says in mistake.sentence
    assert mistake.around == text


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"word/vbaProject.bin": b"x"}, "vbaProject.bin"),
        ({"word/embeddings/sheet.xlsx": b"x"}, "embeddings"),
        ({"word/media/a.svg": b'<svg><image href="http://169.254.169.254/"/></svg>'}, "a.svg"),
        ({"word/document.xml": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'}, "cannot be read"),
        ({"word/document.xml": b"<w:document"}, "cannot be read"),
        ({f"many/{number}": b"" for number in range(1_100)}, "too much"),
        ({"big": b"\0" * 41_000_000}, "too much"),
    ],
)
def test_a_file_with_something_active_in_it_is_refused_and_the_place_is_said(entries: dict[str, bytes], says: str):
    with pytest.raises(CannotUse, match=says):
        word.read(with_entries(a_word_file("Dear"), entries))


@pytest.mark.parametrize("target", ["http://169.254.169.254/x.png", "file:///etc/passwd", "\\\\server\\share"])
@pytest.mark.parametrize("kind", ["image", "oleObject", "frame"])
def test_what_it_would_fetch_from_elsewhere_is_refused(target: str, kind: str):
    with pytest.raises(CannotUse, match="fetch something"):
        word.read(_related(a_word_file("Dear"), kind, target))


def test_a_link_stays_and_the_template_it_was_made_with_is_forgotten():
    word.read(_related(a_word_file("Dear"), "hyperlink", "https://example.org/"))
    kept = word.read(_related(a_word_file("Dear"), "attachedTemplate", "file:///C:/Normal.dotm")).docx
    assert b"Normal.dotm" not in entry(kept, RELS)


@pytest.mark.parametrize(
    "field", ['INCLUDETEXT "/etc/passwd"', "INCLUDEPICTURE http://x/", "DDEAUTO cmd", "MERGEFIELD Naam"]
)
def test_a_field_of_word_that_reads_elsewhere_is_refused_and_its_page_number_is_not(field: str):
    with pytest.raises(CannotUse, match=field.split()[0]):
        word.read(_with_field(field))
    word.read(_with_field("PAGE \\* MERGEFORMAT"))


def test_a_file_that_is_none_is_refused():
    for data in (
        b"",
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0old",
        with_entries(a_word_file(), {"[Content_Types].xml": b"<a/>"})[:200],
    ):
        with pytest.raises(CannotUse):
            word.read(data)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_read_and_nothing_else(data: st.DataObject):
    file = bytearray(a_word_file("Dear [[customer.firstname]]", header="[[letter.date]]"))
    for _number in range(data.draw(st.integers(1, 20))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        template = word.read(bytes(file))
        office.fill(template, template.values(ADA))
    except CannotUse:
        pass


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet="[]{}%#|aI F:.customernmeLSEND\ue000\ue001", max_size=60))
def test_whatever_is_typed_the_file_can_be_filled_in(text: str):
    template = word.read(a_word_file(tuple(text[:8]) or "", text, "[[customer.firstname]]"))
    assert words_of(office.fill(template, template.values(ADA)))[-1] == "Ada"


def _related(data: bytes, kind: str, target: str) -> bytes:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    more = f'<Relationship Id="rId900" Type="{base}{kind}" Target="{target}" TargetMode="External"/></Relationships>'
    return with_entries(data, {RELS: entry(data, RELS).replace(b"</Relationships>", more.encode())})


def _with_field(words: str) -> bytes:
    data = a_word_file("FIELD")
    first, second = words[:4].replace('"', "&quot;"), words[4:].replace('"', "&quot;")
    runs = (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{first}</w:instrText></w:r>'
        f'<w:r><w:instrText>{second}</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    content = entry(data, "word/document.xml").decode().replace("<w:p>", f"<w:p>{runs}", 1)
    return with_entries(data, {"word/document.xml": content.encode()})
