"""Several addresses, postal addresses, mobile numbers, the house's own fields, what replaces what, and layouts known before."""

from pathlib import Path

import pytest

from recipients.imports import checks, custom, runs
from recipients.imports.checks import Warn
from recipients.imports.columns import Custom, Field
from recipients.imports.rows import Batch
from recipients.models import CustomField, EmailAddress, Import, Person
from tests.recipients.factories import a_person
from tests.recipients.imports.stories import WITHOUT_CONSENT, an_import, an_upload


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: object) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("text", "anything", "anything"),
        ("number", "1234", 1234),
        ("number", "1234,5", 1234.5),
        ("number", "1.234", 1.234),
        ("number", "1.234,50", 1234.5),
        ("number", "1,234.50", 1234.5),
        ("number", "1.234.567", 1234567),
        ("number", "€ 12,50", 12.5),
        ("number", "-3", -3),
        ("number", "many", None),
        ("date", "23-11-2026", "2026-11-23"),
        ("date", "2026-11-23", "2026-11-23"),
        ("date", "31-02-2026", None),
        ("yesno", "Ja", True),
        ("yesno", "FALSE", False),
        ("yesno", "perhaps", None),
        ("choice", "gold", "Gold"),
        ("choice", "Tin", None),
    ],
)
def test_a_cell_is_read_for_its_field(kind: str, cell: str, value: object) -> None:
    assert custom.read(cell, Custom("x", "X", kind, ("Gold", "Silver"))) == value


def test_a_value_that_does_not_fit_is_left_out_with_a_word() -> None:
    batch = Batch([2, 3], [["ada@example.org", "gold"], ["bob@example.org", "tin"]])

    found = checks.check(batch, {0: Field.EMAIL, 1: Custom("level", "Level", "choice", ("Gold",))})

    assert [row.custom for row in found.people] == ['{"level": "Gold"}', "{}"]
    assert found.warnings == {Warn.CUSTOM: [3]}


def test_further_addresses_are_the_persons_too_and_the_first_filled_one_is_the_main_one() -> None:
    batch = Batch([2, 3, 4], [["ada@example.org", "ADA@home.example", "x"], ["", "bob@example.org", ""], ["", "", ""]])

    found = checks.check(batch, {0: Field.EMAIL, 1: Field.EMAIL, 2: Field.EMAIL})

    assert [(row.address, row.others) for row in found.people] == [
        ("ada@example.org", "ada@home.example"),
        ("bob@example.org", ""),
    ]
    assert [row.row for row in found.refused] == [4]
    assert found.warnings == {Warn.OTHER_ADDRESS: [2]}


@pytest.mark.django_db
def test_a_row_is_known_by_any_of_its_addresses_and_an_address_of_another_stays_theirs(tmp_path: Path) -> None:
    ada, bob = a_person("Ada", email="ada@home.example"), a_person("Bob", email="bob@example.org")
    rows = [("ada@example.org", "ada@home.example"), ("eve@example.org", "bob@example.org")]

    importing = an_import(rows, tmp_path, WITHOUT_CONSENT, headers=("E-mail", "E-mail 2"), mapping={0: Field.EMAIL, 1: Field.EMAIL})  # fmt: skip

    assert (importing.created, importing.changed) == (0, 2)
    assert list(ada.email_addresses.order_by("rank").values_list("address", flat=True)) == ["ada@home.example", "ada@example.org"]  # fmt: skip
    assert list(bob.email_addresses.order_by("rank").values_list("address", flat=True)) == ["bob@example.org", "eve@example.org"]  # fmt: skip
    assert EmailAddress.objects.values("address").distinct().count() == EmailAddress.objects.count()


@pytest.mark.django_db
def test_postal_addresses_mobiles_and_own_fields_are_taken_over(tmp_path: Path) -> None:
    CustomField.objects.create(of="person", kind="number", name="Seats", key="seats")
    headers = ("E-mail", "Straat", "Postcode", "Woonplaats", "Mobiel", "Seats")
    upload = an_upload([("ada@example.org", "Kade 1", "3011 AA", "Rotterdam", "06-12345678", "4")], tmp_path, headers=headers)  # fmt: skip
    assert [upload.mapping[str(at)] for at in range(5)] == ["email", "street", "postcode", "city", "mobile"]

    mapping = {**runs.mapped(upload.mapping, []), 5: Custom("seats", "Seats", "number")}
    an_import([("ada@example.org", "Kade 1", "3011 AA", "Rotterdam", "06-12345678", "4")], tmp_path, headers=headers, mapping=mapping)  # fmt: skip

    ada = Person.objects.get()
    assert (ada.street, ada.postcode, ada.city, ada.mobile, ada.custom) == (
        "Kade 1", "3011 AA", "Rotterdam", "+31612345678", {"seats": 4},
    )  # fmt: skip


@pytest.mark.django_db
def test_an_address_is_filled_as_a_whole(tmp_path: Path) -> None:
    ada = a_person("Ada", email="ada@example.org", city="Delft")

    an_import([("ada@example.org", "Kade 1", "Rotterdam")], tmp_path, headers=("E-mail", "Straat", "Plaats"))

    ada.refresh_from_db()
    assert (ada.street, ada.city) == ("", "Delft")


@pytest.mark.django_db
def test_one_column_replaces_what_we_know_and_another_does_not(tmp_path: Path) -> None:
    ada = a_person("Ada Byron", email="ada@example.org", title="Poet")
    headers = ("E-mail", "Achternaam", "Functie")

    an_import(
        [("ada@example.org", "Lovelace", "Mathematician")], tmp_path, headers=headers,
        replace=frozenset({Field.LAST_NAME}),
    )  # fmt: skip

    ada.refresh_from_db()
    assert (ada.last_name, ada.title) == ("Lovelace", "Poet")


@pytest.mark.django_db
def test_the_columns_of_a_layout_are_remembered(tmp_path: Path) -> None:
    headers = ("Contact", "Info", "Bedrijf")
    rows = [("ada@example.org", "Ada Lovelace", "Engines")]
    mapping = {0: Field.EMAIL, 1: Field.FULL_NAME}
    first = an_import(rows, tmp_path, headers=headers, mapping=mapping, overwrite=True)

    again = an_upload(rows, tmp_path, headers=headers)
    other = an_upload(rows, tmp_path, headers=(*headers, "Meer"))

    assert (runs.mapped(again.mapping, []), again.overwrite, again.as_in) == (mapping, True, first)
    assert other.as_in is None
    assert Import.objects.get(pk=first.pk).layout == again.layout != other.layout
