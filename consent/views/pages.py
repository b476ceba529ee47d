"""Pages of rows with a number, newest first: the next one begins below the last row of this one."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _

SIZE = 50
COUNTED = 10_000


@dataclass(frozen=True)
class Page[M: Model]:
    rows: list[M]
    previous: str  # address of the page before, or nothing
    next: str
    said: str  # "1 to 50 of 6,607"


def newest_first[M: Model](rows: QuerySet[M], asked: Mapping[str, str]) -> Page[M]:
    """Cut the page that the query string (`after`, `before`, `at`) points at."""
    after, before, start = (_number(asked.get(key, "")) for key in ("after", "before", "at"))
    if before:
        found = list(rows.filter(pk__gt=before).order_by("pk")[: SIZE + 1])
        has_next, has_previous = True, len(found) > SIZE
        found = found[:SIZE][::-1]
    else:
        found = list((rows.filter(pk__lt=after) if after else rows).order_by("-pk")[: SIZE + 1])
        has_next, has_previous = len(found) > SIZE, bool(after)
        found = found[:SIZE]
    start = max(1, start or 1) if has_previous else 1
    kept = {key: value for key, value in asked.items() if value and key not in ("after", "before", "at")}
    previous = {**kept, "before": found[0].pk, "at": max(1, start - SIZE)} if found and has_previous else None
    following = {**kept, "after": found[-1].pk, "at": start + len(found)} if found and has_next else None
    return Page(
        rows=found,
        previous=f"?{urlencode(previous)}" if previous else "",
        next=f"?{urlencode(following)}" if following else "",
        said=_said(rows, start, len(found)),
    )


def _said[M: Model](rows: QuerySet[M], start: int, length: int) -> str:
    if not length:
        return _("Nothing")
    total = rows.order_by()[: COUNTED + 1].count()
    words = {
        "start": number_format(start, force_grouping=True),
        "end": number_format(start + length - 1, force_grouping=True),
        "total": number_format(min(total, COUNTED), force_grouping=True),
    }
    if total > COUNTED:
        return _("%(start)s to %(end)s of more than %(total)s") % words
    return _("%(start)s to %(end)s of %(total)s") % words


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
