"""The `date` filter of templates, as each language writes a short month. In Dutch it keeps its small letter, “7 sep”."""

import re

from django.template import Library
from django.template.defaultfilters import date as djangos_date
from django.utils.translation import get_language

register = Library()
SHORT_MONTH = re.compile(r"(?<![A-Z_\\])M(?![A-Z_])")


@register.filter(expects_localtime=True, is_safe=False)
def date(value: object, form: str | None = None) -> str:
    """Write a moment. Django's M always begins with a capital; b has the letters of the language."""
    if form and (get_language() or "").startswith("nl"):
        form = SHORT_MONTH.sub("b", form)
    return str(djangos_date(value, form))  # type: ignore[arg-type]
