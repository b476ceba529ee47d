"""What the pages with an Export button share: the permission, the log, the file."""

import tempfile
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from consent import export
from consent.export import CONTENT_TYPES, Format, Table
from consent.models import Export
from consent.views import pages

PERMISSION = "consent.add_export"
may_export: Callable[..., Callable[..., HttpResponseBase]] = permission_required(PERMISSION, raise_exception=True)


def respond(request: HttpRequest, table: Table, *, back: str) -> HttpResponseBase:
    """Answer with the list as a file, in the asked format; `back` is the page to return to when that cannot be."""
    form = Format.CSV if request.POST.get("format") == Format.CSV else Format.XLSX
    written = export.written_down(
        table, form, by=request.user if isinstance(request.user, User) else None, now=timezone.now()
    )
    rows = export.counted(table.rows(), written)
    name = table.file_name(form)
    if form is Format.CSV:
        answer = StreamingHttpResponse(export.csv_lines(table, rows), content_type=CONTENT_TYPES[form])
        answer.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
        return answer
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    try:
        export.workbook(table, rows, file)
    except export.TooLong as refusal:
        file.close()
        messages.error(request, str(refusal))
        return redirect(back)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=CONTENT_TYPES[form])


@require_safe
@permission_required("consent.view_export", raise_exception=True)
def log(request: HttpRequest) -> HttpResponseBase:
    """Who exported what, newest first."""
    page = pages.newest_first(Export.objects.select_related("by"), request.GET.dict())
    return render(request, "consent/exports.html", {"page": page})
