"""Projects: campaigns and events with members."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.views import exporting
from recipients import paging, todos
from recipients.forms import ProjectForm, TaskForm
from recipients.models import Project, ProjectMember
from recipients.views import lists

NEWEST = paging.Order(("id",), descending=True)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List projects, newest first, with the number of their members."""
    asked = request.GET.dict()
    words = asked.get("q", "").strip()[:100]
    found = Project.objects.filter(name__icontains=words) if words else Project.objects.all()
    page = paging.page(found.select_related("created_by"), NEWEST, asked)
    heads = ProjectMember.objects.filter(project__in=page.rows).values_list("project").annotate(n=Count("pk"))
    known = dict(heads.order_by().values_list("project", "n"))
    context = {
        "page": page,
        "rows": [(row, known.get(row.pk, 0)) for row in page.rows],
        "where": paging.said(page, paging.total(found)),
        "words": words,
        "nothing": not words and not page.rows and "after" not in asked,
    }
    fragment = "#found" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"recipients/projects.html{fragment}", context)


@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a project and its members."""
    project = get_object_or_404(Project, pk=pk)
    tab = "mailings" if request.GET.get("tab") == "mailings" else "members"
    context = {"project": project, "tab": tab, **lists.members_page(request, project)}
    if tab == "mailings":
        context |= {"card": project, "tasks": todos.open_of(project), "task_form": TaskForm(assignee=request.user)}
    fragment = "#members" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"recipients/project.html{fragment}", context)


@require_POST
@exporting.may_export
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give its people as a file."""
    return lists.export(request, get_object_or_404(Project, pk=pk))


@permission_required("recipients.add_project", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an empty project."""
    form = ProjectForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        form.instance.created_by = request.user if isinstance(request.user, User) else None
        project = form.save()
        messages.success(request, _("“%(name)s” is made. Now add people to it.") % {"name": project})
        return redirect("recipients:project", project.pk)
    return render(
        request, "recipients/project_form.html", {"form": form, "kinds": _kinds()}, status=422 if form.errors else 200
    )


@permission_required("recipients.change_project", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a project."""
    project = get_object_or_404(Project, pk=pk)
    title = project.name
    form = ProjectForm(request.POST if request.method == "POST" else None, instance=project)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved"))
        return redirect("recipients:project", project.pk)
    context = {"form": form, "project": project, "title": title, "kinds": _kinds()}
    return render(request, "recipients/project_form.html", context, status=422 if form.errors else 200)


@require_safe
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer people to add, found as one types."""
    return lists.offer(request, get_object_or_404(Project, pk=pk), "recipients/offer.html")


@permission_required("recipients.change_project", raise_exception=True)
@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add people."""
    return lists.add(request, get_object_or_404(Project, pk=pk))


@permission_required("recipients.change_project", raise_exception=True)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take people off."""
    return lists.remove(request, get_object_or_404(Project, pk=pk))


def _kinds() -> list[str]:
    """The types that projects of this house have, to choose from while one types."""
    found = Project.objects.exclude(kind="").values_list("kind", flat=True).distinct().order_by("kind")
    return list(found[:50])
