"""The pages of a mailing that was started: Summary, Recipients, Tracked links, Bounces, Content; and all of them together."""

import datetime as dt
from typing import Any, cast

from django.contrib import messages as notices
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_POST

from consent.views.public import WHYS
from mailings import (
    breakdowns,
    clickmap,
    followup,
    lifecycle,
    reading,
    reportfile,
    reports,
    resolving,
    slices,
    texts,
    trials,
)
from mailings.followup_forms import FollowUpForm, TasksForm
from mailings.models import Mailing, Message
from mailings.rendering import frame
from mailings.rendering.blocks import NoSuchBlock
from mailings.rendering.escaping import RenderError
from mailings.slices import Slice
from mailings.views import letters, overrides
from mailings.views.shown import MAIL_POLICY
from recipients import paging
from recipients.models import Person, Project
from tracking import bounces
from tracking.models import Link

BY_NUMBER = paging.Order(("id",))
MOST_TICKED = 1_000
SUMMARY_SLICES = ("opened", "not_opened", "clicked", "not_clicked", "bounced", "delivered")  # to follow up at once
Status = Mailing.Status


@require_GET
def summary(request: HttpRequest, pk: int) -> HttpResponse:
    """The figures of a mailing; a draft or a planned one leads to the wizard."""
    mailing = _mailing(pk)
    if mailing.status in (Status.DRAFT, Status.APPROVAL, Status.SCHEDULED):
        return redirect("mailings:setup" if mailing.status == Status.DRAFT else "mailings:detail", mailing.pk)
    if mailing.type == Mailing.Type.DOCUMENT and mailing.status not in (Status.SENDING, Status.PAUSED):
        return letters.report(request, mailing, _head(mailing, "summary"))
    kind = "click" if mailing.is_text or request.GET.get("hours") == "clicks" else "open"
    links = reports.links(mailing)
    clicks = sum(link.people for link in links)
    returned = reports.returned(mailing)
    context = _head(mailing, "summary") | {
        "kind": kind,
        "chart": reports.first_hours(mailing, kind),
        "links": links[:5],
        "other_links": sum(link.people for link in links[5:]),
        "most_clicked": max((link.people for link in links), default=0),
        "clicks": clicks,
        "machines_too": request.GET.get("count") == "machines",
        "returned": returned,
        "ours": sum(kind.people for kind in returned if kind.is_ours),
        "refresh": _refresh(mailing, timezone.now()),
        "follow_up": FollowUpForm(),
        "tasks": TasksForm(),
        "slices": [(code, slices.DID[code]) for code in SUMMARY_SLICES if code in dict(slices.did_in(mailing))],
        "overridden": overrides.reported(mailing),
        "tested": trials.shown(mailing),
    }
    fragment = "#figures" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"mailings/detail.html{fragment}", context)


@require_GET
def messages(request: HttpRequest, pk: int) -> HttpResponse:
    """The recipients of a mailing, by state, reason and behaviour, a page at a time."""
    mailing = _mailing(pk)
    slice_ = Slice.asked(mailing, request.GET.dict())
    found = slices.messages(slice_)
    page = paging.page(found.select_related("person__company").defer(*_unread(mailing)), BY_NUMBER, request.GET.dict())
    context = _head(mailing, "messages")
    known = reports.known_total(context["figures"], slice_)
    total = paging.total(found) if known is None else paging.Total(known)
    context |= {
        "slice": slice_,
        "page": page,
        "rows": reports.rows(page.rows),
        "total": total,
        "where": paging.said(page, total),
        "states": Message.State.choices,
        "did": slices.did_in(mailing),
        "reasons": reports.held_reasons(context["figures"], slice_.state),
        "reason_words": reports.WORDS.get(slice_.reason, slice_.reason),
        "waived_words": "" if slice_.waived == slices.ANY else reports.WORDS.get(slice_.waived, slice_.waived),
        "link": Link.objects.filter(mailing=mailing.pk, number=slice_.link).first()
        if slice_.link is not None
        else None,
        "follow_up": FollowUpForm(),
        "tasks": TasksForm(),
        "unknown": context["figures"].unknown if slice_.state == Message.State.UNKNOWN else 0,
    }
    fragment = "#found" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"mailings/messages.html{fragment}", context)


