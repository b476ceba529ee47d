"""Undo: what an import made goes, what it changed comes back, what somebody did since stays; all of it or nothing."""

import datetime as dt
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from consent import gate, ledger, standings, suppressions
from consent.models import ConsentEvent, Ground, Standing, SubscriptionType, Suppression
from recipients import members
from recipients.imports import runs, undo
from recipients.imports.columns import Field
from recipients.models import GOES_ALONG, Company, EmailAddress, Import, ImportedChange, Person, PersonSearch, Selection
from tests.conftest import NOON
from tests.recipients.factories import a_person, a_project, a_selection
from tests.recipients.imports.stories import HEADERS, WITHOUT_CONSENT, a_user, an_import

pytestmark = pytest.mark.django_db

ADA = ("ada@example.org", "Ada", "Lovelace", "Analytical Engines")
BOB = ("bob@example.org", "Bob", "Builder", "")
LATER = NOON + dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: object) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]


def undone(importing: Import) -> undo.Undone:
    """Undo, and see that the page had foretold it."""
    foretold = undo.outlook(importing)
    undo.ask(importing, by=None, now=LATER)
    done = undo.run(importing.pk, now=LATER)
    assert done == foretold
    importing.refresh_from_db()
    return done


def everything() -> list[object]:
    people = Person.objects.order_by("pk").values_list(
        "pk", "first_name", "last_name", "company__name", "title", "phone"
    )
    return [
        *people,
        *EmailAddress.objects.order_by("pk").values_list("person", "address", "rank"),
        *Company.objects.order_by("pk").values_list("name", flat=True),
        *Selection.objects.order_by("pk").values_list("name", flat=True),
        *Standing.objects.order_by("address").values_list("address", "explicit_until", "withdrawn_at"),
        *Ground.objects.order_by("address").values_list("address", "source", "until"),
    ]


def may_mail(address: str) -> bool:
    newsletter = SubscriptionType.objects.get(code="newsletter")
    return gate.recheck("email", newsletter.pk, [address], countries=["NL"], at=LATER) == {}


def test_it_is_as_if_the_import_never_was(tmp_path: Path) -> None:
    a_person("Bob Builder", email="bob@example.org", title="Mason")
    before = everything()
    rows = [ADA, ("bob@example.org", "Robert", "Builder", "Bricks")]
    importing = an_import(rows, tmp_path, selection_name="Fair", overwrite=True)
    assert may_mail("ada@example.org")

    done = undone(importing)

    assert (done.removed, done.restored, done.left, done.withdrawn) == (1, 1, 2, 2)
    assert everything() == before
    assert importing.state == "undone"
    assert not PersonSearch.objects.filter(text__contains="ada").exists()
    assert not may_mail("ada@example.org")
    assert not ImportedChange.objects.exclude(person__in=Person.objects.all()).exists()


def test_consent_is_taken_back_by_new_entries_and_the_chain_stays_whole(tmp_path: Path) -> None:
    importing = an_import([ADA], tmp_path)

    undone(importing)

    given, annulled = ConsentEvent.objects.order_by("pk")
    assert (given.act, annulled.act, annulled.detail.evidence) == ("given", "annulled", {"entry": given.pk})
    assert ledger.verify().is_whole
    assert ledger.evidence_of("email", "ada@example.org") == []
    before = list(Standing.objects.values_list("address", "explicit_until"))
    standings.rebuild()
    assert list(Standing.objects.values_list("address", "explicit_until")) == before


def test_after_it_the_same_file_can_be_imported_as_if_for_the_first_time(tmp_path: Path) -> None:
    for _turn in range(3):
        importing = an_import([ADA], tmp_path, selection_name="Fair")
        assert (importing.created, may_mail("ada@example.org")) == (1, True)
        again = an_import([ADA], tmp_path, selection_name="")
        assert ConsentEvent.objects.filter(actor=f"import:{again.pk}").count() == 0
        undone(importing)
        assert not may_mail("ada@example.org")


def test_older_consent_of_somebody_we_knew_counts_on(tmp_path: Path) -> None:
    first = an_import([ADA], tmp_path)
    other = runs.Declaration(
        "own_form",
        {"form": "Site", "url": "https://example.org", "wording": "Yes"},
        dt.date(2026, 2, 2),
        box_ticked=True,
    )
    second = an_import([ADA], tmp_path, other)

    undone(second)

    assert may_mail("ada@example.org")
    assert {act.actor for act in ledger.evidence_of("email", "ada@example.org")} == {f"import:{first.pk}"}


def test_who_left_stays_blocked_and_stays(tmp_path: Path) -> None:
    importing = an_import([ADA, BOB], tmp_path)
    suppressions.add("email", "ada@example.org", "unsubscribed", evidence={}, actor="self", now=NOON)

    done = undone(importing)

    assert (done.removed, done.kept) == (1, {"spoke": 1})
    assert Suppression.objects.get(released_at=None).address == "ada@example.org"


