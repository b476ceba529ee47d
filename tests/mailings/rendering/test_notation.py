"""Dates and numbers as a writer wants them: what a pattern may be, and that every kind of mail says the same."""

import json

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from mailings.rendering import notation, slow, texting, variables
from mailings.rendering.compile import compile_letter
from mailings.rendering.escaping import RenderError
from mailings.rendering.notation import Notation
from mailings.rendering.segments import Compiled
from mailings.rendering.variables import CATALOGUE, Merge
from tests.mailings.rendering.letters import a_letter, a_recipient, body, parsed
from tests.mailings.rendering.test_segments import assert_the_same, is_fit_for_the_wire, values

PATTERNS = ["d MMMM yyyy", "EEEE d MMM", "dd-MM-yy", "yyyy/M/d", "0", "0.00", "#,##0.00"]
LETTERS = {
    pattern: a_letter(
        language=language,
        subject=f"Until [[company.note:{pattern}|soon]]",
        preheader=f"[[company.note:{pattern}]]",
        blocks=[
            {
                "kind": "text",
                "id": "a",
                "html": f"<p>[[company.note]], [[company.note:{pattern}|soon &amp; later]]</p>",
            },
            {"kind": "button", "id": "b", "text": "Go", "url": f"https://example.org/?d=[[company.note:{pattern}]]"},
        ],
    )
    for pattern, language in zip(PATTERNS, ["nl", "en"] * 4, strict=False)
}
COMPILED = {pattern: compile_letter(letter) for pattern, letter in LETTERS.items()}
dates = st.dates().map(lambda day: day.isoformat()) | st.dates().map(lambda day: f"{day:%d-%m-}{day.year:04d}")
amounts = st.integers() | st.decimals(allow_nan=False, allow_infinity=False).map(str)


@pytest.mark.parametrize(
    ("pattern", "language", "value", "said"),
    [
        ("d MMMM yyyy", "nl", "05-03-2026", "5 maart 2026"),
        ("d MMMM yyyy", "en", "2026-03-05", "5 March 2026"),
        ("EEEE d MMMM", "nl", "27-11-2026", "vrijdag 27 november"),
        ("EEEE d MMMM", "en", "27-11-2026", "Friday 27 November"),
        ("EEE, d MMM", "en", "27-11-2026", "Fri, 27 Nov"),
        ("dd/MM/yy", "nl", "05-03-2026", "05/03/26"),
        ("yyyy-M-d", "nl", "05-03-2026", "2026-3-5"),
        ("0", "nl", "43.5", "44"),
        ("0.00", "nl", "1234.5", "1234,50"),
        ("#,##0.00", "nl", "1234567.895", "1.234.567,90"),
        ("#,##0.00", "en", "1234567.895", "1,234,567.90"),
        ("#,##0", "en", 1234, "1,234"),
        ("0", "en", "-0.2", "0"),
        # neither a date nor a number: as it is
        ("d MMMM yyyy", "en", "31-02-2026", "31-02-2026"),
        ("d MMMM yyyy", "en", "next week", "next week"),
        ("d MMMM yyyy", "en", "43.5", "43.5"),
        ("0.00", "en", "05-03-2026", "05-03-2026"),
        ("0.00", "en", "0612345678", "0612345678"),
        ("0.00", "en", "1e9", "1e9"),
        ("0.00", "en", "", ""),
        ("0.00", "en", None, None),
        ("0.00", "en", True, True),
    ],
)
def test_a_value_is_written_by_its_pattern_in_the_language_of_the_mail(pattern, language, value, said):
    with translation.override("en" if language == "nl" else "nl"):
        assert Notation(pattern, language).say(value) == said


def test_a_pattern_is_read_with_its_fallback_and_written_back():
    text = "Until [[company.note:d MMMM yyyy|soon]]"

    assert variables.parse(text).pieces == ("Until ", Merge(CATALOGUE["company.note"], "soon", "d MMMM yyyy"))
    assert "".join(map(str, variables.parse(text).pieces)) == text
    assert variables.parse("[[ company.note : d\xa0MMMM ]]").pieces == (Merge(CATALOGUE["company.note"], "", "d MMMM"),)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "Q",
        "d MMMMM",
        "ddMMyyyyy",
        "%d",
        "{0}",
        "d MMMM 'x'",
        "0.",
        "##0",
        "0.0000000",
        "d" + " " * 9 + "é",
        "d M " * 20,
    ],
)
def test_a_pattern_that_is_none_is_named_with_its_place(pattern):
    (mistake,) = variables.parse(f"Hi [[company.note:{pattern}|soon]]").mistakes

    assert (mistake.start, mistake.end) == (3, 3 + len(f"[[company.note:{pattern}|soon]]"))
    assert "no way to write a date or a number" in mistake.sentence


@given(
    st.text(max_size=60) | st.text(st.sampled_from("dMyE0#,. -/"), max_size=60), dates | amounts | st.text() | st.none()
)
def test_no_pattern_and_no_value_can_do_anything_but_be_written(pattern, value):
    pattern = notation.read(pattern)
    if notation.refusal(pattern):
        return

    said = Notation(pattern, "nl").say(value)
    assert said is value or (isinstance(said, str) and 0 < len(said) < 400)


@given(pattern=st.sampled_from(PATTERNS), value=dates | amounts | values)
@settings(max_examples=150, deadline=None)
def test_compiled_kept_and_slow_write_the_same(pattern, value):
    recipient = a_recipient(company_note=value)
    try:
        expected = slow.render(LETTERS[pattern], recipient)
    except RenderError:
        with pytest.raises(RenderError):
            COMPILED[pattern].render(recipient)
        return

    message = COMPILED[pattern].render(recipient)
    is_fit_for_the_wire(message)
    assert_the_same(message, expected)
    kept = Compiled.from_json(json.loads(json.dumps(COMPILED[pattern].to_json())))
    assert kept.render(recipient) == message


def test_a_date_is_the_same_in_subject_preheader_words_text_part_and_addresses():
    message = COMPILED["d MMMM yyyy"].render(a_recipient(company_note="05-03-2026"))

    assert parsed(message)["Subject"] == "Until 5 maart 2026"
    assert "05-03-2026, 5 maart 2026" in body(message, "plain")
    assert body(message, "html").count("5 maart 2026") == 4  # preheader, title twice, words
    assert "?d=5%20maart%202026" in body(message, "html")
    nothing = COMPILED["d MMMM yyyy"].render(a_recipient(company_note=""))
    assert parsed(nothing)["Subject"] == "Until soon"
    assert "soon &amp; later" in body(nothing, "html")


def test_a_text_message_writes_dates_and_numbers_too():
    wording = texting.Wording(text="Until [[company.note:EEEE d MMMM|soon]]", name="x", language="nl")
    compiled = texting.compile_text(wording)
    kept = texting.Compiled.from_json(json.loads(json.dumps(compiled.to_json())))

    assert not compiled.problems
    assert kept == compiled
    assert kept.render({"company.note": "27-11-2026"}) == "Until vrijdag 27 november"
    assert kept.render({"company.note": ""}) == "Until soon"
