"""Reports of consent: what came in, what runs out, why people leave. Every number opens the people behind it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_GET

from consent import explain, reports
from consent.models import SubscriptionType
from consent.views import pages
from consent.views.public import WHYS

LEFT, TOP, BOTTOM, STEP, WIDTH = 44, 14, 154, 54, 20


@dataclass(frozen=True)
class Bar:
    """One month in the chart; places are texts, because a template writes 12.5 as "12,5" in Dutch."""

    month: reports.Month
    label: str
    x: str
    middle: str
    given_y: str
    given_height: str
    withdrawn_x: str
    withdrawn_y: str
    withdrawn_height: str


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the three reports."""
    now = timezone.now()
    months = reports.months(at=now)
    sources = sorted({source for month in months for source in month.by_source})
    rows = [
        (source, explain.source_name(source), [(month, month.by_source.get(source, 0)) for month in months])
        for source in sources
    ]
    reasons = reports.reasons(at=now)
    context = {
        "months": months,
        "labels": [date_format(month.first, "M") for month in months],
        "rows": rows,
        "bars": _bars(months),
        "highest": max(months, key=lambda month: month.given),
        "total": sum(month.given for month in months),
        "withdrawn": sum(month.withdrawn for month in months),
        "expiring": reports.expiring(at=now),
        "windows": reports.WINDOWS,
        "reasons": [(code, WHYS.get(code), count) for code, count in reasons],
        "left": sum(count for _code, count in reasons),
        "ways": [(explain.HOW.get(how, how), count) for how, count in reports.ways(at=now)],
        "bottom": BOTTOM,
    }
    return render(request, "consent/reports.html", context)


@require_GET
def expiring(request: HttpRequest) -> HttpResponse:
    """List the people whose consent runs out soon, with the evidence that ends."""
    types = list(SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk"))
    chosen = next((one for one in types if one.code == request.GET.get("type")), types[0] if types else None)
    days = next((one for one in reports.WINDOWS if str(one) == request.GET.get("days")), reports.WINDOWS[0])
    after = request.GET.get("after", "")[:320]
    found = (
        reports.expiring_people(chosen, days, at=timezone.now(), after=after, limit=pages.SIZE + 1) if chosen else []
    )
    shown = found[: pages.SIZE]
    context = {
        "types": types,
        "chosen": chosen,
        "days": days,
        "windows": reports.WINDOWS,
        "rows": explain.endings(shown),
        "after": shown[-1][0] if len(found) > pages.SIZE else "",
        "is_first": not after,
    }
    return render(request, "consent/expiring.html", context)


def _bars(months: Sequence[reports.Month]) -> list[Bar]:
    highest = max([1, *(max(month.given, month.withdrawn) for month in months)])
    return [_bar(number, month, highest) for number, month in enumerate(months)]


def _bar(number: int, month: reports.Month, highest: int) -> Bar:
    x = LEFT + number * STEP
    given, withdrawn = (round((BOTTOM - TOP) * count / highest, 1) for count in (month.given, month.withdrawn))
    return Bar(
        month=month,
        label=date_format(month.first, "M"),
        x=str(x),
        middle=str(x + WIDTH),
        given_y=str(BOTTOM - given),
        given_height=str(given),
        withdrawn_x=str(x + WIDTH + 2),
        withdrawn_y=str(BOTTOM - withdrawn),
        withdrawn_height=str(withdrawn),
    )


def month_of(text: str) -> tuple[dt.datetime, dt.datetime] | None:
    """Read "2026-11" as the moments between which that month lies in the sender's time zone."""
    try:
        first = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    following = (first + dt.timedelta(days=31)).replace(day=1) if first.year < dt.MAXYEAR else first
    zone = timezone.get_default_timezone()
    return (
        timezone.make_aware(dt.datetime.combine(first, dt.time.min), zone),
        timezone.make_aware(dt.datetime.combine(following, dt.time.min), zone),
    )
