"""People and lists for tests: the arguments tell the story."""

from itertools import count
from typing import Any

from consent import addresses
from recipients import members, people
from recipients.models import Company, Person, Project, Selection

numbers = count(1)


def a_company(name: str = "", **more: Any) -> Company:
    return Company.objects.create(name=name or f"Company {next(numbers)}", **more)


def a_person(
    name: str = "Ada Lovelace",
    *,
    email: str | None = None,
    also: tuple[str, ...] = (),
    at: Company | str | None = None,
    in_: Selection | None = None,
    joins: Project | None = None,
    **more: object,
) -> Person:
    """A person with an address of their own, unless `email=""`; `at` a company, `in_` a selection."""
    first, _space, last = name.partition(" ")
    company = a_company(at) if isinstance(at, str) else at
    person = Person(first_name=first, last_name=last, company=company, **more)
    own = f"person{next(numbers)}@example.org" if email is None else email
    people.write(person, [addresses.normalise(text) for text in (own, *also) if text])
    for which in (in_, joins):
        if which is not None:
            members.add(which, Person.objects.filter(pk=person.pk))
    return person


def a_selection(name: str = "", *, of: tuple[Person, ...] = ()) -> Selection:
    selection = Selection.objects.create(name=name or f"Selection {next(numbers)}")
    members.add(selection, Person.objects.filter(pk__in=[person.pk for person in of]))
    return selection


def a_project(name: str = "", *, of: tuple[Person, ...] = (), **more: object) -> Project:
    project = Project.objects.create(name=name or f"Project {next(numbers)}", **more)
    members.add(project, Person.objects.filter(pk__in=[person.pk for person in of]))
    return project
