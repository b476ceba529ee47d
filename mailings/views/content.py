"""The wizard's steps Template and Content, the preview beside them, and the test send."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailings import blocks_forms, compiling, content, editions, history, medium, reading, starters, testsend
from mailings import texts as text_steps
from mailings.letters import body, files, making
from mailings.material import brand
from mailings.material.models import SavedBlock, Template
from mailings.medium import Content
from mailings.models import ContentVersion, Mailing
from mailings.reading import Reader
from mailings.rendering import blocks, drafts, frame, variables
from mailings.rendering.blocks import Document, NoSuchBlock
from mailings.rendering.escaping import RenderError
from mailings.views import letter_files, shown, texts
from mailings.views.shown import MAIL_POLICY
from mailings.views.wizard import of_words, worded
from tracking import library

CLIPPED = 102  # kB of HTML that Gmail shows
EARLIER = 12  # mailings offered as templates


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("mailings.change_mailing", raise_exception=True)
@of_words
def template(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Step 2: what to begin with."""
    if request.method == "POST":
        return _begin(request, mailing)
    kept = Mailing.objects.exclude(pk=mailing.pk).exclude(content={}).order_by("-pk")
    language = request.GET.get("language") or mailing.content.get("language") or get_language() or "en"
    context = {
        "mailing": mailing,
        "step": "template",
        "tabs": editions.tabs(mailing, written=True),
        "starters": starters.STARTERS.values(),
        "ours": Template.objects.defer("content").order_by("name"),
        "earlier": kept.filter(archived_at=None).defer("content", "compiled", "compiled_unseen")[:EARLIER],
        "languages": starters.LANGUAGES.items(),
        "language": language if language in starters.LANGUAGES else "en",
        "chosen": mailing.content.get("template", ""),
        "has_content": content.is_written(mailing),
    }
    return render(request, "mailings/template.html", context)


