"""What a compiled letter holds: the headers bulk mail needs, counted links, the footer nobody can leave out."""

import re

import pytest

from mailings.rendering import drafts
from mailings.rendering.compile import CannotCompile, compile_letter
from tests.mailings.rendering.letters import a_letter, a_recipient, body, parsed

TOKEN = "AbCdEfGhIjKlMnOpQrStUvWxYz012345"


def test_headers_say_who_why_and_how_to_stop():
    message = parsed(compile_letter(a_letter()).render(a_recipient()))

    assert {name: str(message[name]) for name in message if name not in ("Content-Type", "Subject")} == {
        "From": "De Werkbank <hallo@dewerkbank.example>",
        "Reply-To": "antwoord@dewerkbank.example",
        "Date": "Mon, 23 Nov 2026 11:00:00 +0000",
        "Message-ID": "<7.42@bounces.dewerkbank.example>",
        "List-Unsubscribe": "<https://mail.dewerkbank.example/u/abcdefghijklmnopqrstuv/1/?m=AbCdEf>,"
        " <mailto:u+0a1b2c@bounces.dewerkbank.example?subject=unsubscribe>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "Events <events.dewerkbank.example>",
        "Feedback-ID": "7:events:mailing:dewerkbank.example",
        "CFBL-Address": "b+0a1b2c@bounces.dewerkbank.example; report=arf",
        "Precedence": "bulk",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "MIME-Version": "1.0",
        "To": "Hanna de Wit <hanna@example.org>",
    }


def test_every_link_is_counted_under_one_number_in_both_parts():
    compiled = compile_letter(a_letter())
    message = compiled.render(a_recipient())

    assert compiled.links == (
        (1, "https://example.org/programme?day=1&hall=2", "the programme"),
        (2, "https://example.org/x", "The “Loods”"),
        (3, "https://example.org/yes", "Yes, I am coming"),
    )
    for kind in ("plain", "html"):
        found = re.findall(rf"https://mail\.dewerkbank\.example/c/{TOKEN}/([1-9]\d*)", body(message, kind))
        assert found == ["1", "2", "3"]


def test_a_link_that_nobody_sees_stands_in_counted_bulk_mail_alone():
    compiled = compile_letter(a_letter())
    message = compiled.render(a_recipient())
    hidden = re.findall(rf"<a [^>]*/c/{TOKEN}/0[^>]*>[^<]*</a>", body(message, "html"))

    assert len(hidden) == 1
    assert 'aria-hidden="true"' in hidden[0]
    assert 'tabindex="-1"' in hidden[0]
    assert "display:none" in hidden[0]
    assert f"/c/{TOKEN}/0" not in body(message, "plain")
    assert 0 not in [number for number, _url, _name in compiled.links]
    for without in ({"track_clicks": False}, {"is_marketing": False}):
        other = compile_letter(a_letter(**without)).render(a_recipient())
        assert "/0" + '"' not in body(other, "html")


def test_a_link_that_differs_per_person_goes_straight_and_cannot_be_turned():
    message = compile_letter(a_letter()).render(a_recipient(customer_id="../@evil.example?&x"))

    assert 'href="https://example.org/seat?for=..%2F%40evil.example%3F%26x"' in body(message, "html")


def test_without_counting_links_go_straight_and_no_pixel_is_fetched():
    compiled = compile_letter(a_letter(track_clicks=False, track_opens=False))
    html = body(compiled.render(a_recipient()), "html")

    assert compiled.links == ()
    assert 'href="https://example.org/yes"' in html
    assert TOKEN not in html
    assert "/o/" not in html


@pytest.mark.parametrize("blocks", [[], [{"kind": "heading", "id": "a", "text": "Hi"}]])
def test_footer_pixel_and_online_version_are_always_there(blocks):
    message = compile_letter(a_letter(blocks=blocks)).render(a_recipient())

    for kind in ("plain", "html"):
        said = body(message, kind)
        assert "De Werkbank" in said
        assert "3024 SC Rotterdam" in said
        assert "Unsubscribe from Events" in said
        assert "/u/abcdefghijklmnopqrstuv/1/?m=AbCdEf" in said
        assert "/v/AbCdEf/" in said
    assert '<img src="https://mail.dewerkbank.example/o/Open-fGhIjKlMnOpQrStUvWxYz01234"' in body(message, "html")


def test_the_text_part_is_written_not_stripped():
    message = compile_letter(a_letter()).render(
        a_recipient(customer_firstname="Ada", company_name="Analytical Engines")
    )

    assert body(message, "plain").startswith(
        "Come and look, Ada & co\n\n"
        "Dear Ada of Analytical Engines,\n\n"
        f"Here is the programme (https://mail.dewerkbank.example/c/{TOKEN}/1),"
        " and your seat (https://example.org/seat?for=).\n\n"
        "- soup\n- a lathe\n\n"
        ".and a dot\n\n"
        f"[The “Loods”]\nhttps://mail.dewerkbank.example/c/{TOKEN}/2\n\n"
        f"Yes, I am coming: https://mail.dewerkbank.example/c/{TOKEN}/3\n\n"
    )


def test_nothing_is_fetched_from_strangers():
    html = body(compile_letter(a_letter()).render(a_recipient()), "html")

    assert "fonts.googleapis.com" not in html
    assert "<script" not in html


def test_a_mail_with_mistakes_is_not_compiled_and_each_is_named_with_its_place():
    letter = a_letter(
        subject="Hello [[customer.fristname]]",
        blocks=[
            {"kind": "heading", "id": "a", "text": "Dear [[customer.firstname"},
            {"kind": "button", "id": "b", "text": "Go", "url": "javascript:alert(1)"},
        ],
    )

    with pytest.raises(CannotCompile) as refusal:
        compile_letter(letter)

    assert [(p.block, p.field, p.start, p.end) for p in refusal.value.problems] == [
        ("", "subject", 6, 28),
        ("a", "text", 5, 25),
        ("b", "url", 0, 0),
    ]
    preview = compile_letter(letter, strict=False).render(a_recipient())
    assert "Dear [[customer.firstname" in body(preview, "plain")
    assert "javascript" not in body(preview, "html")


def test_a_wrong_sender_is_a_mistake_not_a_crash():
    with pytest.raises(CannotCompile) as refusal:
        compile_letter(a_letter(from_address="not an address"))

    assert [p.field for p in refusal.value.problems] == ["from_address"]


@pytest.mark.django_db  # the house's own fields are variables, too
def test_variables_are_named_with_those_of_subject_links_and_conditions():
    assert drafts.used_variables(a_letter()) == {
        "customer.firstname",
        "customer.lastname",
        "customer.id",
        "customer.language",
        "company.name",
    }


def test_what_is_the_same_for_everybody_is_filled_in_once():
    letter = a_letter(subject="[[mailing.name]] of [[mailing.sender]]", blocks=[])

    assert parsed(compile_letter(letter).render(a_recipient()))["Subject"] == "Open day of De Werkbank"


def test_a_test_is_marked_in_the_subject():
    message = parsed(compile_letter(a_letter(is_test=True)).render(a_recipient(customer_firstname="Ada")))

    assert message["Subject"] == "[Test] See it from the inside, Ada"


def test_forty_blocks_stay_below_where_gmail_clips():
    blocks = [{"kind": "text", "id": str(n), "html": "<p>Some words about this.</p>"} for n in range(40)]

    assert compile_letter(a_letter(blocks=blocks)).html_size < 102_000
