"""Answers: the queue of a form or of all forms, one answer, processing it, deciding what it proposes, its files."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from consent.views import exporting
from forms import processing, receipt, tables
from forms.models import File, Form, Proposal, Submission
from recipients import paging
from recipients.models import Person

NEWEST = paging.Order(("id",), descending=True)
State = Submission.State
TABS = {
    "": gettext_lazy("All"),
    "todo": gettext_lazy("To do"),
    "awaiting": gettext_lazy("Awaiting confirmation"),
    "processed": gettext_lazy("Processed"),
    "failed": gettext_lazy("Failed"),
    "spam": gettext_lazy("Spam"),
}
MOST = 1_000  # answers handled by one click


@require_safe
@permission_required("webforms.view_submission", raise_exception=True)
def of_form(request: HttpRequest, pk: int) -> HttpResponse:
    """List the answers to a form, newest first."""
    form = get_object_or_404(Form.objects.select_related("published"), pk=pk)
    asked = request.GET.dict()
    tab, words, mine = asked.get("state", ""), asked.get("q", "").strip()[:100], asked.get("mine") == "1"
    tab = tab if tab in TABS else ""
    every = Submission.objects.filter(form=form)
    counts = dict(every.order_by().values_list("state").annotate(n=Count("pk")))
    found = _shown(request, every, tab, words, mine=mine)
    page = paging.page(found.select_related("version", "person", "assigned_to"), NEWEST, asked)
    context = {
        "form": form,
        "tab": "submissions",
        "tabs": [(code, label, _of(code, counts)) for code, label in TABS.items()],
        "state": tab,
        "page": page,
        "rows": [(row, _preview(row)) for row in page.rows],
        "where": paging.said(page, paging.total(found)),
        "words": words,
        "mine": mine,
        "may": may_process(request, form),
        "colleagues": User.objects.filter(is_active=True).order_by("first_name", "email")[:200],
    }
    return render(request, "webforms/submissions.html", context)


@require_POST
@exporting.may_export
@permission_required("webforms.view_submission", raise_exception=True)
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give the answers that are shown as a file."""
    form = get_object_or_404(Form, pk=pk)
    tab, words = request.POST.get("state", ""), request.POST.get("q", "").strip()[:100]
    tab = tab if tab in TABS else ""
    mine = request.POST.get("mine") == "1"
    found = _shown(request, Submission.objects.filter(form=form), tab, words, mine=mine)
    table = tables.answers(form, found, asked={"state": tab, "words": words, "mine": mine})
    return exporting.respond(request, table, back=reverse("webforms:submissions", args=[form.pk]))


@require_safe
@permission_required("webforms.view_submission", raise_exception=True)
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one answer: what was filled in, who it is about, what became of it, and its evidence."""
    submission = _submission(pk)
    words = request.GET.get("q", "").strip()[:100]
    found = Person.objects.matching(words)[:8] if words else processing.suggestions(submission)
    context = {
        "submission": submission,
        "form": submission.form,
        "rows": receipt.rows(submission, get_language() or ""),
        "files": submission.files.order_by("pk"),
        "outcomes": submission.outcomes.order_by("number"),
        "proposals": submission.proposals.order_by("pk"),
        "open_proposals": submission.proposals.filter(state=Proposal.State.OPEN).count(),
        "suggested": found,
        "words": words,
        "may": may_process(request, submission.form),
        "field_words": FIELD_WORDS,
        "next": _narrowed(Submission.objects.filter(form=submission.form, pk__lt=pk), "todo").order_by("-pk").first(),
    }
    return render(request, "webforms/submission.html", context)


@require_POST
@permission_required("webforms.process_submission", raise_exception=True)
def process(request: HttpRequest, pk: int) -> HttpResponse:
    """Process one answer for a person, known or new; or put it aside, bring it back, try again."""
    submission = _submission(pk)
    _check(request, submission.form)
    act, now = request.POST.get("act", ""), timezone.now()
    mine = Submission.objects.filter(pk=pk)
    try:
        if act in ("new", "nobody"):
            processing.process(submission, person=None, make_new=act == "new", by=_user(request), now=now)
        elif act == "person" and request.POST.get("person", "").isdecimal() and len(request.POST["person"]) < 18:
            person = get_object_or_404(Person, pk=int(request.POST["person"]))
            processing.process(submission, person=person, by=_user(request), now=now)
        elif act == "spam":
            processing.mark_spam(mine)
        elif act == "not_spam":
            processing.not_spam(mine)
        elif act == "again":
            processing.again(submission, now=now)
        processing.outside(now=now)
    except processing.CannotProcess as refusal:
        messages.error(request, str(refusal))
    return redirect("webforms:submission", pk)


@require_POST
@permission_required("webforms.process_submission", raise_exception=True)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a proposed value over, or leave it."""
    proposal = get_object_or_404(Proposal.objects.select_related("submission__form", "submission__person"), pk=pk)
    _check(request, proposal.submission.form)
    user = _user(request)
    try:
        processing.decide(proposal, take=request.POST.get("act") == "take", by=user, now=timezone.now())
    except processing.CannotProcess as refusal:
        messages.error(request, str(refusal))
    return redirect("webforms:submission", proposal.submission_id)


