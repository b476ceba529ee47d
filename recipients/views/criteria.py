"""The builder of dynamic and combined selections: every change is kept as a draft, saving makes it count."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recipients import paging, selections
from recipients.criteria import combined, fields, glossary, meaning, posted, tree
from recipients.criteria.combined import Combination, Combine
from recipients.criteria.posted import Wish
from recipients.models import Person, Selection
from recipients.views import explained

MOST_JSON = 200_000  # characters of a draft that comes back to be put back


@require_http_methods(["GET", "POST"])
def build(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the criteria as they are being built, or change them."""
    selection = get_object_or_404(Selection.objects.evaluated(), pk=pk)
    if request.method == "POST":
        return _change(request, selection)
    first = None if selections.drafted(selection).parts else _first(selection)
    return render(request, "recipients/criteria/page.html", _context(selection, first, Wish()))


def _first(selection: Selection) -> tree.Group | None:
    """A dynamic selection without criteria begins with an open one."""
    return tree.Group(parts=(tree.Condition(),)) if selection.kind == Selection.Kind.DYNAMIC else None


def _change(request: HttpRequest, selection: Selection) -> HttpResponse:
    """Keep the form, and grant what was asked with it. What is refused changes nothing."""
    known = fields.vocabulary()
    before = selections.draft_of(selection)
    asked = Wish()
    try:
        asked = posted.wish(request.POST)
        data, asked, undo = _wanted(request, selection, asked)
        version = request.POST.get("version", "")
        number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1
        selections.keep_draft(selection, data, version=number, by=_user(request))
    except (tree.BadTree, selections.Conflict) as refusal:
        messages.error(request, str(refusal))
        selection.refresh_from_db()
        return _answer(request, selection, Wish())
    if asked.verb == "save":
        return _save(request, selection, asked)
    quiet = not asked.verb and _shape(selection.kind, before, known) == _shape(selection.kind, data, known)
    return _answer(request, selection, asked, quiet=quiet, undo=undo)


def _wanted(request: HttpRequest, selection: Selection, asked: Wish) -> tuple[Mapping[str, Any], Wish, str]:
    """Give the draft as it should be, what stands open then, and what would undo it."""
    if selection.kind == Selection.Kind.COMBINED:
        return _combination(request, asked).write(), asked, ""
    if asked.verb == "undo":
        return tree.write(_put_back(request)), replace(asked, open=None), ""
    root = posted.read(request.POST, fields.vocabulary())
    undo = json.dumps(tree.write(root)) if asked.verb == "remove" else ""
    root, opened = posted.granted(root, asked)
    return tree.write(root), replace(asked, open=opened), undo


def _put_back(request: HttpRequest) -> tree.Group:
    try:
        return tree.read(json.loads(request.POST.get("back", "")[:MOST_JSON]))
    except ValueError as mistake:
        raise tree.BadTree(_("That cannot be undone any more.")) from mistake


def _combination(request: HttpRequest, asked: Wish) -> Combination:
    """Read the form of a combined selection: what is done, and with which."""
    numbers = request.POST.getlist("selection")
    if asked.verb == "add":
        numbers.append("")
    if asked.verb == "remove" and asked.path and asked.path[0] < len(numbers):
        del numbers[asked.path[0]]
    return combined.read({"combine": request.POST.get("combine", "union"), "selections": numbers})


def _shape(kind: str, data: Mapping[str, Any], known: Mapping[str, fields.Field]) -> object:
    if kind == Selection.Kind.COMBINED:
        return len(data.get("selections", ())), data.get("combine")
    try:
        return posted.shape(tree.read(data), known)
    except tree.BadTree:
        return None


def _save(request: HttpRequest, selection: Selection, asked: Wish) -> HttpResponse:
    try:
        found = selections.save(selection, now=timezone.now())
    except selections.CannotSave as refusal:
        messages.error(request, _("Not saved yet: %(problem)s") % {"problem": refusal})
        return _answer(request, selection, asked, status=422)
    said = ngettext("Saved: %(n)s person now.", "Saved: %(n)s people now.", found.people)
    messages.success(request, said % {"n": explained.grouped(found.people)})
    url = reverse("recipients:selection", args=[selection.pk])
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)


def _answer(
    request: HttpRequest, selection: Selection, asked: Wish, *, quiet: bool = False, undo: str = "", status: int = 200
) -> HttpResponse:
    """Draw the builder again, or, where only a value changed, what stands around it: words, problems, version."""
    if request.headers.get("HX-Request") != "true":
        page = "recipients/criteria/page.html"
    else:
        page = f"recipients/criteria/page.html#{'quiet' if quiet else 'builder'}"
    context = _context(selection, None, asked) | {"undo": undo, "again": True}
    return render(request, page, context, status=status)


