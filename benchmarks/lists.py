"""Lists of people at a million rows: pages, sorts, filters and words, through the pages themselves."""

import re
import statistics
import time
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from benchmarks.frame import Figure, Scale
from benchmarks.generate import a_house
from recipients.models import Project, Selection

ROUNDS = 5
NEXT = re.compile(r'href="([^"]*)" rel="next"')
PAGES: tuple[dict[str, str], ...] = (
    {}, {"sort": "-name"}, {"sort": "newest"}, {"country": "NL"}, {"country": "BE"}, {"country": "CZ"},
    {"language": "fr", "sort": "-name"}, {"show": "former"}, {"show": "unreachable"}, {"country": "BE", "language": "fr"},
)  # fmt: skip
WORDS = (
    "last123456",
    "first42 last",
    "person777",
    "company 4711",
    "example97",
    "la",
    "first1",
    "lasst99999",
    "frist12",
)


def figures(scale: Scale) -> Iterator[Figure]:
    house = a_house(scale.pick(1_000_000, 20_000))
    selection, project = Selection.objects.create(name="Half"), Project.objects.create(name="Tenth")
    with connection.cursor() as cursor:
        for statement in (HALF, TENTH):
            cursor.execute(statement, {"selection": selection.pk, "project": project.pk})
        cursor.execute("VACUUM ANALYZE recipients_selectionmember, recipients_projectmember")
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client(headers={"HX-Request": "true"})
    client.force_login(User.objects.create_superuser("root", "root@example.org"))
    lists = [f"/people/?{urlencode(asked)}" for asked in PAGES]
    lists += [f"/selections/{selection.pk}/", f"/selections/{selection.pk}/?sort=-name", f"/projects/{project.pk}/"]
    lists += [f"/selections/{selection.pk}/?q=last12345", "/companies/", "/companies/?q=company+47"]
    people = [f"/people/?q={words.replace(' ', '+')}" for words in WORDS]
    pages = measured(client, [*lists, *people], deep=3)
    yield Figure("lists.page", p95(pages), "ms", of=f"{len(pages)} pages of {house.people:,} people")
    boxes = measured(client, [f"/search/?q={words.replace(' ', '+')}" for words in WORDS])
    yield Figure("lists.search", p95(boxes), "ms", of=f"{len(boxes)} searches over {house.people:,} people")


def measured(client: Client, addresses: list[str], *, deep: int = 0) -> list[float]:
    """Ask each address some times, and so many pages further; milliseconds, each address as often as the others."""
    taken: list[float] = []
    for _round in range(ROUNDS):
        for address in addresses:
            here, left = address, deep
            while here:
                begin = time.perf_counter()
                answer = client.get(here)
                taken.append((time.perf_counter() - begin) * 1000)
                if answer.status_code != 200:
                    raise SystemExit(f"{here} answered {answer.status_code}")
                onwards = NEXT.search(answer.content.decode()) if left else None
                here, left = (address.partition("?")[0] + unescape(onwards[1]) if onwards else ""), left - 1
    return taken


def p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


HALF = """
INSERT INTO recipients_selectionmember (selection_id, person_id, added_at)
SELECT %(selection)s, id, now() FROM recipients_person WHERE id %% 2 = 0
"""
TENTH = """
INSERT INTO recipients_projectmember (project_id, person_id, added_at)
SELECT %(project)s, id, now() FROM recipients_person WHERE id %% 10 = 0
"""
