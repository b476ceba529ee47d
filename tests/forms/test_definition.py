"""A form's definition survives being kept, and says what must be mended."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.definition import KINDS, BadDefinition, Condition, Definition, Field, Option, fresh

EVERY = Definition(
    languages=("nl", "en"),
    title={"nl": "Kom kijken", "en": "Come and see"},
    fields=tuple(fresh(kind, f"f{number:03d}", [], "nl") for number, kind in enumerate(KINDS)),
)


def test_every_kind_of_field_is_kept_as_it_was() -> None:
    assert Definition.read(EVERY.to_json()) == EVERY


def test_pages_begin_at_a_new_page() -> None:
    kinds = ["text", "section", "email", "section", "box"]
    form = Definition(fields=tuple(Field(id=f"f{n:03d}", kind=kind) for n, kind in enumerate(kinds)))

    assert [[one.kind for one in page] for page in form.pages] == [["text"], ["section", "email"], ["section", "box"]]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((), "asks nothing"),
        ((Field(id="aaaa", kind="text", name="a"),), "label"),
        ((Field(id="aaaa", kind="radio", name="a", label={"en": "A"}, options=(Option("1", {}),)),), "two answers"),
        ((Field(id="aaaa", kind="consent", name="a", label={"en": "A"}),), "Choose the subscriptions"),
        ((Field(id="aaaa", kind="consent", name="a", label={"en": "A"}, types=(1,)),), "add the field E-mail"),
        (
            (Field(id="aaaa", kind="text", name="a", label={"en": "A"}, show_if=Condition("zzzz")),),
            "a field that is gone",
        ),
        (
            (
                Field(id="aaaa", kind="text", name="a", label={"en": "A"}),
                Field(id="bbbb", kind="text", name="a", label={"en": "B"}),
            ),
            "identifier “a” too",
        ),
    ],
)
def test_what_must_be_mended_is_said(fields: tuple[Field, ...], said: str) -> None:
    assert any(said in sentence for _field, sentence in Definition(fields=fields).problems())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["fields", "id", "kind"]), inner),
        max_leaves=20,
    )
)
def test_any_json_is_read_or_refused(given_json: object) -> None:
    with contextlib.suppress(BadDefinition):
        Definition.read(given_json)
