"""What the cards of people and companies have in common: their parts, edited in place, and their time line."""

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from recipients import people, timeline
from recipients.cards import CompanyForm, PersonForm
from recipients.models import Company, Person
from recipients.views import cards


def who(request: HttpRequest) -> User | None:
    """Who does this."""
    return request.user if isinstance(request.user, User) else None


def part(request: HttpRequest, which: Person | Company, name: str) -> HttpResponse:
    """Show the form of one part, or save it and show the part as it is now; the whole form without script."""
    kind = PersonForm if isinstance(which, Person) else CompanyForm
    word = "person" if isinstance(which, Person) else "company"
    if name not in kind.parts:
        raise Http404
    if request.method == "GET" and request.headers.get("HX-Request") != "true":
        return redirect(f"recipients:{word}_edit", which.pk)
    if request.method == "GET" and request.GET.get("shown"):
        return render(request, "recipients/parts.html#shown", {**_context(which), "part": name})
    form = kind(request.POST if request.method == "POST" else None, instance=which, part=name)  # type: ignore[arg-type]
    if request.method == "POST" and form.is_valid():
        form.write(by=who(request), now=timezone.now())
        return render(request, "recipients/parts.html#shown", {**_context(which), "part": name, "saved": True})
    context = {"form": form, "card": which, "is_person": word == "person", "part": name}
    return render(request, "recipients/parts.html#edited", context, status=422 if form.errors else 200)


def history(request: HttpRequest, which: Person | Company) -> HttpResponse:
    """Give a page of the time line, as a fragment."""
    asked = request.GET.get("only", "")
    only = asked if asked in timeline.known(which) else ""
    page = timeline.page(which, only=only, after=request.GET.get("after", ""))
    context = {"page": page, "only": only, "card": which, "is_first": "after" not in request.GET}
    return render(request, "recipients/timeline.html", context)


def _context(which: Person | Company) -> dict[str, object]:
    shown = cards.shown(which)
    return {**shown, "shared": people.shared_addresses(which)} if isinstance(which, Person) else shown
