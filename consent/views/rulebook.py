"""The rule table in the hands of administrators: each row with what became of it, and the list of functions."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consent import law, rulebook, rules
from consent.rulebook_forms import RolesForm, SourceForm

RIGHT = "consent.add_ruleversion"


@require_http_methods(["GET", "POST"])
def source(request: HttpRequest, code: str) -> HttpResponse:
    """Show one row with its law and its history; whoever has the right changes it here."""
    if code not in rules.SOURCES:
        raise Http404
    rule = rulebook.current().sources[code]
    form = SourceForm(request.POST or None, rule=rule)
    if request.method == "POST" and _saved(request, form):
        return redirect("consent:rule", code)
    context = {"rule": rule, "shipped": rules.SOURCES[code], "columns": _columns(rule), "history": _history(code)}
    return _page(request, "consent/rule.html", form, context)


@require_http_methods(["GET", "POST"])
def roles(request: HttpRequest) -> HttpResponse:
    """Show the names that stand for a function, not a person; whoever has the right changes them here."""
    names = sorted(rulebook.current().roles)
    form = RolesForm(request.POST or None, initial={"names": " ".join(names)})
    if request.method == "POST" and _saved(request, form):
        return redirect("consent:roles")
    return _page(request, "consent/roles.html", form, {"names": names, "history": _history(rulebook.ROLES)})


def _saved(request: HttpRequest, form: SourceForm | RolesForm) -> bool:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    if not form.is_valid():
        return False
    try:
        form.change(by=request.user.pk, now=timezone.now())
    except rulebook.CannotChange as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("The rule is changed, from now on"))
    return True


def _page(request: HttpRequest, template: str, form: SourceForm | RolesForm, more: dict[str, Any]) -> HttpResponse:
    context = {"form": form, "may_change": request.user.has_perm(RIGHT)} | more
    return render(request, template, context, status=422 if form.errors else 200)


def _columns(rule: rules.SourceRule) -> list[tuple[object, object, object]]:
    """What the law of each country makes of the source, by mail and by SMS."""
    matrix = law.SHIPPED
    return [
        (words, _cell(matrix, "email", rule, regime), _cell(matrix, "sms", rule, regime))
        for regime, words in law.REGIMES.items()
    ]


def _cell(matrix: law.Law, channel: str, rule: rules.SourceRule, regime: law.Regime) -> object:
    cell = matrix.cell(channel, rule.code, regime)
    if rule.kind is rules.Kind.EXPLICIT and matrix.must_be_confirmed(channel, regime):
        return law.DEMANDS[law.Demand.CONFIRMED]
    if cell.months:
        return _("%(months)s months") % {"months": cell.months}
    return law.DEMANDS[cell.demand]


def _history(key: str) -> list[tuple[object, str]]:
    return [(version, _said(version.values)) for version in rulebook.history(key)[:50]]


def _said(values: dict[str, Any]) -> str:
    if names := values.get("roles"):
        return ", ".join(names)
    window = _("%(months)s months") % {"months": values["months"]} if values["months"] else _("until withdrawn")
    parts = [str(rulebook.STATUSES[rules.Status(values["status"])]), window, values["remedy"]]
    return ", ".join(part for part in parts if part)
