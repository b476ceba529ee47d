"""Imports carried out: matched, written, repeated, killed, cancelled; every row has an answer."""

import contextlib
import datetime as dt
from pathlib import Path
from threading import Thread

import openpyxl
import pytest
from django.db import connections

from consent import erasure, ledger, suppressions
from consent.models import ConsentEvent, Purpose, Standing
from recipients.imports import rejects, rows, runs, uploads
from recipients.imports.checks import Warn
from recipients.imports.columns import Field
from recipients.imports.declaration import Declaration
from recipients.models import Company, EmailAddress, Import, Person, RejectedRow, Selection
from tests.conftest import NOON
from tests.recipients.factories import a_person
from tests.recipients.imports.stories import (
    HEADERS,
    WITHOUT_CONSENT,
    a_started_import,
    an_import,
    an_upload,
    choices_for,
)

ADA = ("ada@example.org", "Ada", "Lovelace", "Analytical Engines")
BOB = ("bob@example.org", "Bob", "", "")


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: object) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]


def counts(importing: Import) -> dict[str, int]:
    return {name: getattr(importing, name) for name in ("created", "changed", "same", "rejected", "suppressed")}


def answers(
    created: int = 0, changed: int = 0, same: int = 0, rejected: int = 0, suppressed: int = 0
) -> dict[str, int]:
    return {"created": created, "changed": changed, "same": same, "rejected": rejected, "suppressed": suppressed}


def everything() -> list[object]:
    """All that an import writes, to see whether something changed."""
    people = Person.objects.order_by("pk").values_list(
        "pk", "first_name", "last_name", "company__name", "search__text", "updated_at"
    )
    return [*people, *EmailAddress.objects.order_by("pk").values_list(), *Company.objects.order_by("pk").values_list(), ConsentEvent.objects.count()]  # fmt: skip


@pytest.mark.django_db
def test_people_are_made_with_their_address_company_list_and_consent(tmp_path: Path) -> None:
    importing = an_import([ADA, BOB], tmp_path, selection_name="Spring fair")

    assert counts(importing) == answers(created=2)
    assert (importing.state, importing.done, importing.total) == ("finished", 2, 2)
    ada = Person.objects.get(email_addresses__address="ada@example.org")
    assert (ada.name, ada.company and ada.company.name) == ("Ada Lovelace", "Analytical Engines")
    assert list(Selection.objects.get(name="Spring fair").people.order_by("pk")) == list(Person.objects.order_by("pk"))
    assert list(Person.objects.matching("lovel analyt")) == [ada]
    event = ConsentEvent.objects.get(detail__address="ada@example.org")
    assert (event.source, event.kind, event.actor) == ("newsletter_signup", "explicit", f"import:{importing.pk}")
    assert event.detail.subject == ada.pk
    assert ledger.verify().is_whole


@pytest.mark.django_db
def test_the_file_is_gone_when_the_import_is_over(tmp_path: Path) -> None:
    finished, cancelled = an_import([ADA], tmp_path), a_started_import([BOB], tmp_path)
    runs.cancel(cancelled, now=NOON)

    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []
    assert not Import.objects.exclude(file="").exists()
    assert finished.rejected == 0


@pytest.mark.django_db
def test_repeating_a_file_changes_nothing(tmp_path: Path) -> None:
    an_import([ADA, BOB, ("a@b@c",)], tmp_path, selection_name="Spring fair")
    before = everything()

    again = an_import([ADA, BOB, ("a@b@c",)], tmp_path, selection_id=Selection.objects.get().pk)

    assert counts(again) == answers(same=2, rejected=1)
    assert everything() == before
    assert Selection.objects.get().members.count() == 2


