"""IF, ELSEIF and ELSE within a text: everybody sees one branch, in both parts, and nothing is run."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailings.rendering import slow
from mailings.rendering.compile import CannotCompile, compile_letter
from mailings.rendering.escaping import RenderError
from mailings.rendering.segments import Compiled
from tests.mailings.rendering.letters import a_letter, a_recipient, body, parsed

GREETING = (
    '[[IF:customer.language="nl"]]Beste [[customer.firstname|lezer]]'
    "[[ELSEIF:company.name]]Dear people of [[company.name]][[ELSE]]Dear reader[[ENDIF]],"
)


def a_text(html: str, **changes: object):
    return a_letter(blocks=[{"kind": "text", "id": "a", "html": html}], **changes)


@pytest.mark.parametrize(
    ("language", "company", "said"),
    [
        ("nl", "Kade", "Beste Hanna,"),
        ("NL", "", "Beste Hanna,"),
        ("en", "Kade & Co", "Dear people of Kade & Co,"),
        ("", "", "Dear reader,"),
        (None, None, "Dear reader,"),
    ],
)
def test_everybody_reads_one_branch_in_subject_text_and_html(language, company, said):
    letter = a_text(f"<p>{GREETING}</p>", subject=GREETING, preheader=GREETING)
    recipient = a_recipient(customer_language=language, company_name=company, customer_firstname="Hanna")

    message = compile_letter(letter).render(recipient)

    assert parsed(message)["Subject"] == said
    assert body(message, "plain").startswith(said)
    assert said.replace("&", "&amp;") in body(message, "html").replace("\n", "")
    assert "ELSE" not in body(message, "html")


def test_a_condition_may_stand_on_lines_of_its_own_around_whole_paragraphs():
    html = "<p>a</p><p>[[IF:company.name]]</p><p>for <strong>companies</strong></p><ul><li>x</li></ul><p>[[ENDIF]]</p><p>z</p>"
    compiled = compile_letter(a_text(html))

    with_one = body(compiled.render(a_recipient(company_name="Kade")), "html")
    without = body(compiled.render(a_recipient(company_name="")), "html")

    assert "<strong>companies</strong>" in with_one
    assert "<ul" not in without
    assert "companies" not in without


@pytest.mark.parametrize(
    ("html", "sentence"),
    [
        ("<p>[[IF:company.name]]x</p><p>y[[ENDIF]]</p>", "in the same paragraph"),
        ("<p>[[IF:company.name]]<strong>x[[ENDIF]]</strong></p>", "another paragraph"),
        ("<p><em>[[IF:company.name]]x</em>[[ENDIF]]</p>", "in the same paragraph"),
        ("<p>[[ELSE]]</p>", "has no “IF”"),
    ],
)
def test_a_branch_that_would_tear_the_page_is_a_mistake(html, sentence):
    with pytest.raises(CannotCompile) as refusal:
        compile_letter(a_text(html))

    assert sentence in str(refusal.value)


def test_a_torn_condition_is_still_shown_in_a_preview():
    message = compile_letter(a_text("<p>[[IF:company.name]]x</p><p>y</p>"), strict=False)

    assert "y" in body(message.render(a_recipient()), "plain")


def test_a_subject_with_conditions_survives_the_database():
    compiled = compile_letter(a_text("<p>x</p>", subject=GREETING))

    again = Compiled.from_json(compiled.to_json())

    assert again == compiled
    assert again.render(a_recipient()) == compiled.render(a_recipient())


WORDS = st.sampled_from(
    [
        "[[IF:company.name]]", '[[IF:customer.language="nl"]]', "[[ELSEIF:customer.firstname]]", "[[ELSE]]", "[[ENDIF]]",
        "[[customer.firstname|friend]]", "<p>", "</p>", "<strong>", "</strong>", "<br>", "x", " ", "{{ 7*7 }}", "{% load x %}",
        "<script>alert(1)</script>", "<mj-raw>", "<mj-include path='/etc/passwd' />", "${7*7}", "[[7*7]]", "[[IF:__import__]]",
        "[[SET:a=1]]", "[[customer.__class__]]", "&lt;b&gt;", "]]", "[[",
    ]
)  # fmt: skip
VALUES = st.sampled_from(
    [
        "",
        "Ada",
        "nl",
        "[[ENDIF]]",
        "[[company.name]]",
        "{{ 7*7 }}",
        "<script>alert(1)</script>",
        '" onload="x',
        "[[ELSE]]",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=14).map("".join), VALUES, VALUES, VALUES)
def test_no_template_and_no_value_runs_anything(html, first_name, company, language):
    letter = a_text(html, subject=" ".join(html.split()) or "x")
    recipient = a_recipient(customer_firstname=first_name, company_name=company, customer_language=language)

    message = compile_letter(letter, strict=False).render(recipient)

    shown = body(message, "html")
    assert "<script" not in shown.lower()
    assert "onload=" not in shown.replace("&quot; onload=", "")
    assert "<mj-" not in shown
    assert "49" not in body(message, "plain")


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=10).map("".join), VALUES, VALUES)
def test_with_conditions_both_ways_of_rendering_say_the_same(html, first_name, company):
    letter = a_text(html)
    recipient = a_recipient(customer_firstname=first_name, company_name=company)
    try:
        compiled = compile_letter(letter)
    except CannotCompile:
        return
    try:
        fast = compiled.render(recipient)
    except RenderError:
        return

    plain = slow.render(letter, recipient)

    for kind in ("plain", "html"):
        assert body(fast, kind) == body(plain, kind)