@require_POST
@permission_required("webforms.process_submission", raise_exception=True)
def bulk(request: HttpRequest, pk: int) -> HttpResponse:
    """Process, assign or put aside the answers that were picked."""
    form = get_object_or_404(Form, pk=pk)
    _check(request, form)
    numbers = [
        int(number) for number in request.POST.getlist("picked")[:MOST] if number.isdecimal() and len(number) < 18
    ]
    chosen = Submission.objects.filter(form=form, pk__in=numbers)
    act = request.POST.get("act", "")
    if act == "process":
        done, left = _process_all(chosen, request)
        if done:
            messages.success(
                request, ngettext("%(n)s answer is processed.", "%(n)s answers are processed.", done) % {"n": done}
            )
        if left:
            messages.warning(
                request,
                ngettext("%(n)s answer needs a look: open it.", "%(n)s answers need a look: open them.", left)
                % {"n": left},
            )
    elif act == "spam":
        processing.mark_spam(chosen)
    elif act == "not_spam":
        processing.not_spam(chosen)
    elif act == "assign":
        who = request.POST.get("to", "")
        colleague = (
            User.objects.filter(pk=int(who), is_active=True).first() if who.isdecimal() and len(who) < 12 else None
        )
        chosen.update(assigned_to=colleague)
    return redirect("webforms:submissions", form.pk)


@require_safe
@permission_required("webforms.view_submission", raise_exception=True)
def file(request: HttpRequest, pk: int) -> FileResponse:
    """Give a file that somebody sent: as an attachment, never shown by the browser."""
    kept = get_object_or_404(File.objects.select_related("submission"), pk=pk)
    response = FileResponse(kept.content.open("rb"), as_attachment=True, filename=kept.name or "file")
    response["Content-Type"] = "application/octet-stream"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def may_process(request: HttpRequest, form: Form) -> bool:
    """Say whether somebody may process a form's answers: the right to, and of its owners where it has any."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm("webforms.process_submission"):
        return False
    return form.owners_id is None or user.is_superuser or user.groups.filter(pk=form.owners_id).exists()


FIELD_WORDS = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "title": gettext_lazy("Job title"),
    "mobile": gettext_lazy("Mobile"),
    "company": gettext_lazy("Company"),
    "country": gettext_lazy("Country"),
}


def _process_all(chosen: QuerySet[Submission], request: HttpRequest) -> tuple[int, int]:
    now, done, left = timezone.now(), 0, 0
    for submission in chosen.filter(state=State.SUBMITTED).select_related("form", "version").order_by("pk"):
        matches = list(processing.matching(submission)[:2])
        said = processing.given(submission)
        if len(matches) > 1:
            left += 1
            continue
        try:
            person = matches[0] if matches else None
            is_new = not matches and bool(said.address or said.has_name)
            processing.process(submission, person=person, make_new=is_new, by=_user(request), now=now)
            done += 1
        except processing.CannotProcess:
            left += 1
    processing.outside(now=now)
    return done, left


def _shown(
    request: HttpRequest, every: QuerySet[Submission], tab: str, words: str, *, mine: bool
) -> QuerySet[Submission]:
    """What the page shows: of a tab, with these words in the address, and perhaps only one's own."""
    found = _narrowed(every, tab)
    if words:
        found = found.filter(address__icontains=words)
    return found.filter(assigned_to=request.user) if mine and isinstance(request.user, User) else found


def _narrowed(found: QuerySet[Submission], tab: str) -> QuerySet[Submission]:
    if tab == "todo":
        return found.filter(state__in=[State.SUBMITTED, State.FAILED])
    if tab:
        return found.filter(state=tab)
    return found.exclude(state=State.SPAM)


def _of(code: str, counts: dict[str, int]) -> int:
    if code == "todo":
        return counts.get(State.SUBMITTED, 0) + counts.get(State.FAILED, 0)
    return counts.get(code, 0) if code else sum(n for state, n in counts.items() if state != State.SPAM)


def _preview(row: Submission) -> str:
    rows = receipt.rows(row, get_language() or "")
    return " · ".join(one.answer for one in rows if one.kind not in ("email", "consent"))[:120]


def _submission(pk: int) -> Submission:
    related = ("form", "version", "person", "confirmation", "processed_by", "assigned_to")
    return get_object_or_404(Submission.objects.select_related(*related), pk=pk)


def _check(request: HttpRequest, form: Form) -> None:
    if not may_process(request, form):
        raise PermissionDenied


def _user(request: HttpRequest) -> Any:
    return request.user if isinstance(request.user, User) else None
