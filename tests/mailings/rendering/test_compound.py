"""Blocks made of several things: each in HTML and in text, its links counted, on the screens and for the people it is for."""

import re
from typing import Any

import pytest

from mailings.rendering import frame
from mailings.rendering.blocks import Document, NoSuchBlock
from mailings.rendering.compile import compile_letter
from mailings.rendering.drafts import draft
from tests.mailings.rendering.letters import a_letter, a_recipient, body

STORY = {
    "image": "https://example.org/a.png",
    "alt": "A lathe",
    "heading": "Turning",
    "html": '<p>For [[customer.firstname|you]]: <a href="https://example.org/turning">the course</a></p>',
    "button": "Sign up",
    "url": "https://example.org/sign-up",
}
COLUMNS = {"kind": "columns", "id": "k", "cells": [STORY, {"heading": "Welding", "html": "<p>Hot.</p>"}]}
PRODUCT = {"kind": "product", "id": "p", "price": "€ 49", **STORY}
MENU = {"kind": "menu", "id": "m", "items": "Home | https://example.org/\nShop | https://example.org/shop"}
SOCIAL = {
    "kind": "social",
    "id": "s",
    "linkedin": "https://linkedin.example/us",
    "mastodon": "https://mastodon.example/@us",
}
CODE = {
    "kind": "code",
    "id": "h",
    "html": '<table><tr><td><a href="https://example.org/own">Our own</a></td></tr></table>',
}


def written(*blocks: dict[str, Any]) -> tuple[str, str]:
    message = compile_letter(a_letter(blocks=list(blocks))).render(a_recipient(customer_firstname="Ada"))
    return body(message, "html"), body(message, "plain")


@pytest.mark.parametrize(
    ("block", "words", "count"),
    [
        (COLUMNS, ["Turning", "For Ada", "Welding", "Hot.", "Sign up"], 2),
        (PRODUCT, ["Turning", "€ 49", "For Ada", "Sign up"], 2),
        (MENU, ["Home", "Shop"], 2),
        (SOCIAL, ["LinkedIn", "Mastodon"], 2),
        (CODE, ["Our own"], 1),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_everything_stands_in_both_parts_and_every_link_is_counted(
    block: dict[str, Any], words: list[str], count: int
) -> None:
    html, text = written(block)

    assert all(word in html for word in words)
    assert all(word in text for word in words)
    assert len(set(re.findall(r"/c/\w+/[1-9]\d*", html))) == count == len(set(re.findall(r"/c/\w+/\d+", text)))
    assert Document.read({"blocks": [block]}).blocks[0].summary()


def test_columns_stand_side_by_side_and_under_one_another_on_a_phone() -> None:
    html, _text = written(COLUMNS)

    assert html.count("mj-column-per-50") >= 2
    assert "mj-column-per-40" in written(PRODUCT)[0]


def test_a_space_is_as_high_as_asked_and_says_nothing() -> None:
    html, text = written({"kind": "spacer", "id": "x", "height": 40}, {"kind": "text", "id": "y", "html": "<p>Hi</p>"})

    assert "height:40px" in html
    assert text.startswith("Hi\n")


@pytest.mark.parametrize(("hide", "where"), [("mobile", "max-width: 479px"), ("desktop", "min-width: 480px")])
def test_a_block_can_be_kept_from_a_screen(hide: str, where: str) -> None:
    html, _text = written({"kind": "text", "id": "y", "html": "<p>Hi</p>", "hide": hide})

    assert f'class="pd-b1 pd-no-{hide}"' in html
    assert re.search(rf"{where}\) {{ \.pd-no-{hide} {{ display: none", html)
    assert f'id="b1" class="pd-b1 pd-no-{hide}"' in frame.anchored(html)


@pytest.mark.parametrize(
    ("block", "where"),
    [
        ({"kind": "menu", "id": "m", "items": "Home"}, "items"),
        ({"kind": "menu", "id": "m", "items": "Home | javascript:x"}, "items"),
        ({"kind": "social", "id": "m", "linkedin": "ftp://x.example/"}, "linkedin"),
        ({"kind": "columns", "id": "m", "cells": [{}, {"button": "Go"}]}, "c2_url"),
        ({"kind": "product", "id": "m", "heading": "[[customer.fristname]]"}, "heading"),
        ({"kind": "code", "id": "m", "html": '<a href="https://">x</a>'}, "html"),
        ({"kind": "code", "id": "m", "html": '<img src="/x.png?[[customer.id]]">'}, "html"),
    ],
)
def test_a_mistake_is_named_with_its_field(block: dict[str, Any], where: str) -> None:
    assert [(problem.block, problem.field) for problem in draft(a_letter(blocks=[block])).problems] == [("m", where)]


@pytest.mark.parametrize("cells", [[1, 2], [{}] * 5])
def test_damaged_columns_are_refused(cells: list[Any]) -> None:
    with pytest.raises(NoSuchBlock):
        Document.read({"blocks": [{"kind": "columns", "id": "k", "cells": cells}]})


def test_a_document_is_kept_as_it_was_read() -> None:
    kept = {"language": "en", "blocks": [COLUMNS, PRODUCT, MENU, SOCIAL, CODE]}

    once = Document.read(kept).to_json()

    assert Document.read(once).to_json() == once
