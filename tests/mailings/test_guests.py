"""A one-off list: its people get this mailing by the same rules as everybody, and are in no list of people."""

import datetime as dt
import io
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files import File
from django.test import Client
from django.urls import reverse

from consent import dossier, suppressions
from mailings import audience, guests, library, preflight, retention
from mailings.models import Guest, Mailing, Message
from recipients.imports import rows
from recipients.models import CompanyAddress, Person
from tests.conftest import NOON
from tests.consent.factories import consents
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author
from tests.recipients.imports import workbooks

pytestmark = pytest.mark.django_db
HEADERS = ("E-mail", "Voornaam", "tussenvoegsel", "Achternaam")


def a_file(folder: Path, *people: tuple[str, ...], headers: tuple[str, ...] = HEADERS) -> "File[bytes]":
    path = workbooks.a_workbook(folder / "list.xlsx", [headers, *people])
    return File(io.BytesIO(path.read_bytes()), name="list.xlsx")


def only(address: str, first_name: str = "") -> tuple[str, ...]:
    return (address, first_name, "", "")


def of(mailing: Mailing) -> dict[str, str]:
    return {one.address: one.reason for one in guests.judged(mailing, now=NOON)}


class TestAFile:
    def test_gives_names_and_addresses_and_refuses_rows_one_by_one(self, tmp_path: Path) -> None:
        mailing = a_mailing()
        file = a_file(tmp_path, ("ada@example.org", "Ada", "van", "Dam"), only("a@b@c"), only("BOB@Example.org"))

        taken = guests.take(mailing, file)

        assert (taken.new, taken.known, [one.row for one in taken.refused]) == (2, 0, [3])
        found = mailing.guests.values_list("address", "first_name", "last_name")
        assert sorted(found) == [("ada@example.org", "Ada", "van Dam"), ("bob@example.org", "", "")]
        assert not Person.objects.exists()

    def test_taken_again_changes_nothing(self, tmp_path: Path) -> None:
        mailing = a_mailing()
        guests.take(mailing, a_file(tmp_path, only("ada@example.org", "Ada")))

        again = guests.take(mailing, a_file(tmp_path, only("ada@example.org", "Ada"), only("ada@example.org", "A.")))

        assert (again.new, again.known, mailing.guests.count()) == (0, 2, 1)

    def test_without_addresses_is_refused_with_what_to_do(self, tmp_path: Path) -> None:
        with pytest.raises(guests.NotTaken, match="E-mail"):
            guests.take(a_mailing(), a_file(tmp_path, ("Ada",), headers=("Voornaam",)))

    def test_that_is_no_list_is_refused_with_the_readers_own_words(self) -> None:
        with pytest.raises(rows.Unreadable):
            guests.take(a_mailing(), File(io.BytesIO(b"%PDF-1.7 nothing"), name="list.pdf"))

    def test_with_too_many_people_belongs_in_an_import(self) -> None:
        many = "email\n" + "".join(f"reader{number}@example.org\n" for number in range(guests.MOST + 1))
        mailing = a_mailing()

        with pytest.raises(guests.NotTaken, match="Import them"):
            guests.take(mailing, File(io.BytesIO(many.encode()), name="list.csv"))

        assert not mailing.guests.exists()


class TestTheGate:
    def test_asks_the_ledger_by_address_and_unknown_is_no(self, tmp_path: Path) -> None:
        mailing = a_mailing()
        consents("ada@example.org")
        consents("left@example.org")
        suppressions.add("email", "left@example.org", "objection", evidence={}, actor="user:1", now=NOON)
        guests.take(mailing, a_file(tmp_path, *(only(f"{name}@example.org") for name in ("ada", "nobody", "left"))))

        assert of(mailing) == {
            "ada@example.org": "",
            "nobody@example.org": "no_consent",
            "left@example.org": "objection",
        }
        counts = audience.counts(mailing, now=NOON)
        assert (counts.gets, counts.held_by) == (1, {"no_consent": 1, "objection": 1})

    def test_lets_a_person_of_the_sources_go_before_a_guest_of_the_same_address(self, tmp_path: Path) -> None:
        readers = a_selection()
        mailing = a_mailing(to=readers)
        a_person("ada@example.org", in_=readers, consents_to=mailing.subscription_type)
        guests.take(mailing, a_file(tmp_path, only("ada@example.org", "Ada")))

        assert of(mailing) == {"ada@example.org": "duplicate"}
        audience.freeze(mailing, now=NOON)
        found = mailing.messages.order_by("pk").values_list("reason", "address", "person__first_name")
        assert list(found) == [("", "ada@example.org", "Ada"), ("duplicate", "", None)]

    @pytest.mark.parametrize("looks", ["before", "after"])
    def test_takes_no_place_for_who_left_and_one_for_the_company_before_and_after_freezing(self, looks: str) -> None:
        readers = a_selection()
        mailing = a_mailing(to=readers, include_companies=True)
        a_person("gone@example.org", in_=readers, is_former_employee=True)
        ada = a_person("ada@example.org", in_=readers, company="Bakery")
        CompanyAddress.objects.create(company=ada.company, address="brood@bakery.example", rank=1)
        for address in ("gone@example.org", "brood@bakery.example"):
            consents(address)
            Guest.objects.create(mailing=mailing, address=address)

        if looks == "after":
            audience.freeze(mailing, now=NOON)
            found = sorted(mailing.messages.filter(person=None).values_list("address", "reason"))
            assert found == [("", "duplicate"), ("gone@example.org", "")]
        else:
            assert of(mailing) == {"gone@example.org": "", "brood@bakery.example": "duplicate"}


