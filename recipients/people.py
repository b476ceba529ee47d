"""People: written with their addresses, found as one types."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched

from django.db import connection, transaction

from recipients import phones
from recipients.models import Company, CompanyAddress, CompanyPhone, EmailAddress, Person, PersonPhone

BATCH = 5_000
LONGEST_TEXT = 2_000  # of a person's search text; nobody types more


@dataclass(frozen=True)
class Shared:
    """An address of this person that somebody else has too."""

    address: str
    person_id: int
    name: str


@transaction.atomic
def write(person: Person, addresses: Sequence[str]) -> Person:
    """Save a person with exactly these normalised addresses, in this order; we write to the first."""
    person.save()
    person.email_addresses.exclude(address__in=addresses).delete()
    EmailAddress.objects.bulk_create(
        [EmailAddress(person=person, address=address, rank=rank) for rank, address in enumerate(addresses, start=1)],
        update_conflicts=True,
        unique_fields=["person", "address"],
        update_fields=["rank"],
    )
    index([person.pk])
    return person


@transaction.atomic
def write_phones(of: Person | Company, numbers: Sequence[str]) -> None:
    """Save exactly these further numbers, as E.164, in this order."""
    numbers = list(dict.fromkeys(numbers))
    of.phones.exclude(number__in=numbers).delete()
    if isinstance(of, Person):
        made = [PersonPhone(person=of, number=one, kind=phones.kind(one), rank=rank) for rank, one in _ranked(numbers)]
        PersonPhone.objects.bulk_create(
            made, update_conflicts=True, unique_fields=["person", "number"], update_fields=["rank"]
        )
    else:
        rows = [
            CompanyPhone(company=of, number=one, kind=phones.kind(one), rank=rank) for rank, one in _ranked(numbers)
        ]
        CompanyPhone.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["company", "number"], update_fields=["rank"]
        )


@transaction.atomic
def write_company_addresses(company: Company, addresses: Sequence[str]) -> None:
    """Save exactly these normalised addresses of a company itself, in this order."""
    company.email_addresses.exclude(address__in=addresses).delete()
    CompanyAddress.objects.bulk_create(
        [CompanyAddress(company=company, address=one, rank=rank) for rank, one in _ranked(addresses)],
        update_conflicts=True,
        unique_fields=["company", "address"],
        update_fields=["rank"],
    )


def _ranked(values: Sequence[str]) -> Iterable[tuple[int, str]]:
    return enumerate(values, start=1)


def shared_addresses(person: Person) -> list[Shared]:
    """Name who else has an address of this person: perhaps the same human being twice."""
    own = EmailAddress.objects.filter(person=person).values("address")
    others = EmailAddress.objects.filter(address__in=own).exclude(person=person).select_related("person")
    return [Shared(row.address, row.person_id, str(row.person)) for row in others[:5]]


@dataclass(frozen=True)
class Several:
    """An address, and some of those who have it."""

    address: str
    people: Sequence[Person]
    more: int


def duplicates(*, after: str = "", size: int = 50) -> tuple[list[Several], str]:
    """Give addresses that several people have, in their order, and where the next ones begin."""
    with connection.cursor() as cursor:
        cursor.execute(SEVERAL, {"after": after, "size": size + 1})
        found = cursor.fetchall()
    shown = {number for _address, numbers, _count in found[:size] for number in numbers}
    known = Person.objects.select_related("company").in_bulk(shown)
    groups = [
        Several(address, [known[number] for number in numbers if number in known], count - len(numbers))
        for address, numbers, count in found[:size]
    ]
    return [group for group in groups if len(group.people) > 1], found[size - 1][0] if len(found) > size else ""


def speaks(address: str, language: str) -> None:
    """Keep the language that the owner of an address chose, for everybody who has it."""
    Person.objects.filter(email_addresses__address=address).update(language=language)


def searchable(*parts: str) -> str:
    """Give the text in which words are looked up: lower case, and once more without accents where there are any."""
    plain = " ".join(part for part in parts if part).casefold()
    if plain.isascii():
        return plain[:LONGEST_TEXT]
    decomposed = unicodedata.normalize("NFD", plain)
    folded = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return (plain if folded == plain else f"{plain} {folded}")[:LONGEST_TEXT]


def index(people: Iterable[int]) -> int:
    """Write the search text of these people anew, after their names, addresses or company changed."""
    changed = 0
    for numbers in batched(people, BATCH, strict=False):
        with connection.cursor() as cursor:
            cursor.execute(TEXTS, [list(numbers)])
            texts = [(number, searchable(*parts)) for number, *parts in cursor.fetchall()]
            cursor.execute(WRITE, [[number for number, _ in texts], [text for _, text in texts]])
            changed += cursor.rowcount
    return changed


@transaction.atomic
def rename_company(company: Company) -> None:
    """Save a company; its people are found by its new name."""
    company.save()
    index(company.people.values_list("pk", flat=True).iterator())


SEVERAL = """
SELECT address, (array_agg(person_id ORDER BY person_id))[1:4], count(*)
FROM recipients_emailaddress WHERE address > %(after)s
GROUP BY address HAVING count(*) > 1 ORDER BY address LIMIT %(size)s
"""
TEXTS = """
SELECT person.id, person.first_name, person.middle_name, person.last_name, coalesce(addresses.all, ''),
       coalesce(company.name, '')
FROM recipients_person person
LEFT JOIN recipients_company company ON company.id = person.company_id
LEFT JOIN LATERAL (
    SELECT string_agg(address, ' ' ORDER BY rank) AS all FROM recipients_emailaddress WHERE person_id = person.id
) addresses ON true
WHERE person.id = ANY(%s)
"""
WRITE = """
INSERT INTO recipients_personsearch AS known (person_id, text)
SELECT fresh.id, fresh.words FROM unnest(%s::bigint[], %s::text[]) AS fresh(id, words)
WHERE EXISTS (SELECT FROM recipients_person person WHERE person.id = fresh.id)
ON CONFLICT (person_id) DO UPDATE SET text = excluded.text WHERE known.text <> excluded.text
"""
