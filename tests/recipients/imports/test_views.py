"""Importing over HTTP: choose a file, correct its columns, declare its source, read the report."""

import io
import re
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consent import law
from consent.models import ConsentEvent, Ground
from recipients.imports import rows, runs
from recipients.models import Import, Person, Selection
from recipients.tasks import run_import
from tests.consent.factories import a_subscription_type
from tests.recipients.imports import workbooks
from tests.recipients.imports.stories import a_started_import, a_user

pytestmark = pytest.mark.django_db
TABLE = [
    ("E-mail", "Voornaam", "Achternaam", "Bedrijf", "Kleur"),
    ("ada@example.org", "Ada", "Lovelace", "Engines", "geel"),
    ("bob@example.org", "Bob", "Jones", "", "blauw"),
    ("a@b@c", "Cee", "", "", ""),
]
PURCHASE = {
    "source": "purchase",
    "purchase-evidence_on": "2025-03-03",
    "purchase-order": "26-0411",
    "purchase-brand": "De Werkbank",
}


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    a_subscription_type()


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(a_user())
    return client


def a_file(folder: Path, *sheets: list[tuple[object, ...]], name: str = "spring fair.xlsx") -> SimpleUploadedFile:
    path = workbooks.a_workbook(folder / "upload.xlsx", *sheets)
    return SimpleUploadedFile(name, path.read_bytes())


def uploaded(marketer: Client, folder: Path, *sheets: list[tuple[object, ...]]) -> Import:
    answer = marketer.post(reverse("recipients:import_new"), {"file": a_file(folder, *(sheets or (TABLE,)))})
    importing = Import.objects.latest("pk")
    assert answer["Location"] == reverse("recipients:import", args=[importing.pk])
    return importing


def form_of(importing: Import, **more: str) -> dict[str, str]:
    columns = {f"column-{column}": field for column, field in importing.mapping.items()}
    return {**columns, "target": "new", "selection_name": "Spring fair", "overwrite": "", **more}


def post(marketer: Client, importing: Import, **form: str) -> HttpResponse:
    return marketer.post(reverse("recipients:import", args=[importing.pk]), form_of(importing, **form))


