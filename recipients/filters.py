"""The filters of lists of people: read from an address or a form, said again, and asked of the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from recipients import choices
from recipients.models import EmailAddress, Interest, Person, PersonInterest, PersonQuerySet

NAMES = ("country", "language", "interest", "show")
SHOWS = {
    "mine": _("I am their sales contact"),
    "former": _("Former employees"),
    "unreachable": _("Without an e-mail address"),
}


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; empty texts narrow nothing."""

    country: str = ""
    language: str = ""
    interest: int = 0
    show: str = ""

    def __bool__(self) -> bool:
        return bool(self.country or self.language or self.interest or self.show)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The same as an address or a form holds it."""
        given = {"country": self.country, "language": self.language, "interest": self.interest or "", "show": self.show}
        return [(name, str(value)) for name, value in given.items() if value]


def read(asked: Mapping[str, Any]) -> Filters:
    """Read filters; what is none of them is left out."""
    interest = str(asked.get("interest", ""))
    country, language, show = (str(asked.get(name, "")) for name in ("country", "language", "show"))
    return Filters(
        country=country if country.isascii() and country.isalpha() and len(country) == 2 else "",
        language=language if language.isascii() and 0 < len(language) <= 10 else "",
        interest=int(interest) if interest.isascii() and interest.isdigit() and len(interest) < 16 else 0,
        show=show if show in SHOWS else "",
    )


def apply(people: PersonQuerySet, filters: Filters, *, user: Any) -> PersonQuerySet:
    """Narrow a list."""
    if filters.country:
        people = people.filter(country=filters.country)
    if filters.language:
        people = people.filter(language=filters.language)
    if filters.interest:
        people = people.filter(Exists(PersonInterest.objects.filter(interest=filters.interest, person=OuterRef("pk"))))
    if filters.show == "mine":
        people = people.filter(our_contact=user.pk)
    if filters.show == "former":
        people = people.filter(is_former_employee=True)
    if filters.show == "unreachable":
        reachable = EmailAddress.objects.values("person")  # two indexes side by side, not one look per person
        people = people.filter(pk__in=Person.objects.values("pk").difference(reachable))
    return people


def offered() -> dict[str, object]:
    """Give what the filters offer to choose from."""
    return {
        "countries": [(code, name) for code, name in choices.COUNTRIES if code],
        "languages": [(code, name) for code, name in choices.LANGUAGES if code],
        "all_interests": Interest.objects.order_by("name")[:200],
        "shows": SHOWS.items(),
    }
