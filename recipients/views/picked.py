"""Which people a bulk action is about: the ticked ones, or everybody that the search found."""

from django.db.models import QuerySet
from django.http import HttpRequest

from recipients.models import Person

MOST = 1_000  # ticked by hand


def people(request: HttpRequest, found: QuerySet[Person]) -> QuerySet[Person]:
    """Read `person` (numbers) or `everyone` from the form; `found` is what the page was showing."""
    if request.POST.get("everyone"):
        return found
    numbers = [int(text) for text in request.POST.getlist("person")[:MOST] if text.isascii() and text.isdigit()]
    return Person.objects.filter(pk__in=numbers)
