"""The receipt of an address, for machines and on paper, and the scans that are its evidence."""

import json

from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from consent import addresses
from consent import receipt as receipts
from consent.models import EvidenceFile


@require_GET
def receipt(request: HttpRequest) -> HttpResponse:
    """Give what an address agreed to: `as=pdf` on paper, else ISO/IEC TS 27560 as JSON."""
    try:
        address = addresses.normalise(request.GET.get("address", "")[:1000])
    except addresses.InvalidAddress as mistake:
        raise Http404(str(mistake)) from mistake
    now = timezone.now()
    if request.GET.get("as") == "pdf":
        return _attached(receipts.as_pdf(address, at=now), "application/pdf", "receipt.pdf")
    written = json.dumps(receipts.as_json(address, at=now), cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
    return _attached(written.encode(), "application/json", "receipt.json")


@require_GET
def scan(request: HttpRequest, digest: str) -> HttpResponse:
    """Give a scan to keep, never to show: whatever is in it, the browser does not open it on our pages."""
    kept = get_object_or_404(EvidenceFile, digest=digest)
    try:
        with kept.file.open("rb") as file:
            content = file.read()
    except FileNotFoundError as gone:
        raise Http404 from gone
    return _attached(content, kept.content_type, kept.file_name)


def _attached(content: bytes, kind: str, name: str) -> HttpResponse:
    safe = name.replace('"', "").replace("\\", "")
    headers = {"Content-Disposition": f'attachment; filename="{safe}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=kind, headers=headers)
