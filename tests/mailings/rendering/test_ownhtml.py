"""HTML of one's own: what a stranger pasted runs nowhere, looks as it did, and counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.rendering import ownhtml, stylesheets
from mailings.rendering.writing import Pen


def written(text: str) -> tuple[ownhtml.Written, Pen]:
    pen = Pen("https://mail.example.org", {})
    return ownhtml.write(text, pen, where="html"), pen


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<svg onload=alert(1)></svg>",
        "<iframe src='https://evil.example'></iframe>",
        "<form action='https://evil.example'><input name=a></form>",
        "<p style='width:expression(alert(1))'>x</p>",
        "<p style='background:url(javascript:alert(1))'>x</p>",
        "<p style='position:fixed;top:0'>x</p>",
        "<style>@import 'https://evil.example/x.css';</style>",
        "<!--[if mso]><script>alert(1)</script><![endif]-->",
        '<!--[if mso]><td onclick="x"><![endif]-->',
        '<!--[if mso]><img src="https://example.org/x.png" onerror="alert(1)"><script src="https://evil.example/"></script><![endif]-->',
        '<!--[if mso]><v:rect href="javascript:alert(1)" onclick="x" style="behavior:url(#default#VML)"><![endif]-->',
        '<!--[if mso]><style>@import "https://evil.example/";</style><xml><script>alert(1)</script></xml><![endif]-->',
        "<!--[if mso]>--!><script>alert(1)</script><![endif]-->",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<base href='https://evil.example/'>",
        "<object data='x'></object><embed src='x'>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    ],
)
def test_nothing_in_it_runs(hostile: str) -> None:
    html = written(hostile)[0].html.lower()

    for trick in ("<script", "onerror", "onload", "onclick", "javascript:", "data:", "<svg", "<iframe", "<form", "expression", "fixed", "@import", "evil.example", "<object", "<embed", "<math"):  # fmt: skip
        assert trick not in html


def test_tables_styles_and_outlooks_own_tables_stay() -> None:
    kept = '<!--[if mso]><table width="600"><tr><td><![endif]--><div style="max-width:600px;color:red">Hi</div><!--[if mso]></td></tr></table><![endif]-->'

    assert written(kept)[0].html == kept


def test_the_shapes_that_outlook_draws_stay_and_their_links_are_counted() -> None:
    button = (
        '<!--[if mso]><v:roundrect xmlns:v="urn:schemas-microsoft-com:vml" href="https://example.org/a" style="height:40px"'
        ' arcsize="10%" fillcolor="#ff6600"><w:anchorlock/><center>Show me</center></v:roundrect><![endif]-->'
        '<a href="https://example.org/a" style="mso-hide:all">Show me</a>'
    )

    html, pen = written(button)

    assert [(link.url, link.name) for link in pen.links] == [("https://example.org/a", "Show me")] * 2
    assert "<w:anchorlock /><center>Show me</center></v:roundrect><![endif]-->" in html.html
    assert 'href="https://example.org/a"' not in html.html


def test_pairs_of_comments_that_open_and_end_the_same_tables_stay_pairs() -> None:
    html = written(
        '<!--[if gte mso 9]><table><tr><td><v:rect fill="true"><v:fill type="tile" src="https://example.org/bg.png" color="#222" />'
        '<v:textbox inset="0,0,0,0"><![endif]--><div>On a picture</div><!--[if gte mso 9]></v:textbox></v:rect></td></tr></table>'
        "<![endif]-->"
    )[0].html

    for tag in ("table", "tr", "td", "v:rect", "v:textbox"):
        assert html.count(f"<{tag}") == html.count(f"</{tag}>") == 1
    assert 'src="https://example.org/bg.png"' in html


@pytest.mark.parametrize(
    "written_as",
    ["<![if !mso]><p>All others</p><![endif]>", "<!--[if !mso]><!-- --><p>All others</p><!-- <![endif]-->"],
)
def test_what_all_but_outlook_read_is_hidden_from_outlook_however_it_is_written(written_as: str) -> None:
    assert written(written_as)[0].html == "<!--[if !mso]><!--><p>All others</p><!--<![endif]-->"


def test_parts_of_a_picture_lead_where_they_led() -> None:
    html, pen = written(
        '<img src="https://example.org/x.png" alt="Map" usemap="#m"><map name="m">'
        '<area shape="rect" coords="0,0,9,9" href="https://example.org/a" alt="Here"></map>'
    )

    assert [(link.url, link.name) for link in pen.links] == [("https://example.org/a", "Here")]
    assert 'usemap="#m"' in html.html
    assert "Here (" in html.text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("background:url('https://example.org/b.png') center", "background:url('https://example.org/b.png') center"),
        ('color:red;background:url("data:image/png;base64,AA\'AA");margin:0', "color:red;margin:0"),
        ("color:red;background:url(//example.org/b.png)", "color:red"),
        ("font-family:'a;b';color:red", "font-family:'a;b';color:red"),
    ],
)
def test_a_style_keeps_what_reaches_nowhere(given: str, kept: str) -> None:
    assert stylesheets.style(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            "@import url('https://fonts.example/css2?family=Inter:wght@400;700&display=swap');a{color:red}",
            "a{color:red}",
        ),
        ('a{b:url("data:font/woff;base64,d09G\'");color:red}p{margin:0}', "a{;color:red}p{margin:0}"),
        ("@media (max-width:9px){a > b{color:red!important}}", "@media (max-width:9px){a > b{color:red!important}}"),
        ("<!-- .old{color:red} -->", " .old{color:red} "),
        (".sm\\:w{width:100%}", ".sm\\:w{width:100%}"),
    ],
)
def test_a_style_sheet_loses_declarations_but_is_never_torn(given: str, kept: str) -> None:
    assert stylesheets.sheet(given) == kept


def test_links_are_counted_and_others_go_straight() -> None:
    html, pen = written(
        '<a href="https://example.org/a">One</a> <a href="mailto:x@example.org">Mail</a> <a href="tel:+31101234567">Call</a>'
        ' <a href="[[link.unsubscribe]]">Leave</a> <a href="#top">Top</a>'
    )

    assert [(link.url, link.name) for link in pen.links] == [("https://example.org/a", "One")]
    assert 'href="mailto:x@example.org"' in html.html
    assert 'href="tel:+31101234567"' in html.html
    assert 'href="#top"' in html.html
    assert pen.problems == []


def test_the_text_part_reads_as_text() -> None:
    html, _pen = written(
        "<h1>News</h1><p>One <b>two</b><br>three</p><ul><li>a</li><li>b</li></ul><img src='https://example.org/x.png' alt='A dog'>"
    )

    assert html.text == "News\n\nOne two\nthree\n\n- a\n- b\n\n[A dog]"


@given(st.text(alphabet="<>a=\"'/ -![]&;:sp(){}\\\x00", max_size=80))
def test_any_text_gives_html_that_is_the_same_when_cleaned_again(text: str) -> None:
    once = ownhtml.clean(text)

    assert ownhtml.clean(once) == once
    written(text)
