"""Settings: the house's own fields, and the list of interests."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from recipients import custom
from recipients.forms import CustomFieldForm, InterestForm
from recipients.models import CompanyInterest, CustomField, Interest, PersonInterest


@permission_required("recipients.view_customfield", raise_exception=True)
@require_http_methods(["GET", "POST"])
def fields(request: HttpRequest) -> HttpResponse:
    """Show the fields of people and companies, and make one."""
    form = CustomFieldForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and not request.user.has_perm("recipients.add_customfield"):
        return render(request, "403.html", status=403)
    if request.method == "POST" and form.is_valid():
        field = custom.add(form.save(commit=False))
        messages.success(request, _("“%(name)s” stands on every card now") % {"name": field})
        return redirect("recipients:custom_fields")
    groups = [(word, custom.of(code)) for code, word in CustomField.Of.choices]
    context = {"form": form, "groups": groups}
    return render(request, "recipients/custom_fields.html", context, status=422 if form.errors else 200)


@permission_required("recipients.change_customfield", raise_exception=True)
@require_http_methods(["GET", "POST"])
def field(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a field, change its choices; its kind and key stay."""
    row = get_object_or_404(CustomField, pk=pk)
    title = row.name
    form = CustomFieldForm(request.POST if request.method == "POST" else None, instance=row)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved"))
        return redirect("recipients:custom_fields")
    context = {"form": form, "field": row, "title": title, "holders": custom.holders(row)}
    return render(request, "recipients/custom_field.html", context, status=422 if form.errors else 200)


@permission_required("recipients.change_customfield", raise_exception=True)
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a field change places with its neighbour."""
    custom.move(get_object_or_404(CustomField, pk=pk), up=request.POST.get("way") == "up")
    return redirect("recipients:custom_fields")


@permission_required("recipients.change_customfield", raise_exception=True)
@require_POST
def rename_choice(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a choice other words, wherever it was chosen."""
    row = get_object_or_404(CustomField, pk=pk, kind=CustomField.Kind.CHOICE)
    old, new = request.POST.get("old", ""), " ".join(request.POST.get("new", "").split())[: custom.LONGEST_CHOICE]
    if old not in row.choices or not new or new in row.choices:
        messages.error(request, _("Choose which one, and give it words that no other one has."))
    else:
        many = custom.rename_choice(row, old, new)
        said = ngettext("Renamed, on %(n)d card too", "Renamed, on %(n)d cards too", many) % {"n": many}
        messages.success(request, said)
    return redirect("recipients:custom_field", row.pk)


@permission_required("recipients.delete_customfield", raise_exception=True)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a field with what was filled in."""
    row = get_object_or_404(CustomField, pk=pk)
    many = custom.remove(row)
    said = ngettext("“%(name)s” is gone, from %(n)d card", "“%(name)s” is gone, from %(n)d cards", many)
    messages.success(request, said % {"name": row.name, "n": many})
    return redirect("recipients:custom_fields")


@permission_required("recipients.view_interest", raise_exception=True)
@require_http_methods(["GET", "POST"])
def interests(request: HttpRequest) -> HttpResponse:
    """Show the list of interests with how many people have each, and make one."""
    form = InterestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and not request.user.has_perm("recipients.add_interest"):
        return render(request, "403.html", status=403)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("“%(name)s” can be chosen on every card now") % {"name": form.instance})
        return redirect("recipients:interests")
    people = dict(PersonInterest.objects.values_list("interest").annotate(n=Count("pk")).order_by())
    companies = dict(CompanyInterest.objects.values_list("interest").annotate(n=Count("pk")).order_by())
    rows = [(row, people.get(row.pk, 0), companies.get(row.pk, 0)) for row in Interest.objects.order_by("name")]
    context = {"form": form, "rows": rows}
    return render(request, "recipients/interests.html", context, status=422 if form.errors else 200)


@permission_required("recipients.change_interest", raise_exception=True)
@require_POST
def rename_interest(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename an interest."""
    row = get_object_or_404(Interest, pk=pk)
    form = InterestForm(request.POST, instance=row)
    try:
        with transaction.atomic():
            if form.is_valid():
                form.save()
                messages.success(request, _("Saved"))
                return redirect("recipients:interests")
    except IntegrityError:
        form.add_error("name", _("There is one with this name already."))
    messages.error(request, " ".join(str(text) for errors in form.errors.values() for text in errors))
    return redirect("recipients:interests")


@permission_required("recipients.delete_interest", raise_exception=True)
@require_POST
def remove_interest(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove an interest from the list and from everybody."""
    row = get_object_or_404(Interest, pk=pk)
    row.delete()
    messages.success(request, _("“%(name)s” is gone") % {"name": row.name})
    return redirect("recipients:interests")
