"""Importing by clicking: drop a file, look at its columns, say where it comes from, read the report."""

import base64
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from consent.models import Export
from recipients.imports import runs, trial, undo
from recipients.models import Import, Person
from tests.browser.conftest import Visitor
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type
from tests.recipients.factories import a_person
from tests.recipients.imports import workbooks
from tests.recipients.imports.stories import a_started_import, an_import, an_upload

TABLE = [
    ("E-mailadres", "Voornaam", "Achternaam", "Bedrijf", "Ordernummer", "Besteldatum"),
    ("hanna@bakkerijdewit.example", "Hanna", "de Wit", "Bakkerij De Wit", "26-0411", "2026-10-01"),
    ("ruben@noordmetaal.example", "Ruben", "Kuijpers", "Noordmetaal", "26-0412", "2026-10-02"),
    ("info@vanvlietbouw.example", "", "", "Van Vliet Bouw", "26-0413", "2026-10-02"),
    ("a@b@c", "Teun", "Verbeek", "Houtlab", "26-0414", "2026-10-03"),
]
DROP = """
async ([content, name]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  const input = document.getElementById("id_file");
  input.dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer: data }));
  input.files = data.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
"""


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Settings, transactional_db: None) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    a_subscription_type()


def the_file(folder: Path) -> Path:
    return workbooks.a_workbook(folder / "spring fair.xlsx", TABLE)


def test_a_marketer_imports_a_list(author: Visitor, tmp_path: Path) -> None:
    page = author.open("/people/")
    page.get_by_role("link", name="Import people").first.click()
    page.get_by_label("File with people").set_input_files(the_file(tmp_path))
    expect(page.get_by_text("spring fair.xlsx")).to_be_visible()
    page.get_by_role("button", name="Read the file").click()

    expect(page.get_by_role("heading", name="3 of 4 rows can be taken over, 1 cannot")).to_be_visible()
    expect(page.get_by_text("There is more than one @ in it")).to_be_visible()
    page.get_by_label("Voornaam", exact=True).select_option("")
    expect(page.get_by_role("cell", name="de Wit", exact=True)).to_be_visible()
    page.get_by_label("Voornaam", exact=True).select_option("First name")
    expect(page.get_by_role("cell", name="Hanna de Wit")).to_be_visible()

    page.get_by_role("radio", name="Bought something from you").check()
    page.get_by_label("Brand", exact=True).fill("De Werkbank")
    page.get_by_label("Where “Order number” stands").select_option("column Ordernummer")
    page.get_by_label("Where “Order date” stands").select_option("column Besteldatum")
    author.inspect()
    page.get_by_role("button", name="Import 4 rows").click()

    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    runs.run(Import.objects.get().pk, worker="here", clock=lambda: NOON)
    expect(page.get_by_role("heading", name="3 rows are taken over, 1 was not")).to_be_visible(timeout=10_000)
    expect(page.get_by_text("3 + 0 + 0 + 1 = 4 rows. Every row is accounted for.")).to_be_visible()
    expect(page.get_by_text("Address of a function")).to_be_visible()
    author.inspect()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download rejected rows").click()
    assert download.value.suggested_filename == "spring fair, rejected rows.xlsx"
    assert Person.objects.count() == 3


def test_a_file_that_is_dropped_is_read_at_once(author: Visitor, tmp_path: Path) -> None:
    page = author.open("/people/import/")
    page.evaluate(DROP, [base64.b64encode(the_file(tmp_path).read_bytes()).decode(), "dropped.xlsx"])

    expect(page.get_by_role("heading", name="dropped.xlsx")).to_be_visible()


def test_a_bought_list_is_explained(author: Visitor, tmp_path: Path) -> None:
    importing = an_upload(TABLE[1:], tmp_path, headers=TABLE[0])
    author.expected.add(422)
    page = author.open(f"/people/import/{importing.pk}/")

    page.get_by_role("radio", name="Bought, rented or borrowed list").check()
    expect(page.get_by_text("even when it was sold as “opted in”")).to_be_visible()
    page.get_by_role("button", name="Import 4 rows").click()

    expect(page.get_by_role("alert")).to_contain_text("This source is no consent")
    page.get_by_label("Import them without consent").locator("visible=true").check()
    author.inspect()
    page.get_by_role("button", name="Import 4 rows").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()


def test_every_page_of_an_import_in_both_themes_and_on_a_phone(author: Visitor, tmp_path: Path) -> None:
    more = [(f"person{n}@example.org", "Person", f"Number {n}", "Company", "1", "2026-10-01") for n in range(40)]
    draft = an_upload([*TABLE[1:], *more], tmp_path, headers=TABLE[0], name="open day.xlsx")
    done = an_import([*TABLE[1:], *more], tmp_path, headers=TABLE[0], selection_name="Spring fair")
    running = a_started_import([*TABLE[1:], *more], tmp_path, headers=TABLE[0])
    Import.objects.filter(pk=running.pk).update(state="running", done=20, created=18, rejected=2, started_at=NOON)
    failed = a_started_import(TABLE[1:], tmp_path, headers=TABLE[0])
    Import.objects.filter(pk=failed.pk).update(state="failed", problem="The uploaded file is no longer there.")

    author.tour("/people/import/", "import-new")
    author.tour(f"/people/import/{draft.pk}/", "import-columns")
    author.tour(f"/people/import/{done.pk}/", "import-report")
    author.tour(f"/people/import/{failed.pk}/", "import-failed")
    Import.objects.filter(pk=running.pk).update(started_at=NOON)
    for theme in ("light", "dark"):
        author.theme(theme)
        author.page.goto(f"{author.base}/people/import/{running.pk}/")
        author.inspect()
        author.shot(f"import-running-{theme}")


def test_rows_are_pasted_tried_out_imported_undone_and_taken_out_again(author: Visitor, tmp_path: Path) -> None:
    page = author.open("/people/import/")
    page.get_by_text("Or paste rows that you copied from a spreadsheet").click()
    page.get_by_label("Copied rows").fill("E-mail\tFirst name\nada@example.org\tAda\nbob@example.org\tBob\n")
    author.inspect()
    author.shot("import-paste")
    page.get_by_role("button", name="Read what I pasted").click()
    expect(page.get_by_role("heading", name="All 2 rows can be taken over")).to_be_visible()
    page.get_by_role("button", name="Try out the whole file").click()
    expect(page.locator("#tried-title")).to_be_visible()
    tried = Import.objects.get()
    trial.run(tried.pk, token=tried.trial["token"])
    expect(page.locator("#tried-title")).to_contain_text("2 would be new", timeout=10_000)
    author.inspect()
    author.shot("import-tried")

    done = an_import([(f"person{n}@example.org", "Person", f"Number {n}", "") for n in range(3)], tmp_path)
    author.tour(f"/people/import/{done.pk}/undo/", "import-undo")
    author.desk()
    expect(page.get_by_role("heading", name="3 people go")).to_be_visible()
    page.get_by_role("button", name="Undo this import").click()
    undo.run(done.pk, now=timezone.now())
    author.tour(f"/people/import/{done.pk}/", "import-undone")
    assert not Person.objects.exists()

    a_person("Hanna Wit", email="hanna@dewit.example")
    author.desk()
    page = author.open("/people/")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Excel").click()
    assert taken.value.suggested_filename.endswith(".xlsx")
    author.tour("/consent/exports/", "exports")
    assert Export.objects.get().what == "people"
