"""Tasks: what one of us is to do about somebody; done, and taken up again."""

import datetime as dt

from django.contrib.auth.models import User
from django.db.models import F, QuerySet

from recipients.models import Company, Person, Project, Task

type About = Person | Company | Project


def open_of(about: About) -> QuerySet[Task]:
    """Give what is still to be done about somebody, the first due first."""
    return _in_order(Task.objects.filter(done_at__isnull=True, **{about._meta.model_name or "": about}))


def open_for(user: User | None) -> QuerySet[Task]:
    """Give what one of us has to do; what everybody has, where nobody is named."""
    tasks = Task.objects.filter(done_at__isnull=True)
    return _in_order(tasks.filter(assignee=user) if user else tasks)


def done_for(user: User) -> QuerySet[Task]:
    """Give what one of us did, the last first."""
    return Task.objects.filter(assignee=user, done_at__isnull=False).order_by("-done_at", "-pk")


def finish(task: Task, *, by: User | None, now: dt.datetime) -> bool:
    """Mark it done; somebody else may have been first."""
    return Task.objects.filter(pk=task.pk, done_at__isnull=True).update(done_at=now, done_by=by) == 1


def take_up(task: Task) -> bool:
    """Undo that."""
    return Task.objects.filter(pk=task.pk, done_at__isnull=False).update(done_at=None, done_by=None) == 1


def _in_order(tasks: QuerySet[Task]) -> QuerySet[Task]:
    related = tasks.select_related("assignee", "person", "company", "project")
    return related.order_by(F("due_on").asc(nulls_last=True), F("due_at").asc(nulls_first=True), "pk")