@pytest.mark.django_db
def test_what_is_known_stays_and_what_is_empty_is_filled(tmp_path: Path) -> None:
    ada = a_person("Ada Byron", email="ada@example.org")
    bob = a_person("", email="bob@example.org", at="Own Company")

    importing = an_import([ADA, ("bob@example.org", "Bob", "Jones", "Other")], tmp_path)

    ada.refresh_from_db()
    bob.refresh_from_db()
    assert (ada.name, ada.company and ada.company.name) == ("Ada Byron", "Analytical Engines")
    assert (bob.name, bob.company and bob.company.name) == ("Bob Jones", "Own Company")
    assert counts(importing) == answers(changed=2)
    assert list(Person.objects.matching("jones")) == [bob]


@pytest.mark.django_db
def test_overwriting_takes_over_words_and_never_emptiness(tmp_path: Path) -> None:
    ada = a_person("Ada Byron", email="ada@example.org", title="Countess")
    bob = a_person("Bob Jones", email="bob@example.org")

    importing = an_import([ADA, BOB], tmp_path, overwrite=True)

    ada.refresh_from_db()
    bob.refresh_from_db()
    assert (ada.name, ada.title, ada.company and ada.company.name) == ("Ada Lovelace", "Countess", "Analytical Engines")
    assert bob.name == "Bob Jones"
    assert counts(importing) == answers(changed=1, same=1)
    assert counts(an_import([ADA, BOB], tmp_path, overwrite=True)) == answers(same=2)


@pytest.mark.django_db
def test_a_first_name_never_goes_to_somebody_with_another_last_name(tmp_path: Path) -> None:
    shared = a_person("", email="home@example.org")
    Person.objects.update(last_name="Byron")

    an_import([("home@example.org", "William", "King", "")], tmp_path)

    shared.refresh_from_db()
    assert shared.name == "Byron"


@pytest.mark.django_db
def test_companies_are_found_whatever_their_case(tmp_path: Path) -> None:
    Company.objects.create(name="ACME")

    an_import([("a@x.nl", "", "", "Acme"), ("b@x.nl", "", "", "acme"), ("c@x.nl", "", "", "New"), ("d@x.nl", "", "", "NEW")], tmp_path)  # fmt: skip

    assert Company.objects.count() == 2
    assert sorted(Company.objects.get(name="ACME").people.values_list("email_addresses__address", flat=True)) == ["a@x.nl", "b@x.nl"]  # fmt: skip


@pytest.mark.django_db
def test_an_address_that_comes_twice_is_one_person(tmp_path: Path) -> None:
    importing = an_import([("ada@example.org", "Ada"), ("ADA@example.org", "", "Lovelace"), ("ada@example.org", "Ada")], tmp_path)  # fmt: skip

    assert Person.objects.get().name == "Ada Lovelace"
    assert counts(importing) == answers(created=1, changed=1, same=1)
    assert importing.warnings[Warn.REPEATED]["count"] == 2


@pytest.mark.django_db
def test_an_address_of_two_people_goes_to_the_first(tmp_path: Path) -> None:
    first = a_person("Ada Lovelace", email="home@example.org")
    a_person("William King", email="home@example.org")

    an_import([("home@example.org", "", "", "Engines")], tmp_path, selection_name="Here")

    assert list(Selection.objects.get().people.all()) == [first]


@pytest.mark.django_db
def test_a_blocked_address_stays_blocked_and_the_report_says_so(tmp_path: Path) -> None:
    suppressions.add("email", "ada@example.org", "unsubscribed", evidence={}, actor="self", now=NOON)

    importing = an_import([ADA, BOB], tmp_path)

    assert counts(importing) == answers(created=2, suppressed=1)
    ada = EmailAddress.objects.get(address="ada@example.org").person_id
    assert importing.warnings[Warn.SUPPRESSED] == {"count": 1, "rows": [[2, ada]]}
    assert suppressions.among("email", ["ada@example.org"]) == {"ada@example.org": "unsubscribed"}


