"""Who stands on a list: members of a selection or a project, added and removed as sets."""

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from recipients.models import Person, PersonQuerySet, Project, ProjectMember, Selection, SelectionMember

type List = Selection | Project


class NotByHand(Exception):
    """People cannot be added to a selection that follows from criteria, nor taken off; fit to show."""

    def __init__(self, selection: Selection) -> None:
        text = _("Who is in “%(name)s” follows from its criteria. Change those, or choose another selection.")
        super().__init__(text % {"name": selection})


def add(to: List, people: QuerySet[Person]) -> int:
    """Add people who are not on the list yet, in one statement; tell how many were new. Raises NotByHand."""
    _check_by_hand(to)
    table, column = _place(to)
    try:
        chosen, params = people.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({column}, person_id, added_at) "  # noqa: S608 (names of our own tables)
            f"SELECT %s, chosen.id, %s FROM ({chosen}) AS chosen(id) ON CONFLICT DO NOTHING",
            [to.pk, timezone.now(), *params],
        )
        return int(cursor.rowcount)


def remove(of: List, people: QuerySet[Person]) -> int:
    """Take people off the list; they themselves stay. Tell how many were on it. Raises NotByHand."""
    _check_by_hand(of)
    chosen = people.order_by().values("pk")
    if isinstance(of, Selection):
        return SelectionMember.objects.filter(selection=of, person__in=chosen).delete()[0]
    return ProjectMember.objects.filter(project=of, person__in=chosen).delete()[0]


def of(which: List) -> PersonQuerySet:
    """The people on a list."""
    if isinstance(which, Selection):
        return Person.objects.in_selection(which)
    return Person.objects.in_project(which)


def _check_by_hand(which: List) -> None:
    if isinstance(which, Selection) and not which.is_by_hand:
        raise NotByHand(which)


def _place(which: List) -> tuple[str, str]:
    model = SelectionMember if isinstance(which, Selection) else ProjectMember
    return model._meta.db_table, "selection_id" if isinstance(which, Selection) else "project_id"
