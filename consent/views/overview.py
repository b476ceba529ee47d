"""Consent at a glance, the addresses behind each number, the rules, the ledger."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from consent import evidence_files, explain, ledger, overview, rulebook, rules
from consent.models import ConsentDetail, ConsentEvent, LegalBasis, SubscriptionType, Suppression
from consent.verdict import REASONS, Call
from consent.views import pages
from consent.views.reports import month_of

ACTS = {"yes": ("given", "confirmed"), "no": ("withdrawn",)}


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Say for each subscription type how many addresses may be mailed, and why the others may not."""
    counts = overview.counts(at=timezone.now())
    used = [code for code in REASONS if any(code in one.by_reason for one in counts)]
    held = [(code, REASONS[code], [(one, one.by_reason.get(code, 0)) for one in counts]) for code in used]
    latest = ConsentDetail.objects.select_related("event__subscription_type").order_by("-pk")[:8]
    context = {
        "counts": counts,
        "best": max(counts, key=lambda one: one.may, default=None),
        "known": max((one.total for one in counts), default=0),
        "held": held,
        "suppressed": Suppression.objects.filter(released_at=None).count(),
        "entries": ConsentEvent.objects.count(),
        "latest": [(detail, explain.label(detail), _name(detail)) for detail in latest],
    }
    return render(request, "consent/overview.html", context)


@require_GET
def addresses(request: HttpRequest) -> HttpResponse:
    """List the addresses behind a number, each with its verdict and why."""
    types = list(SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk"))
    chosen = next((one for one in types if one.code == request.GET.get("type")), types[0] if types else None)
    verdict, reason = request.GET.get("verdict", ""), request.GET.get("reason", "")
    verdict, reason = verdict if verdict in set(Call) else "", reason if reason in REASONS else ""
    words, after = request.GET.get("q", "").strip()[:100], request.GET.get("after", "")[:320]
    page = overview.Page([])
    if chosen:
        page = overview.page(
            chosen, at=timezone.now(), verdict=verdict, reason=reason, words=words, after=after.replace("\x00", "")
        )
    reasoned = explain.reasons([row.verdict for row in page.rows])
    context = {
        "types": types,
        "chosen": chosen,
        "verdict": verdict,
        "reason": reason,
        "words_of_reason": REASONS.get(reason, ""),
        "reasons": REASONS,
        "words": words,
        "rows": list(zip(page.rows, reasoned, strict=True)),
        "after": page.after,
        "is_first": not after,
    }
    return render(request, "consent/addresses.html", context)


@require_GET
def sources(request: HttpRequest) -> HttpResponse:
    """Show the rule table: what each source is worth, for how long, and what to do instead."""
    return render(request, "consent/sources.html", {"rules": rulebook.current().sources.values()})


@require_GET
def entries(request: HttpRequest) -> HttpResponse:
    """List the ledger, newest first, narrowed by source or by an address."""
    found = ConsentDetail.objects.select_related("event__subscription_type", "event__purpose")
    source, words = (
        request.GET.get("source", "")[:30],
        request.GET.get("address", "").strip().lower()[:320],
    )
    if source:
        found = found.filter(event__source=source)
    if words:
        found = found.filter(address=words.replace("\x00", ""))
    if month := month_of(request.GET.get("month", "")):
        found = found.filter(event__acted_at__gte=month[0], event__acted_at__lt=month[1])
    if acts := ACTS.get(request.GET.get("act", "")):
        found = found.filter(event__act__in=acts)
    page = pages.newest_first(found, request.GET.dict())
    context = {
        "month": month[0] if month else None,
        "page": page,
        "rows": [(detail, explain.label(detail), _name(detail)) for detail in page.rows],
        "rules": rules.SOURCES.values(),
        "source": source,
        "words": words,
    }
    return render(request, "consent/entries.html", context)


@require_GET
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one entry of the ledger with its evidence."""
    event = get_object_or_404(ConsentEvent.objects.select_related("purpose", "subscription_type", "notice"), pk=pk)
    detail = ConsentDetail.objects.select_related("event").filter(pk=pk).first()
    context = {
        "event": event,
        "detail": detail,
        "rule": rules.SOURCES.get(event.source),
        "name": _name(detail) if detail else "",
        "actor": explain.actor_name(event.actor),
        "evidence": explain.evidence(detail) if detail else [],
        "basis": LegalBasis.objects.filter(code=event.basis).first() or event.basis,
        "scans": evidence_files.of([detail]) if detail else [],
        "hash": bytes(event.hash).hex(),
        "previous": bytes(event.previous).hex(),
    }
    return render(request, "consent/entry.html", context)


@require_GET
def check(request: HttpRequest) -> HttpResponse:
    """Walk the ledger and say whether it is whole."""
    return render(request, "consent/check.html", {"found": ledger.verify()})


def _name(detail: ConsentDetail) -> str:
    return explain.source_name(detail.event.source)