@require_GET
def message(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """All that is on file about one recipient's message, with the mails that came back."""
    mailing = _mailing(pk)
    one = get_object_or_404(Message.objects.select_related("person"), pk=number, mailing=mailing)
    mails = [(mail, bounces.readable(bytes(mail.raw))) for mail in reports.evidence(one)]
    context = _head(mailing, "messages") | {
        "row": reports.rows([one])[0],
        "story": reports.story(one),
        "mails": mails,
    }
    return render(request, "mailings/message.html", context)


@require_POST
@permission_required("mailings.send_mailing", raise_exception=True)
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of unknown messages, said by a person: `what` is arrived or again; `message` names one, else all."""
    mailing = _mailing(pk)
    numbers = [int(number) for number in request.POST.getlist("message") if number.isdecimal() and len(number) < 19]
    is_again = request.POST.get("what") == "again"
    act = resolving.send_again if is_again else resolving.they_got_it
    try:
        count = act(mailing, numbers, by=request.user, now=timezone.now())
    except (resolving.NothingUnknown, lifecycle.CannotMove) as refusal:
        notices.error(request, str(refusal))
    else:
        notices.success(request, _resolved(count, is_again=is_again))
    if len(numbers) == 1:
        return redirect("mailings:message", pk, numbers[0])
    return redirect("mailings:detail" if is_again else "mailings:messages", pk)


def _resolved(count: int, *, is_again: bool) -> str:
    if is_again:
        return ngettext("It goes once more.", "%(n)s go once more.", count) % {"n": count}
    return ngettext("Noted: it arrived.", "Noted: %(n)s arrived.", count) % {"n": count}


@require_GET
def links(request: HttpRequest, pk: int) -> HttpResponse:
    """The counted links of a mailing, and who clicked them."""
    mailing = _mailing(pk)
    found = reports.links(mailing)
    context = _head(mailing, "links") | {
        "links": found,
        "most_clicked": max((link.people for link in found), default=0),
        "clicks": sum(link.people for link in found),
    }
    return render(request, "mailings/links.html", context)


@require_GET
def bounced(request: HttpRequest, pk: int) -> HttpResponse:
    """What came back: why, what to do, and the words of the mail servers."""
    mailing = _mailing(pk)
    asked = request.GET.dict()
    slice_ = Slice.asked(mailing, {"did": "bounced", "reason": asked.get("reason", "")})
    found = slices.messages(slice_)
    page = paging.page(found.select_related("person").defer(*_unread(mailing)), BY_NUMBER, asked)
    context = _head(mailing, "bounces")
    known = reports.known_total(context["figures"], slice_)
    total = paging.total(found) if known is None else paging.Total(known)
    returned = reports.returned(mailing)
    context |= {
        "returned": returned,
        "ours": sum(kind.people for kind in returned if kind.is_ours),
        "slice": slice_,
        "page": page,
        "rows": reports.rows(page.rows),
        "where": paging.said(page, total),
    }
    return render(request, "mailings/bounces.html", context)


@require_GET
def as_sent(request: HttpRequest, pk: int) -> HttpResponse:
    """What the mail said; on demand with what was clicked."""
    mailing = _mailing(pk)
    context = _head(mailing, "content") | {"shows_map": request.GET.get("map") == "1"}
    if mailing.is_text:
        context |= {"text": texts.text_of(mailing), "sender": texts.sender_of(mailing)}
    return render(request, "mailings/as_sent.html", context)


@require_GET
@csp_override(MAIL_POLICY)
def click_map(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail in its frame, with what was clicked written on its links."""
    mailing = _mailing(pk)
    try:
        seen = reading.preview(mailing, reading.sample(), now=timezone.now())
    except (RenderError, NoSuchBlock) as refusal:
        return HttpResponse(str(refusal), content_type="text/plain; charset=utf-8")
    links = reports.links(mailing)
    total = sum(link.people for link in links)
    html = clickmap.draw(seen.html, {link.number: link for link in links}, total=total)
    return HttpResponse(frame.in_light(html))


@require_GET
def breakdown(request: HttpRequest, pk: int) -> HttpResponse:
    """What the figures are made of: mail domains, devices, why people left."""
    mailing = _mailing(pk)
    parts = breakdowns.of(mailing)
    if parts.counted_at is None and mailing.started_at:
        breakdowns.mark([mailing.pk])
    context = _head(mailing, "breakdown") | {"parts": parts, "whys": WHYS}
    fragment = "#parts" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"mailings/breakdown.html{fragment}", context)


