"""Which people a bulk action is about: the ticked ones, or everybody that the page was showing."""

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from recipients import filters, members
from recipients.models import Person, PersonQuerySet, Project, Selection

MOST = 1_000  # ticked by hand
LISTS: dict[str, type[Selection] | type[Project]] = {"selection": Selection, "project": Project}


def people(request: HttpRequest, found: QuerySet[Person]) -> QuerySet[Person]:
    """Read `person` (numbers) or `everyone` from the form; `found` is what the page was showing."""
    if request.POST.get("everyone"):
        return found
    return Person.objects.filter(pk__in=numbers(request))


def numbers(request: HttpRequest) -> list[int]:
    return [
        int(text)
        for text in request.POST.getlist("person")[:MOST]
        if text.isascii() and text.isdigit() and len(text) < 16
    ]


def shown(request: HttpRequest) -> PersonQuerySet:
    """Everybody whom the page was showing: of a list or of the house, with these words and filters."""
    kind, _colon, number = request.POST.get("list", "").partition(":")
    start = Person.objects.all()
    if kind:
        if kind not in LISTS or not (number.isascii() and number.isdigit() and len(number) < 16):
            raise Http404
        which = LISTS[kind].objects.filter(pk=int(number)).first()
        if which is None:
            raise Http404
        start = members.of(which)
    matching = start.matching(request.POST.get("q", "").strip()[:100])
    return filters.apply(matching, filters.read(request.POST.dict()), user=request.user)
