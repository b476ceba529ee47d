"""A mail that is nobody's yet, shown in a frame: the small pictures of templates and saved blocks."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.csp import CSP

from mailings import reading
from mailings.models import Mailing
from mailings.rendering import frame
from mailings.rendering.blocks import Document, NoSuchBlock
from mailings.rendering.escaping import RenderError

# A mail brings its own style and pictures from anywhere; nothing in it runs, and it is nobody's origin.
MAIL_POLICY: dict[str, Any] = {
    "default-src": [CSP.NONE],
    "img-src": [CSP.SELF, "http:", "https:"],
    "style-src": [CSP.UNSAFE_INLINE],
    "frame-ancestors": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "sandbox": True,
}


def mail(document: Document, *, name: str = "", subject: str = "") -> HttpResponse:
    """Render it for a person we made up, in light colours."""
    draft = Mailing(pk=0, name=name, from_name=settings.SENDER_NAME, subject=subject, content=document.to_json())
    try:
        html = reading.preview(draft, reading.sample(), now=timezone.now()).html
    except (RenderError, NoSuchBlock) as refusal:
        return HttpResponse(str(refusal), content_type="text/plain; charset=utf-8")
    return HttpResponse(frame.in_light(html))
