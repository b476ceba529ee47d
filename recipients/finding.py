"""What the search box finds: a few of each kind, by their words; by words that look alike where nothing has them.

Open: an app above adds a `Kind` to `kinds` in its AppConfig.ready(); its rows then stand in the box and on its page.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from recipients.models import Company, Person, PersonSearch, Project, Selection

EACH = 5
LIKENESS = "0.3"  # of a word to a part of the text, from 0 to 1; two letters that changed places cost the most
PATIENCE = "60ms"  # for words that look alike; who types goes on typing
MOST_ALIKE = 200  # people looked at, of those whose words look alike


@dataclass(frozen=True)
class Hit:
    """Something found: its name, what tells it from others, and its page."""

    title: str
    detail: str
    url: str


@dataclass(frozen=True)
class Kind:
    """One kind of things. `find` gives the first few that hold these words, or words that look like them."""

    code: str
    label: str | Promise
    icon: str
    find: Callable[[str, bool], Iterable[Hit]]
    permission: str = ""  # without one everybody finds it


@dataclass(frozen=True)
class Group:
    kind: Kind
    hits: Sequence[Hit]


@dataclass(frozen=True)
class Found:
    groups: Sequence[Group]
    is_alike: bool = False  # nothing holds the words themselves


kinds: list[Kind] = []


def find(words: str, user: Any) -> Found:
    """Give what holds the words; where nothing does, what looks like them, as far as there is time for it."""
    mine = [kind for kind in kinds if not kind.permission or user.has_perm(kind.permission)]
    groups = _groups(mine, words, alike=False)
    if groups or len(words) < 3:
        return Found(groups)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"SET LOCAL pg_trgm.word_similarity_threshold = {LIKENESS}; SET LOCAL statement_timeout = '{PATIENCE}'"
            )
            return Found(_groups(mine, words, alike=True), is_alike=True)
    except OperationalError:  # no time left
        return Found(())


def _groups(asked: Sequence[Kind], words: str, *, alike: bool) -> list[Group]:
    found = [(kind, list(kind.find(words, alike))) for kind in asked]
    return [Group(kind, hits) for kind, hits in found if hits]


def named[M: Model](rows: QuerySet[M], words: str, *, alike: bool, column: str = "name") -> QuerySet[M]:
    """Narrow rows to those whose name holds all of the words, or words that look like them."""
    asked = Q()
    for word in words.split()[:8]:
        asked &= Q(**{f"{column}__trigram_word_similar" if alike else f"{column}__holds": word})
    return rows.filter(asked)


def people(words: str, alike: bool) -> Iterable[Hit]:  # noqa: FBT001 - the shape of a finder
    found = Person.objects.filter(pk__in=_look_alike(words)) if alike else Person.objects.matching(words)
    for person in found.select_related("company").defer("notes").with_addresses().order_by("sort_name", "id")[:EACH]:
        addresses = person.addresses  # type: ignore[attr-defined]  # by with_addresses
        address = addresses[0].address if addresses else ""
        detail = " · ".join(part for part in (address, str(person.company or "")) if part)
        yield Hit(person.name or address or str(person), detail, reverse("recipients:person", args=[person.pk]))


def _look_alike(words: str) -> list[int]:
    """Number people whose words look like these.

    One slip of the finger leaves the beginning or the end of a word whole; the index finds few rows with either.
    """
    found = PersonSearch.objects.all()
    for word in words.casefold().split()[:8]:
        whole = max(3, (len(word) - 1) // 2)
        if len(word) > whole:
            found = found.filter(Q(text__contains=word[:whole]) | Q(text__contains=word[-whole:]))
        found = found.filter(text__trigram_word_similar=word)
    return list(found.values_list("person", flat=True)[:MOST_ALIKE])


def companies(words: str, alike: bool) -> Iterable[Hit]:  # noqa: FBT001
    for company in named(Company.objects.all(), words, alike=alike).order_by("name")[:EACH]:
        yield Hit(company.name, company.city, reverse("recipients:company", args=[company.pk]))


def selections(words: str, alike: bool) -> Iterable[Hit]:  # noqa: FBT001
    for row in named(Selection.objects.all(), words, alike=alike).order_by("-pk")[:EACH]:
        yield Hit(row.name, str(row.get_kind_display()), reverse("recipients:selection", args=[row.pk]))


def projects(words: str, alike: bool) -> Iterable[Hit]:  # noqa: FBT001
    for row in named(Project.objects.all(), words, alike=alike).order_by("-pk")[:EACH]:
        yield Hit(row.name, row.kind, reverse("recipients:project", args=[row.pk]))


kinds += [
    Kind("people", gettext_lazy("People"), "user", people),
    Kind("companies", gettext_lazy("Companies"), "building-2", companies),
    Kind("selections", gettext_lazy("Selections"), "layers", selections),
    Kind("projects", gettext_lazy("Projects"), "calendar-days", projects),
]
