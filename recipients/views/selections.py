"""Selections: kept lists of people."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.views import exporting
from recipients import paging, selections
from recipients.criteria import glossary, meaning
from recipients.forms import SelectionForm
from recipients.models import Selection, SelectionMember
from recipients.views import explained, lists

NEWEST = paging.Order(("id",), descending=True)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List selections, newest first, with the number of people on each."""
    asked = request.GET.dict()
    words = asked.get("q", "").strip()[:100]
    found = Selection.objects.filter(name__icontains=words) if words else Selection.objects.all()
    page = paging.page(found.select_related("created_by"), NEWEST, asked)
    heads = SelectionMember.objects.filter(selection__in=page.rows).values_list("selection").annotate(n=Count("pk"))
    known = dict(heads.order_by().values_list("selection", "n"))
    context = {
        "page": page,
        "rows": [(row, known.get(row.pk, 0)) for row in page.rows],
        "where": paging.said(page, paging.total(found)),
        "words": words,
        "nothing": not words and not page.rows and "after" not in asked,
    }
    fragment = "#found" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"recipients/selections.html{fragment}", context)


@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who is on a selection."""
    selection = get_object_or_404(Selection, pk=pk)
    context = {"selection": selection, "tab": _tab(request, selection), **lists.members_page(request, selection)}
    if not selection.is_by_hand:
        context |= _criteria(selection)
    fragment = "#members" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"recipients/selection.html{fragment}", context)


def _tab(request: HttpRequest, selection: Selection) -> str:
    asked = request.GET.get("tab", "")
    return asked if asked == "mailings" or (asked == "criteria" and not selection.is_by_hand) else "members"


def _criteria(selection: Selection) -> dict[str, object]:
    """What a selection has that follows from criteria: those in words, and how old its members are."""
    root = selections.definition(selection)
    known = glossary.load(root, of=selection.pk)
    return {
        "line": explained.criteria(root, known),
        "broken": next(iter(meaning.problems(root, known).values()), "") if root.parts else "",
        "stale": not selections.is_fresh(selection, now=timezone.now()),
        "draft_waits": selection.draft is not None,
        "by_criteria": True,
    }


@require_POST
@exporting.may_export
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give its people as a file."""
    return lists.export(request, get_object_or_404(Selection, pk=pk))


@permission_required("recipients.add_selection", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an empty selection."""
    form = SelectionForm(request.POST if request.method == "POST" else None)
    asked = (request.POST if request.method == "POST" else request.GET).get("kind", "")
    kind = asked if asked in Selection.Kind else Selection.Kind.STATIC
    if request.method == "POST" and form.is_valid():
        form.instance.created_by = request.user if isinstance(request.user, User) else None
        form.instance.kind = kind
        selection = form.save()
        if not selection.is_by_hand:
            return redirect("recipients:selection_criteria", selection.pk)
        messages.success(request, _("“%(name)s” is made. Now add people to it.") % {"name": selection})
        return redirect("recipients:selection", selection.pk)
    context = {"form": form, "kind": kind, "kinds": _kinds()}
    return render(request, "recipients/selection_form.html", context, status=422 if form.errors else 200)


def _kinds() -> list[tuple[str, str, str]]:
    kind = Selection.Kind
    return [
        (kind.STATIC, _("By hand"), _("You add them, or an import or a mailing does.")),
        (kind.DYNAMIC, _("By criteria"), _("Whoever meets what you describe is in it, today and tomorrow.")),
        (kind.COMBINED, _("From other selections"), _("Lists put together, what they share, or one without others.")),
    ]


@permission_required("recipients.change_selection", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a selection or describe it."""
    selection = get_object_or_404(Selection, pk=pk)
    title = selection.name
    form = SelectionForm(request.POST if request.method == "POST" else None, instance=selection)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved"))
        return redirect("recipients:selection", selection.pk)
    context = {"form": form, "selection": selection, "title": title}
    return render(request, "recipients/selection_form.html", context, status=422 if form.errors else 200)


@require_safe
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer people to add, found as one types."""
    return lists.offer(request, get_object_or_404(Selection.objects.by_hand(), pk=pk), "recipients/offer.html")


@permission_required("recipients.change_selection", raise_exception=True)
@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add people."""
    return lists.add(request, get_object_or_404(Selection.objects.by_hand(), pk=pk))


@permission_required("recipients.change_selection", raise_exception=True)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take people off."""
    return lists.remove(request, get_object_or_404(Selection.objects.by_hand(), pk=pk))
