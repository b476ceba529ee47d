"""What strangers see when an address is none of ours."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
@login_not_required
def no_such_page(request: HttpRequest, rest: str) -> HttpResponse:
    """One answer for every token that is forged, cut or unknown."""
    return render(request, "404_public.html", status=404)
