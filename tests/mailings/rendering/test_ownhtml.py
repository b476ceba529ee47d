"""HTML of one's own: what a stranger pasted runs nowhere, looks as it did, and counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.rendering import ownhtml
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
        '<!--[if mso]><img src="https://evil.example/"><![endif]-->',
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
