"""Purposes and subscription types: what people can say yes to, and refuse."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from consent.forms import PurposeForm, TypeForm
from consent.models import Purpose, SubscriptionType


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List the purposes with their subscription types."""
    purposes = Purpose.objects.prefetch_related("subscription_types").order_by("pk")
    return render(request, "consent/types.html", {"purposes": purposes})


@permission_required("consent.change_subscriptiontype", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit_type(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a subscription type."""
    known = get_object_or_404(SubscriptionType, pk=pk) if pk else None
    start = known or SubscriptionType(purpose=Purpose.objects.filter(is_active=True).order_by("pk").first())
    return _edit(request, TypeForm(request.POST or None, instance=start), known)


@permission_required("consent.change_purpose", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit_purpose(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a purpose."""
    known = get_object_or_404(Purpose, pk=pk) if pk else None
    return _edit(request, PurposeForm(request.POST or None, instance=known), known)


def _edit(request: HttpRequest, form: TypeForm | PurposeForm, known: Model | None) -> HttpResponse:
    title = str(known) if known else ""
    if request.method == "POST" and form.is_valid():
        if known is None:
            form.instance.code = _free_code(type(form.instance), form.cleaned_data["name_en"])
        form.save()
        messages.success(request, _("Saved"))
        return redirect("consent:types")
    context = {"form": form, "title": title, "is_purpose": isinstance(form, PurposeForm)}
    return render(request, "consent/type_form.html", context, status=422 if form.errors else 200)


def _free_code(model: type[Purpose | SubscriptionType], name: str) -> str:
    """Make a code out of the English name that nothing else has; codes never change afterwards."""
    wanted = slugify(name)[:40] or "type"
    taken = set(model.objects.filter(code__startswith=wanted).values_list("code", flat=True))
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (wanted, *numbered) if code not in taken)