class TestFreezing:
    def test_makes_a_row_for_each_with_the_words_that_the_mailing_asks_for(self, tmp_path: Path) -> None:
        mailing = a_mailing(subject="Dear [[customer.firstname]] of [[company.name]], [[customer.salutation]]")
        consents("ada@example.org")
        guests.take(mailing, a_file(tmp_path, ("ada@example.org", "Ada", "van", "Dam"), only("bob@example.org")))

        frozen = audience.freeze(mailing, now=NOON)

        assert (frozen.gets, frozen.held) == (1, 1)
        ada = mailing.messages.get(address="ada@example.org")
        assert (ada.state, ada.person, ada.evidence is not None) == (Message.State.PENDING, None, True)
        assert ada.data.pop("_u"), "without a key of their own they could not leave"
        assert ada.data.pop("_p")
        assert ada.data == {
            "customer.firstname": "Ada",
            "company.name": "",
            "customer.salutation": "Ada van Dam",
            "_name": "Ada van Dam",
        }
        assert mailing.messages.get(address="bob@example.org").reason == "no_consent"

    def test_twice_makes_nobody_twice(self, tmp_path: Path) -> None:
        mailing = a_mailing()
        guests.take(mailing, a_file(tmp_path, only("ada@example.org")))

        audience.freeze(mailing, now=NOON)
        audience.freeze(mailing, now=NOON)

        assert mailing.messages.count() == 1


def test_a_mailing_to_guests_alone_lacks_no_sources(tmp_path: Path) -> None:
    mailing = a_mailing()
    consents("ada@example.org")
    guests.take(mailing, a_file(tmp_path, only("ada@example.org")))

    found = {finding.code for finding in preflight.examine(mailing, now=NOON).findings}

    assert not found & {"no_sources", "nobody"}


def test_a_copy_of_the_mailing_leaves_the_list_behind() -> None:
    mailing = a_mailing()
    Guest.objects.create(mailing=mailing, address="ada@example.org")

    assert not library.duplicate(mailing, by=an_author()).guests.exists()


def test_an_erased_address_is_on_no_list_any_more() -> None:
    mailing = a_mailing()
    for name in ("ada", "bob"):
        Guest.objects.create(mailing=mailing, address=f"{name}@example.org")

    held = next(one for one in dossier.holdings if one.name == "one_off_lists")
    assert held.erase(dossier.of("ada@example.org"), NOON) == 1

    assert [one.address for one in Guest.objects.all()] == ["bob@example.org"]


def test_a_month_after_the_mailing_was_out_the_list_goes() -> None:
    lately = a_mailing(finished_at=NOON - dt.timedelta(days=29))
    long_ago = a_mailing(finished_at=NOON - dt.timedelta(days=31))
    for mailing in (lately, long_ago):
        Guest.objects.create(mailing=mailing, address="ada@example.org")

    assert retention.forget_guests(now=NOON) == 1
    assert list(Guest.objects.values_list("mailing", flat=True)) == [lately.pk]


class TestThePage:
    @pytest.fixture
    def marieke(self, client: Client) -> Client:
        client.force_login(an_author())
        return client

    def test_takes_a_file_and_shows_each_with_the_reason(self, marieke: Client, tmp_path: Path) -> None:
        mailing = a_mailing()
        consents("ada@example.org")
        file = a_file(tmp_path, ("ada@example.org", "Ada", "", "Dam"), only("bob@example.org"), only("nonsense"))

        page = marieke.post(reverse("mailings:one_off_add", args=[mailing.pk]), {"file": file}).content.decode()

        assert "Ada Dam" in page
        assert "nonsense" in page
        assert "1 row was not taken" in page
        held = marieke.get(reverse("mailings:one_off", args=[mailing.pk]), {"reason": "no_consent"}).content.decode()
        assert "bob@example.org" in held
        assert "ada@example.org" not in held

    def test_explains_a_bad_file_and_changes_nothing(self, marieke: Client) -> None:
        mailing = a_mailing()
        file = io.BytesIO(b"\x89PNG nothing")
        file.name = "list.xlsx"

        answer = marieke.post(reverse("mailings:one_off_add", args=[mailing.pk]), {"file": file})

        assert answer.status_code == 422
        assert "not a spreadsheet" in answer.content.decode()

    def test_takes_one_off_or_all_of_its_own(self, marieke: Client) -> None:
        mailing = a_mailing()
        ada, *_ = [Guest.objects.create(mailing=mailing, address=f"{name}@example.org") for name in "abc"]
        other = Guest.objects.create(mailing=a_mailing(), address="other@example.org")
        url = reverse("mailings:one_off_remove", args=[mailing.pk])

        marieke.post(url, {"number": ada.pk})
        marieke.post(url, {"number": other.pk})
        assert mailing.guests.count() == 2
        marieke.post(url)
        assert list(Guest.objects.all()) == [other]

    def test_stands_among_the_sources_of_the_recipients_step(self, marieke: Client) -> None:
        mailing = a_mailing()
        Guest.objects.create(mailing=mailing, address="ada@example.org")

        page = marieke.get(reverse("mailings:recipients", args=[mailing.pk])).content.decode()

        assert reverse("mailings:one_off", args=[mailing.pk]) in page
        assert "of 1 is held back" in page

    def test_is_not_for_who_may_not_change_mailings(self, client: Client) -> None:
        client.force_login(User.objects.create_user("guest", "guest@example.org", "a long enough one"))
        mailing = a_mailing()

        assert client.post(reverse("mailings:one_off_add", args=[mailing.pk])).status_code == 403
