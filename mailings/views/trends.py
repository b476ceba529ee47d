"""Reports across mailings: some beside each other, trends, the best times."""

import calendar
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.functional import Promise
from django.views.decorators.http import require_GET

from mailings import reports, trends
from mailings.views import trail

LISTED = 60
DAYS: Sequence[str | Promise] = [WEEKDAYS[day] for day in calendar.Day]
SHORT: Sequence[str | Promise] = [WEEKDAYS_ABBR[day] for day in calendar.Day]


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Chosen mailings beside each other."""
    chosen = [number for text in request.GET.getlist("mailing") if (number := trail.number(text))]
    context = {
        "compared": trends.compare(chosen),
        "chosen": set(chosen),
        "most": trends.MOST_COMPARED,
        "mailings": reports.started().defer("content", "compiled", "compiled_unseen").order_by("-started_at")[:LISTED],
    }
    return render(request, "mailings/compare.html", context)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Rates by month and subscription type, and the hours at which people click."""
    now = timezone.now()
    kind = "open" if request.GET.get("hours") == "opens" else "click"
    times = trends.times(now=now, kind=kind)
    context = {
        "trends": trends.by_type(now=now),
        "kind": kind,
        "days": list(zip(SHORT, DAYS, times.days, strict=False)) if times else [],
        "best": [(DAYS[day - 1], hour, clicks) for day, hour, clicks in times.best],
        "slots": [(DAYS[slot.day - 1], slot) for slot in trends.slots(now=now)],
        "hours": range(24),
    }
    return render(request, "mailings/trends.html", context)
