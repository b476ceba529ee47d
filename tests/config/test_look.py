"""How states, shares and bars look, in both languages."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils import translation

from config.look import CHIPS, initials, percent, share
from mailings.models import Mailing, Message
from recipients.models import Import, Project

SPRITE = settings.BASE_DIR / "assets" / "dist" / "icons.svg"


def shown(text: str, **context: object) -> str:
    return Template("{% load look %}" + text).render(Context(context))


@pytest.mark.parametrize(
    ("group", "states"),
    [
        ("message", Message.State),
        ("mailing", Mailing.Status),
        ("project", Project.Status),
        ("import", Import.State),
        ("verdict", ["allow", "verify", "refuse"]),
    ],
)
def test_every_state_has_its_chip(group: str, states: list[str]) -> None:
    assert set(states) <= set(CHIPS[group])


def test_a_chip_is_an_icon_and_a_word() -> None:
    chip = shown('{% chip "message" "held" %}')

    assert "chip-warn" in chip
    assert "#hand" in chip
    assert chip.endswith("Held</span>")


def test_a_cancelled_one_is_struck() -> None:
    assert "chip-struck" in shown('{% chip "mailing" "cancelled" %}')


@pytest.mark.parametrize(
    ("part", "total", "words"),
    [(623, 1000, "62.3%"), (1, 3000, "0.03%"), (0, 10, "0.0%"), (None, 10, "0.0%"), (1, 0, "–"), (1, None, "–")],
)
def test_a_share_in_words(part: int | None, total: int | None, words: str) -> None:
    with translation.override("en"):
        assert percent(part, total) == words


def test_words_follow_the_language_and_attributes_do_not() -> None:
    with translation.override("nl"):
        assert percent(623, 1000) == "62,3%"
        assert share(623, 1000) == "62.30%"


def test_the_parts_of_a_bar_lie_end_to_end() -> None:
    with translation.override("nl"):
        bar = shown('{% bar "71 procent" 100 "f-primary" sent "f-warn" retrying %}', sent=70.5, retrying=1)

    assert 'x="0.00%" width="70.50%"' in bar
    assert 'x="70.50%" width="1.00%"' in bar
    assert 'role="img" aria-label="71 procent"' in bar


def test_an_empty_bar_is_no_error() -> None:
    assert 'width="0%"' in shown('{% bar "nothing" 0 "f-primary" 0 %}')


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Hanna de Wit", "HW"),
        ("Ada", "A"),
        ("ada@example.org", "AE"),
        ("", "–"),
        ("“Quoted” Person", "P"),
        ("李 小龙", "李小"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    if not SPRITE.exists():
        pytest.skip("The assets are not built: npm run build")
    there = set(re.findall(r'<symbol id="([a-z0-9-]+)"', SPRITE.read_text()))
    named = {chip.icon for group in CHIPS.values() for chip in group.values()}
    for path in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        named |= set(re.findall(r'components/icon\.html" with name="([a-z0-9-]+)"', path.read_text()))

    assert named - there == set()


# Never pages of ours: a printer, a mail program or the sandboxed preview shows them, each under a policy of its own.
BRING_THEIR_STYLE = {"mailings/preview_text.html", "mailings/report_print.html", "consent/receipt.html"}


def test_no_template_holds_inline_script_or_style() -> None:
    templates = Path(settings.BASE_DIR, "templates")
    guilty = [
        f"{path.name}: {found[0][:60]}"
        for path in templates.rglob("*.html")
        if path.relative_to(templates).as_posix() not in BRING_THEIR_STYLE and path.parent.name != "mail"
        if (found := re.findall(r"<style|\sstyle=|<script(?![^>]*\ssrc)|\son[a-z]+=|javascript:", path.read_text()))
    ]

    assert guilty == []


@pytest.mark.parametrize("name", sorted(BRING_THEIR_STYLE))
def test_what_brings_its_style_still_runs_nothing(name: str) -> None:
    text = Path(settings.BASE_DIR, "templates", name).read_text()

    assert re.findall(r"<script|\son[a-z]+=|javascript:", text) == []
