"""Tasks: mine, everybody's, and those of one person, company or project."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recipients import todos
from recipients.forms import TaskForm
from recipients.models import Company, Person, Project, Task
from recipients.views import lives

MOST = 200
ABOUT: dict[str, type[Model]] = {"person": Person, "company": Company, "project": Project}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show what I have to do, what everybody has, or what I did."""
    user = lives.who(request)
    asked = request.GET.get("show", "mine")
    show = asked if asked in ("mine", "all", "done") else "mine"
    if show == "done" and user:
        found = todos.done_for(user).select_related("assignee", "person", "company", "project")
    else:
        found = todos.open_for(user if show == "mine" else None)
    rows = list(found[: MOST + 1])
    context = {
        "tasks": rows[:MOST],
        "more": len(rows) > MOST,
        "show": show,
        "today": timezone.localdate(),
        "task_form": TaskForm(assignee=request.user),
    }
    return render(request, "recipients/tasks.html", context)


@permission_required("recipients.add_task", raise_exception=True)
@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """Make a task, perhaps about somebody."""
    form = TaskForm(request.POST)
    about = _about(request)
    if not form.is_valid():
        context = {
            "task_form": form,
            "next": _back(request),
            "about": [(name, row.pk) for name, row in about.items()],
        }
        return render(request, "recipients/task_form.html", context, status=422)
    task = form.save(commit=False)
    task.created_by = lives.who(request)
    for name, row in about.items():
        setattr(task, name, row)
    task.save()
    messages.success(request, _("“%(task)s” is on the list") % {"task": task})
    return redirect(_back(request))


@permission_required("recipients.change_task", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a task."""
    task = get_object_or_404(Task, pk=pk)
    form = TaskForm(request.POST if request.method == "POST" else None, instance=task)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved"))
        return redirect(_back(request))
    context = {"task_form": form, "task": task, "next": _back(request)}
    return render(request, "recipients/task_form.html", context, status=422 if form.errors else 200)


@permission_required("recipients.change_task", raise_exception=True)
@require_POST
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a task done."""
    task = get_object_or_404(Task, pk=pk)
    if todos.finish(task, by=lives.who(request), now=timezone.now()):
        messages.success(request, _("Done: %(task)s") % {"task": task})
    else:
        messages.info(request, _("It was done already"))
    return redirect(_back(request))


@permission_required("recipients.change_task", raise_exception=True)
@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a task up again."""
    task = get_object_or_404(Task, pk=pk)
    todos.take_up(task)
    messages.success(request, _("“%(task)s” is on the list again") % {"task": task})
    return redirect(_back(request))


@permission_required("recipients.delete_task", raise_exception=True)
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a task that was a mistake."""
    get_object_or_404(Task, pk=pk).delete()
    messages.success(request, _("The task is gone"))
    return redirect("recipients:tasks")


def _about(request: HttpRequest) -> dict[str, Model]:
    """Whom or what the task is about: at most one row that exists."""
    for name, model in ABOUT.items():
        number = request.POST.get(name, "")
        if number.isascii() and number.isdigit() and len(number) < 16:
            return {name: get_object_or_404(model, pk=int(number))}
    return {}


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe and wanted.startswith("/") else "/tasks/"
