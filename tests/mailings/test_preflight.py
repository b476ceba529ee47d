"""The last check: what blocks, what is only said, and for how many people."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from mailings import content as content_of
from mailings import preflight, starters
from mailings.models import Mailing
from mailings.preflight import written
from tests.conftest import NOON
from tests.mailings.factories import HELLO, a_mailing, a_person, a_selection, an_author

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_postal_address(settings: Any) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Havenstraat 14, 3024 SC Rotterdam"


def a_good_mailing(**values: Any) -> Mailing:
    return a_mailing(to=a_person("ada@example.org", consents_to="newsletter"), **values)


def content(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"language": "en", "blocks": [{"id": f"b{n}", **block} for n, block in enumerate(blocks)]}


def found(mailing: Mailing) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in preflight.check(mailing, now=NOON)]


def test_a_good_mailing_has_nothing_to_mend() -> None:
    assert found(a_good_mailing()) == []


TEXT = {"kind": "text", "html": "<p>Hello</p>"}
LINKED = '<p><a href="https://example.org/fair">All about the fair</a></p>'


def button(url: str) -> dict[str, Any]:
    return {"kind": "button", "text": "See the prices", "url": url}


@pytest.mark.parametrize(
    ("values", "code", "severity"),
    [
        ({"subject": ""}, "subject_missing", "error"),
        ({"subject": "See the workshop " * 6}, "subject_long", "warning"),
        ({"subject": "Hello [[customer.fistname]]"}, "text_mistake", "error"),
        ({"subject": "Hello [[customer.firstname"}, "text_mistake", "error"),
        ({"preheader": "For [[nobody]]"}, "text_mistake", "error"),
        ({"from_name": ""}, "from_name_missing", "warning"),
        ({"from_address": ""}, "from_missing", "error"),
        ({"from_address": "hello@example"}, "from_address_invalid", "error"),
        ({"reply_to": "a@b@c"}, "reply_to_invalid", "error"),
        ({"content": {}}, "content_missing", "error"),
        ({"content": {"blocks": [{"kind": "spell"}]}}, "content_damaged", "error"),
        ({"content": content({"kind": "text", "html": "<p>[[customer.firstname|</p>"})}, "content_mistake", "error"),
        (
            {"content": content({"kind": "button", "text": "Go", "url": "javascript:alert(1)"})},
            "content_mistake",
            "error",
        ),
        ({"content": content(TEXT, {"kind": "image", "url": "https://example.org/a.png"})}, "alt_missing", "warning"),
        ({"content": content(*[{"kind": "text", "html": "<p>" + "word " * 500 + "</p>"}] * 21)}, "big", "warning"),
        ({"content": content(*[{"kind": "text", "html": "<p>" + "word " * 500 + "</p>"}] * 50)}, "clipped", "warning"),
        ({"content": content({"kind": "text", "html": "<p>Hi [[company.name]]</p>"})}, "empty_value", "warning"),
        ({"subject": "LAST CHANCE FOR THE FAIR"}, "subject_loud", "warning"),
        ({"subject": "Come and see!!"}, "subject_loud", "warning"),
        ({"subject": "RE: our talk of yesterday"}, "subject_pretends", "warning"),
        ({"preheader": ""}, "preheader_missing", "warning"),
        ({"preheader": "Come and see " * 12}, "preheader_long", "warning"),
        ({"from_address": "marieke@gmail.com"}, "from_free_mail", "warning"),
        ({"from_address": "no-reply@example.org"}, "no_reply", "warning"),
        ({"reply_to": "noreply@example.org"}, "no_reply", "warning"),
        ({"subject": "Act now: the fair"}, "spam_words", "warning"),
        ({"content": content({"kind": "text", "html": "<p>Verdien geld met hout.</p>"})}, "spam_words", "warning"),
        (
            {"content": content({"kind": "text", "html": '<p><a href="https://example.org/">Klik hier</a></p>'})},
            "link_words",
            "warning",
        ),
        ({"content": content(button("http://192.168.1.4/price"))}, "link_private", "warning"),
        ({"content": content(button("http://intranet.local/price"))}, "link_private", "warning"),
        ({"content": content(button("https://bit.ly/3xyz"))}, "link_shortener", "warning"),
        ({"content": content(button("http://example.org/price"))}, "link_plain", "warning"),
        ({"content": content({"kind": "heading", "text": "First", "level": 3})}, "heading_order", "warning"),
        (
            {"content": content({"kind": "image", "url": "https://example.org/a.png", "alt": "IMG_2041.jpg"})},
            "alt_file_name",
            "warning",
        ),
        (
            {"content": content({"kind": "image", "url": "https://example.org/a.png", "alt": "The fair"})},
            "only_pictures",
            "warning",
        ),
        (
            {"content": {**content({"kind": "text", "html": LINKED}), "style": {"accent": "#ffd23f"}}},
            "contrast",
            "warning",
        ),
    ],
)
def test_each_thing_is_found(values: dict[str, Any], code: str, severity: str) -> None:
    assert (code, severity) in found(a_good_mailing(**values))


def test_without_a_subscription_type_it_cannot_go_and_nobody_would_get_it() -> None:
    assert found(a_good_mailing(subscription_type=None)) == [("type_missing", "error"), ("nobody", "error")]


def test_a_missing_postal_address_blocks(settings: Any) -> None:
    settings.POSTAL_ADDRESS = ""

    assert ("postal_address_missing", "error") in found(a_good_mailing())


def test_nobody_chosen_nobody_in_it_and_nobody_left_are_told_apart() -> None:
    readers = a_selection()
    a_person("bob@example.org", in_=readers)

    assert found(a_mailing()) == [("no_sources", "error")]
    assert found(a_mailing(to=a_selection("Empty"))) == [("nobody", "error")]
    assert found(a_mailing(to=readers)) == [("nobody", "error")]


def test_many_held_people_are_worth_a_word() -> None:
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    for number in range(3):
        a_person(f"bob{number}@example.org", in_=readers)

    finding = preflight.check(a_mailing(to=readers), now=NOON)[0]

    assert (finding.code, finding.count) == ("much_held", 3)
    assert finding.link.endswith("/recipients/?show=held#people")


def test_an_empty_value_names_the_variable_and_leads_to_the_people() -> None:
    readers = a_selection()
    for number in range(3):
        a_person(f"ada{number}@example.org", in_=readers, first_name="", consents_to="newsletter")
    a_person("bob@example.org", in_=readers, consents_to="newsletter")

    finding = preflight.check(a_mailing(to=readers, subject="Hello [[customer.firstname]]"), now=NOON)[0]

    assert finding.sentence == "3 of 4 people would see nothing in place of “First name”. Set words for “no value”."
    assert finding.link.endswith("/recipients/?empty=customer.firstname#people")


def test_words_for_no_value_are_enough() -> None:
    mailing = a_mailing(to=a_person("ada@example.org", first_name="", consents_to="newsletter"), content=HELLO)

    assert found(mailing) == []


@pytest.mark.parametrize("code", [code for code in starters.STARTERS if code != "blank"])
def test_a_fresh_template_can_be_sent_at_once_and_the_check_reminds_of_its_buttons(code: str) -> None:
    mailing = a_good_mailing()

    content_of.start_from(mailing, starters.STARTERS[code], "nl", now=NOON)

    texts = [block for block in mailing.content["blocks"] if block["kind"] == "text"]
    assert (("template_words", "warning") in found(mailing)) == bool(texts)
    errors = [sentence for sentence in found(mailing) if sentence[1] == "error"]
    buttons = [block for block in mailing.content["blocks"] if block["kind"] == "button"]
    buttons += [cell for block in mailing.content["blocks"] for cell in block.get("cells", []) if cell["button"]]
    assert errors == []
    assert (("button_home", "warning") in found(mailing)) == any("[[" not in button["url"] for button in buttons)
    assert {button["url"] for button in buttons} <= {"https://example.org/", "[[link.preferences]]"}


@pytest.mark.parametrize(
    "subject", ["SALE", "NS, KLM and PostNL on stage", "[[customer.firstname]], come and see!", "Reading room opens"]
)
def test_an_ordinary_subject_is_not_told_off(subject: str) -> None:
    codes = {code for code, _severity in found(a_good_mailing(subject=subject))}

    assert not codes & {"subject_loud", "subject_pretends", "spam_words"}


def test_a_template_whose_words_were_changed_is_an_own_mail() -> None:
    mailing = a_good_mailing()
    content_of.start_from(mailing, starters.STARTERS["letter"], "en", now=NOON)
    for block in mailing.content["blocks"]:
        block["html"] = "<p>Our own words.</p>"

    assert ("template_words", "warning") not in found(mailing)


def test_who_did_not_agree_is_counted_and_shown() -> None:
    readers = a_selection()
    for number in range(3):
        a_person(f"ada{number}@example.org", in_=readers, consents_to="newsletter")
    a_person("bob@bakery.example", in_=readers)

    found = [one for one in preflight.check(a_mailing(to=readers), now=NOON) if one.code == "no_consent"]

    assert [one.sentence for one in found] == ["1 of 4 people did not agree to get this, and does not."]
    assert "reason=no_consent" in found[0].link


def test_the_preview_shows_headers_and_what_the_message_is_made_of(client: Client) -> None:
    mailing = a_mailing(to=a_selection())
    client.force_login(an_author())

    page = client.get(f"/mailings/{mailing.pk}/preview/", {"part": "headers"}).content.decode()

    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in page
    assert "text/html: " in page
    assert "whole message: " in page


@pytest.mark.parametrize(
    ("html", "code"),
    [
        ('<img src="https://example.org/a.png" width="300">', "alt_missing"),
        ('<img src="https://example.org/a.png" alt="IMG_1234.jpg">', "alt_file_name"),
        ("<h1>A</h1><h3>B</h3>", "heading_order"),
        ('<table bgcolor="#fff"><tr><td style="color:#bbb">Grey on white</td></tr></table>', "contrast"),
        ('<div style="background:black"><p>Black on black</p></div>', "contrast"),
        ('<p>Look <a href="https://example.org/a">here</a></p>', "link_words"),
    ],
)
@pytest.mark.parametrize("kind", ["html", "mjml"])
def test_html_and_mjml_are_read_by_the_same_checks(kind: str, html: str, code: str) -> None:
    words = f"<p>{'Enough words to be more than a picture alone. ' * 5}</p>{html}"
    text = words if kind == "html" else f"<mjml><mj-body><mj-raw>{words}</mj-raw></mj-body></mjml>"
    mailing = a_good_mailing(content={"language": "en", "source": {"kind": kind, "text": text}})

    assert code in [finding for finding, _severity in found(mailing)]


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://example.org/a.png" alt="">',
        '<img src="https://example.org/a.png" width="1" height="1">',
        '<p style="display:none;color:#fff">Hidden</p>',
        '<table><tr><td background="https://example.org/a.png"><p style="color:#fff">On a picture</p></td></tr></table>',
        '<div style="background:#000"><p style="color:rgb(255, 255, 255)">Plain</p></div>',
        '<p style="font-size:30px;color:#888">Large</p>',
        '<p style="color:var(--x)">Nobody can tell</p>',
    ],
)
def test_what_cannot_be_told_or_is_in_order_is_not_told_off(html: str) -> None:
    words = f"<p>{'Enough words to be more than a picture alone. ' * 5}</p>{html}"
    mailing = a_good_mailing(content={"language": "en", "source": {"kind": "html", "text": words}})

    assert not {"alt_missing", "contrast", "heading_order"} & {finding for finding, _severity in found(mailing)}


@given(st.text(alphabet="<>/=\"' :;#abcdiimgtdhs1stylecolorbackground()%,", max_size=120))
def test_any_html_can_be_looked_at(text: str) -> None:
    written.seen(text)
