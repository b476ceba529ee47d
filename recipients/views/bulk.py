"""One act for many people: who, what, and then it is done."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from consent import ledger
from recipients import filters, paging
from recipients.bulk import By
from recipients.bulk_forms import ACTS, Act, GiveConsent
from recipients.models import Person
from recipients.views import lives, picked

KEPT = ("q", "list", "everyone")


@require_POST
def many(request: HttpRequest) -> HttpResponse:
    """Ask what to do with the chosen people, or do it."""
    allowed = {code: act for code, act in ACTS.items() if request.user.has_perm(act.permission)}
    if not request.POST.get("list", "").startswith("project:"):
        allowed.pop("role", None)
    if not allowed:
        raise PermissionDenied
    chosen = picked.people(request, picked.shown(request))
    code = request.POST.get("act", "")
    act = allowed.get(code)
    if code and act is None:
        raise PermissionDenied
    does = request.POST.get("do") == "1"
    form = _form(act, request.POST) if act else None
    if form is not None and does and form.is_valid() and (changed := _done(form, chosen, request)) is not None:
        said = ngettext("Done: something changed for %(n)s person", "Done: something changed for %(n)s people", changed)
        messages.success(request, said % {"n": changed})
        return redirect(_back(request))
    context = {
        "total": paging.total(chosen),
        "acts": [(code, act.label) for code, act in allowed.items()],
        "act": code,
        "form": form,
        "asks": isinstance(form, GiveConsent) and form.rule is None,
        "kept": _kept(request),
        "next": _back(request),
    }
    return render(
        request, "recipients/bulk.html", context, status=422 if does and form is not None and form.errors else 200
    )


def _form(act: type[Act], given: QueryDict) -> Act:
    if given.get("do") == "1":
        return act(given)
    return GiveConsent(begun=given) if act is GiveConsent and given.get("do") == "ask" else act()


def _done(form: Act, chosen: QuerySet[Person], request: HttpRequest) -> int | None:
    """Do it, and tell for how many; nothing when the ledger refuses the evidence, which the form then says."""
    try:
        return form.do(chosen, By(lives.who(request), timezone.now()))
    except ledger.NotEvidence as refusal:
        form.add_error(None, str(refusal))
        return None


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    """Whom it is about, as the next form holds it."""
    kept = [(name, value) for name in KEPT if (value := request.POST.get(name, ""))]
    people = [("person", str(number)) for number in picked.numbers(request)] if not request.POST.get("everyone") else []
    return [*kept, *filters.read(request.POST.dict()).pairs, *people]


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe and wanted.startswith("/") else "/people/"
