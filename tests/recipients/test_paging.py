"""Pages by key lead through every row once, forwards and back."""

import random
from urllib.parse import parse_qsl

import pytest
from django.utils import translation

from recipients import paging
from recipients.models import Company, Person
from tests.recipients.factories import a_person

BY_NAME = paging.Order(("sort_name", "id"))
pytestmark = pytest.mark.django_db


def asked(address: str) -> dict[str, str]:
    return dict(parse_qsl(address.removeprefix("?")))


@pytest.mark.parametrize("order", [BY_NAME, BY_NAME.backwards(), paging.Order(("id",), descending=True)])
@pytest.mark.parametrize("people", [0, 1, 3, 7, 9])
def test_every_row_is_seen_once_and_the_way_back_is_the_same(order: paging.Order, people: int) -> None:
    for _ in range(people):
        a_person(random.choice(["Ada", "Bob"]) + " " + random.choice(["Same", "Other", ""]))
    columns = [f"-{name}" if order.descending else name for name in order.columns]

    there, page = [], paging.page(Person.objects.all(), order, {}, size=3)
    while True:
        there.append((page.start, page.rows))
        if not page.next:
            break
        page = paging.page(Person.objects.all(), order, asked(page.next), size=3)
    back = [(page.start, page.rows)]
    while page.previous:
        page = paging.page(Person.objects.all(), order, asked(page.previous), size=3)
        back.append((page.start, page.rows))

    assert [row for _start, rows in there for row in rows] == list(Person.objects.order_by(*columns))
    assert back[::-1] == there


@pytest.mark.parametrize(
    "query", [{"after": "x"}, {"after": "-1"}, {"after": "99999"}, {"after": "٣"}, {"before": "9" * 30}, {"at": "-5"}]
)
def test_a_strange_address_shows_the_first_page(query: dict[str, str]) -> None:
    ada = a_person()

    page = paging.page(Person.objects.all(), BY_NAME, query)

    assert (page.rows, page.start) == ([ada], 1)


def test_what_was_asked_stays_in_the_address() -> None:
    for _ in range(3):
        a_person()

    page = paging.page(Person.objects.all(), BY_NAME, {"q": "ada & co", "sort": "name"}, size=2)

    assert asked(page.next)["q"] == "ada & co"
    assert asked(page.next)["at"] == "3"


def test_where_we_are_is_said_in_the_readers_figures() -> None:
    Company.objects.bulk_create(Company(name=f"c{number:05}") for number in range(1234))
    page = paging.page(Company.objects.all(), paging.Order(("name", "id")), {}, size=50)
    total = paging.total(Company.objects.all())

    assert paging.said(page, total) == "1 to 50 of 1,234"
    with translation.override("nl"):
        assert "1.234" in paging.said(page, total)


def test_a_count_stops_where_nobody_reads_on() -> None:
    Company.objects.bulk_create(Company(name="c") for _ in range(paging.COUNTED + 5))
    page = paging.page(Company.objects.all(), paging.Order(("name", "id")), {})

    total = paging.total(Company.objects.all())

    assert total == paging.Total(paging.COUNTED, exact=False)
    assert paging.said(page, total) == "1 to 50 of more than 10,000"
