"""Building a form: its fields beside a live preview, every letter saved; publishing and closing it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from forms import answers, builder, publishing, sheet
from forms.definition import GROUPS, KINDS, LANGUAGES, BadDefinition, Definition
from forms.models import Form


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("webforms.change_form", raise_exception=True)
def build(request: HttpRequest, pk: int) -> HttpResponse:
    """The builder. What the page sends is saved at once; the answer is what has to change on the page."""
    form = get_object_or_404(Form.objects.select_related("published"), pk=pk)
    kept = Definition.read(form.draft)
    language = _language(request, kept)
    if request.method == "POST":
        return _save(request, form, kept, language)
    return render(request, "webforms/build.html", _context(form, builder.shown(kept, language)))


@require_GET
@permission_required("webforms.view_form", raise_exception=True)
@xframe_options_sameorigin
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft as visitors will see it; it cannot be sent."""
    form = get_object_or_404(Form, pk=pk)
    definition = Definition.read(form.draft)
    language = _language(request, definition)
    with translation.override(language):
        context = {
            "form": form,
            "sheet": sheet.draw(definition, answers.Read(), language),
            "embed": "inline",
            "honeypot": "website",
            "is_preview": True,
            "here": request.get_full_path(),
        }
        return render(request, "webforms/public/form.html", context)


@require_POST
@permission_required("webforms.change_form", raise_exception=True)
def languages(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the languages of a form; the first is its own."""
    form = get_object_or_404(Form, pk=pk)
    kept = Definition.read(form.draft)
    chosen = [code for code in request.POST.getlist("language") if code in LANGUAGES]
    ordered = [code for code in kept.languages if code in chosen]
    ordered += [code for code in chosen if code not in ordered]
    if ordered:
        value = Definition.read({**kept.to_json(), "languages": ordered})
        publishing.save_draft(form, value, version=form.draft_version, now=timezone.now())
    return redirect("webforms:build", form.pk)


@require_POST
@permission_required("webforms.publish_form", raise_exception=True)
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Freeze the draft and open the form."""
    form = get_object_or_404(Form.objects.select_related("published"), pk=pk)
    by = request.user if isinstance(request.user, User) else None
    try:
        version = publishing.publish(form, by=by, now=timezone.now())
    except publishing.CannotPublish as refusal:
        for _field, sentence in refusal.problems[:5]:
            messages.error(request, sentence)
        return redirect("webforms:build", form.pk)
    messages.success(request, _("Version %(number)s is open for visitors.") % {"number": version.number})
    return redirect("webforms:publish", form.pk)


@require_POST
@permission_required("webforms.publish_form", raise_exception=True)
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Let nobody answer any more."""
    form = get_object_or_404(Form, pk=pk)
    publishing.close(form)
    messages.success(request, _("“%(name)s” is closed: visitors read so.") % {"name": form})
    return redirect("webforms:form", form.pk)


def _save(request: HttpRequest, form: Form, kept: Definition, language: str) -> HttpResponse:
    version = request.POST.get("version", "")
    try:
        sent = builder.sent(request.POST, kept, language)
        number = int(version) if version.isdecimal() and len(version) < 10 else -1
        publishing.save_draft(form, sent.definition, version=number, now=timezone.now())
    except BadDefinition as refusal:
        return HttpResponse(str(refusal), status=400, content_type="text/plain; charset=utf-8")
    except publishing.Changed as refusal:
        return render(request, "webforms/build_conflict.html", {"refusal": refusal}, status=409)
    if not request.headers.get("X-Autosave"):
        return redirect(f"{request.path}?language={language}")
    part = "sheet_again" if request.POST.get("again") else "said"
    return render(request, f"webforms/build.html#{part}", _context(form, sent))


def _context(form: Form, made: builder.Sheet) -> dict[str, Any]:
    kinds = [
        (
            label,
            [one for one in KINDS.values() if one.group == group and not (one.once and made.definition.find(one.code))],
        )
        for group, label in GROUPS.items()
    ]
    return {
        "form": form,
        "sheet": made,
        "kinds": kinds,
        "problems": made.definition.problems(),
        "is_changed": publishing.has_unpublished_changes(form),
        "all_languages": LANGUAGES.items(),
    }


def _language(request: HttpRequest, kept: Definition) -> str:
    asked = request.POST.get("language") or request.GET.get("language", "")
    return asked if asked in kept.languages else kept.language