@pytest.mark.parametrize(
    ("touch", "why"),
    [
        (lambda person: person.save(), "edited"),
        (lambda person: members.add(a_selection(), Person.objects.filter(pk=person.pk)), "listed"),
        (lambda person: members.add(a_project(), Person.objects.filter(pk=person.pk)), "recipients.ProjectMember"),
    ],
)
def test_whom_somebody_touched_since_stays(tmp_path: Path, touch: object, why: str) -> None:
    importing = an_import([ADA, BOB], tmp_path, selection_name="Fair")
    touch(Person.objects.get(first_name="Ada"))  # type: ignore[operator]

    done = undone(importing)

    assert (done.removed, done.kept) == (1, {why: 1})
    assert [str(text) for text, _people in done.reasons()] != []
    assert Person.objects.get().first_name == "Ada"


def test_a_value_that_somebody_changed_again_stays(tmp_path: Path) -> None:
    bob = a_person("Bob Builder", email="bob@example.org", title="Mason")
    rows = [("bob@example.org", "Robert", "Builder", "Bricks")]
    importing = an_import(rows, tmp_path, overwrite=True)
    Person.objects.filter(pk=bob.pk).update(first_name="Bobby")

    undone(importing)

    bob.refresh_from_db()
    assert (bob.first_name, bob.company) == ("Bobby", None)


def test_a_list_that_was_there_loses_only_whom_the_import_brought(tmp_path: Path) -> None:
    bob = a_person("Bob Builder", email="bob@example.org")
    fair = a_selection("Fair", of=(bob,))
    importing = an_import([ADA, BOB], tmp_path, selection_id=fair.pk, selection_name="")

    undone(importing)

    assert list(fair.people.all()) == [bob]


def test_addresses_that_a_known_person_got_go_again(tmp_path: Path) -> None:
    headers = (*HEADERS[:2], "E-mail 2")
    ada = a_person("Ada", email="ada@example.org")
    importing = an_import(
        [("ada@example.org", "Ada", "ada@home.example")], tmp_path, headers=headers,
        mapping={0: Field.EMAIL, 1: Field.FIRST_NAME, 2: Field.EMAIL},
    )  # fmt: skip
    assert (importing.changed, ada.email_addresses.count()) == (1, 2)

    done = undone(importing)

    assert done.restored == 1
    assert [row.address for row in ada.email_addresses.all()] == ["ada@example.org"]


def test_it_is_the_same_for_an_account_that_may_not_leave_checks_out(tmp_path: Path) -> None:
    before = everything()
    importing = an_import([ADA, BOB], tmp_path)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain")
        cursor.execute("SET LOCAL ROLE plain")

    done = undone(importing)

    assert done.removed == 2
    assert everything() == before


def test_what_goes_along_with_a_person_is_named_by_nothing_and_has_no_checks_of_its_own() -> None:
    for model in undo.OWN:
        assert not list(undo.pointing_at(model, but=()))
    named = {model._meta.db_table for model in undo.OWN}
    assert named == set(GOES_ALONG)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 8 = 8
               AND tgrelid = ANY(%s::regclass[])""",
            [[*named, "recipients_person", "recipients_company"]],
        )
        on_delete = [name for (name,) in cursor.fetchall()]

    assert len(on_delete) == 1
    assert on_delete[0].startswith("pgtrigger_nothing_is_left")


def test_it_is_done_once_and_only_when_there_is_something_to_undo(tmp_path: Path) -> None:
    importing = an_import([ADA], tmp_path, WITHOUT_CONSENT)
    undone(importing)

    with pytest.raises(undo.CannotUndo):
        undo.ask(importing, by=None, now=LATER)
    assert undo.run(importing.pk, now=LATER) is None


def test_a_worker_that_dies_leaves_nothing_half_done_and_somebody_takes_it_up(tmp_path: Path) -> None:
    importing = an_import([ADA, BOB], tmp_path)
    undo.ask(importing, by=None, now=NOON)
    Import.objects.filter(pk=importing.pk).update(lease_until=NOON + undo.LEASE, attempts=1)  # it died at work

    assert undo.due(now=NOON) == []
    assert undo.run(importing.pk, now=NOON) is None
    assert undo.due(now=LATER) == [importing.pk]
    assert undo.run(importing.pk, now=LATER) is not None
    assert Person.objects.count() == 0


def test_the_page_says_what_it_will_do_and_asks(client: Client, tmp_path: Path) -> None:
    client.force_login(a_user())
    importing = an_import([ADA, BOB], tmp_path, selection_name="Fair")
    Person.objects.get(first_name="Bob").save()

    page = client.get(reverse("recipients:import_undo", args=[importing.pk])).content.decode()

    assert "1 person goes" in page
    assert "Edited since: 1" in page
    assert Person.objects.count() == 2


def test_undoing_needs_its_permission(client: Client, tmp_path: Path) -> None:
    importing = an_import([ADA], tmp_path)
    client.force_login(User.objects.create_user("reader", "reader@example.org", "a long enough one"))

    assert client.post(reverse("recipients:import_undo", args=[importing.pk])).status_code == 403
    assert Import.objects.get(pk=importing.pk).state == "finished"