@pytest.mark.django_db
def test_who_asked_to_be_erased_is_not_written_down_again(tmp_path: Path, settings: object) -> None:
    settings.ERASURE_LOG = tmp_path / "erasures.log"  # type: ignore[attr-defined]
    a_person("Ada Lovelace", email="ada@example.org")
    erasure.erase("ada@example.org", actor="self", now=NOON)

    importing = an_import([ADA, BOB], tmp_path)

    assert counts(importing) == answers(created=1, rejected=1)
    refused = RejectedRow.objects.get()
    assert (refused.row, refused.cells) == (2, [])
    assert "erase" in refused.reason
    assert list(EmailAddress.objects.values_list("address", flat=True)) == ["bob@example.org"]
    assert not ConsentEvent.objects.filter(detail__address="ada@example.org").exists()


@pytest.mark.django_db
def test_without_consent_people_are_kept_and_the_ledger_stays_empty(tmp_path: Path) -> None:
    importing = an_import([ADA, BOB], tmp_path, WITHOUT_CONSENT)

    assert counts(importing) == answers(created=2)
    assert not importing.is_mailable
    assert (ConsentEvent.objects.count(), Standing.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_evidence_may_differ_per_row_and_who_shows_none_gets_none(tmp_path: Path) -> None:
    headers = ("E-mail", "Ordernummer", "Besteldatum")
    bought = Declaration("purchase", {"brand": "De Werkbank"}, columns={"order": 1, "evidence_on": 2})
    table = [("ada@example.org", "26-1", dt.date(2026, 3, 1)), ("bob@example.org", "", "01-04-2026")]

    importing = an_import(table, tmp_path, bought, headers=headers)

    event = ConsentEvent.objects.get()
    assert (event.evidence_on, event.detail.evidence["order"]) == (dt.date(2026, 3, 1), "26-1")
    assert importing.warnings[Warn.NO_EVIDENCE]["count"] == 1
    assert counts(importing) == answers(created=2)


@pytest.mark.django_db
def test_evidence_that_is_too_old_is_kept_and_said(tmp_path: Path) -> None:
    bought = {"order": "1", "brand": "De Werkbank"}

    fresh = an_import([ADA], tmp_path, Declaration("purchase", bought, dt.date(2024, 11, 24)))
    old = an_import([BOB], tmp_path, Declaration("purchase", bought, dt.date(2024, 11, 23)))

    assert fresh.warnings == {}
    assert old.warnings[Warn.EXPIRED]["count"] == 1


@pytest.mark.django_db
def test_rejected_rows_come_back_in_their_own_columns_with_a_reason_and_no_formula(tmp_path: Path) -> None:
    importing = an_import([("a@b@c", "=1+1", "+31 6", "@SUM(A1)"), ("ülf@exämple.org", "-2", "", "")], tmp_path)

    with (tmp_path / "rejected.xlsx").open("wb") as file:
        rejects.workbook(importing, file)

    sheet = openpyxl.load_workbook(tmp_path / "rejected.xlsx").active
    found = list(sheet.iter_rows())
    assert [cell.value for cell in found[0][:4]] == list(HEADERS)
    assert [cell.value for cell in found[1][:4]] == ["a@b@c", "=1+1", "+31 6", "@SUM(A1)"]
    assert "more than one @" in found[1][4].value
    assert found[1][5].value == 2
    assert {cell.data_type for row in found for cell in row if cell.value is not None} == {"s", "n"}


@pytest.mark.django_db
def test_a_rejected_file_that_was_repaired_can_be_imported(tmp_path: Path) -> None:
    importing = an_import([ADA, ("a@b@c", "Cee", "", "")], tmp_path)
    with (tmp_path / "rejected.xlsx").open("wb") as file:
        rejects.workbook(importing, file)
    book = openpyxl.load_workbook(tmp_path / "rejected.xlsx")
    book.active["A2"] = "cee@example.org"
    rows_again = [[cell.value for cell in row] for row in book.active.iter_rows()]

    again = an_import(rows_again[1:], tmp_path, headers=rows_again[0])

    assert counts(again) == answers(created=1)
    assert Person.objects.get(email_addresses__address="cee@example.org").name == "Cee"


@pytest.mark.django_db
def test_backslashes_quotes_and_emoji_arrive_as_they_were(tmp_path: Path) -> None:
    an_import([("ada@example.org", r"A\N\d\\a", "O\"Brien'; --", "Ünï 🕊 %s %(x)s {}")], tmp_path)

    person = Person.objects.select_related("company").get()
    assert (person.first_name, person.last_name, person.company and person.company.name) == (
        r"A\N\d\\a",
        "O\"Brien'; --",
        "Ünï 🕊 %s %(x)s {}",
    )


# Starting


@pytest.mark.django_db
def test_nothing_starts_without_a_source_and_an_address_column(tmp_path: Path) -> None:
    importing = an_upload([ADA], tmp_path)
    choices = runs.Choices(mapping={1: Field.FIRST_NAME}, declared=Declaration(""))

    with pytest.raises(runs.CannotStart) as refused:
        runs.start(importing, choices, now=NOON)

    assert [mistake.field for mistake in refused.value.mistakes] == ["mapping", "source"]
    importing.refresh_from_db()
    assert importing.state == "mapping"
    assert not Selection.objects.exists()


@pytest.mark.django_db
def test_consent_needs_a_purpose_to_be_given_for(tmp_path: Path) -> None:
    importing = an_upload([ADA], tmp_path)
    Purpose.objects.update(is_active=False)

    with pytest.raises(runs.CannotStart, match="purpose"):
        runs.start(importing, choices_for(importing), now=NOON)
    runs.start(importing, choices_for(importing, WITHOUT_CONSENT), now=NOON)


@pytest.mark.django_db
def test_an_import_starts_once(tmp_path: Path) -> None:
    importing = an_upload([ADA], tmp_path)
    choices = choices_for(importing, selection_name="Once")
    runs.start(importing, choices, now=NOON)

    with pytest.raises(runs.CannotStart, match="started before"):
        runs.start(importing, choices, now=NOON)

    assert Selection.objects.count() == 1


@pytest.mark.django_db
def test_a_file_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path, settings: object) -> None:
    with pytest.raises(rows.Unreadable, match="only column names"):
        an_upload([], tmp_path)

    assert not Import.objects.exists()
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []


