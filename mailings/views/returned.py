"""Managing what came back: of all mailings, filtered by reason; and one address, to do something about it."""

from typing import Any, cast

from django import forms
from django.contrib import messages as notices
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from consent import typos
from mailings import followup, handling, reports
from mailings.followup_forms import FollowUpForm
from mailings.forms import AddressField
from mailings.models import Handling, Message
from mailings.views import trail
from recipients import paging
from recipients.models import Person, Project, Selection
from tracking import softbounces
from tracking.refusals import NOT_A_BOUNCE, Category

NEWEST = paging.Order(("id",), descending=True)
MOST_TICKED = 1_000
LATELY = 8


class CorrectForm(forms.Form):
    """The right address, and the list from which it is written to again."""

    address = AddressField(label=gettext_lazy("Right address"))
    selection = forms.ModelChoiceField(
        Selection.objects.none(),
        label=gettext_lazy("Put this person on a selection, to send to again"),
        required=False,
        empty_label=gettext_lazy("No selection"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = cast("forms.ModelChoiceField[Selection]", self.fields["selection"])
        field.queryset = Selection.objects.by_hand().order_by("name")


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    """What came back from all mailings, the latest first."""
    reason = request.GET.get("reason", "")
    words = trail.words(request)
    found = _found(reason, words)
    page = paging.page(
        found.select_related("person", "mailing").defer("data", "mailing__compiled", "mailing__compiled_unseen"),
        NEWEST,
        request.GET.dict(),
    )
    context = {
        "page": page,
        "rows": [(row, typos.suggest(row.message.address)) for row in reports.rows(page.rows)],
        "where": paging.said(page, paging.total(found)),
        "reasons": [(code, reports.WORDS[code]) for code in _codes()],
        "reason": reason,
        "words": words,
        "advice": reports.ADVICE.get(reason, ""),
        "lately": Handling.objects.select_related("by", "person").order_by("-pk")[:LATELY],
        "nothing": not page.rows and not reason and not words,
        "follow_up": FollowUpForm(),
    }
    return render(request, "mailings/returned.html", context)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def follow_up(request: HttpRequest) -> HttpResponse:
    """Put the people that were ticked on a selection or a project."""
    form = FollowUpForm(request.POST)
    ticked = [trail.number(text) for text in request.POST.getlist("message")[:MOST_TICKED]]
    people = Person.objects.filter(
        pk__in=Message.objects.filter(pk__in=ticked, bounced_at__isnull=False).values("person")
    )
    if not form.is_valid():
        for mistake in form.non_field_errors() or [_("That list is not there any more.")]:
            notices.error(request, str(mistake))
        return redirect("mailings:returned")
    given = form.cleaned_data
    target = followup.Target(given["selection"], given["project"], given["new_selection"], given["new_project"])
    added = followup.add(people, target, by=cast("User", request.user))
    text = ngettext("%(number)s person is new on “%(name)s”.", "%(number)s people are new on “%(name)s”.", added.new)
    notices.success(request, text % {"number": number_format(added.new, force_grouping=True), "name": added.to.name})
    return redirect("recipients:project" if isinstance(added.to, Project) else "recipients:selection", added.to.pk)


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One address whose mail came back, and what can be done about it."""
    message = _message(number)
    return _show(request, message, CorrectForm(initial={"address": typos.suggest(message.address)}))


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def correct(request: HttpRequest, number: int) -> HttpResponse:
    """Put the right address in the place of the one that failed."""
    message, form = _message(number), CorrectForm(request.POST)
    if not form.is_valid():
        return _show(request, message, form, status=422)
    given = form.cleaned_data
    try:
        done = handling.correct(message, given["address"], by=cast("User", request.user), now=timezone.now())
    except handling.CannotHandle as refusal:
        form.add_error("address", str(refusal))
        return _show(request, message, form, status=422)
    if given["selection"] and message.person:
        people = Person.objects.filter(pk=message.person.pk)
        followup.add(people, followup.Target(selection=given["selection"]), by=cast("User", request.user))
    said = _("%(old)s is now %(new)s.") % {"old": done.address, "new": done.new_address}
    notices.success(request, said)
    return redirect("mailings:returned")


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def handle(request: HttpRequest, number: int) -> HttpResponse:
    """Remove the address, say that the person left, or lift the block."""
    message = _message(number)
    acts = {
        "remove": (handling.remove, _("%(address)s is off its person.")),
        "former": (handling.call_former, _("Marked as a former employee: %(address)s.")),
        "clear": (handling.clear, _("%(address)s is tried again with the next mailing.")),
    }
    act = acts.get(request.POST.get("act", ""))
    if act is None or (act[0] is handling.clear and not request.user.has_perm("consent.change_suppression")):
        notices.error(request, _("You may not do that."))
        return redirect("mailings:returned_one", message.pk)
    step, said = act
    try:
        step(message, by=cast("User", request.user), now=timezone.now())
    except handling.CannotHandle as refusal:
        notices.error(request, str(refusal))
        return redirect("mailings:returned_one", message.pk)
    notices.success(request, said % {"address": message.address})
    return redirect("mailings:returned")


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what was done about an address."""
    done = get_object_or_404(Handling, pk=pk)
    try:
        handling.undo(done, now=timezone.now())
    except handling.CannotHandle as refusal:
        notices.error(request, str(refusal))
    else:
        notices.success(request, _("Undone: %(address)s.") % {"address": done.address})
    return redirect("mailings:returned")


def _show(request: HttpRequest, message: Message, form: CorrectForm, status: int = 200) -> HttpResponse:
    person = message.person
    context = {
        "row": reports.rows([message])[0],
        "advice": reports.ADVICE.get(message.reason, ""),
        "form": form,
        "suggestion": typos.suggest(message.address),
        "flags": handling.flags(message.address),
        "run": softbounces.runs([message.address]).get(message.address),
        "has_it": person is not None and person.email_addresses.filter(address=message.address).exists(),
    }
    return render(request, "mailings/returned_one.html", context, status=status)


def _message(number: int) -> Message:
    came_back = Message.objects.filter(bounced_at__isnull=False).select_related("person", "mailing")
    return get_object_or_404(came_back.defer("data", "mailing__compiled", "mailing__compiled_unseen"), pk=number)


def _found(reason: str, words: str) -> QuerySet[Message]:
    found = Message.objects.filter(bounced_at__isnull=False)
    if reason:
        found = found.filter(reason=reason)
    if words:
        by_name = Person.objects.matching(words).values("pk")
        found = found.filter(Q(person__in=by_name) | Q(address=words.lower()))
    return found


def _codes() -> list[str]:
    return [category.value for category in Category if category not in NOT_A_BOUNCE]
