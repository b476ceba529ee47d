"""All forms: found, made from a template, copied, put away."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db.models import Count as CountOf
from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.models import SubscriptionType
from forms import starters
from forms.models import Form, Submission
from recipients import paging

NEWEST = paging.Order(("id",), descending=True)


@require_safe
@permission_required("webforms.view_form", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    """List forms, newest first, with how many answers came and how many wait."""
    asked = request.GET.dict()
    words, folder, away = asked.get("q", "").strip()[:100], asked.get("folder", "")[:100], asked.get("away") == "1"
    found = Form.objects.filter(archived_at__isnull=not away)
    if words:
        found = found.filter(Q(name__icontains=words) | Q(description__icontains=words))
    if folder:
        found = found.filter(folder=folder)
    page = paging.page(found.select_related("published"), NEWEST, asked)
    real = Submission.objects.filter(form__in=page.rows).exclude(state=Submission.State.SPAM)
    figures = (
        real.order_by()
        .values("form")
        .annotate(
            answers=CountOf("pk"),
            waiting=CountOf("pk", filter=Q(state__in=[Submission.State.SUBMITTED, Submission.State.FAILED])),
            last=Max("submitted_at"),
        )
    )
    known = {row["form"]: row for row in figures}
    context = {
        "page": page,
        "rows": [(row, known.get(row.pk, {})) for row in page.rows],
        "where": paging.said(page, paging.total(found)),
        "words": words,
        "folder": folder,
        "folders": Form.objects.exclude(folder="").order_by("folder").values_list("folder", flat=True).distinct(),
        "away": away,
        "nothing": not (words or folder or away or page.rows or "after" in asked),
    }
    fragment = "#found" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"webforms/list.html{fragment}", context)


@require_safe
@permission_required("webforms.view_form", raise_exception=True)
def of_project(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the forms that put people into a project: a fragment for its page."""
    real = CountOf("submissions", filter=~Q(submissions__state=Submission.State.SPAM))
    found = Form.objects.filter(actions__contains=[{"kind": "project", "id": pk}], archived_at=None)
    rows = found.annotate(answers=real, last=Max("submissions__submitted_at")).order_by("-pk")[:50]
    return render(request, "webforms/of_project.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("webforms.add_form", raise_exception=True)
def new(request: HttpRequest) -> HttpResponse:
    """Choose what to begin with."""
    types = SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk")
    starter = starters.STARTERS.get(request.POST.get("starter", ""))
    if request.method == "POST" and starter:
        first = types.values_list("pk", flat=True)[:1]
        of = tuple(types.values_list("pk", flat=True)) if starter.code == "preference" else tuple(first)
        language = get_language() or "en"
        definition = starters.begin(starter, "nl" if language.startswith("nl") else "en", of)
        form = Form.objects.create(
            name=str(starter.name),
            draft=definition.to_json(),
            draft_saved_at=timezone.now(),
            source=starter.source,
            created_by=request.user if isinstance(request.user, User) else None,
        )
        return redirect("webforms:build", form.pk)
    return render(request, "webforms/new.html", {"starters": starters.STARTERS.values()})


@require_POST
@permission_required("webforms.add_form", raise_exception=True)
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a form like this one: its fields and settings, without its answers."""
    form = get_object_or_404(Form, pk=pk)
    kept = ["description", "folder", "owners_id", "processing", "asks_confirmation", "source", "source_detail"]
    kept += ["asks_proof_of_work", "fills_in", "origins", "style", "actions", "draft", "most_answers"]
    made = Form.objects.create(
        name=_("Copy of %(name)s") % {"name": form.name[:180]},
        draft_saved_at=timezone.now(),
        created_by=request.user if isinstance(request.user, User) else None,
        **{name: getattr(form, name) for name in kept},
    )
    messages.success(request, _("“%(name)s” is made.") % {"name": made})
    return redirect("webforms:build", made.pk)


@require_POST
@permission_required("webforms.change_form", raise_exception=True)
def put_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a form out of sight, or bring it back; visitors find it closed meanwhile."""
    form = get_object_or_404(Form, pk=pk)
    form.archived_at = None if request.POST.get("back") else timezone.now()
    form.save(update_fields=["archived_at"])
    words = _("“%(name)s” is put away.") if form.archived_at else _("“%(name)s” is back.")
    messages.success(request, words % {"name": form})
    return redirect("webforms:list")


def address(form: Form) -> str:
    """Give the form's public address."""
    return f"{settings.BASE_URL}/f/{form.key}/"
