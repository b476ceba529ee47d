"""Custom fields: what is written is read right, kept by key, renamed and removed as a set."""

import pytest

from recipients import custom
from recipients.models import CustomField
from tests.recipients.factories import a_company, a_person

NUMBER, DATE, YESNO = (CustomField(kind=kind, name="x") for kind in ("number", "date", "yesno"))
COLOUR = CustomField(kind="choice", name="x", choices=["Red", "Dark blue"])


@pytest.mark.parametrize(
    ("field", "written", "read"),
    [
        (NUMBER, "12", 12),
        (NUMBER, " 43,5 ", 43.5),
        (NUMBER, "43.5", 43.5),
        (NUMBER, "1.250,50", 1250.5),
        (NUMBER, "1,250.50", 1250.5),
        (NUMBER, "1.250.000", 1250000),
        (NUMBER, "-3", -3),
        (NUMBER, "12 %", 12),
        (DATE, "2026-11-23", "2026-11-23"),
        (DATE, "23-11-2026", "2026-11-23"),
        (DATE, "3/1/2026", "2026-01-03"),
        (DATE, "2026-11-23T00:00:00", "2026-11-23"),
        (YESNO, "Ja", True),
        (YESNO, "no", False),
        (COLOUR, "dark  BLUE", "Dark blue"),
        (COLOUR, "  ", None),
    ],
)
def test_a_value_is_read_as_people_write_it(field: CustomField, written: str, read: object) -> None:
    assert custom.read(field, written) == read


@pytest.mark.parametrize(
    ("field", "written"),
    [(NUMBER, "many"), (NUMBER, "1e99"), (NUMBER, "NaN"), (DATE, "31-02-2026"), (YESNO, "perhaps"), (COLOUR, "Green")],
)
def test_what_is_no_value_is_refused(field: CustomField, written: str) -> None:
    with pytest.raises(custom.Unreadable):
        custom.read(field, written)


def test_a_key_is_short_plain_and_nobody_elses() -> None:
    assert custom.key_of("Shoe size (EU)", set()) == "shoe_size_eu"
    assert custom.key_of("Größe", {"grosse"}) == "groe"
    assert custom.key_of("Maat", {"maat", "maat_2"}) == "maat_3"
    assert custom.key_of("尺码", set()) == "field"


@pytest.mark.django_db
def test_a_removed_field_takes_its_values_along_and_a_renamed_choice_its_people() -> None:
    size = custom.add(CustomField(of="person", kind="number", name="Size"))
    colour = custom.add(CustomField(of="person", kind="choice", name="Colour", choices=["Red", "Blue"]))
    ada, bob = a_person(custom={"size": 4, "colour": "Red"}), a_person(custom={"colour": "Blue"})
    firm = a_company(custom={"size": 9})

    assert custom.rename_choice(colour, "Red", "Crimson") == 1
    assert custom.remove(size) == 1

    for row in (ada, bob, firm):
        row.refresh_from_db()
    assert (ada.custom, bob.custom, firm.custom) == ({"colour": "Crimson"}, {"colour": "Blue"}, {"size": 9})
    assert colour.choices == ["Crimson", "Blue"]
    assert custom.of("person") == [colour]


@pytest.mark.django_db
def test_fields_change_places() -> None:
    first, second = (custom.add(CustomField(of="person", kind="text", name=name)) for name in ("A", "B"))

    custom.move(second, up=True)
    custom.move(second, up=True)  # is first already

    assert custom.of("person") == [second, first]
