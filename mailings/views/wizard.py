"""The wizard's own steps: Setup, Recipients, Confirm. Template and Content are in `mailings.views.content`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailings import (
    audience,
    cascade,
    editions,
    guests,
    medium,
    merge_data,
    preflight,
    reasons,
    sources,
    tasks,
    texts,
    wizard,
)
from mailings.delivery import happenings
from mailings.forms import SETUP_FORMS, OptionsForm, SendingForm, SetupForm
from mailings.letters.forms import DocumentSetupForm
from mailings.medium import Content
from mailings.models import Mailing
from mailings.preflight import outside
from mailings.rendering import variables
from mailings.views import overrides
from mailings.views.trail import Trail, number, words

PAGE = 50
MOST_LOOKS = 30  # seconds a page waits for what workers ask others
AT_ONCE = 20_000  # people that are counted while the page is made; more of them are counted after it

SHOWN = ("subscription_type", "selection", "project")  # of a mailing, on every page of the wizard
FORMS: Mapping[Content, type[SetupForm]] = {**SETUP_FORMS, Content.LETTER: DocumentSetupForm}
SETUP_PAGES = {
    Content.BLOCKS: "mailings/setup.html",
    Content.TEXT: "mailings/setup_text.html",
    Content.LETTER: "mailings/setup_letter.html",
}

type View = Callable[..., HttpResponse]


def of_draft(view: View) -> View:
    """Give the view its draft; what is planned or sent is not changed here but looked at."""
    return _opened(view, lambda pk: get_object_or_404(Mailing.objects.select_related(*SHOWN), pk=pk))


def of_words(view: View) -> View:
    """The same for what works on words: a draft, or one of its editions."""
    return _opened(view, worded)


def worded(pk: int) -> Mailing:
    """Give a mailing or an edition of one. Raises Http404."""
    found = editions.find(pk)
    if found is None:
        raise Http404
    return found


def _opened(view: View, find: Callable[[int], Mailing]) -> View:
    @wraps(view)
    def wrapped(request: HttpRequest, pk: int, **more: Any) -> HttpResponse:
        mailing = find(pk)
        if mailing.status != Mailing.Status.DRAFT:
            if mailing.status == Mailing.Status.APPROVAL:
                messages.warning(request, _("This mailing waits for approval. Take it back to change it."))
            if mailing.status == Mailing.Status.SCHEDULED:
                messages.warning(request, _("This mailing is planned. Take it off the schedule to change it."))
            return redirect("mailings:detail", editions.main_of(mailing).pk)
        return view(request, mailing, **more)

    return wrapped


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def setup(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Step 1: what it is, and who it comes from. Saves by itself; what is valid is kept whatever else is wrong."""
    of_type = medium.of(mailing).content
    make, page = FORMS[of_type], SETUP_PAGES[of_type]
    if request.method != "POST":
        return render(request, page, {"mailing": mailing, "step": "setup", "form": make(instance=mailing)})
    may_choose_class = request.user.has_perm("mailings.send_transactional")
    form = make(request.POST, instance=mailing, may_choose_class=may_choose_class)
    form.is_valid()
    form.keep()
    context = {"mailing": mailing, "step": "setup", "form": form}
    if request.headers.get("HX-Request") == "true":
        return render(request, "mailings/setup.html#said", context)
    if form.errors:
        return render(request, page, context, status=422)
    return redirect(wizard.after(mailing, "setup"))