@pytest.mark.django_db
def test_uploads_that_nobody_started_are_forgotten_with_their_file(tmp_path: Path) -> None:
    draft, started = an_upload([ADA], tmp_path), a_started_import([BOB], tmp_path)

    forgotten = uploads.forget_drafts(before=NOON + dt.timedelta(days=365 * 10))

    assert forgotten == 1
    assert list(Import.objects.all()) == [started]
    assert not Path(draft.file.path).exists()
    assert Path(started.file.path).exists()


# Killed, cancelled, twice at once


SEVEN = [(f"person{n}@example.org", "Person", f"Number{n}", "Engines") for n in range(7)]


class Killed(BaseException):
    """The process is gone: nothing catches this."""


def a_clock_that_kills(at_call: int) -> runs.Clock:
    """Every step looks at the clock, so that is where a process can be ended anywhere in between."""
    calls = iter(range(1, 1000))

    def clock() -> dt.datetime:
        if next(calls) == at_call:
            raise Killed
        return NOON

    return clock


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at_call", range(2, 10))
def test_a_worker_killed_anywhere_leaves_whole_batches_and_the_next_one_goes_on(tmp_path: Path, at_call: int) -> None:
    importing = a_started_import(SEVEN, tmp_path, selection_name="Seven")

    with pytest.raises(Killed):
        runs.run(importing.pk, worker="first", clock=a_clock_that_kills(at_call), size=2)
    left = Import.objects.get(pk=importing.pk)
    assert left.done == left.created == Person.objects.count() == ConsentEvent.objects.count()

    runs.run(importing.pk, worker="second", clock=lambda: NOON + dt.timedelta(seconds=20), size=2)
    assert Import.objects.get(pk=importing.pk).done == left.done  # the lease still runs
    runs.run(importing.pk, worker="second", clock=lambda: NOON + dt.timedelta(seconds=90), size=2)

    importing.refresh_from_db()
    assert (importing.state, counts(importing)) == ("finished", answers(created=7))
    assert Person.objects.count() == Selection.objects.get().members.count() == ConsentEvent.objects.count() == 7


