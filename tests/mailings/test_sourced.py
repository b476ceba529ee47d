"""Mails written as HTML or MJML: the way real files are written, every link counted, nothing that runs, nothing lost."""

import re
import time
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from mailings import compiling, content, history, reading, starters
from mailings.blocks_forms import OwnHtmlField
from mailings.material import templates
from mailings.models import Mailing
from mailings.rendering import drafts, ownhtml, sourced
from mailings.rendering.blocks import Document
from mailings.rendering.sourced import Source
from mailings.rendering.writing import Pen
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, an_author

LOOSE = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<link href="https://fonts.googleapis.com/css?family=Lato" rel="stylesheet">
<title>Simple Transactional Email</title>
<!--[if mso]><style>* { font-family: sans-serif !important; }</style><![endif]-->
<style type="text/css">
@import url(https://fonts.googleapis.com/css?family=Lato);
.btn a { background-color: #0867ec; color: #ffffff; }
/* phones */ @media only screen and (max-width: 640px) { .main p { font-size: 16px !important; } }
</style>
</head>
<body class="body" bgcolor="#f4f5f6" style="margin:0">
<span class="preheader">This is preheader text.</span>
<center><table role="presentation" cellpadding=0 cellspacing=0 width=100% class=main background="https://example.org/bg.png">
<tr><td>&nbsp;<td class="wrapper"><p>Hi [[customer.firstname|there]]<p>Sometimes you <b>just</b> want &amp; need
<table class="btn btn-primary"><tbody><tr><td><a href="https://htmlemail.example?a=1&b=2" target="_blank">Call To Action</a></td></tr></tbody></table>
<img src=https://example.org/logo.png width=120 alt="Logo"><br>
<a href="https://example.org/two"><img src="https://example.org/x.png" alt="Two"></a>
<a href="mailto:x@example.org">Mail</a> <a href="tel:+31101234567">Call</a> <a href="#top">Top</a> <a href="*|UNSUB|*">Unsubscribe</a>
</table></center>
<script>alert(1)</script><form action="https://evil.example"><input name=q></form>
</body></html>"""

MJML = """<?xml version="1.0" encoding="utf-8"?>
<mjml owa="desktop">
  <mj-head>
    <mj-title>Hello</mj-title><mj-preview>Look inside</mj-preview>
    <mj-font name="Roboto" href="https://fonts.googleapis.com/css?family=Roboto:300,500"></mj-font>
    <mj-attributes><mj-all font-family="Roboto, sans-serif"></mj-all><mj-class name="big" font-size="20px" /></mj-attributes>
    <mj-style inline="inline">a { color: inherit !important; }</mj-style>
    <mj-html-attributes><mj-selector path=".x"><mj-html-attribute name="y">1</mj-html-attribute></mj-selector></mj-html-attributes>
  </mj-head>
  <mj-body background-color="#F2F2F2">
    <!-- the top -->
    <mj-hero mode="fluid-height" background-url="https://example.org/hero.jpg" background-height="300px" background-width="600px">
      <mj-text mj-class="big">News<br>March & April<p>unclosed <img src="https://example.org/i.png" width=25></mj-text>
    </mj-hero>
    <mj-section background-url="https://example.org/bg.jpg" background-size="cover">
      <mj-group><mj-column width="60%"><mj-image href="https://example.org/one?ref=a&b=c" src="https://example.org/a.png" alt="One"></mj-image></mj-column>a
      <mj-column width="40%"><mj-button href="https://example.org/two">Buy it !</mj-button></mj-column></mj-group>
    </mj-section>
    <mj-section><mj-column>
      <mj-table><tr style="line-height:1"><td><a href="https://example.org/three"><img width="25" src="https://example.org/t.png" /></a><td>b</tr></mj-table>
      <mj-social mode="horizontal"><mj-social-element name="facebook" href="https://example.org/four">Share</mj-social-element></mj-social>
      <mj-navbar base-url="https://example.org"><mj-navbar-link href="/five">Five</mj-navbar-link></mj-navbar>
      <mj-accordion><mj-accordion-element><mj-accordion-title>Why</mj-accordion-title><mj-accordion-text><a href="https://example.org/six">So</a></mj-accordion-text></mj-accordion-element></mj-accordion>
      <mj-text><a href="[[UNSUB_LINK_EN]]">Leave</a> [[customer.firstname|friend]] <a href='https://example.org/seven'
         style="color:red">7</a></mj-text>
      <mj-raw><a href="https://example.org/eight">8</a></mj-raw>
    </mj-column></mj-section>
  </mj-body>
</mjml>"""  # fmt: skip


def of(kind: str, text: str) -> dict[str, object]:
    return {"language": "en", "source": {"kind": kind, "text": text}}


@pytest.fixture
def marieke(client: Client) -> Client:
    author = an_author()
    author.is_superuser = True
    author.save()
    client.force_login(author)
    return client


def plain(text: str) -> set[str]:
    """The words of a text, without its addresses."""
    return set(re.findall(r"[A-Za-z]{3,}", re.sub(r"https?://\S+", "", text)))


def html_of(mailing: Mailing) -> str:
    return reading.preview(mailing, reading.sample(), now=NOON).html


def sees(operator: str, company: str | None) -> bool:
    is_it = (company or "").casefold() == "kade & co"
    return {"is": is_it, "is_not": not is_it, "filled": bool(company), "empty": not company}[operator]


@pytest.mark.django_db
class TestRealFiles:
    def test_loose_html_is_sent_with_every_link_counted(self) -> None:
        mailing = a_mailing(content=of("html", LOOSE))

        links = [url for _number, url, _name in compiling.compile_mailing(mailing).links]
        seen = reading.preview(mailing, reading.sample(), now=NOON)

        assert links == ["https://htmlemail.example?a=1&b=2", "https://example.org/two"]
        assert "Hi Hanna" in seen.html
        assert "Hi Hanna" in seen.text
        assert 'bgcolor="#f4f5f6"' in seen.html
        assert "@media only screen and (max-width: 640px)" in seen.html
        assert "background-color: #0867ec" in seen.html.split("<body")[1]
        assert 'background="https://example.org/bg.png"' in seen.html
        assert "Unsubscribe from" in seen.html
        assert "/o/" in seen.html
        for gone in ("<script", "<form", "<input", "<link", "@import", "evil.example", "onclick"):
            assert gone not in seen.html

    def test_loose_mjml_is_sent_with_every_link_counted(self) -> None:
        mailing = a_mailing(content=of("mjml", MJML))

        links = [url.rpartition("/")[2] for _number, url, _name in compiling.compile_mailing(mailing).links]
        html = html_of(mailing)

        assert set(links) == {"one?ref=a&b=c", "two", "three", "four", "five", "six", "seven", "eight"}
        assert "Hanna" in html
        assert "https://example.org/hero.jpg" in html
        assert "mj-column-per" in html

    def test_a_footer_of_ones_own_takes_the_place_of_ours(self) -> None:
        own = '<p><a href="[[link.unsubscribe]]">Leave</a> [[sender.name]], [[sender.address]]</p>'
        with_own, without = a_mailing(content=of("html", own)), a_mailing(content=of("html", "<p>Hi</p>"))

        assert "Your preferences" not in html_of(with_own)
        assert "Your preferences" in html_of(without)

    @pytest.mark.parametrize(
        "piece",
        [
            "<!-- <mj-section><mj-column> <mj-text>not > there</mj-text> -- -->",
            '<mj-section><mj-column><mj-text>A\n            </mj-text\n              ><mj-text\n              >B</mj-text\n              ></mj-column></mj-section>',
            f'<mj-section><mj-column><mj-text {" ".join(f"""padding-{n}="10px" """ for n in range(40))}><p>loose<br></mj-text></mj-column></mj-section>',
            '<mj-section><mj-column><mj-image src=https://example.org/x.png alt="glued"width="9px" fluid /></mj-column></mj-section>',
            "<mj-raw><div></mj-raw><mj-section></mj-section><mj-raw></div></mj-raw>",
            '<mj-section><mj-column><mj-social><!-- x --><mj-social-element name="x" href="https://example.org/x">X</mj-social-element></mj-social></mj-column></mj-section>',
            '<mj-section><mj-column><mj-carousel><mj-carousel-image src="https://example.org/1.png" href="https://example.org/x" /></mj-carousel></mj-column></mj-section>',
        ],
    )  # fmt: skip
    def test_mjml_is_read_the_way_people_write_it(self, piece: str) -> None:
        head = (
            "<mj-head><mj-attributes><!-- all > of them --><mj-all padding='0'/><mj-text color='red'>\n</mj-text>"
            '<mj-class name ="x" color="red" /></mj-attributes><mj-style>/* <html> */ a > b { color: red }</mj-style></mj-head>'
        )

        whole = sourced.whole(Source("mjml", f"<mjml>{head}<mj-body>{piece}</mj-body></mjml>"))

        assert not whole.mistake
        assert "a > b { color: red }" in whole.sheet
        assert "not >" not in whole.body
        assert "icons-cell" not in whole.body
        assert "thumbnail" not in whole.body

    def test_rules_that_mjml_writes_to_the_elements_are_written_to_them(self) -> None:
        text = (
            '<mjml><mj-head><mj-style inline="inline">p.m { color: #123456 }</mj-style><mj-style>p.n { color: #654321 }</mj-style>'
            '</mj-head><mj-body><mj-section><mj-column><mj-text><p class="m">x</p><p class="n">y</p></mj-text></mj-column>'
            "</mj-section></mj-body></mjml>"
        )

        whole = sourced.whole(Source("mjml", text))

        assert 'class="m" style="color: #123456"' in whole.body
        assert 'class="n">' in whole.body

    def test_a_hero_of_mjml_ends_every_table_that_outlook_sees_begin(self) -> None:
        html = html_of(a_mailing(content=of("mjml", MJML)))

        seen_by_outlook = re.sub(r"<!--\[if [^\]]*\]>|<!\[endif\]-->", "", html)
        for tag in ("table", "tr", "td", "v:rect", "v:textbox"):
            assert seen_by_outlook.count(f"<{tag} ") + seen_by_outlook.count(f"<{tag}>") == seen_by_outlook.count(
                f"</{tag}>"
            )
        assert "v:fill" in html

    def test_a_head_keeps_what_outlook_alone_reads_and_style_sheets_in_comments(self) -> None:
        text = (
            "\ufeff<html><head><!--[if mso]><style>.a > b { font-family: Arial }</style><![endif]-->\r\n"
            "<style><!-- .old { color: #123456 } --></style><style>body { background: #222222 }</style></head>"
            '<body style="margin:0"><p class="old">x</p></body></html>'
        )

        html = html_of(a_mailing(content=of("html", text)))

        assert "<!--[if mso]><style>.a  b { font-family: Arial }</style><![endif]-->" in html
        assert "PixelsPerInch" in html
        assert 'class="old" style="color: #123456"' in html
        assert re.search(r'<body style="[^"]*background: #222222', html)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("<p>a</p>\n<p>Hi {{ name }}, *|IF:VIP|* and %%city%%</p>", "Line 2: “{{ name }}” is a placeholder"),
            ('<p>a</p>\n<a href="{{action_url}}">Go</a>', "Line 2: “{{action_url}}” is a placeholder"),
            ("<p>a\n\nDear [[customer.fristname]]</p>", "Line 3: “customer.fristname” is not a variable"),
            ('<p>a\n<a href="undefined">x</a></p>', "Line 2: “undefined”: A link starts with"),
            ('<p>a\n\n<img src="images/x.png" alt="x"></p>', "Line 3: “images/x.png”:"),
        ],
    )
    def test_a_mistake_is_said_with_its_line_and_once(self, text: str, sentence: str) -> None:
        letter = compiling.letter_of(a_mailing(content=of("html", text)))

        said = [problem.sentence for problem in drafts.draft(letter).problems]

        assert sum(sentence in one for one in said) == 1

    @pytest.mark.parametrize("text", ["<p>100%% sure, {a}, {{</p>", "<!-- *|END:IF|* --><style>a{b:c}}</style>", "<p>&#123;{x}}</p>"])  # fmt: skip
    def test_what_only_looks_like_a_placeholder_is_none(self, text: str) -> None:
        letter = compiling.letter_of(a_mailing(content=of("html", text)))

        assert not [one for one in drafts.draft(letter).problems if "placeholder" in one.sentence]

    @pytest.mark.parametrize(
        ("kind", "text", "sentence"),
        [
            ("html", "<p>Dear [[customer.fristname]]</p>", "is not a variable we know"),
            ("html", '<a href="javascript:alert(1)">Go</a>', "no mail may link to"),
            ("html", '<img src="images/logo.png" alt="x">', "https://"),
            ("mjml", "<mjml><mj-body><mj-section></mj-body></mjml>", "MJML cannot be read"),
            ("mjml", '<mjml><mj-body><mj-include path="/etc/passwd" /></mj-body></mjml>', "mj-include takes words"),
            ("mjml", "no mjml at all", "MJML cannot be read"),
        ],
    )
    def test_what_cannot_be_sent_is_said_and_kept(self, marieke: Client, kind: str, text: str, sentence: str) -> None:
        mailing = a_mailing(content=of(kind, ""))
        data = {"version": "0", "inbox-subject": "S", "inbox-preheader": "", "source": text}

        answer = marieke.post(reverse("mailings:content", args=[mailing.pk]), data, headers={"X-Autosave": "1"})

        mailing.refresh_from_db()
        assert sentence in answer.content.decode()
        assert mailing.content["source"]["text"] == text
        with pytest.raises(compiling.CannotCompile):
            compiling.compile_mailing(mailing)


@pytest.mark.django_db
class TestSwitching:
    @pytest.mark.parametrize("kind", ["html", "mjml"])
    @pytest.mark.parametrize("code", starters.STARTERS)
    def test_blocks_go_on_as_html_and_mjml_and_nothing_is_lost(self, kind: str, code: str) -> None:
        mailing = a_mailing(content={})
        content.start_from(mailing, starters.STARTERS[code], "en", now=NOON)
        before, words = mailing.content, reading.preview(mailing, reading.sample(), now=NOON).text

        content.write_as(mailing, kind, now=NOON)

        mailing.refresh_from_db()
        assert mailing.content["source"]["kind"] == kind
        assert mailing.aside == before
        compiled = compiling.preview_of(mailing)
        seen = reading.preview(mailing, reading.sample(), now=NOON)
        assert len(compiled.links) == len(compiling.preview_of(a_mailing(content=before)).links)
        assert "[[" not in seen.html
        assert plain(words) <= plain(seen.text)
        content.put_back(mailing, now=NOON)
        assert mailing.content == before

    @pytest.mark.parametrize("kind", ["html", "mjml"])
    @pytest.mark.parametrize("operator", ["is", "is_not", "filled", "empty"])
    def test_who_sees_a_block_goes_on_as_a_condition_in_the_words(self, kind: str, operator: str) -> None:
        asked = {"variable": "company.name", "operator": operator, "value": "Kade & Co" if "is" in operator else ""}
        blocks = [
            {"kind": "text", "id": "a", "html": "<p>Everybody</p>"},
            {"kind": "text", "id": "b", "html": "<p>Chosen [[customer.firstname]]</p>", "only_if": asked},
            {"kind": "text", "id": "c", "html": "<p>All</p>"},
        ]
        mailing = a_mailing(content={"language": "en", "blocks": blocks})
        blocks_of_it = a_mailing(content=mailing.content)

        content.write_as(mailing, kind, now=NOON)

        assert not drafts.draft(compiling.letter_of(mailing)).problems
        for company in ("Kade & Co", "kade & co", "Another", "", None):
            reader = reading.sample()
            reader = replace(reader, data={**reader.data, "company.name": company})
            for seen in (reading.preview(one, reader, now=NOON) for one in (blocks_of_it, mailing)):
                for part in (seen.text, seen.html):
                    assert ("Chosen" in part) == sees(operator, company)
                    assert "Everybody" in part
                    assert "All" in part
                    assert "[[" not in part

    def test_a_condition_within_one_element_holds_and_one_across_elements_is_a_mistake(self) -> None:
        whole = "<div>[[IF:company.name]]<table><tr><td>Firm</td></tr></table>[[ELSE]]<p>None</p>[[ENDIF]]</div>"
        torn = "<div>[[IF:company.name]]<p>x[[ENDIF]]</p></div>"

        assert not drafts.draft(compiling.letter_of(a_mailing(content=of("html", whole)))).problems
        said = [one.sentence for one in drafts.draft(compiling.letter_of(a_mailing(content=of("html", torn)))).problems]
        assert any("in another paragraph" in one for one in said)

    def test_html_goes_on_as_a_block(self, marieke: Client) -> None:
        mailing = a_mailing(content=of("mjml", MJML))

        marieke.post(reverse("mailings:write_as", args=[mailing.pk]), {"kind": "blocks"})

        mailing.refresh_from_db()
        assert [block["kind"] for block in mailing.content["blocks"]] == ["code"]
        assert mailing.aside["source"]["text"] == MJML
        assert "https://example.org/seven" in mailing.content["blocks"][0]["html"]

    def test_paper_knows_no_html(self, marieke: Client) -> None:
        letter = a_mailing(type="document")

        answer = marieke.post(reverse("mailings:write_as", args=[letter.pk]), {"kind": "html"})

        assert answer.status_code == 404

    def test_a_template_of_html_goes_round(self) -> None:
        kept = templates.save(a_mailing(content=of("mjml", MJML)), "Ours", "", by=None, now=NOON)
        taken = templates.read(templates.written(kept), by=None, now=NOON)
        mailing = a_mailing(content={}, subject="")

        content.start_from_template(mailing, taken, now=NOON)

        assert mailing.content["source"] == {"kind": "mjml", "text": MJML}
        assert len(compiling.preview_of(mailing).links) == 9

    def test_versions_compare_line_by_line(self) -> None:
        mailing = a_mailing(content=of("html", "<p>one</p>\n<p>two</p>"))
        history.note(mailing, by=None, now=NOON, is_new=True)
        mailing.content = of("html", "<p>one</p>\n<p>three</p>")

        lines = history.compared(mailing.versions.get(), mailing)

        assert [(line.sign, line.words) for line in lines] == [("-", "<p>two</p>"), ("+", "<p>three</p>")]


class TestStrangersBytes:
    @pytest.mark.parametrize("kind", sourced.KINDS)
    @pytest.mark.parametrize(
        "piece",
        ["<div>", "<b>", "<foo>", "<p>x", "<table>", '<a href="x">', "<!--", "<style", "<style>/*", "<!--[if mso]><style>", "<!--[if mso]><v:rect><![endif]-->", "{{", "\"'(", "*|", "<mj-image a=b", "<mj-text ", "<mj-text>", "<mj-wrapper>",
         "<body ", "<head", "[[", "/*", "<a href ", "<style>@import ", "&", "<", "\x00", "<mj-text foo='"],
    )  # fmt: skip
    def test_no_file_makes_it_slow(self, kind: str, piece: str) -> None:
        text = (piece * sourced.MAX_LENGTH)[: sourced.MAX_LENGTH]
        start = time.monotonic()

        sourced.whole(Source(kind, text))

        assert time.monotonic() - start < 10

    @settings(max_examples=150, deadline=None)
    @given(st.sampled_from(sourced.KINDS), st.data())
    def test_any_text_is_taken_apart_and_nothing_in_it_runs(self, kind: str, data: st.DataObject) -> None:
        base = LOOSE if kind == "html" else MJML
        start, end = sorted((data.draw(st.integers(0, len(base))), data.draw(st.integers(0, len(base)))))
        middle = data.draw(st.text(alphabet="<>/\"'=-!&;[]{}abmjscriptonerror ", max_size=30))

        whole = sourced.whole(Source(kind, base[:start] + middle + base[end:]))

        written = ownhtml.write(whole.body, Pen("https://ours.example", {}), where="source").html
        assert not any(word in written for word in ("<script", "<form", "<input", "<link", "onerror="))
        assert "<" not in whole.sheet
        assert Document.read({"source": {"kind": kind, "text": base[:start]}}).source


@pytest.mark.parametrize(("text", "is_taken"), [("<div>" * 150 + "x", True), ("<div>" * 20_000 + "x", False)])
def test_a_block_of_html_is_as_deep_as_a_mail_may_be(text: str, is_taken: bool) -> None:
    field = OwnHtmlField()

    if is_taken:
        assert "x" in field.clean(text)
    else:
        with pytest.raises(ValidationError, match="deep"):
            field.clean(text)