@require_GET
@of_draft
def recipients(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Step 4: where people come from, who gets it, and why the others do not."""
    now = timezone.now()
    prefetch_related_objects([mailing], "sources")
    if request.headers.get("HX-Target", "").endswith("people"):
        return render(request, "mailings/recipients.html#people", _people(request, mailing, now))
    listed = sources.listed(mailing)
    is_small = sum(source.people for source in listed) <= AT_ONCE
    counts = preflight.recount(mailing, now=now) if is_small else audience.last_counts(mailing)
    behind = cascade.companions(mailing)
    context = {"sources": listed, "options": OptionsForm(instance=mailing), **_counted(counts)}
    context |= {"behind": behind, "free_types": cascade.free_types(mailing, behind)}
    return render(request, "mailings/recipients.html", context | _people(request, mailing, now))


@require_GET
@of_draft
def recipients_count(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Count anew: the panel "Who gets it"."""
    counts = preflight.recount(mailing, now=timezone.now())
    return render(
        request, "mailings/recipients.html#counts", {"mailing": mailing, "step": "recipients", **_counted(counts)}
    )


def _counted(counts: audience.Counts | None) -> dict[str, Any]:
    if counts is None:
        return {"counts": None}
    return {"counts": counts, "reasons": reasons.because(counts.held_by), "bar_parts": reasons.bar(counts)}


def _people(request: HttpRequest, mailing: Mailing, now: datetime) -> dict[str, Any]:
    trail = Trail.of(request, size=PAGE)
    asked = audience.Asked(
        show=_show(request.GET.get("show", "")),
        reason=reason if (reason := request.GET.get("reason", "")) in reasons.WORDS else "",
        words=words(request),
        empty=empty if merge_data.is_known(empty := request.GET.get("empty", "")) else "",
    )
    page = audience.people(mailing, asked, now=now, after=number(trail.after), limit=PAGE)
    origins = audience.origins(mailing, [recipient.person for recipient in page.recipients])
    return {
        "mailing": mailing,
        "step": "recipients",
        "guests": mailing.guests.count(),
        "takes_one_off": guests.may_have(mailing),
        "asked": asked,
        "empty_label": _label(asked.empty) if asked.empty else "",
        "reason_words": reasons.WORDS,
        "rows": reasons.explain(page.recipients, origins),
        "first": trail.first,
        "last": trail.first + len(page.recipients) - 1,
        "previous": trail.previous,
        "next": trail.next(str(page.after or "")),
    }


def _show(given: str) -> audience.Show:
    return audience.Show(given) if given in set(audience.Show) else audience.Show.EVERYONE


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def options(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Change how the audience is read."""
    form = OptionsForm(request.POST, instance=mailing)
    if form.is_valid():
        form.save()
        if "both_links" in form.changed_data:
            sources.follow_both(mailing)
    return redirect("mailings:recipients", mailing.pk)


@require_GET
@of_draft
def source_choices(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Find what can become a source."""
    found = sources.choices(mailing, words(request))
    return render(request, "mailings/recipients.html#choices", {"mailing": mailing, "choices": found})


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def source_add(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Add a source."""
    if mailing.then_of_id:
        raise Http404
    try:
        sources.add(mailing, request.POST.get("kind", ""), number(request.POST.get("number", "")))
    except sources.NoSuchSource as refusal:
        messages.error(request, str(refusal))
    return redirect("mailings:recipients", mailing.pk)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def source_remove(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Take a source off."""
    if mailing.then_of_id:
        raise Http404
    sources.remove(mailing, number(request.POST.get("number", "")))
    return redirect("mailings:recipients", mailing.pk)


@require_GET
@of_draft
def confirm(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Step 5: the sentence that counts, what was found, and when it goes."""
    listed = sources.listed(mailing)
    is_asked = request.headers.get("HX-Request") == "true"
    context: dict[str, Any] = {"mailing": mailing, "step": "confirm", "sources": listed}
    if is_asked or sum(source.people for source in listed) <= AT_ONCE:
        checked = preflight.examine(mailing, now=timezone.now())
        checked = replace(checked, findings=[*checked.findings, *preflight.of_companions(mailing)])
        findings = [(finding, wizard.jump(mailing, finding)) for finding in checked.findings]
        context["behind"] = [(one, audience.counts(one, now=timezone.now())) for one in cascade.companions(mailing)]
        context |= {"checked": checked, "findings": findings, **_counted(checked.counts)}
    local = timezone.localtime()
    context |= {"zone": local.tzinfo, "soonest": local, "suggested": _next_morning(local)}
    context |= {"sending": SendingForm(instance=mailing), "setback": happenings.setback(mailing)}
    context |= overrides.shown(request.user, mailing)
    if mailing.is_text:
        context["text_sender"] = texts.sender_of(mailing)
    return render(request, "mailings/confirm.html#checks" if is_asked else "mailings/confirm.html", context)


@require_GET
@permission_required("mailings.change_mailing", raise_exception=True)
@of_draft
def outside_check(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """What the DNS and the linked sites say: workers ask them while the page waits."""
    found = outside.known(mailing)
    waited = number(request.GET.get("waited", ""))
    if found is None and outside.is_to_ask(mailing):
        tasks.look_outside.apply_async(kwargs={"mailing": mailing.pk}, expires=outside.ASKED)
    context = {
        "mailing": mailing,
        "outside": [(one, wizard.jump(mailing, one)) for one in found] if found is not None else None,
        "waited": waited + 1,
        "is_given_up": waited >= MOST_LOOKS,
    }
    return render(request, "mailings/confirm.html#outside", context)


def _label(key: str) -> str:
    """Name a value that is empty for somebody."""
    return str(preflight.CONTACTS.get(key) or variables.catalogue()[key].label)


def _next_morning(local: datetime) -> datetime:
    """Ten o'clock tomorrow: what most people want."""
    return (local + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
