"""Letters: their preview and sample, and the page of what was printed: files, labels, post, what came back."""

import base64
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.csp import CSP
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_POST

from consent.export import CHUNK, Table
from consent.views import exporting
from mailings import lifecycle, reading, reports
from mailings.letters import labels, making, production, returning, seeing
from mailings.letters.labels import SHEETS
from mailings.letters.press import CannotPrint
from mailings.letters.sheet import Sheet
from mailings.letters.word import CannotUse
from mailings.models import Mailing, Message
from mailings.rendering.blocks import NoSuchBlock
from mailings.rendering.escaping import RenderError
from mailings.views.trail import number, words
from tracking import tokens

PAGES_POLICY: dict[str, Any] = {
    "default-src": [CSP.NONE],
    "img-src": ["data:"],
    "style-src": [CSP.UNSAFE_INLINE],
    "frame-ancestors": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "sandbox": True,
}
_LOOK = (
    "body{margin:0;padding:12px;background:#e9e7e2;font:13px/1.5 sans-serif;color:#2a2622}"
    "img{display:block;width:100%;max-width:760px;height:auto;margin:0 auto 12px;background:#fff;box-shadow:0 1px 6px #0003}"
    "p{max-width:760px;margin:0 auto 12px;padding:8px 12px;background:#fbefd5;border-radius:6px}"
)
WARNED = 50  # letters with a warning that the page lists
MOST_LABELS = 20_000
may_print = permission_required("mailings.send_mailing", raise_exception=True)


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
@csp_override(PAGES_POLICY)
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The very pages of one person's letter, as pictures."""
    mailing, asked = _document(pk), number(request.GET.get("as", ""))
    who = (reading.reader(mailing, asked) if asked else None) or reading.sample()
    try:
        printed = seeing.printed(mailing, [who], now=timezone.now())
        pages = [base64.b64encode(page).decode("ascii") for page in seeing.pages(printed.pdf)]
    except (RenderError, NoSuchBlock, CannotPrint, CannotUse) as refusal:
        return HttpResponse(str(refusal), content_type="text/plain; charset=utf-8")
    signs = " ".join(printed.unprintable.values())
    look = format_html("<style>{}</style>", mark_safe(_LOOK))  # noqa: S308 our own words; its policy lets it in
    return render(request, "mailings/letter_pages.html", {"pages": pages, "signs": signs, "who": who, "look": look})


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def sample(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The letters of the first few who would get one, as the file that would be printed."""
    mailing = _document(pk)
    now = timezone.now()
    first = reading.readers(mailing, "", now=now, limit=seeing.SAMPLE) if mailing.sources.exists() else []
    people = [reading.reader(mailing, one.person) for one in first if one.person]
    try:
        printed = seeing.printed(mailing, [one for one in people if one] or [reading.sample()], now=now)
    except (RenderError, NoSuchBlock, CannotPrint, CannotUse) as refusal:
        messages.error(request, str(refusal))
        return redirect("mailings:content", mailing.pk)
    return _pdf(printed.pdf, f"{slugify(mailing.name)}-{_('sample')}.pdf")


def report(request: HttpRequest, mailing: Mailing, context: dict[str, Any]) -> HttpResponse:
    """What was printed, and everything that is done with it."""
    runs = list(mailing.print_runs.order_by("first").values_list("letters", "pages", "warnings"))
    printed = sum(letters for letters, _pages, _warnings in runs)
    size = min(number(request.GET.get("size", "")), 100_000)
    warned = [one for _letters, _pages, kept in runs for one in kept]
    found = returning.find(mailing, said)[: returning.SHOWN] if (said := words(request)) else []
    context |= {
        "printed": printed,
        "pages": sum(pages for _letters, pages, _warnings in runs),
        "size": size,
        "parts": seeing.parts(printed, size)[:200] if printed else [],
        "warned": _warned(mailing, warned[:WARNED]),
        "more_warned": max(len(warned) - WARNED, 0),
        "sheets": SHEETS.items(),
        "sheet": Sheet.read(mailing.letter),
        "said": said,
        "found": [(one, making.address_in(one.data)) for one in found],
        "links": reports.links(mailing),
    }
    return render(request, "mailings/letters.html", context)


def _warned(mailing: Mailing, warnings: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    rows = mailing.messages.in_bulk([one[0] for one in warnings])
    return [
        {
            "message": rows.get(message),
            "name": _name(rows.get(message)),
            "words": production.WARNINGS.get(code, code),
            "detail": detail,
        }
        for message, code, detail in warnings
    ]


def _name(message: Message | None) -> str:
    address = making.address_in(message.data if message else {})
    return ", ".join(part for part in (address.name, address.company) if part)


@require_GET
@may_print
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The print file: all letters, or with `size` and `part` one of several files."""
    mailing = _document(pk)
    letters = sum(mailing.print_runs.values_list("letters", flat=True))
    parts = seeing.parts(letters, min(number(request.GET.get("size", "")), 100_000))
    wanted = max(number(request.GET.get("part", "")), 1)
    if wanted > len(parts):
        raise Http404
    part = parts[wanted - 1]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "letters.pdf"
        seeing.bind(mailing, place, part=part)
        file = place.open("rb")  # stays open when its folder is gone; the answer closes it
    ending = f"-{part.first}-{part.last}" if len(parts) > 1 else ""
    return FileResponse(file, as_attachment=True, filename=f"{slugify(mailing.name)}{ending}.pdf")


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def one(request: HttpRequest, pk: int, message: int) -> HttpResponseBase:
    """One recipient's letter as it was printed."""
    row = get_object_or_404(Message, pk=message, mailing=_document(pk))
    pdf = seeing.of_message(row)
    if pdf is None:
        raise Http404
    return _pdf(pdf, f"{row.pk}.pdf")


@require_GET
@may_print
def address_labels(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The addresses on label sheets, in print order."""
    mailing = _document(pk)
    kind = SHEETS.get(request.GET.get("kind", ""))
    if kind is None:
        raise Http404
    home, sheet = making.letter_of(mailing).home, Sheet.read(mailing.letter)
    rows = _printed(mailing).values_list("data", flat=True)[:MOST_LABELS]
    lines = (making.address_in(data).lines(home=home, attention=sheet.attention) for data in rows.iterator(CHUNK))
    return _pdf(labels.sheets(lines, kind), f"{slugify(mailing.name)}-{_('labels')}.pdf")


@require_POST
@exporting.may_export
def listed(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The list a print house reads: one letter per line, in print order."""
    mailing = _document(pk)
    table = Table("letters", mailing.name, list(labels.COLUMNS), lambda: _rows(mailing), {"number": mailing.pk})
    return exporting.respond(request, table, back=reverse("mailings:detail", args=[mailing.pk]))


def _rows(mailing: Mailing) -> Iterator[Sequence[Any]]:
    click = tokens.maker("click")
    base = making.letter_of(mailing).base_url
    for place, (message, data) in enumerate(_printed(mailing).values_list("pk", "data").iterator(CHUNK), 1):
        address = making.address_in(data)
        link = f"{base}/c/{click(mailing.pk, message)}/1"
        yield (
            place, address.company, address.name, address.street, address.postcode, address.city, address.region,
            address.country, message, link,
        )  # fmt: skip


def _printed(mailing: Mailing) -> Any:
    return mailing.messages.filter(state=Message.State.SENT).order_by("pk")


@require_POST
@may_print
def posted(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that they went into the post."""
    mailing = _document(pk)
    if production.note_posted(mailing, by=request.user, now=timezone.now()):
        messages.success(request, _("Noted: the letters are in the post."))
    return redirect("mailings:detail", pk)


@require_POST
@may_print
def returned(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down which letters came back."""
    mailing = _document(pk)
    numbers = [number(one) for one in request.POST.getlist("message")[:1000]]
    if back := returning.note(mailing, numbers, now=timezone.now()):
        text = ngettext(
            "%(count)s letter came back. Its address gets no more letters.",
            "%(count)s letters came back. Their addresses get no more letters.",
            back,
        )
        messages.success(request, text % {"count": back})
    return redirect("mailings:detail", pk)


@require_POST
@may_print
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the letters away and go back to the draft, as long as nothing is in the post."""
    mailing = _document(pk)
    try:
        lifecycle.take_back(mailing, by=request.user, now=timezone.now())
    except lifecycle.CannotMove as refusal:
        messages.error(request, str(refusal))
        return redirect("mailings:detail", pk)
    messages.success(request, _("The letters are thrown away. Change what you like, and make them again."))
    return redirect("mailings:content", pk)


def _document(pk: int) -> Mailing:
    return get_object_or_404(Mailing, pk=pk, type=Mailing.Type.DOCUMENT)


def _pdf(data: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return answer
