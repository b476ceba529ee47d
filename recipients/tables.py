"""Lists of people and companies as tables to export: every field, the house's own ones too, in one query that streams."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, StringAgg, Subquery, Value
from django.utils.translation import gettext as _

from consent.export import CHUNK, Table
from recipients.models import Company, CustomField, EmailAddress, Person, PersonInterest

PERSON = ("first_name", "middle_name", "last_name", "title", "company__name", "phone", "mobile", "street", "postcode",
    "city", "region", "country", "language")  # fmt: skip
COMPANY = ("name", "phone", "website", "street", "postcode", "city", "region", "country", "language")


def people(found: QuerySet[Person], *, what: str, name: str, asked: Mapping[str, Any]) -> Table:
    """The people of a list, in the order of their names."""
    house = list(CustomField.objects.filter(of=CustomField.Of.PERSON).order_by("position", "pk"))
    headers = [
        _("First name"), _("Middle name (van, de)"), _("Last name"), _("Job title"), _("Company"), _("E-mail"),
        _("Other e-mail addresses"), _("Phone"), _("Mobile"), _("Street and number"), _("Postcode"), _("City"),
        _("State or region"), _("Country"), _("Language"), _("Interests"), _("Former employee"), _("Known since"), _("Number"),
        *(field.name for field in house),
    ]  # fmt: skip

    def rows() -> Iterator[Sequence[Any]]:
        addresses = EmailAddress.objects.filter(person=OuterRef("pk")).order_by("rank")
        interests = PersonInterest.objects.filter(person=OuterRef("pk")).values("person")
        chosen = found.order_by("sort_name", "id").values_list(
            *PERSON, "is_former_employee", "created_at", "pk", "custom",
            Subquery(addresses.values("address")[:1]),
            Subquery(addresses.filter(rank__gt=1).order_by().values("person").annotate(
                all=StringAgg("address", Value(" "), order_by="rank")).values("all")),
            Subquery(interests.annotate(
                all=StringAgg("interest__name", Value(", "), order_by="interest__name")).values("all")),
        )  # fmt: skip
        keys = [field.key for field in house]
        for *plain, former, since, number, custom, address, others, likes in chosen.iterator(chunk_size=CHUNK):
            own = [custom.get(key) for key in keys] if keys else ()
            yield (*plain[:5], address, others, *plain[5:], likes, former, since, number, *own)

    return Table(what, name, headers, rows, asked)


def companies(found: QuerySet[Company], *, name: str, asked: Mapping[str, Any]) -> Table:
    """Companies in the order of their names, with the number of people we know there."""
    house = list(CustomField.objects.filter(of=CustomField.Of.COMPANY).order_by("position", "pk"))
    headers = [
        _("Company"), _("Phone"), _("Website"), _("Street and number"), _("Postcode"), _("City"), _("State or region"),
        _("Country"), _("Language"), _("Known since"), _("Number"), _("People"), *(field.name for field in house),
    ]  # fmt: skip

    def rows() -> Iterator[Sequence[Any]]:
        heads = Person.objects.filter(company=OuterRef("pk")).order_by().values("company").annotate(n=Count("pk"))
        chosen = found.order_by("name", "id").values_list(
            *COMPANY, "created_at", "pk", Subquery(heads.values("n")), "custom"
        )
        for *plain, known, custom in chosen.iterator(chunk_size=CHUNK):
            yield (*plain, known or 0, *(custom.get(field.key) for field in house))

    return Table("companies", name, headers, rows, asked)
