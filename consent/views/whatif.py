"""What if: a page that answers for an imagined case. Nothing is read about anybody, and nothing is kept."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from consent import rulebook, whatif, whatif_words
from consent.whatif_form import WhatIfForm

FIRST = {"source": "purchase", "channel": "email", "message_class": "marketing", "overlay": "1", "country": ""}


@require_GET
def ask(request: HttpRequest) -> HttpResponse:
    """Show the form with its answer; changing a field brings the answer anew."""
    form = WhatIfForm({**FIRST, **request.GET.dict()})
    explained = None
    if form.is_valid():
        case = form.case(now=timezone.now())
        now = rulebook.current()
        answer = whatif.judge(
            case, zone=timezone.get_default_timezone(), sources=now.sources, matrix=now.law, roles=now.roles
        )
        explained = whatif_words.explained(case, answer, sources=now.sources, matrix=now.law)
    fragment = "#answer" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"consent/what_if.html{fragment}", {"form": form, "explained": explained})