@require_GET
def download(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The whole report as a spreadsheet or as a document to print."""
    mailing = _mailing(pk)
    told = reportfile.tell(mailing, whys=WHYS, now=timezone.now())
    name = slugify(mailing.name)[:60] or f"mailing-{mailing.pk}"
    if kind == "xlsx":
        return HttpResponse(
            reportfile.spreadsheet(told),
            content_type=reportfile.XLSX,
            headers={"Content-Disposition": f'attachment; filename="{name}.xlsx"'},
        )
    page = render_to_string("mailings/report_print.html", {"told": told, "mailing": mailing}, request)
    return HttpResponse(
        reportfile.document(page),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'},
    )


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def follow_up_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft of a next mailing to a slice of the recipients, or to those that were ticked."""
    mailing = _mailing(pk)
    slice_ = Slice.asked(mailing, request.POST.dict())
    some = _ticked(request, mailing)
    copy = followup.draft(mailing, slice_, some, by=cast("User", request.user), now=timezone.now())
    notices.success(request, _("This draft goes to them. Change what it says before you send it."))
    return redirect("mailings:setup", copy.pk)


@require_POST
@permission_required("recipients.add_task", raise_exception=True)
def follow_up_tasks(request: HttpRequest, pk: int) -> HttpResponse:
    """A task for each of a slice, or of those that were ticked."""
    mailing, form = _mailing(pk), TasksForm(request.POST)
    slice_ = Slice.asked(mailing, request.POST.dict())
    if not form.is_valid():
        notices.error(request, _("Say what is to be done, and on which day it exists."))
        return redirect(slice_.url)
    made = followup.make_tasks(
        _ticked_or_all(request, mailing, slice_),
        title=form.cleaned_data["title"],
        notes=_("After the mailing “%(name)s”.") % {"name": mailing.name},
        due_on=form.cleaned_data["due_on"],
        assignee=form.cleaned_data["assignee"],
        by=cast("User", request.user),
        now=timezone.now(),
    )
    text = ngettext("%(number)s task was made.", "%(number)s tasks were made.", made)
    notices.success(request, text % {"number": number_format(made, force_grouping=True)})
    return redirect(slice_.url)


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a slice of the recipients, or those that were ticked, on a selection or a project."""
    mailing = _mailing(pk)
    slice_ = Slice.asked(mailing, request.POST.dict())
    form = FollowUpForm(request.POST)
    if not form.is_valid():
        for mistake in form.non_field_errors() or [_("That list is not there any more.")]:
            notices.error(request, str(mistake))
        return redirect(slice_.url)
    given = form.cleaned_data
    target = followup.Target(given["selection"], given["project"], given["new_selection"], given["new_project"])
    added = followup.add(_ticked_or_all(request, mailing, slice_), target, by=cast("User", request.user))
    text = ngettext("%(number)s person is new on “%(name)s”.", "%(number)s people are new on “%(name)s”.", added.new)
    notices.success(request, text % {"number": number_format(added.new, force_grouping=True), "name": added.to.name})
    return redirect("recipients:project" if isinstance(added.to, Project) else "recipients:selection", added.to.pk)


def _ticked_or_all(request: HttpRequest, mailing: Mailing, slice_: Slice) -> QuerySet[Person]:
    some = _ticked(request, mailing)
    return slices.people(slice_) if some is None else some


def _ticked(request: HttpRequest, mailing: Mailing) -> QuerySet[Person] | None:
    """The people that were ticked, or None when everybody found is meant."""
    numbers = ticked(request)
    if not numbers:
        return None
    return Person.objects.filter(pk__in=Message.objects.filter(mailing=mailing, pk__in=numbers).values("person"))


def ticked(request: HttpRequest) -> list[int]:
    """The messages that were ticked; none when everybody found is meant."""
    if request.POST.get("everyone"):
        return []
    given = request.POST.getlist("message")[:MOST_TICKED]
    return [int(text) for text in given if text.isascii() and text.isdigit() and len(text) < 19]


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All mailings that were sent, with their rates."""
    started = reports.started()
    page = paging.page(started, paging.Order(("started_at", "id"), descending=True), request.GET.dict())
    recent = started.filter(started_at__gte=timezone.now() - dt.timedelta(days=90))
    context = {
        "page": page,
        "rows": [(mailing, reports.of(mailing)) for mailing in page.rows],
        "where": paging.said(page, paging.total(started)),
        "totals": reports.totals(recent),
    }
    return render(request, "mailings/reports.html", context)


def _mailing(pk: int) -> Mailing:
    return get_object_or_404(Mailing.objects.select_related("subscription_type", "counts").defer("compiled"), pk=pk)


def _unread(mailing: Mailing) -> tuple[str, ...]:
    """Name the columns that a list leaves alone: what was merged into a mail is large, that of a letter holds its address."""
    return () if mailing.type == Mailing.Type.DOCUMENT else ("data",)


def _head(mailing: Mailing, tab: str) -> dict[str, Any]:
    """What stands above each tab."""
    return {
        "mailing": mailing,
        "figures": reports.of(mailing),
        "tab": tab,
        "link_count": Link.objects.filter(mailing=mailing.pk).count(),
    }


def _refresh(mailing: Mailing, now: dt.datetime) -> str:
    """How often the figures are asked for again: often while it is sent, then less and less, at last never."""
    if mailing.status in (Status.SENDING, Status.PAUSED):
        return "2s"
    age = now - (mailing.finished_at or mailing.started_at or now)
    if age < dt.timedelta(hours=2):
        return "5s"
    return "30s" if age < dt.timedelta(days=3) else ""
