"""How often a form is seen, begun and finished, and how far visitors get: counters, nothing about anybody."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from forms.models import Form

KINDS = ("view", "start")  # that the page tells; completions are counted from what came in


@dataclass(frozen=True, slots=True)
class Where:
    """How the form was shown, and the source of the visitor (utm_source)."""

    embed: str
    source: str = ""


type Place = tuple[int, dt.date, Where]  # form, day, how


def completed(counted: Mapping[Place, int]) -> None:
    """Count answers that came in, many at once."""
    for (form, day, where), count in counted.items():
        _run(COUNTED, [form, day, where.embed, where.source, 0, 0, count])


def note(form: Form, what: str, where: Where, *, field: str = "", now: dt.datetime) -> None:
    """Count a view, a start, or somebody who reached a field."""
    if what == "field" and field:
        _run(REACHED, [form.pk, field])
    elif what in KINDS:
        ones = [int(what == kind) for kind in KINDS]
        _run(COUNTED, [form.pk, timezone.localdate(now), where.embed, where.source, *ones, 0])


def _run(statement: str, values: Sequence[str | int | dt.date | None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


COUNTED = """
INSERT INTO webforms_count AS kept (form_id, day, embed, source, views, starts, completions)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (form_id, day, embed, source) DO UPDATE
SET views = kept.views + excluded.views, starts = kept.starts + excluded.starts,
    completions = kept.completions + excluded.completions
"""
REACHED = """
INSERT INTO webforms_reach AS kept (form_id, field, visitors) VALUES (%s, %s, 1)
ON CONFLICT (form_id, field) DO UPDATE SET visitors = kept.visitors + 1
"""