def _context(selection: Selection, root: tree.Group | None, asked: Wish) -> dict[str, Any]:
    first = root is not None
    root = root if root is not None else selections.drafted(selection)
    known = glossary.load(root, of=selection.pk)
    context: dict[str, Any] = {
        "selection": selection,
        "problems": len(meaning.problems(root, known)),
        "open": tree.text_of(asked.open) if asked.open is not None else "",
    }
    if selection.kind == Selection.Kind.COMBINED:
        return context | _combining(selection, root, known)
    rows = posted.rows(root, known, (0,) if first else asked.open)
    return context | {
        "row": rows,
        "flat": list(_flat(rows)),
        "families": posted.families(known.fields),
        "open": "0" if first else context["open"],
        "hows": [(str(how), meaning.named(how)) for how in tree.How],
    }


def _flat(row: posted.Row) -> Any:
    yield row
    for part in row.rows:
        yield from _flat(part)


def _combining(selection: Selection, root: tree.Group, known: glossary.Glossary) -> dict[str, Any]:
    try:
        combination = combined.read(selections.draft_of(selection))
    except tree.BadTree:
        combination = Combination()
    offered = [(number, name) for number, name in glossary.offered(glossary.SELECTION) if number != str(selection.pk)]
    listed = {number for number, _name in offered}
    lines = []
    for number, path in zip(combination.selections, combined.places(combination), strict=True):
        node = tree.at(root, path)
        named = known.names.get((glossary.SELECTION, number))
        chosen = [(number, named.name if named else _("(deleted)"))] if number and number not in listed else []
        lines.append({"number": number, "problem": meaning.problem(node, known), "choices": [*chosen, *offered]})
    words = {
        Combine.UNION: (_("Everybody in any of them"), _("The lists together, each person once.")),
        Combine.INTERSECTION: (_("Only who is in all of them"), _("People whom all the lists share.")),
        Combine.DIFFERENCE: (_("The first, without the others"), _("Who is on the first list and on none below.")),
    }
    combines = [(str(one), *words[one]) for one in Combine]
    return {"lines": lines, "combine": combination.combine, "combines": combines}


@require_safe
def count(request: HttpRequest, pk: int) -> HttpResponse:
    """Count who is found now by what is being built, with ten of them."""
    selection = get_object_or_404(Selection.objects.evaluated(), pk=pk)
    root = selections.drafted(selection)
    known = glossary.load(root, of=selection.pk)
    context: dict[str, Any] = {"selection": selection, "problems": len(meaning.problems(root, known))}
    now = timezone.now()
    try:
        context |= {"look": selections.look(root, known, now=now), "at": now}
    except (selections.TooSlow, tree.BadTree) as refusal:
        context["refusal"] = str(refusal)
    return render(request, "recipients/criteria/look.html", context)


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget the draft."""
    selection = get_object_or_404(Selection.objects.evaluated(), pk=pk)
    selections.discard(selection, by=_user(request))
    messages.success(request, _("Your changes are gone; the saved criteria stay."))
    return redirect("recipients:selection", selection.pk)


@require_POST
def evaluate(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring the members up to date."""
    selection = get_object_or_404(Selection.objects.evaluated(), pk=pk)
    found = selections.evaluate(selection, now=timezone.now())
    if request.headers.get("HX-Request") != "true":
        return redirect("recipients:selection", selection.pk)
    context = {"selection": selection, "heads": paging.Total(found.people), "again": True}
    context["changed"] = bool(found.added or found.removed)
    return render(request, "recipients/criteria/evaluated.html", context)


@require_safe
def why(request: HttpRequest, pk: int) -> HttpResponse:
    """Find people by their words, or say why one of them is in the selection or not."""
    selection = get_object_or_404(Selection.objects.evaluated(), pk=pk)
    number, words = request.GET.get("person", ""), request.GET.get("why", "").strip()[:100]
    context: dict[str, Any] = {"selection": selection, "words": words}
    if number.isascii() and number.isdigit() and len(number) < 16:
        person = get_object_or_404(Person.objects.with_addresses(), pk=int(number))
        root = selections.definition(selection)
        known = glossary.load(root, of=selection.pk)
        answer = selections.why(root, known, person, now=timezone.now())
        context |= {"person": person, "answer": explained.answer(answer, known)}
    elif words:
        found = Person.objects.matching(words).select_related("company").with_addresses()
        context["found"] = found.order_by("sort_name", "id")[:6]
    return render(request, "recipients/criteria/why.html", context)


def _user(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
