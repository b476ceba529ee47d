"""Lists of people change as sets."""

import pytest

from recipients import members
from recipients.models import Person
from tests.recipients.factories import a_person, a_project, a_selection

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("a_list", [a_selection, a_project])
def test_adding_tells_how_many_were_new_and_does_no_harm_twice(a_list: type) -> None:
    which = a_list(of=(a_person("Ada Lovelace"),))
    a_person("Bob Builder")

    assert members.add(which, Person.objects.all()) == 1
    assert members.add(which, Person.objects.all()) == 0
    assert members.of(which).count() == 2


@pytest.mark.parametrize("a_list", [a_selection, a_project])
def test_taking_off_leaves_the_person_and_other_lists_alone(a_list: type) -> None:
    ada = a_person("Ada Lovelace")
    which, other = a_list(of=(ada,)), a_list(of=(ada,))

    assert members.remove(which, Person.objects.filter(pk=ada.pk)) == 1
    assert members.remove(which, Person.objects.filter(pk=ada.pk)) == 0

    assert list(members.of(other)) == [ada]
    assert Person.objects.filter(pk=ada.pk).exists()


def test_adding_costs_one_statement(django_assert_num_queries: object) -> None:
    selection = a_selection()
    for _ in range(5):
        a_person()

    with django_assert_num_queries(1):  # type: ignore[operator]
        members.add(selection, Person.objects.matching("lovelace").order_by("last_name"))
