"""Import people: choose a file, say what stands in it and where it comes from, watch it, read the report."""

import io
import secrets
from pathlib import PurePath

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent import rules
from recipients.imports import preview, progress, rejects, rows, runs, trial, uploads
from recipients.imports import undo as undoing
from recipients.imports.form import ImportForm
from recipients.models import Import
from recipients.tasks import run_import, try_import, undo_import

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LATEST = 20
REJECTED_SHOWN = 50


@require_http_methods(["GET", "POST"])
@permission_required("recipients.add_import", raise_exception=True)
def new(request: HttpRequest) -> HttpResponse:
    """Take in a file; below it, the imports of before."""
    problem = ""
    if request.method == "POST":
        file = request.FILES.get("file") or pasted(request)
        if isinstance(file, UploadedFile):
            try:
                importing = uploads.upload(file, by=request.user if isinstance(request.user, User) else None)
            except rows.Unreadable as unreadable:
                problem = str(unreadable)
            else:
                return redirect("recipients:import", importing.pk)
        else:
            problem = _("Choose a file first.")
    context = {
        "problem": problem,
        "file_name": getattr(request.FILES.get("file"), "name", ""),
        "most_megabytes": rows.Limits().file // rows.MB,
        "most_rows": rows.Limits().rows,
        "imports": Import.objects.select_related("created_by", "selection").defer("head").order_by("-pk")[:LATEST],
    }
    return render(request, "recipients/imports/new.html", context, status=422 if problem else 200)


def pasted(request: HttpRequest) -> SimpleUploadedFile | None:
    """What somebody copied out of a spreadsheet: cells with tabs between them."""
    text = request.POST.get("pasted", "")
    if not text.strip():
        return None
    name = _("Pasted on %(day)s.txt") % {"day": timezone.localdate().isoformat()}
    return SimpleUploadedFile(name, text.encode(errors="replace"), content_type="text/plain")


@require_http_methods(["GET", "POST"])
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One import, as it stands: its columns, its progress or its report."""
    importing = get_object_or_404(
        Import.objects.select_related("selection", "purpose", "created_by", "undone_by"), pk=pk
    )
    if importing.state == Import.State.MAPPING:
        if not request.user.has_perm("recipients.add_import"):
            raise PermissionDenied
        return choose(request, importing)
    return render(request, "recipients/imports/detail.html", report(importing))


def choose(request: HttpRequest, importing: Import) -> HttpResponse:
    head = rows.Batch(importing.head["numbers"], importing.head["rows"])
    found = preview.columns(importing.headers, head, first_column=importing.first_column)
    form = ImportForm(importing, found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and form.choices is not None:
        try:
            with transaction.atomic():
                runs.start(importing, form.choices, now=timezone.now())
                transaction.on_commit(lambda: run_import.delay(import_id=importing.pk))
        except runs.CannotStart as refusal:
            messages.error(request, str(refusal))
        return redirect("recipients:import", importing.pk)
    context = {"importing": importing, "form": form, "preview": preview.preview(head, form.mapping())}
    return render(request, "recipients/imports/choose.html", context, status=422 if form.errors else 200)


@require_POST
@permission_required("recipients.add_import", raise_exception=True)
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the first rows again with the columns as they are chosen now; nothing is kept."""
    importing = get_object_or_404(Import, pk=pk, state=Import.State.MAPPING)
    head = rows.Batch(importing.head["numbers"], importing.head["rows"])
    found = preview.columns(importing.headers, head, first_column=importing.first_column)
    form = ImportForm(importing, found, request.POST)
    context = {"importing": importing, "form": form, "preview": preview.preview(head, form.mapping())}
    return render(request, "recipients/imports/choose.html#preview", context)


@require_POST
@permission_required("recipients.add_import", raise_exception=True)
def attempt(request: HttpRequest, pk: int) -> HttpResponse:
    """Count in the background what the whole file would do with the columns as they are chosen now."""
    importing = get_object_or_404(Import, pk=pk, state=Import.State.MAPPING)
    head = rows.Batch(importing.head["numbers"], importing.head["rows"])
    found = preview.columns(importing.headers, head, first_column=importing.first_column)
    form = ImportForm(importing, found, request.POST)
    form.is_valid()  # for the ticks; where the addresses come from does not matter yet
    token = secrets.token_hex(8)
    with transaction.atomic():
        trial.ask(importing, form.decided_so_far(), token=token)
        transaction.on_commit(lambda: try_import.delay(import_id=importing.pk, token=token))
    importing.refresh_from_db()
    return render(request, "recipients/imports/tried.html", {"importing": importing, "tried": trial.of(importing)})


