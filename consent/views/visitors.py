"""Who stands before a public page, as far as it is kept with what they do there."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from consent.seen import Seen

LONGEST = 500


def seen(request: HttpRequest, words: str, path: str) -> Seen:
    """Give what is kept with an act: the words shown, and `path`, the page without the key in its address."""
    return Seen(
        wording=words,
        language=translation.get_language() or "",
        url=f"{settings.BASE_URL}{path}",
        ip=ip(request),
        user_agent=request.headers.get("User-Agent", "")[:LONGEST],
    )


def ip(request: HttpRequest) -> str | None:
    """Give the visitor's address; what a header claims counts only behind as many proxies as are ours."""
    peer = str(request.META.get("REMOTE_ADDR") or "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        peer = hops[-settings.TRUSTED_PROXIES]
    try:
        return str(ipaddress.ip_address(peer))
    except ValueError:
        return None
