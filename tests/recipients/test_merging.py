"""Two cards of one human being become one: nothing is lost, and a no stays a no."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from consent import suppressions
from consent.models import Suppression
from mailings import lifecycle
from mailings.models import Mailing, Message
from recipients import merging, people
from recipients.models import Change, Merge, Person, ProjectMember, Task
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents
from tests.mailings.factories import a_mailing
from tests.recipients.factories import a_person, a_project, a_selection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _house(settings: Any) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"


@pytest.fixture
def marieke() -> User:
    return User.objects.create_user("marieke", "marieke@example.org")


def addresses(person: Person) -> list[str]:
    return list(person.email_addresses.order_by("rank").values_list("address", flat=True))


def test_everything_of_the_one_that_goes_is_the_others(marieke: User) -> None:
    readers, guests, fair = a_selection(), a_selection(), a_project()
    ada = a_person("Ada Lovelace", email="ada@example.org", in_=readers, joins=fair, mobile="+31612345678", notes="Tea")
    twin = a_person(
        "A. Lovelace", email="ada@home.example", also=("ada@example.org",), in_=guests, joins=fair, city="Gent",
        mobile="+32475123456", notes="Coffee", at="Engines", custom={"size": 4},
    )  # fmt: skip
    ProjectMember.objects.filter(person=twin).update(role="Speaker")
    task = Task.objects.create(title="Call", person=twin)
    Merge.objects.create(gone=99, name="Older", kept=twin, at=NOON)

    kept = merging.merge(ada, twin, by=marieke, now=NOON)

    assert addresses(kept) == ["ada@example.org", "ada@home.example"]
    assert (kept.first_name, kept.city, kept.mobile, kept.notes) == ("Ada", "Gent", "+31612345678", "Tea\n\nCoffee")
    assert kept.company is not None
    assert kept.company.name == "Engines"
    assert kept.custom == {"size": 4}
    assert [row.number for row in kept.phones.all()] == ["+32475123456"]
    assert set(kept.selections.all()) == {readers, guests}
    assert ProjectMember.objects.get(project=fair).role == "Speaker"
    task.refresh_from_db()
    assert task.person == kept
    assert not Person.objects.filter(pk=twin.pk).exists()
    assert set(Merge.objects.values_list("gone", "kept")) == {(99, kept.pk), (twin.pk, kept.pk)}
    assert Change.objects.get(source="merge").what["merged"] == ["", "A. Lovelace"]
    assert list(Person.objects.matching("home.example engines")) == [kept]


@pytest.mark.parametrize("reason", ["unsubscribed", "complained", "objection"])
def test_a_no_at_one_address_holds_for_all_of_them(marieke: User, reason: str) -> None:
    ada, twin = a_person(email="ada@example.org"), a_person(email="ada@home.example")
    suppressions.add("email", "ada@home.example", reason, evidence={}, actor="self", now=NOON)

    shown = merging.preview(ada, twin)
    merging.merge(ada, twin, by=marieke, now=NOON)

    assert [address for address, _reason in shown.blocks] == ["ada@home.example"]
    held = Suppression.objects.filter(reason=reason, released_at=None)
    assert set(held.values_list("address", flat=True)) == {"ada@example.org", "ada@home.example"}


def test_an_address_that_bounced_says_nothing_of_the_others(marieke: User) -> None:
    ada, twin = a_person(email="ada@example.org"), a_person(email="ada@home.example")
    suppressions.add("email", "ada@home.example", "hard_bounce", evidence={}, actor="system", now=NOON)

    merging.merge(ada, twin, by=marieke, now=NOON)

    assert list(Suppression.objects.values_list("address", flat=True)) == ["ada@home.example"]


def test_a_no_to_one_type_is_a_no_to_that_type_only(marieke: User) -> None:
    news = a_subscription_type("newsletter")
    ada, twin = a_person(email="ada@example.org"), a_person(email="ada@home.example")
    suppressions.add(
        "email", "ada@home.example", "unsubscribed", subscription_type=news, evidence={}, actor="self", now=NOON
    )

    merging.merge(ada, twin, by=marieke, now=NOON)

    assert Suppression.objects.get(address="ada@example.org").subscription_type == news


def test_somebody_who_is_being_mailed_is_merged_and_every_message_has_its_row(marieke: User) -> None:
    readers = a_selection()
    ada = a_person("Ada Lovelace", email="ada@example.org", in_=readers)
    twin = a_person("Ada Lovelace", email="ada@home.example", in_=readers)
    for address in ("ada@example.org", "ada@home.example"):
        consents(address)
    mailing = lifecycle.start(a_mailing(to=readers), by=None, now=NOON)
    before = set(Message.objects.filter(mailing=mailing).values_list("address", "state"))

    kept = merging.merge(ada, twin, by=marieke, now=NOON)

    assert set(Message.objects.filter(mailing=mailing).values_list("address", "state")) == before
    assert set(Message.objects.filter(mailing=mailing).values_list("person", flat=True)) == {kept.pk}
    assert Mailing.objects.get(pk=mailing.pk).status == mailing.status


def test_a_card_is_not_merged_with_itself_nor_with_one_that_is_gone(marieke: User) -> None:
    ada, twin = a_person(), a_person()
    with pytest.raises(merging.CannotMerge):
        merging.merge(ada, ada, by=marieke, now=NOON)
    merging.merge(ada, twin, by=marieke, now=NOON)

    with pytest.raises(merging.CannotMerge):
        merging.merge(ada, twin, by=marieke, now=NOON)


def test_addresses_that_several_people_have_are_listed_in_pages() -> None:
    for number in range(3):
        for name in ("Ada", "Bob"):
            a_person(f"{name} {number}", email=f"shared{number}@example.org")
    a_person("Cleo")

    first, after = people.duplicates(size=2)
    rest, end = people.duplicates(after=after, size=2)

    assert [group.address for group in first] == ["shared0@example.org", "shared1@example.org"]
    assert [str(person) for person in first[0].people] == ["Ada 0", "Bob 0"]
    assert ([group.address for group in rest], end) == (["shared2@example.org"], "")