def text(answer: HttpResponse) -> str:
    """What a reader sees: without tags, on single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_the_whole_way_from_file_to_report(marketer: Client, tmp_path: Path) -> None:
    importing = uploaded(marketer, tmp_path)
    page = reverse("recipients:import", args=[importing.pk])
    shown = text(marketer.get(page))
    assert "2 of 3 rows can be taken over, 1 cannot" in shown
    assert "a@b@c: There is more than one @ in it" in shown
    assert "1 column is not imported" in shown

    answer = post(marketer, importing, **PURCHASE)
    assert answer.status_code == 302
    assert "Waiting for a worker" in text(marketer.get(page))
    run_import(import_id=importing.pk)

    report = text(marketer.get(page))
    assert "2 rows are taken over , 1 was not" in report
    assert "2 + 0 + 0 + 1 = 3 rows. Every row is accounted for." in report
    assert "Bought something from you" in report
    assert Selection.objects.get(name="Spring fair").members.count() == 2
    assert set(ConsentEvent.objects.values_list("source", flat=True)) == {"purchase"}


@pytest.mark.parametrize(("flags", "soft"), [(2, False), (3, True)])
def test_customers_of_a_file_keep_the_conditions_of_soft_opt_in(
    marketer: Client, tmp_path: Path, flags: int, *, soft: bool
) -> None:
    importing = uploaded(marketer, tmp_path)
    ticked = {f"purchase-{flag}": "on" for flag in list(law.SOFT_FLAGS)[:flags]}

    post(marketer, importing, **PURCHASE, **ticked)
    run_import(import_id=importing.pk)

    assert set(Ground.objects.values_list("source", "is_soft")) == {("purchase", soft)}
    report = text(marketer.get(reverse("recipients:import", args=[importing.pk])))
    assert ("They can refuse in every message" in report) is soft


def test_the_rejected_rows_are_a_workbook(marketer: Client, tmp_path: Path) -> None:
    importing = uploaded(marketer, tmp_path)
    post(marketer, importing, **PURCHASE)
    run_import(import_id=importing.pk)

    answer = marketer.get(reverse("recipients:import_rejected", args=[importing.pk]))

    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert [cell.value for cell in sheet[2]][:2] == ["a@b@c", "Cee"]
    assert "spring fair" in answer["Content-Disposition"]


def test_running_the_task_twice_does_no_harm(marketer: Client, tmp_path: Path) -> None:
    importing = uploaded(marketer, tmp_path)
    post(marketer, importing, **PURCHASE)

    run_import(import_id=importing.pk)
    run_import(import_id=importing.pk)

    assert (Person.objects.count(), ConsentEvent.objects.count()) == (2, 2)


def test_columns_can_be_corrected_and_the_rows_are_shown_again(marketer: Client, tmp_path: Path) -> None:
    importing = uploaded(marketer, tmp_path)
    look = reverse("recipients:import_look", args=[importing.pk])

    without = marketer.post(look, form_of(importing) | {"column-0": ""})
    swapped = marketer.post(look, form_of(importing) | {"column-1": "last_name", "column-2": "first_name"})

    assert "No row can be taken over like this" in text(without)
    assert "Lovelace Ada" in text(swapped)
    importing.refresh_from_db()
    assert importing.mapping["1"] == "first_name"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Choose where these addresses come from"),
        ({"source": "purchase"}, "Order number : This evidence is missing"),
        (PURCHASE | {"purchase-evidence_on": "2099-01-01"}, "The date lies in the future"),
        (PURCHASE | {"purchase-evidence_on": "yesterday"}, "Enter a valid date"),
        ({"source": "third_party_list"}, "This source is no consent"),
        ({"source": "unknown"}, "This source is no consent"),
        (PURCHASE | {"column-0": ""}, "Choose the column with the e-mail addresses"),
        (PURCHASE | {"column-1": "last_name"}, "Two columns are chosen for the same thing"),
        (PURCHASE | {"column-1": "password"}, "is not one of the available choices"),
        (PURCHASE | {"selection_name": ""}, "Give the new selection a name"),
        (PURCHASE | {"target": "existing"}, "Choose a selection"),
        (PURCHASE | {"target": "existing", "selection": "999"}, "Select a valid choice"),
    ],
)
def test_what_is_missing_is_said_and_nothing_starts(
    marketer: Client, tmp_path: Path, form: dict[str, str], words: str
) -> None:
    importing = uploaded(marketer, tmp_path)

    answer = post(marketer, importing, **form)

    assert answer.status_code == 422
    assert words in text(answer)
    importing.refresh_from_db()
    assert importing.state == "mapping"
    assert not Selection.objects.exists()


def test_a_bought_list_is_explained_and_can_only_come_without_consent(marketer: Client, tmp_path: Path) -> None:
    importing = uploaded(marketer, tmp_path)
    refused = text(post(marketer, importing, source="third_party_list"))
    assert "even when it was sold as “opted in”" in refused

    post(marketer, importing, **{"source": "third_party_list", "third_party_list-without": "on"})
    run_import(import_id=importing.pk)

    report = text(marketer.get(reverse("recipients:import", args=[importing.pk])))
    assert "cannot be mailed until they say yes themselves" in report
    assert (Person.objects.count(), ConsentEvent.objects.count()) == (2, 0)


def test_evidence_can_stand_in_a_column(marketer: Client, tmp_path: Path) -> None:
    importing = uploaded(marketer, tmp_path)

    post(marketer, importing, **PURCHASE | {"purchase-order": "", "purchase-order-column": "4"})
    run_import(import_id=importing.pk)

    orders = ConsentEvent.objects.order_by("pk").values_list("detail__evidence__order", flat=True)
    assert list(orders) == ["geel", "blauw"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The submitted file is empty|file is empty"),
        (workbooks.encrypted(), "protected with a password"),
        (b"PK\x03\x04", "is damaged"),
        (b"%PDF-1.4", "looks like PDF"),
        (b"E-mail;Naam\n", "only column names"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained_and_not_kept(
    marketer: Client, tmp_path: Path, content: bytes, words: str
) -> None:
    answer = marketer.post(reverse("recipients:import_new"), {"file": SimpleUploadedFile("list.xlsx", content)})

    assert answer.status_code == 422
    assert re.search(words, text(answer))
    assert not Import.objects.exists()
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []


def test_without_a_file_it_asks_for_one(marketer: Client) -> None:
    assert "Choose a file first" in text(marketer.post(reverse("recipients:import_new")))


def test_a_hostile_file_name_is_only_a_name(marketer: Client, tmp_path: Path) -> None:
    name = "../../etc/<img src=x onerror=alert(1)>\u202e.xlsx"
    marketer.post(reverse("recipients:import_new"), {"file": a_file(tmp_path, TABLE, name=name)})

    importing = Import.objects.get()
    page = marketer.get(reverse("recipients:import", args=[importing.pk])).content.decode()
    assert Path(importing.file.path).is_relative_to(tmp_path / "media" / "imports")
    assert "<img src=x" not in page


def test_another_sheet_can_be_chosen(marketer: Client, tmp_path: Path) -> None:
    importing = uploaded(marketer, tmp_path, TABLE, [("mail",), ("eve@example.org",)])

    marketer.post(reverse("recipients:import_sheet", args=[importing.pk]), {"sheet": "Sheet2"})

    assert "eve@example.org" in text(marketer.get(reverse("recipients:import", args=[importing.pk])))
    importing.refresh_from_db()
    assert (importing.sheet, importing.total) == ("Sheet2", 1)


def test_two_hundred_columns_fit_on_the_page(marketer: Client, tmp_path: Path) -> None:
    wide = [
        (*tuple(f"Column {n}" for n in range(199)), "E-mail"),
        (*tuple("x" for _ in range(199)), "ada@example.org"),
    ]

    importing = uploaded(marketer, tmp_path, wide)

    assert "199 columns are not imported" in text(marketer.get(reverse("recipients:import", args=[importing.pk])))


def test_a_draft_can_be_thrown_away_and_a_started_import_cannot(marketer: Client, tmp_path: Path) -> None:
    draft, started = uploaded(marketer, tmp_path), a_started_import(TABLE[1:], tmp_path)

    marketer.post(reverse("recipients:import_discard", args=[draft.pk]))
    answer = marketer.post(reverse("recipients:import_discard", args=[started.pk]))

    assert answer.status_code == 404
    assert list(Import.objects.all()) == [started]


def test_cancelling_says_what_stays(marketer: Client, tmp_path: Path) -> None:
    started = a_started_import(TABLE[1:], tmp_path)

    answer = marketer.post(reverse("recipients:import_cancel", args=[started.pk]), follow=True)

    assert "Cancelled after 0 of 3 rows." in text(answer)
    run_import(import_id=started.pk)
    assert not Person.objects.exists()


def test_looking_changes_nothing(marketer: Client, tmp_path: Path) -> None:
    importing = uploaded(marketer, tmp_path)
    for name in ("import_sheet", "import_discard", "import_cancel", "import_look"):
        assert marketer.get(reverse(f"recipients:{name}", args=[importing.pk])).status_code == 405


def test_strangers_are_asked_to_log_in(client: Client, tmp_path: Path) -> None:
    for name in ("import", "import_live", "import_rejected"):
        assert "/account/login/" in client.get(reverse(f"recipients:{name}", args=[1]))["Location"]
    assert "/account/login/" in client.post(reverse("recipients:import_new"))["Location"]


def test_a_file_that_is_too_large_is_refused_before_it_is_opened(
    marketer: Client, tmp_path: Path, settings: Settings
) -> None:
    large = SimpleUploadedFile("list.csv", b"a@example.org\n" * (rows.Limits().file // 14 + 1))

    assert "too large" in text(marketer.post(reverse("recipients:import_new"), {"file": large}))


def test_the_page_of_a_running_import_asks_again_every_two_seconds(marketer: Client, tmp_path: Path) -> None:
    started = a_started_import(TABLE[1:], tmp_path)
    live = reverse("recipients:import_live", args=[started.pk])

    assert 'hx-trigger="every 2s"' in marketer.get(live).content.decode()
    runs.cancel(started, now=started.created_at)
    assert "every 2s" not in marketer.get(live).content.decode()
