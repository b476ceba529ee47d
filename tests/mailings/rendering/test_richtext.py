"""Text blocks: what is kept of what was pasted, and how it reads as plain text."""

import pytest

from mailings.rendering import richtext
from mailings.rendering.writing import Pen


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("<p>Hi <b>you</b></p>", "<p>Hi <b>you</b></p>"),
        ("<p onclick=x style='color:red'>Hi</p>", "<p>Hi</p>"),
        ("<script>alert(1)</script><p>Hi</p>", "<p>Hi</p>"),
        ("<img src=x onerror=alert(1)>Hi", "Hi"),
        ("<svg><script>x</script></svg>Hi", "Hi"),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        (
            '<a href="https://example.org/?a=[[customer.id]]">x</a>',
            '<a href="https://example.org/?a=[[customer.id]]">x</a>',
        ),
        ('<a href="[[link.unsubscribe]]">x</a>', '<a href="[[link.unsubscribe]]">x</a>'),
        ("<p>open <b>never closed", "<p>open <b>never closed</b></p>"),
        ("<o:p>Word</o:p><!--[if mso]>x<![endif]-->", "Word"),
        ("[[customer.firstname|a & b]]", "[[customer.firstname|a &amp; b]]"),
        ("<table><tr><td>cell</td></tr></table>", "cell"),
    ],
)
def test_only_what_a_text_block_may_hold_is_kept(pasted, kept):
    assert richtext.clean(pasted) == kept


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<p>one<br>two</p>", "one\ntwo"),
        ("<ul><li><p>one</p></li><li><p>two</p><ul><li><p>deep</p></li></ul></li></ul><p>after</p>",
         "- one\n- two\n  - deep\n\nafter"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ('<p>see <a href="https://example.org/">this</a>.</p>', "see this (https://example.org/)."),
        ("<p>5 &lt; 6 &amp; 7</p>", "5 < 6 & 7"),
        ("loose words", "loose words"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_text_part_reads_like_a_letter(written, text):
    pen = Pen("https://mail.example.org", {}, track_clicks=False)

    assert richtext.write(written, pen, link_color="#000000").text == text


def test_first_words_are_one_line():
    assert richtext.first_words("<p>Dear&nbsp;you &amp; me,</p>\n<ul><li>one</li></ul>") == "Dear you & me, one"