@pytest.mark.django_db
def test_an_import_that_kills_every_worker_is_given_up_with_a_sentence(tmp_path: Path) -> None:
    importing = a_started_import(SEVEN, tmp_path)
    for turn in range(1, runs.ATTEMPTS + 3):
        now = NOON + dt.timedelta(hours=turn)
        clock = iter([now])
        with contextlib.suppress(StopIteration):
            runs.run(importing.pk, worker="w", clock=lambda clock=clock: next(clock))

    runs.run(importing.pk, worker="w", clock=lambda: NOON + dt.timedelta(days=2))

    importing.refresh_from_db()
    assert importing.state == "failed"
    assert "gave it up" in importing.problem


@pytest.mark.django_db
def test_the_clock_takes_up_what_waits_too_long_and_what_was_left(tmp_path: Path) -> None:
    waiting = a_started_import([ADA], tmp_path)
    left = a_started_import([BOB], tmp_path)
    runs.claim(left.pk, worker="gone", now=NOON)
    an_import([ADA], tmp_path)
    an_upload([ADA], tmp_path)

    assert runs.due(now=NOON) == []
    assert runs.due(now=NOON + dt.timedelta(seconds=25)) == [waiting.pk]
    assert runs.due(now=NOON + dt.timedelta(seconds=90)) == [waiting.pk, left.pk]


def somebody_presses_cancel(importing: Import) -> None:
    runs.cancel(importing, now=NOON)
    connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_cancelling_stops_after_the_batch_and_keeps_what_was_written(tmp_path: Path) -> None:
    importing = a_started_import(SEVEN, tmp_path)
    calls = iter(range(100))

    def clock() -> dt.datetime:
        if next(calls) == 5:
            press = Thread(target=somebody_presses_cancel, args=[importing])
            press.start()
            press.join()
        return NOON

    runs.run(importing.pk, worker="w", clock=clock, size=2)

    importing.refresh_from_db()
    assert importing.state == "cancelled"
    assert 0 < importing.done == Person.objects.count() < 7
    assert not runs.cancel(importing, now=NOON)


@pytest.mark.django_db
def test_a_file_that_disappears_ends_the_import_with_a_sentence(tmp_path: Path) -> None:
    importing = a_started_import([ADA], tmp_path)
    Path(importing.file.path).unlink()

    runs.run(importing.pk, worker="w", clock=lambda: NOON)

    importing.refresh_from_db()
    assert (importing.state, Person.objects.count()) == ("failed", 0)
    assert "Upload it again" in importing.problem


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_make_nobody_twice(tmp_path: Path) -> None:
    table = [(f"person{n}@example.org", "P", f"L{n}", f"Company {n % 5}") for n in range(300)]
    started = [a_started_import(table, tmp_path, selection_name=f"List {n}") for n in range(2)]

    def work(pk: int) -> None:
        try:
            runs.run(pk, worker=f"w{pk}", clock=lambda: NOON, size=25)
        finally:
            connections.close_all()

    threads = [Thread(target=work, args=[importing.pk]) for importing in started]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    done = [Import.objects.get(pk=importing.pk) for importing in started]
    assert [each.state for each in done] == ["finished", "finished"]
    assert sum(each.created for each in done) == Person.objects.count() == EmailAddress.objects.count() == 300
    assert Company.objects.count() == 5
    assert [each.selection.members.count() for each in done if each.selection] == [300, 300]
    assert ConsentEvent.objects.count() == 300
    assert not RejectedRow.objects.exists()
