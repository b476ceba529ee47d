"""The order of names, as a Dutch telephone book has it; the database works it out."""

import pytest

from recipients.models import Person

pytestmark = pytest.mark.django_db


def test_names_stand_below_their_last_name_without_the_words_before_it() -> None:
    written = [
        "van der Berg",
        "Bergen",
        "IJsbrand",
        "Yvo",
        "'t Hart",
        "d'Ancona",
        "Émile",
        "Fabri",
        "IJzerman",
        "Zwart",
    ]
    for name in reversed(written):
        Person.objects.create(first_name="Jan", last_name=name)

    found = list(Person.objects.order_by("sort_name", "id").values_list("last_name", flat=True))

    assert found == [
        "d'Ancona", "van der Berg", "Bergen", "Émile", "Fabri", "'t Hart", "IJsbrand", "Yvo", "IJzerman", "Zwart"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last", "key"),
    [
        ("Jan", "Ĳsselstein", "ysselstein jan"),
        ("Jan", "IJsselstein", "ysselstein jan"),
        ("Jan", "Bruijn", "bruyn jan"),
        ("Jan", "Bruyn", "bruyn jan"),
        ("Jan", "DE VRIES-JANSEN", "vries jansen jan"),
        ("Jan", "van de", "de jan"),  # something has to be left
        ("Jan", "Van", "van jan"),
        ("Søren", "Łęcki", "lecki soren"),
        ("", "Straße", "strasse"),
        ("Cher", "", "cher"),
        ("", "", "~"),  # whoever has no name comes last
        ("\u200fAbc", "‏דוד", "דוד abc"),
        ("😀", "王", "王 😀"),
        ("Jan", "D’Ancona", "ancona jan"),
    ],
)
def test_the_key_of_a_name(first: str, last: str, key: str) -> None:
    person = Person.objects.create(first_name=first, last_name=last)

    person.refresh_from_db()

    assert person.sort_name == key
