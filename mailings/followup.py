"""Following up: a slice of a mailing's recipients becomes members of a selection or a project, as one set."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from recipients import members
from recipients.models import Person, Project, Selection


@dataclass(frozen=True, slots=True)
class Target:
    """Where people go: one list that exists, or a selection that is made for them."""

    selection: Selection | None = None
    project: Project | None = None
    new_selection: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """The list, and how many people were not on it yet."""

    to: Selection | Project
    new: int


@transaction.atomic
def add(people: QuerySet[Person], target: Target, *, by: User) -> Added:
    """Put people on the target's list; who is on it already stays on it."""
    to: Selection | Project
    if target.new_selection:
        to = Selection.objects.create(name=target.new_selection, created_by=by)
    elif target.selection:
        to = target.selection
    elif target.project:
        to = target.project
    else:
        raise ValueError("a target names a list")
    return Added(to, members.add(to, people))
