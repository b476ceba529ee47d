"""Short months in both languages."""

import pytest
from django.template import Context, Template
from django.utils import translation

from tests.conftest import NOON


@pytest.mark.parametrize(
    ("language", "form", "written"),
    [
        ("en", "D j M Y", "Mon 23 Nov 2026"),
        ("nl", "D j M Y", "ma 23 nov 2026"),
        ("nl", "l j F", "maandag 23 november"),
        ("nl", "DATE_FORMAT", "23 november 2026"),
        ("nl", r"j \M", "23 M"),
    ],
)
def test_a_short_month_has_the_letters_of_its_language(language, form, written):
    with translation.override(language):
        assert Template("{{ now|date:form }}").render(Context({"now": NOON, "form": form})) == written
