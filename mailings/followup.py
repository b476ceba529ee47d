"""Following up: a slice of a mailing's recipients becomes members of a list, tasks, or the audience of a next mailing, as one set."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mailings import library, slices
from mailings.models import Mailing, Source
from mailings.slices import Slice
from recipients import members, selections
from recipients.models import Person, Project, Selection

# What a slice is as a criterion: such an audience is worked out anew when sending starts, so that whoever opened meanwhile is left out.
CRITERIA: Mapping[str, tuple[str, str]] = {
    "opened": ("mailing.opened", "did"),
    "not_opened": ("mailing.opened", "did_not"),
    "clicked": ("mailing.clicked", "did"),
    "not_clicked": ("mailing.clicked", "did_not"),
}
TASKS = """
    INSERT INTO recipients_task (kind, title, notes, due_on, assignee_id, person_id, created_at, created_by_id)
    SELECT 'todo', %s, %s, %s, coalesce(person.our_contact_id, %s), person.id, %s, %s
    FROM recipients_person person WHERE person.id IN ({people})
"""


@dataclass(frozen=True, slots=True)
class Target:
    """Where people go: one list that exists, or a selection that is made for them."""

    selection: Selection | None = None
    project: Project | None = None
    new_selection: str = ""
    new_project: str = ""


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
    elif target.new_project:
        to = Project.objects.create(name=target.new_project, created_by=by)
    elif target.selection:
        to = target.selection
    elif target.project:
        to = target.project
    else:
        raise ValueError("a target names a list")
    return Added(to, members.add(to, people))


@transaction.atomic
def draft(mailing: Mailing, slice_: Slice, people: QuerySet[Person] | None, *, by: User, now: dt.datetime) -> Mailing:
    """A copy of the mailing as a draft whose audience is the slice; `people` when only some of it were ticked."""
    copy = library.duplicate(mailing, by=by)
    name = _("%(name)s, follow-up") % {"name": mailing.name}
    Mailing.objects.filter(pk=copy.pk).update(name=name[:200], selection=None, project=None)
    copy.sources.all().delete()
    Source.objects.create(mailing=copy, selection=_audience(mailing, slice_, people, by=by, now=now))
    copy.refresh_from_db()
    return copy


def _audience(
    mailing: Mailing, slice_: Slice, people: QuerySet[Person] | None, *, by: User, now: dt.datetime
) -> Selection:
    words = str(slices.DID.get(slice_.did, _("Recipients")))
    name = f"{mailing.name}: {words}"[:200]
    if people is None and (criteria := _criteria(slice_)):
        made = Selection.objects.create(name=name, kind=Selection.Kind.DYNAMIC, criteria=criteria, created_by=by)
        selections.evaluate(made, now=now)
        return made
    made = Selection.objects.create(name=name, created_by=by)
    members.add(made, slices.people(slice_) if people is None else people)
    return made


def _criteria(slice_: Slice) -> dict[str, object]:
    """The slice as criteria, when it is nothing but a behaviour or a link."""
    about: dict[str, list[str]] = {"mailing": [str(slice_.mailing)]}
    plain = Slice(slice_.mailing, did=slice_.did)
    if slice_ == plain and slice_.did in CRITERIA:
        field, operator = CRITERIA[slice_.did]
        return {"how": "all", "parts": [{"field": field, "is": operator, "with": about}]}
    return {}


def make_tasks(
    people: QuerySet[Person],
    *,
    title: str,
    notes: str,
    due_on: dt.date | None,
    assignee: User | None,
    by: User,
    now: dt.datetime,
) -> int:
    """A task for each of them, of their own contact where they have one; one statement, however many they are."""
    chosen, parameters = people.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        values = [title, notes, due_on, assignee.pk if assignee else None, now, by.pk]
        cursor.execute(TASKS.format(people=chosen), [*values, *parameters])
        return int(cursor.rowcount)
