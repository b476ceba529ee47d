"""Where recipients come from: adding and removing the sources of a mailing, and what there is to choose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from mailings import cascade
from mailings.models import Mailing, Source
from recipients.models import Import, Person, Project, Selection, SelectionMember

FOUND = 8  # rows per kind in the search for a source
KINDS = {"selection": Selection, "project": Project, "person": Person, "importing": Import}


class NoSuchSource(Exception):
    """What was chosen is not there any more; fit to show."""

    def __init__(self) -> None:
        super().__init__(_("That source is not there any more. Choose another one."))


@dataclass(frozen=True)
class Listed:
    """A source as the Recipients step shows it."""

    pk: int
    kind: str
    name: str
    number: int  # of the selection, project, person or import
    people: int


@dataclass(frozen=True)
class Choice:
    """Something that can become a source."""

    kind: str
    number: int
    name: str
    detail: str
    people: int | None = None


def add(mailing: Mailing, kind: str, number: int) -> Source:
    """Add one source to a mailing; adding it twice changes nothing. Raises NoSuchSource."""
    model = KINDS.get(kind)
    if model is None or not model._default_manager.filter(pk=number).exists():
        raise NoSuchSource
    source, _created = Source.objects.get_or_create(defaults=None, mailing=mailing, **{f"{kind}_id": number})
    cascade.pass_on(mailing)
    return source


def remove(mailing: Mailing, number: int) -> None:
    """Take a source off a mailing; its people stay where they are."""
    mailing.sources.filter(pk=number).delete()
    cascade.pass_on(mailing)


@transaction.atomic
def follow_links(mailing: Mailing, *, selection_before: int | None, project_before: int | None) -> None:
    """Make the people of a linked selection or project recipients.

    With both linked the mailing says who counts; as in SuperOffice, the people of the selection unless somebody chose.
    A source that was added by hand stays unless it is the one that was unlinked.
    """
    now = (mailing.selection_id, mailing.project_id)
    if now == (selection_before, project_before):
        return
    if selection_before and selection_before != mailing.selection_id:
        mailing.sources.filter(selection_id=selection_before).delete()
    if project_before and project_before != mailing.project_id:
        mailing.sources.filter(project_id=project_before).delete()
    follow_both(mailing)


@transaction.atomic
def follow_both(mailing: Mailing) -> None:
    """Make sources of what is linked, as the mailing says who counts when both are."""
    selection, project = mailing.selection_id, mailing.project_id
    if selection:
        Source.objects.get_or_create(mailing=mailing, selection_id=selection)
    if selection and project and mailing.both_links != Mailing.Both.UNION:
        mailing.sources.filter(project_id=project).delete()
    elif project:
        Source.objects.get_or_create(mailing=mailing, project_id=project)
    cascade.pass_on(mailing)


def listed(mailing: Mailing) -> list[Listed]:
    """Give the mailing's sources with the number of people in each."""
    rows = mailing.sources.select_related("selection", "project", "person", "importing").order_by("pk")
    rows = rows.annotate(
        in_selection=Count("selection__members", distinct=True), in_project=Count("project__members", distinct=True)
    )
    imports = _people_of_imports(row.importing for row in rows if row.importing)
    found = [_listed(row, imports) for row in rows]
    if people := mailing.guests.count():
        found.append(Listed(0, "one_off", _("One-off list"), mailing.pk, people))
    return found


def _listed(row: Source, imports: dict[int, int]) -> Listed:
    if row.selection:
        return Listed(row.pk, "selection", row.selection.name, row.selection.pk, getattr(row, "in_selection", 0))
    if row.project:
        return Listed(row.pk, "project", row.project.name, row.project.pk, getattr(row, "in_project", 0))
    if row.importing:
        return Listed(row.pk, "importing", row.importing.file_name, row.importing.pk, imports.get(row.importing.pk, 0))
    assert row.person is not None  # noqa: S101 the table's own constraint
    return Listed(row.pk, "person", str(row.person), row.person.pk, 1)


def _people_of_imports(imports: Iterable[Import]) -> dict[int, int]:
    selections = {importing.pk: importing.selection_id for importing in imports if importing.selection_id}
    if not selections:
        return {}
    members = SelectionMember.objects.filter(selection__in=selections.values())
    counted = dict(members.values_list("selection").annotate(people=Count("pk")))
    return {number: counted.get(selection, 0) for number, selection in selections.items()}


def choices(mailing: Mailing, words: str) -> list[Choice]:
    """Find selections, projects, persons and imports by these words; without words the newest, and no persons."""
    taken = mailing.sources.values_list
    words = words.strip()[:100]
    selections = Selection.objects.filter(name__icontains=words).exclude(
        pk__in=_not_null(taken("selection", flat=True))
    )
    projects = Project.objects.filter(name__icontains=words).exclude(pk__in=_not_null(taken("project", flat=True)))
    imports = Import.objects.filter(file_name__icontains=words, state=Import.State.FINISHED, selection__isnull=False)
    imports = imports.exclude(pk__in=_not_null(taken("importing", flat=True)))
    found = [Choice("selection", row.pk, row.name, row.description[:80]) for row in selections.order_by("-pk")[:FOUND]]
    found += [Choice("project", row.pk, row.name, row.description[:80]) for row in projects.order_by("-pk")[:FOUND]]
    found += [
        Choice("importing", row.pk, row.file_name, str(row.selection))
        for row in imports.select_related("selection").order_by("-pk")[:FOUND]
    ]
    return found + (_persons(mailing, words) if words else [])


def _persons(mailing: Mailing, words: str) -> list[Choice]:
    taken = mailing.sources.filter(person__isnull=False).values("person")
    people = Person.objects.matching(words).exclude(pk__in=taken).select_related("company").order_by("pk")[:FOUND]
    return [Choice("person", row.pk, str(row), row.company.name if row.company else "") for row in people]


def _not_null(numbers: Iterable[int | None]) -> Sequence[int]:
    return [number for number in numbers if number is not None]
