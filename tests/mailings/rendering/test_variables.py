"""Reading `[[name|fallback]]`: a table of what is one, and what is said about what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.rendering import variables
from mailings.rendering.variables import CATALOGUE, Merge

FIRST_NAME = CATALOGUE["customer.firstname"]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ()),
        ("no variables [here]", ("no variables [here]",)),
        ("[[customer.firstname]]", (Merge(FIRST_NAME),)),
        ("Hi [[customer.firstname|friend]]!", ("Hi ", Merge(FIRST_NAME, "friend"), "!")),
        ("[[ customer.firstname | dear friend ]]", (Merge(FIRST_NAME, "dear friend"),)),
        ("[[customer.firstname|]]", (Merge(FIRST_NAME),)),
        ("[[customer.bestName]]", (Merge(CATALOGUE["customer.salutation"]),)),
        ("[[link.subscription]]", (Merge(CATALOGUE["link.unsubscribe"]),)),
        ("[[customer.firstname]][[company.name]]", (Merge(FIRST_NAME), Merge(CATALOGUE["company.name"]))),
    ],
)
def test_variables_are_read(text, pieces):
    assert variables.parse(text) == variables.Parsed(pieces, ())


@pytest.mark.parametrize(
    ("text", "start", "end", "sentence"),
    [
        ("Hi [[customer.firstname", 3, 23, "no “]]”"),
        ("[[customer.password]]", 0, 21, "“customer.password” is not a variable"),
        ("a [[]] b", 2, 6, "Write a variable as"),
        ("[[customer.firstname.__class__]]", 0, 32, "not a variable"),
        ("[[7*7]]", 0, 7, "Write a variable as"),
        ("[[customer.firstname|a|b]]", 0, 26, "Write a variable as"),
        ("[[customer.firstname|" + "x" * 101 + "]]", 0, 124, "100 characters"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_stays_in_the_text(text, start, end, sentence):
    parsed = variables.parse(text)

    (mistake,) = parsed.mistakes
    assert (mistake.start, mistake.end) == (start, end)
    assert sentence in mistake.sentence
    assert "".join(map(str, parsed.pieces)) == text


@given(st.text(st.sampled_from("[]|.customerfirstname \n{}<&é"), max_size=60))
def test_any_text_is_read_and_nothing_of_it_is_lost(text):
    parsed = variables.parse(text)

    literal = "".join(piece for piece in parsed.pieces if isinstance(piece, str))
    assert all(part in text for part in literal.split("[["))
    assert parsed.mistakes or "[[" not in literal


@pytest.mark.parametrize(
    ("text", "start", "sentence"),
    [
        ("Dear [[IF:company.name]]x", 5, "has no “[[ENDIF]]”"),
        ("Dear [[ELSE]]", 5, "has no “IF”"),
        ("[[IF:company.name]]x[[ELSE]]y[[ELSE]]z[[ENDIF]]", 29, "only “ENDIF”"),
        ("[[IF:company.secret]]x[[ENDIF]]", 0, "not a variable"),
        ("[[IF:link.view]]x[[ENDIF]]", 0, "same for everybody"),
        ("[[IF:1=1]]x[[ENDIF]]", 0, "Write a condition as"),
        ("[[IF:company.name.__class__]]x[[ENDIF]]", 0, "not a variable"),
        ('[[IF:company.name="a" or "b"]]x[[ENDIF]]', 0, "Write a condition as"),
        ("[[IF:company.name]]" * 21 + "x" + "[[ENDIF]]" * 21, 19 * 20, "At most 20"),
    ],
)
def test_a_mistake_in_a_condition_is_named_with_its_place(text, start, sentence):
    first = variables.parse(text).mistakes[0]

    assert first.start == start
    assert sentence in first.sentence
    assert text[first.start : first.end] == first.text
