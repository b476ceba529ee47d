"""How much is enough: the page of the frequency cap and the sunset."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from mailings import restraint
from mailings.models import Restraint, Unengaged

RIGHT = "mailings.add_restraint"
SHOWN = 50


class RestraintForm(forms.Form):
    """The numbers, and why they change. `mailings.restraint` judges them."""

    most = forms.IntegerField(
        label=gettext_lazy("At most so many marketing messages per person"),
        required=False,
        min_value=1,
        max_value=restraint.MOST,
        help_text=gettext_lazy("Empty: as many as you send"),
    )
    days = forms.IntegerField(label=gettext_lazy("In so many days"), min_value=1, max_value=restraint.LONGEST)
    sunset = forms.BooleanField(label=gettext_lazy("Leave alone who never opens or clicks"), required=False)
    never = forms.IntegerField(
        label=gettext_lazy("Who never did: after so many mails"), min_value=1, max_value=restraint.MOST
    )
    since = forms.IntegerField(
        label=gettext_lazy("Who once did: after so many mails without"), min_value=1, max_value=restraint.MOST
    )
    note = forms.CharField(
        label=gettext_lazy("Why"), max_length=500, help_text=gettext_lazy("It stays in the history, under your name")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """Show the rules and what became of them; whoever has the right changes them here."""
    now = restraint.current()
    initial = {name: getattr(now, name) for name in ("most", "days", "sunset", "never", "since")}
    form = RestraintForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and _saved(request, form):
        return redirect("mailings:restraint")
    context: dict[str, Any] = {
        "form": form,
        "rules": now,
        "resting": Unengaged.objects.count() if now.sunset else 0,
        "history": Restraint.objects.select_related("changed_by").order_by("-pk")[:SHOWN],
        "may_change": request.user.has_perm(RIGHT),
    }
    return render(request, "mailings/restraint.html", context, status=422 if form.errors else 200)


def _saved(request: HttpRequest, form: RestraintForm) -> bool:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    if not form.is_valid():
        return False
    given = form.cleaned_data
    rules = restraint.Rules(
        most=given["most"], days=given["days"], sunset=given["sunset"], never=given["never"], since=given["since"]
    )
    try:
        restraint.change(rules, note=given["note"], by=request.user.pk, now=timezone.now())
    except restraint.CannotChange as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("Counts from now on"))
    return True