@require_safe
@permission_required("recipients.add_import", raise_exception=True)
def tried(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the trial is."""
    importing = get_object_or_404(Import, pk=pk)
    return render(request, "recipients/imports/tried.html", {"importing": importing, "tried": trial.of(importing)})


@require_POST
@permission_required("recipients.add_import", raise_exception=True)
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Read another sheet of the workbook."""
    importing = get_object_or_404(Import, pk=pk, state=Import.State.MAPPING)
    wanted = request.POST.get("sheet", "")
    if wanted in importing.sheets:
        try:
            uploads.choose_sheet(importing, wanted)
        except rows.Unreadable as unreadable:
            messages.error(request, str(unreadable))
    return redirect("recipients:import", importing.pk)


@require_POST
@permission_required("recipients.add_import", raise_exception=True)
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw away a file that was not imported yet."""
    importing = get_object_or_404(Import, pk=pk, state=Import.State.MAPPING)
    uploads.discard(importing)
    messages.success(request, _("“%(name)s” is thrown away. Nothing was imported.") % {"name": importing.file_name})
    return redirect("recipients:import_new")


@require_safe
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """The changing part of an import's page."""
    importing = get_object_or_404(
        Import.objects.select_related("selection", "purpose", "created_by", "undone_by"), pk=pk
    )
    return render(request, "recipients/imports/detail.html#live", report(importing))


@require_POST
@permission_required("recipients.add_import", raise_exception=True)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop an import after the batch it is writing."""
    importing = get_object_or_404(Import, pk=pk)
    if not runs.cancel(importing, now=timezone.now()):
        messages.info(request, _("There was nothing left to stop."))
    return redirect("recipients:import", importing.pk)


@require_http_methods(["GET", "POST"])
@permission_required("recipients.undo_import", raise_exception=True)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what undoing would do; do it in the background."""
    importing = get_object_or_404(Import.objects.select_related("selection"), pk=pk)
    if request.method == "POST":
        try:
            with transaction.atomic():
                undoing.ask(importing, by=request.user if isinstance(request.user, User) else None, now=timezone.now())
                transaction.on_commit(lambda: undo_import.delay(import_id=importing.pk))
        except undoing.CannotUndo as refusal:
            messages.error(request, str(refusal))
        return redirect("recipients:import", importing.pk)
    if not undoing.can_be_undone(importing):
        return redirect("recipients:import", importing.pk)
    return render(
        request, "recipients/imports/undo.html", {"importing": importing, "outlook": undoing.outlook(importing)}
    )


@require_safe
def rejected(request: HttpRequest, pk: int) -> FileResponse:
    """The rejected rows as a workbook, to be repaired and imported again."""
    importing = get_object_or_404(Import, pk=pk)
    file = io.BytesIO()
    rejects.workbook(importing, file)
    file.seek(0)
    name = _("%(name)s, rejected rows.xlsx") % {"name": PurePath(importing.file_name).stem}
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


def report(importing: Import) -> dict[str, object]:
    """What the page of a running or ended import shows."""
    rule = rules.SOURCES.get(importing.source)
    return {
        "importing": importing,
        "can_be_undone": undoing.can_be_undone(importing),
        "undone": undoing.Undone(**importing.undone) if importing.undone else None,
        "progress": progress.of(importing, now=timezone.now()),
        "warnings": progress.warnings(importing),
        "source_name": rule.name if rule else importing.source,
        "expiry": rule.expiry if rule and rule.is_recordable else "",
        "evidence": progress.evidence(importing),
        "rejected": [
            preview.Row(row.row, None, row.reason, start=preview.start_of(row.cells))
            for row in importing.rejected_rows.order_by("row")[:REJECTED_SHOWN]
        ],
    }
