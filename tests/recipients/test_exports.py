"""Lists as files: typed, streamed, inert, and who took them is written down."""

import csv
import datetime as dt
import io

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from consent import export, suppressions
from consent.models import Export
from recipients.models import Company, CustomField
from tests.conftest import NOON
from tests.recipients.factories import a_person, a_project, a_selection

BOMBS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "\t=1", "#REF!", "＝1", " =1"]


@pytest.fixture
def marieke(client: Client) -> User:
    user = User.objects.create_superuser("marieke", "marieke@example.org", "a long enough one")
    client.force_login(user)
    return user


def body(answer: HttpResponse) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]


def sheet_of(answer: HttpResponse) -> openpyxl.worksheet.worksheet.Worksheet:
    return openpyxl.load_workbook(io.BytesIO(body(answer))).active


def lines_of(answer: HttpResponse) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body(answer).decode("utf-8-sig"))))


@pytest.mark.django_db
def test_a_workbook_has_typed_columns_and_everything_we_know(client: Client, marieke: User) -> None:
    CustomField.objects.create(of="person", kind="number", name="Seats", key="seats")
    ada = a_person("Ada Lovelace", email="ada@example.org", also=("ada@home.example",), at="Engines", phone="+31101234567", mobile="+31612345678", custom={"seats": 4})  # fmt: skip

    sheet = sheet_of(client.post(reverse("recipients:people_export"), {"format": "xlsx"}))

    row = {head.value: cell for head, cell in zip(sheet[1], sheet[2], strict=True)}
    assert (row["First name"].value, row["Company"].value, row["E-mail"].value) == ("Ada", "Engines", "ada@example.org")
    assert row["Other e-mail addresses"].value == "ada@home.example"
    assert (row["Mobile"].value, row["Mobile"].data_type in ("s", "inlineStr")) == ("+31612345678", True)
    assert (row["Number"].value, row["Seats"].value) == (ada.pk, 4)
    assert isinstance(row["Known since"].value, dt.datetime)
    assert sheet.freeze_panes == "A2"


@pytest.mark.django_db
@pytest.mark.parametrize("bomb", BOMBS)
def test_no_cell_no_header_and_no_sheet_name_is_a_formula(client: Client, marieke: User, bomb: str) -> None:
    CustomField.objects.create(of="person", kind="text", name=bomb, key="bomb")
    selection = a_selection(bomb)
    a_person("", email="ada@example.org", at=bomb, in_=selection, notes=bomb, title=bomb, custom={"bomb": bomb})
    url = reverse("recipients:selection_export", args=[selection.pk])

    sheet = sheet_of(client.post(url, {"format": "xlsx"}))
    lines = lines_of(client.post(url, {"format": "csv"}))

    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n", "d", "b"}
    assert not sheet.title.startswith(("=", "+", "-", "@", "'"))
    assert not [cell for line in lines for cell in line if cell.lstrip().startswith(export.BEGINS_FORMULA)]


@pytest.mark.django_db
def test_every_list_can_be_exported_and_the_log_says_who_took_what(client: Client, marieke: User) -> None:
    project, selection = a_project("Open day"), a_selection("Readers")
    a_person("Ada Lovelace", in_=selection, joins=project, at="Engines")
    suppressions.add("email", "bob@example.org", "manual", evidence={}, actor="user:1", now=NOON)
    for url in (
        reverse("recipients:people_export"),
        reverse("recipients:companies_export"),
        reverse("recipients:selection_export", args=[selection.pk]),
        reverse("recipients:project_export", args=[project.pk]),
        reverse("consent:suppressions_export"),
    ):
        assert len(lines_of(client.post(url, {"format": "csv"}))) == 2, url

    log = client.get(reverse("consent:exports")).content.decode()

    assert [(row.what, row.rows, row.by, row.form) for row in Export.objects.order_by("pk")] == [
        (what, 1, marieke, "csv") for what in ("people", "companies", "selection", "project", "suppressions")
    ]
    assert "Open day" in log
    assert "marieke@example.org" in log


@pytest.mark.django_db
def test_only_what_was_searched_leaves(client: Client, marieke: User) -> None:
    a_person("Ada Lovelace")
    a_person("Bob Builder")

    lines = lines_of(client.post(reverse("recipients:people_export"), {"format": "csv", "q": "lovelace"}))

    assert [line[0] for line in lines] == ["First name", "Ada"]
    assert Export.objects.get().asked == {"words": "lovelace"}


@pytest.mark.django_db
def test_without_the_permission_nothing_leaves_and_no_button_shows(client: Client) -> None:
    client.force_login(User.objects.create_user("reader", "reader@example.org", "a long enough one"))
    a_person("Ada Lovelace")

    assert client.post(reverse("recipients:people_export")).status_code == 403
    assert client.get(reverse("recipients:people_export")).status_code == 405
    assert "Export this list" not in client.get(reverse("recipients:people")).content.decode()
    assert not Export.objects.exists()


@pytest.mark.django_db
def test_a_dutch_file_opens_in_a_dutch_excel(client: Client, marieke: User) -> None:
    Company.objects.create(name="Kaas; en wijn")

    text = body(
        client.post(reverse("recipients:companies_export"), {"format": "csv"}, headers={"Accept-Language": "nl"})
    )

    assert text.startswith(b"\xef\xbb\xbfBedrijf;")
    assert b'"Kaas; en wijn"' in text


@given(st.text())
def test_any_text_becomes_inert(text: str) -> None:
    assert not export.inert(text).lstrip().startswith(export.BEGINS_FORMULA)
    assert export.sheet_name(text)
    assert len(export.sheet_name(text)) <= 31
