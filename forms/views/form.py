"""One form: its summary, how it is published, its settings and what it does with answers."""

import secrets
from collections.abc import Mapping
from html import escape
from typing import Any

from django.conf import settings as configured
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forms import actions, publishing, statistics
from forms.models import Form, Submission
from forms.settings_form import OriginsForm, SettingsForm
from forms.views.library import address
from mailings import responses
from mailings.models import Mailing
from recipients.models import Interest, Project, Selection

MOST_ACTIONS = 20


@require_safe
@permission_required("webforms.view_form", raise_exception=True)
def summary(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how a form does: answers by state, the last one, the last seven days."""
    form = _form(pk)
    states = dict(Submission.objects.filter(form=form).order_by().values_list("state").annotate(n=Count("pk")))
    week = statistics.by_day(form, until=timezone.localdate(), days=7)
    traffic = statistics.traffic(form)
    context = {
        "form": form,
        "tab": "summary",
        "total": sum(number for state, number in states.items() if state != Submission.State.SPAM),
        "states": [(state.value, state.label, states.get(state.value, 0)) for state in Submission.State],
        "last": Submission.objects.filter(form=form).aggregate(at=Max("submitted_at"))["at"],
        "week_views": sum(day.views for day in week),
        "week_answers": sum(day.answers for day in week),
        "traffic": traffic,
        "is_changed": publishing.has_unpublished_changes(form),
        "door": publishing.door(form, now=timezone.now()),
        "address": address(form),
    }
    return render(request, "webforms/summary.html", context)


@require_safe
@permission_required("webforms.view_form", raise_exception=True)
def figures(request: HttpRequest, pk: int) -> HttpResponse:
    """Show statistics: by day, source and embed, where visitors leave, and the answers."""
    form = _form(pk)
    days = statistics.by_day(form, until=timezone.localdate())
    steps = statistics.steps(form)
    context = {
        "form": form,
        "tab": "statistics",
        "traffic": statistics.traffic(form),
        "days": days,
        "most": max((max(day.views, day.answers) for day in days), default=0),
        "sources": statistics.by_source(form),
        "embeds": [(EMBED_WORDS.get(one.name, one.name), one) for one in statistics.by_embed(form)],
        "steps": steps,
        "pages": statistics.leaving_pages(form),
        "most_steps": max((step.visitors for step in steps), default=0),
        "answered": statistics.answered(form, get_language() or "en"),
    }
    return render(request, "webforms/statistics.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("webforms.view_form", raise_exception=True)
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the ways to put the form before people; name the sites that may."""
    form = _form(pk)
    sites = OriginsForm(request.POST or None, initial={"origins": "\n".join(form.origins)})
    if request.method == "POST":
        if not request.user.has_perm("webforms.publish_form"):
            return redirect("webforms:publish", form.pk)
        if sites.is_valid():
            form.origins = sites.cleaned_data["origins"]
            form.save(update_fields=["origins"])
            messages.success(request, _("Saved"))
            return redirect("webforms:publish", form.pk)
    context = {
        "form": form,
        "tab": "publish",
        "sites": sites,
        "address": address(form),
        "script": f"{configured.BASE_URL}{reverse('webforms:script')}",
        "plain": _plain(form),
    }
    return render(request, "webforms/publish.html", context, status=422 if sites.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("webforms.change_form", raise_exception=True)
def settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a form is called, when it is open, and what becomes of answers."""
    form = _form(pk)
    title = form.name
    asked = SettingsForm(request.POST or None, instance=form)
    if request.method == "POST" and asked.is_valid():
        asked.save()
        messages.success(request, _("Saved"))
        return redirect("webforms:settings", form.pk)
    context = {
        "form": form,
        "tab": "settings",
        "title": title,
        "asked": asked,
        "actions": [
            (number, row, actions.KINDS.get(row.get("kind", "")), _said(row)) for number, row in enumerate(form.actions)
        ],
        "kinds": actions.KINDS.values(),
        "selections": Selection.objects.by_hand().order_by("name")[:500],
        "projects": Project.objects.order_by("name")[:500],
        "interests": Interest.objects.order_by("name")[:500],
        "responses": responses.answering(),
        "colleagues": User.objects.filter(is_active=True).order_by("first_name", "email")[:500],
    }
    return render(request, "webforms/settings.html", context, status=422 if asked.errors else 200)


@require_POST
@permission_required("webforms.change_form", raise_exception=True)
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an action to a form, or take one away."""
    form = _form(pk)
    if (number := request.POST.get("remove", "")).isdecimal() and int(number) < len(form.actions):
        form.actions = [row for place, row in enumerate(form.actions) if place != int(number)]
    elif len(form.actions) >= MOST_ACTIONS:
        messages.error(request, _("A form can do %(count)d things") % {"count": MOST_ACTIONS})
    elif problem := _add(form, request.POST):
        messages.error(request, problem)
    form.save(update_fields=["actions"])
    return redirect("webforms:settings", form.pk)


EMBED_WORDS: Mapping[str, Any] = {
    "page": gettext_lazy("Its own page"),
    "inline": gettext_lazy("In a page of a site"),
    "popup": gettext_lazy("A window that opens"),
    "tab": gettext_lazy("A tab at the side"),
    "plain": gettext_lazy("A form of a site's own"),
    "api": gettext_lazy("A program"),
}


def _form(pk: int) -> Form:
    return get_object_or_404(Form.objects.select_related("published", "owners"), pk=pk)


def _add(form: Form, given: Mapping[str, str]) -> str:
    kind = given.get("kind", "")
    number = int(given[kind]) if given.get(kind, "").isdecimal() and len(given.get(kind, "")) < 12 else 0
    if kind in ("selection", "project", "interest", "response"):
        if not number:
            return _("Choose which one")
        form.actions.append(
            {"kind": kind, "id": number, **({"role": given.get("role", "")[:60]} if kind == "project" else {})}
        )
    elif kind == "task":
        if not User.objects.filter(pk=number, is_active=True).exists():
            return _("Choose who is to do it")
        days = int(given["days"]) if given.get("days", "").isdecimal() and len(given["days"]) < 4 else 1
        form.actions.append({"kind": kind, "assignee": number, "title": given.get("title", "")[:200], "days": days})
    elif kind == "note":
        try:
            validate_email(given.get("to", ""))
        except ValidationError:
            return _("Write the address that the mail goes to")
        form.actions.append({"kind": kind, "to": given["to"][:320]})
    elif kind == "webhook":
        url = given.get("url", "").strip()
        try:
            URLValidator(schemes=["https", "http"])(url)
        except ValidationError:
            return _("Write the address of the other system, with https://")
        if len(url) > 1000:
            return _("Write the address of the other system, with https://")
        form.actions.append({"kind": kind, "url": url, "key": secrets.token_urlsafe(32)})
    else:
        return _("Choose what is to be done")
    return ""


def _said(row: Mapping[str, Any]) -> str:
    """Say an action in words, with the name of what it is about."""
    kind, number = row.get("kind"), int(row.get("id") or row.get("assignee") or 0)
    if kind == "note":
        return str(row.get("to", ""))
    if kind == "webhook":
        return str(row.get("url", ""))
    if kind == "task":
        found: Any = User.objects.filter(pk=number).first()
        name = (found.get_full_name() or found.email) if found else _("somebody who is gone")
        return f"{name}: {row['title']}" if row.get("title") else name
    model: Any = {"selection": Selection, "project": Project, "interest": Interest, "response": Mailing}.get(str(kind))
    found = model.objects.filter(pk=number).first() if model else None
    return str(found) if found else _("It is gone: choose another one")


def _plain(form: Form) -> str:
    """Write the form as plain HTML for a site without any script of ours."""
    if form.published is None:
        return ""
    rows = [f'<form method="post" action="{address(form)}" accept-charset="utf-8">']
    for one in form.published.definition["fields"]:
        name = one.get("name", "")
        if one["kind"] in ("email", "first_name", "last_name", "mobile", "company", "title", "text", "number", "date"):
            kind = {"email": "email", "mobile": "tel", "date": "date"}.get(one["kind"], "text")
            rows.append(f'  <label>{_label(one)} <input type="{kind}" name="{name}"></label>')
        elif one["kind"] == "area":
            rows.append(f'  <label>{_label(one)} <textarea name="{name}"></textarea></label>')
        elif one["kind"] in ("box", "consent"):
            rows.append(f'  <label><input type="checkbox" name="{name}" value="yes"> {_label(one)}</label>')
        elif one["kind"] in ("radio", "boxes"):
            kind = "radio" if one["kind"] == "radio" else "checkbox"
            rows += [
                f'  <label><input type="{kind}" name="{name}" value="{option["value"]}"> {_label(option)}</label>'
                for option in one.get("options", [])
            ]
    return "\n".join([*rows, "  <button>OK</button>", "</form>"])


def _label(row: Mapping[str, Any]) -> str:
    words = row.get("label") or {}
    return escape(next(iter(words.values()), ""))