def _begin(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    now = timezone.now()
    try:
        if starter := starters.STARTERS.get(request.POST.get("starter", "")):
            content.start_from(mailing, starter, request.POST.get("language", "en"), now=now)
        elif request.POST.get("ours", "").isdecimal():
            template = get_object_or_404(Template, pk=int(request.POST["ours"]))
            content.start_from_template(mailing, template, now=now)
        elif request.POST.get("mailing", "").isdecimal():
            earlier = get_object_or_404(Mailing, pk=int(request.POST["mailing"]))
            content.start_from_mailing(mailing, earlier, now=now)
        elif not content.put_back(mailing, now=now):
            messages.error(request, _("Choose what to begin with."))
            return redirect("mailings:template", mailing.pk)
    except (content.Changed, NoSuchBlock) as refusal:
        messages.error(request, str(refusal))
        return redirect("mailings:template", mailing.pk)
    return redirect("mailings:content", mailing.pk)


@require_GET
@csp_override(MAIL_POLICY)
def starter(request: HttpRequest, code: str, language: str) -> HttpResponse:
    """A starter template as a mail: the small picture in the gallery."""
    if code not in starters.STARTERS or language not in starters.LANGUAGES:
        raise Http404
    written = starters.STARTERS[code].letter(language)
    document = brand.dress(written.document, brand.kit())
    return shown.mail(document, name=str(starters.STARTERS[code].name), subject=written.subject)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("mailings.change_mailing", raise_exception=True)
@of_words
def edit(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Step 3: the blocks. What the page sends is saved at once; the answer is what has to change on the page."""
    if medium.of(mailing).content is Content.TEXT:
        return texts.edit(request, mailing)
    if files.named(mailing) and request.method != "POST":
        return letter_files.edit(request, mailing)
    try:
        kept = Document.read(mailing.content)
        if request.method == "POST":
            return _save(request, mailing, kept)
    except NoSuchBlock as damage:
        if request.method == "POST":
            return HttpResponse(str(damage), status=400, content_type="text/plain; charset=utf-8")
        messages.error(request, str(damage))
        return redirect("mailings:template", mailing.pk)
    if not kept.blocks and "blocks" not in mailing.content and not kept.source:
        return redirect("mailings:template", mailing.pk)
    sheet = blocks_forms.shown(kept, mailing.subject, mailing.preheader)
    if kept.source and "look" not in request.GET:
        return render(request, "mailings/content_code.html", _context(request, mailing, sheet))
    part = "mailings/content.html#looked" if "look" in request.GET else "mailings/content.html"
    return render(request, part, _context(request, mailing, sheet))


def _save(request: HttpRequest, mailing: Mailing, kept: Document) -> HttpResponse:
    sheet = blocks_forms.sent(request.POST, kept)
    version = request.POST.get("version", "")
    try:
        content.save(
            mailing,
            sheet.document,
            subject=sheet.subject,
            preheader=sheet.preheader,
            version=int(version) if version.isdecimal() and len(version) < 10 else -1,
            now=timezone.now(),
            by=request.user,
        )
    except content.Changed as refusal:
        context = {"refusal": refusal, "mailing": mailing, "other": _other(request, mailing)}
        return render(request, "mailings/content_conflict.html", context, status=409)
    if not request.headers.get("X-Autosave"):
        return redirect("mailings:content", mailing.pk)
    if sheet.document.source:
        return render(request, "mailings/content_code.html#said", _context(request, mailing, sheet))
    part = "sheet_again" if request.POST.get("again") else "said"
    return render(request, f"mailings/content.html#{part}", _context(request, mailing, sheet))


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_words
def write_as(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Go on in HTML or MJML, or back in blocks. Only mail can: paper and text messages know neither."""
    if mailing.type not in {Mailing.Type.EMAIL, Mailing.Type.RESPONSE}:
        raise Http404
    try:
        content.write_as(mailing, request.POST.get("kind", ""), now=timezone.now(), by=request.user)
    except (content.Changed, NoSuchBlock) as refusal:
        messages.error(request, str(refusal))
    return redirect("mailings:content", mailing.pk)


def _other(request: HttpRequest, mailing: Mailing) -> ContentVersion | None:
    return history.somebody_else(mailing, request.user, now=timezone.now()) if mailing.pk else None


def _library_links() -> list[tuple[str, str]]:
    """Addresses of the library with their names, for the fields of links."""
    return [(library.address(link), link.name) for link in library.in_use().order_by("name")[:500]]


def _context(request: HttpRequest, mailing: Mailing, sheet: blocks_forms.Sheet) -> dict[str, Any]:
    return {
        "mailing": mailing,
        "step": "content",
        "sheet": sheet,
        "kinds": _kinds(mailing),
        "library_links": _library_links,
        "groups": variables.groups(),
        "conditions": CONDITIONS,
        "saved": SavedBlock.objects.order_by("name").values_list("pk", "name"),
        "look": _look(request, mailing),
        "tabs": editions.tabs(mailing, written=True),
        "aside": bool(mailing.aside),
        "other": _other(request, mailing),
        "problems": _problems(mailing) if sheet.document.source else [],
    }


def _problems(mailing: Mailing) -> list[str]:
    """Say what is wrong in a mail of somebody's own HTML or MJML, each sentence once."""
    return list(dict.fromkeys(problem.sentence for problem in drafts.draft(compiling.letter_of(mailing)).problems))[:20]


CONDITIONS = (
    (gettext_lazy("If there is a value, or else"), "[[IF:company.name]]…[[ELSE]]…[[ENDIF]]"),
    (
        gettext_lazy("If it is this or that, or else"),
        '[[IF:customer.language="nl"]]…[[ELSEIF:customer.language="de"]]…[[ELSE]]…[[ENDIF]]',
    ),
)


def _kinds(mailing: Mailing) -> list[tuple[str, Any, str]]:
    """Give the blocks that can be added: what only makes sense on a screen is not offered for paper, nor the other way."""
    on_paper = mailing.type == Mailing.Type.DOCUMENT
    fits = set(body.KINDS) if on_paper else set(blocks.KINDS) - {blocks.PageBreak.kind}
    return [(one.kind, one.label, one.icon) for one in blocks.KINDS.values() if one.kind in fits]


@dataclass(frozen=True)
class Look:
    """What stands around the preview: as whom, the inbox line, how large the mail is."""

    reader: Reader
    seen: reading.Seen | None
    problem: str
    preheader: str
    links: int
    limit: int = CLIPPED

    @property
    def size(self) -> int:
        return round(self.seen.html_size / 1000) if self.seen else 0

    @property
    def is_clipped(self) -> bool:
        return self.size >= self.limit


def _look(request: HttpRequest, mailing: Mailing) -> Look:
    who = _reader(request, mailing)
    if mailing.type == Mailing.Type.DOCUMENT:
        return Look(who, None, "", "", len(making.written(mailing).links))
    compiled = compiling.preview_of(mailing)
    inbox = reading.line(mailing.preheader, who, language=editions.language_of(mailing))
    try:
        seen = reading.preview(mailing, who, now=timezone.now(), compiled=compiled)
    except RenderError as refusal:
        return Look(who, None, str(refusal), inbox, len(compiled.links))
    return Look(who, seen, "", inbox, len(compiled.links))


def _reader(request: HttpRequest, mailing: Mailing) -> Reader:
    asked = request.POST.get("as", request.GET.get("as"))
    if asked is None and request.method == "GET":  # a page just opened shows the first one who gets it
        first = reading.readers(mailing, "", now=timezone.now(), limit=1) if mailing.pk else []
        asked = str(first[0].person) if first else ""
    asked = asked or ""
    found = reading.reader(mailing, int(asked)) if asked.isdecimal() and len(asked) < 18 else None
    return found or reading.sample()


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
@csp_override(MAIL_POLICY)
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail in its frame: the HTML part of the very bytes that would be sent to this reader."""
    mailing = worded(pk)
    if mailing.is_text:
        seen_text = text_steps.seen(mailing, _reader(request, mailing).data)
        return render(request, "mailings/preview_text.html", {"text": seen_text.text or seen_text.problem})
    try:
        seen = reading.preview(mailing, _reader(request, mailing), now=timezone.now())
    except (RenderError, NoSuchBlock) as refusal:
        return HttpResponse(str(refusal), content_type="text/plain; charset=utf-8")
    plain = {"text": seen.text, "headers": seen.anatomy}.get(request.GET.get("part", ""))
    if plain is not None:
        return render(request, "mailings/preview_text.html", {"text": plain})
    html = frame.anchored(seen.html)
    if request.GET.get("images") == "off":
        html = frame.without_pictures(html)
    return HttpResponse(frame.in_dark(html) if request.GET.get("dark") else frame.in_light(html))


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def preview_people(request: HttpRequest, pk: int) -> HttpResponse:
    """People to look at the mail as."""
    mailing = worded(pk)
    words = request.GET.get("q", "").strip()[:100]
    people = reading.readers(mailing, words, now=timezone.now())
    context = {"people": people, "words": words, "mailing": mailing}
    is_text = medium.of(mailing).content is Content.TEXT
    return render(request, "mailings/text_people.html" if is_text else "mailings/content_people.html", context)


NUMBERS_HINT = gettext_lazy("Several numbers: put a comma or semicolon between them.")
TEST_HINT = gettext_lazy("Several addresses: put a space, comma or semicolon between them.")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("mailings.change_mailing", raise_exception=True)
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """The dialog "Send test": to whom, filled in for whom, and what became of it."""
    mailing = worded(pk)
    rings = medium.of(mailing).rings
    context: dict[str, Any] = {"mailing": mailing, "rings": rings, "hint": NUMBERS_HINT if rings else TEST_HINT}
    if request.method != "POST":
        context["people"] = reading.readers(mailing, "", now=timezone.now())[:20]
        context["reader"] = _reader(request, mailing)
        context["typed"] = "" if rings else getattr(request.user, "email", "")
        return render(request, "mailings/testsend.html#form", context)
    typed = request.POST.get("to", "")[:4000]
    to, sentences = testsend.numbers_in(typed) if rings else testsend.addresses_in(typed)
    try:
        if sentences:
            raise testsend.CannotTest(" ".join(sentences))
        context["sent"] = testsend.send(mailing, to, _reader(request, mailing), now=timezone.now())
    except (testsend.CannotTest, NoSuchBlock) as refusal:
        context["refusal"] = str(refusal)
    return render(request, "mailings/testsend.html#answer", context)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_words
def put_back(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Bring back what a template took the place of, or let it go."""
    try:
        if "forget" in request.POST:
            content.forget_aside(mailing)
        elif content.put_back(mailing, now=timezone.now()):
            messages.success(request, _("What was there is back."))
    except (content.Changed, NoSuchBlock) as refusal:
        messages.error(request, str(refusal))
    return redirect("mailings:content", mailing.pk)


@require_GET
@permission_required("mailings.change_mailing", raise_exception=True)
@of_words
def versions(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """What the mail was like before, and what changed since."""
    kept = list(mailing.versions.select_related("by").order_by("-pk"))
    asked = request.GET.get("version", "")
    shown = next((one for one in kept if str(one.pk) == asked), kept[1] if len(kept) > 1 else None)
    context = {
        "mailing": mailing,
        "step": "content",
        "versions": kept,
        "shown": shown,
        "lines": history.compared(shown, mailing) if shown else [],
    }
    return render(request, "mailings/versions.html", context)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_words
def restore(request: HttpRequest, mailing: Mailing, number: int) -> HttpResponse:
    """Go back to a version."""
    version = get_object_or_404(mailing.versions, pk=number)
    try:
        content.restore(mailing, version, now=timezone.now(), by=request.user)
        messages.success(request, _("The mail is as it was then. What stood there is a version too."))
    except (content.Changed, NoSuchBlock) as refusal:
        messages.error(request, str(refusal))
    return redirect("mailings:content", mailing.pk)
