"""The page of a mailing's editions: its languages, or its A/B test."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mailings import editions, trials
from mailings.models import Mailing, Trial
from mailings.trial_forms import TrialForm, variant_forms
from mailings.views.trail import number
from mailings.views.wizard import of_draft


@require_GET
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def index(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Which editions there are, and what can be added."""
    return render(request, "mailings/editions.html", _context(mailing))


def _context(mailing: Mailing, data: QueryDict | None = None) -> dict[str, Any]:
    kept = editions.of(mailing)
    trial = trials.of(mailing)
    if trial is not None:
        trial.mailing = mailing
    return {
        "mailing": mailing,
        "step": "content",
        "trial": trial,
        "abouts": Trial.About.choices,
        "form": TrialForm(data, instance=trial) if trial else None,
        "variants": [(editions.letter(form.instance.edition), form) for form in variant_forms(trial, kept, data)]
        if trial
        else [],
        "own": trials.words(trial, mailing) if trial else "",
        "main_language": editions.name_of(editions.language_of(mailing)),
        "languages": [(one, editions.label(one)) for one in kept if one.edition_language],
        "left": editions.languages_left(mailing),
        "readers": editions.readers(mailing),
    }


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def add_language(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Add a language, and go there to write it."""
    try:
        edition = editions.add_language(mailing, request.POST.get("language", ""))
    except editions.CannotAdd as refusal:
        messages.error(request, str(refusal))
        return redirect("mailings:editions", mailing.pk)
    text = _("It begins with the words there are. Write them in %(language)s.")
    messages.success(request, text % {"language": editions.label(edition)})
    return redirect("mailings:content", edition.pk)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def remove(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Take an edition away."""
    editions.remove(mailing, number(request.POST.get("edition", "")))
    messages.success(request, _("Taken away."))
    return redirect("mailings:editions", mailing.pk)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def begin_trial(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Make an A/B test."""
    try:
        trials.begin(mailing, request.POST.get("about", ""))
    except trials.CannotTest as refusal:
        messages.error(request, str(refusal))
    return redirect("mailings:editions", mailing.pk)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def save_trial(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Keep what was typed; with `act` also add a variant, take one away, or have no test any more."""
    if trials.of(mailing) is None or request.POST.get("act") == "drop":
        trials.drop(mailing)
        return redirect("mailings:editions", mailing.pk)
    context = _context(mailing, request.POST)
    forms = [form for _letter, form in context["variants"]]
    for form in forms:
        form.is_valid()
        form.keep()
    if context["form"].is_valid():
        context["form"].save()
    try:
        _act(request, mailing)
    except (trials.CannotTest, editions.CannotAdd) as refusal:
        messages.error(request, str(refusal))
    if any(form.errors for form in (*forms, context["form"])):
        return render(request, "mailings/editions.html", context, status=422)
    messages.success(request, _("Saved"))
    return redirect("mailings:editions", mailing.pk)


def _act(request: HttpRequest, mailing: Mailing) -> None:
    act, _colon, which = request.POST.get("act", "").partition(":")
    if act == "add":
        trials.add_variant(mailing)
    elif act == "remove":
        editions.remove(mailing, number(which))


@require_POST
@permission_required("mailings.send_mailing", raise_exception=True)
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide a running test by hand: `variant` is a number, or empty for an equal part each."""
    mailing = get_object_or_404(Mailing, pk=pk)
    variant = request.POST.get("variant", "")
    try:
        trials.choose(mailing, number(variant) if variant else None, by=request.user, now=timezone.now())
        messages.success(request, _("Decided. Everybody else gets theirs now."))
    except trials.CannotTest as refusal:
        messages.error(request, str(refusal))
    return redirect("mailings:detail", pk)
