"""Purposes, subscription types, legal bases and the privacy notice: what people can say yes to, and on what terms."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from consent import notices
from consent.forms import BasisForm, NoticeForm, PurposeForm, TypeForm
from consent.models import LegalBasis, PrivacyNotice, Purpose, SubscriptionType


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List the purposes with their subscription types."""
    purposes = Purpose.objects.prefetch_related("subscription_types").order_by("pk")
    context = {
        "purposes": purposes,
        "bases": LegalBasis.objects.order_by("pk"),
        "notices": PrivacyNotice.objects.select_related("created_by").order_by("-pk")[:10],
    }
    return render(request, "consent/types.html", context)


@permission_required("consent.change_subscriptiontype", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit_type(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a subscription type."""
    known = get_object_or_404(SubscriptionType, pk=pk) if pk else None
    start = known or SubscriptionType(purpose=Purpose.objects.filter(is_active=True).order_by("pk").first())
    return _edit(request, TypeForm(request.POST or None, instance=start), known, _("New subscription type"))


@permission_required("consent.change_purpose", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit_purpose(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a purpose."""
    known = get_object_or_404(Purpose, pk=pk) if pk else None
    return _edit(request, PurposeForm(request.POST or None, instance=known), known, _("New purpose"))


@permission_required("consent.change_legalbasis", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit_basis(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a legal basis; the ledger keeps its code, so what was written down stays as it was."""
    known = get_object_or_404(LegalBasis, pk=pk) if pk else None
    return _edit(request, BasisForm(request.POST or None, instance=known), known, _("New legal basis"))


@permission_required("consent.add_privacynotice", raise_exception=True)
@require_http_methods(["GET", "POST"])
def publish_notice(request: HttpRequest) -> HttpResponse:
    """Write down a new version of the privacy notice; it begins as a copy of the one that holds."""
    latest = notices.current()
    names = ("version", "url", "controller", "contact", "text", "mails_new")
    form = NoticeForm(request.POST or None, initial={name: getattr(latest, name) for name in names} if latest else {})
    if request.method == "POST" and form.is_valid():
        try:
            by = request.user if isinstance(request.user, User) else None
            notices.publish(**form.cleaned_data, by=by, now=timezone.now())
        except notices.SameNotice as refusal:
            form.add_error("version", str(refusal))
        else:
            messages.success(request, _("From now on every new entry names this version"))
            return redirect("consent:types")
    context = {"form": form, "title": "", "untitled": _("New version of the privacy notice")}
    return render(request, "consent/type_form.html", context, status=422 if form.errors else 200)


@require_GET
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one version of the privacy notice."""
    return render(request, "consent/notice.html", {"notice": get_object_or_404(PrivacyNotice, pk=pk)})


def _edit(
    request: HttpRequest, form: TypeForm | PurposeForm | BasisForm, known: Model | None, untitled: str
) -> HttpResponse:
    title = str(known) if known else ""
    if request.method == "POST" and form.is_valid():
        if known is None:
            form.instance.code = _free_code(type(form.instance), form.cleaned_data["name_en"])
        form.save()
        messages.success(request, _("Saved"))
        return redirect("consent:types")
    context = {"form": form, "title": title, "untitled": untitled}
    return render(request, "consent/type_form.html", context, status=422 if form.errors else 200)


def _free_code(model: type[Purpose | SubscriptionType | LegalBasis], name: str) -> str:
    """Make a code out of the English name that nothing else has; codes never change afterwards."""
    wanted = slugify(name)[:40] or "type"
    taken = set(model.objects.filter(code__startswith=wanted).values_list("code", flat=True))
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (wanted, *numbered) if code not in taken)
