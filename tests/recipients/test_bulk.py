"""One act for many people: over ticked rows or everybody found, with what changed on every card."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import gate, suppressions
from consent.models import ConsentDetail, Suppression
from recipients import bulk, custom
from recipients.bulk import By
from recipients.models import Change, CustomField, Interest, Person, ProjectMember, Task
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type
from tests.recipients.factories import a_person, a_project, a_selection

pytestmark = pytest.mark.django_db


@pytest.fixture
def marieke(client: Client) -> User:
    user = User.objects.create_user("marieke", "marieke@example.org", first_name="Marieke", last_name="Vos")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["recipients", "consent"]))
    client.force_login(user)
    return user


def many(client: Client, act: str, **given: object) -> str:
    answer = client.post(reverse("recipients:people_many"), {"act": act, "do": "1", **given}, follow=True)
    return answer.content.decode()


def test_a_field_is_set_for_everybody_found_and_written_down_where_it_was_another_one(
    client: Client, marieke: User
) -> None:
    ada, bob = a_person("Ada Lovelace", city="Gent"), a_person("Bob Lovelace", city="Rotterdam")
    a_person("Cleo Boole", city="Gent")

    page = many(client, "field", field="city", value="Rotterdam", everyone="1", q="lovelace")

    assert "something changed for 1 person" in page
    assert set(Person.objects.filter(city="Rotterdam")) == {ada, bob}
    change = Change.objects.get()
    assert (change.person, change.by, change.source) == (ada, marieke, "bulk")
    assert change.what == {"city": ["Gent", "Rotterdam"]}


@pytest.mark.parametrize(
    ("field", "value", "column", "kept"),
    [
        ("language", "Dutch", "language", "nl"),
        ("country", "be", "country", "BE"),
        ("is_former_employee", "yes", "is_former_employee", True),
        ("time_zone", "Europe/Amsterdam", "time_zone", "Europe/Amsterdam"),
        ("custom.size", "43,5", "custom", {"size": 43.5}),
        ("custom.size", "", "custom", {}),
    ],
)
def test_each_field_is_read_as_its_kind_asks(
    client: Client, marieke: User, field: str, value: str, column: str, kept: object
) -> None:
    custom.add(CustomField(of="person", kind="number", name="Size"))
    person = a_person(custom={"size": 1})

    many(client, "field", field=field, value=value, person=person.pk)

    person.refresh_from_db()
    assert getattr(person, column) == kept or field.startswith("custom")
    if field.startswith("custom"):
        assert person.custom == kept
    assert Change.objects.filter(person=person).count() == 1


def test_a_colleague_is_found_by_name_and_one_whom_nobody_knows_is_refused(client: Client, marieke: User) -> None:
    person = a_person()

    many(client, "field", field="our_contact", value="Marieke Vos", person=person.pk)
    refused = many(client, "field", field="our_contact", value="Somebody Else", person=person.pk)

    person.refresh_from_db()
    assert person.our_contact == marieke
    assert "Give the whole name or the address" in refused
    assert Change.objects.get().what == {"our_contact": [None, "Marieke Vos"]}


def test_an_interest_is_given_and_taken_as_a_set(client: Client, marieke: User) -> None:
    cheese = Interest.objects.create(name="Cheese")
    people = [a_person() for _ in range(3)]
    people[0].interests.add(cheese)
    ticked = [person.pk for person in people]

    assert "changed for 2 people" in many(client, "interest", interest=cheese.pk, way="add", person=ticked)
    assert "changed for 3 people" in many(client, "interest", interest=cheese.pk, way="take", person=ticked)
    assert not cheese.people.exists()


def test_everybody_on_a_list_gets_a_task_and_a_role_in_its_project(client: Client, marieke: User) -> None:
    fair = a_project()
    ada, bob = a_person("Ada", joins=fair), a_person("Bob", joins=fair)
    a_person("Cleo")
    where = f"project:{fair.pk}"

    many(client, "task", title="Call", kind="todo", assignee=marieke.pk, everyone="1", list=where)
    many(client, "role", role="Speaker", person=ada.pk, list=where)

    assert set(Task.objects.values_list("person", "title")) == {(ada.pk, "Call"), (bob.pk, "Call")}
    assert dict(ProjectMember.objects.values_list("person", "role")) == {ada.pk: "Speaker", bob.pk: ""}
    page = client.get(reverse("recipients:project", args=[fair.pk])).content.decode()
    assert "Speaker" in page


def test_a_no_is_written_down_for_all_of_them_with_its_reason(client: Client, marieke: User) -> None:
    news = a_subscription_type("newsletter")
    readers = a_selection()
    a_person(email="ada@example.org", in_=readers, also=("ada@home.example",))
    where = f"selection:{readers.pk}"

    without = many(client, "refuse", types=[news.pk], because="", everyone="1", list=where)
    many(client, "refuse", types=[news.pk], because="They called", everyone="1", list=where)

    assert "This field is required" in without
    block = Suppression.objects.get()
    assert (block.address, block.subscription_type, block.evidence["because"]) == (
        "ada@example.org",
        news,
        "They called",
    )


PAPER = {
    "source": "newsletter_signup",
    "evidence_on": "2026-03-03",
    "evidence_form": "Counter, spring",
    "evidence_wording": "Yes, send me the newsletter",
    "because": "Typed over from the cards",
    "sure": "on",
}


def test_a_yes_is_written_down_for_all_of_them_with_source_evidence_and_reason(client: Client, marieke: User) -> None:
    news, readers = a_subscription_type(), a_selection()
    for name in ("ada", "bob"):
        a_person(email=f"{name}@example.org", in_=readers)
    suppressions.add("email", "bob@example.org", "unsubscribed", evidence={}, actor="self", now=NOON)
    where = f"selection:{readers.pk}"

    page = many(client, "agree", **PAPER, types=[news.pk], everyone="1", list=where)

    said = {row.address: row.evidence for row in ConsentDetail.objects.filter(event__act="given")}
    refused = gate.recheck("email", news.pk, ["ada@example.org", "bob@example.org"], at=timezone.now())
    assert "something changed for 2 people" in page
    assert said["ada@example.org"]["because"] == "Typed over from the cards"
    assert said["ada@example.org"]["form"] == "Counter, spring"
    assert {address: verdict.reason for address, verdict in refused.items()} == {"bob@example.org": "unsubscribed"}


@pytest.mark.parametrize("without", ["evidence_form", "evidence_on", "because", "sure", "source", "types"])
def test_a_yes_without_its_evidence_or_reason_is_refused_and_nothing_is_written(
    client: Client, marieke: User, without: str
) -> None:
    person = a_person(email="ada@example.org")
    given = {**PAPER, "types": a_subscription_type().pk, "person": person.pk}
    del given[without]

    assert "something changed" not in many(client, "agree", **given)
    assert not ConsentDetail.objects.exists()


@pytest.mark.parametrize("source", ["purchased_list", "third_party", "nonsense"])
def test_a_source_that_never_counts_is_not_offered(client: Client, marieke: User, source: str) -> None:
    person = a_person(email="ada@example.org")

    many(client, "agree", **{**PAPER, "source": source}, types=a_subscription_type().pk, person=person.pk)

    assert not ConsentDetail.objects.exists()


def test_choosing_a_source_asks_for_its_evidence_and_keeps_the_types(client: Client, marieke: User) -> None:
    news, person = a_subscription_type(), a_person(email="ada@example.org")
    here = reverse("recipients:people_many")

    first = client.post(here, {"act": "agree", "person": person.pk}).content.decode()
    asked = {"act": "agree", "do": "ask", "source": "purchase", "types": news.pk, "person": person.pk}
    second = client.post(here, asked).content.decode()

    assert "evidence_" not in first
    assert 'name="evidence_on"' in second
    assert "checked" in second
    assert "A ledger forgets nothing" in second or "Read this first" in second
    assert "This field is required" not in second


def test_a_list_is_narrowed_by_filters_too_and_acts_and_exports_follow(client: Client, marieke: User) -> None:
    readers = a_selection()
    ada = a_person("Ada", country="BE", email="ada@example.org", in_=readers)
    a_person("Bob", country="NL", email="bob@example.org", in_=readers)
    a_person("Cleo", country="BE")
    here = reverse("recipients:selection", args=[readers.pk])

    page = client.get(here, {"country": "BE"}).content.decode()
    nobody = client.get(here, {"country": "DE"}).content.decode()
    many(client, "field", field="city", value="Gent", everyone="1", country="BE", list=f"selection:{readers.pk}")
    taken = client.post(f"{here}export/", {"format": "csv", "country": "BE"})
    file = taken.getvalue().decode()
    client.post(f"{here}remove/", {"everyone": "1", "country": "BE"})

    assert ">Ada<" in page
    assert ">Bob<" not in page
    assert "Nobody is like that" in nobody
    assert list(Person.objects.filter(city="Gent")) == [ada]
    assert "ada@example.org" in file
    assert "bob@example.org" not in file
    assert [str(person) for person in readers.people.all()] == ["Bob"]


def test_who_may_not_change_people_is_refused_and_an_unknown_list_is_not_found(client: Client, marieke: User) -> None:
    assert client.post(reverse("recipients:people_many"), {"list": "selection:99"}).status_code == 404
    assert client.post(reverse("recipients:people_many"), {"list": "planet:1"}).status_code == 404
    client.force_login(User.objects.create_user("guest"))
    assert client.post(reverse("recipients:people_many"), {"act": "field", "do": "1"}).status_code == 403


def test_nobody_is_changed_when_nobody_is_chosen() -> None:
    assert bulk.set_custom(Person.objects.none(), "size", 1, by=By(None, NOON)) == 0


def test_the_number_of_statements_does_not_grow_with_the_people(django_assert_num_queries: object) -> None:
    for number in range(30):
        a_person(f"Ada {number}")

    with django_assert_num_queries(3):  # type: ignore[operator] # one, in a savepoint
        assert bulk.set_field(
            Person.objects.all(), "city", "Gent", shown=("p.city", "Gent"), by=By(None, NOON + dt.timedelta(days=9))
        )


def test_the_people_page_is_narrowed_by_filters_and_acts_on_what_it_shows(client: Client, marieke: User) -> None:
    cheese = Interest.objects.create(name="Cheese")
    ada = a_person("Ada", country="BE", language="nl")
    ada.interests.add(cheese)
    a_person("Bob", country="NL", email="", our_contact=marieke)
    here = reverse("recipients:people")

    def shown(**asked: object) -> set[str]:
        page = client.get(here, asked).content.decode()
        return {name for name in ("Ada", "Bob") if f">{name}<" in page}

    assert shown() == {"Ada", "Bob"}
    assert shown(country="BE") == shown(language="nl") == shown(interest=cheese.pk) == {"Ada"}
    assert shown(show="mine") == shown(show="unreachable") == {"Bob"}
    assert shown(country="<script>", show="nonsense") == {"Ada", "Bob"}
    many(client, "field", field="city", value="Gent", everyone="1", country="BE")
    assert list(Person.objects.filter(city="Gent")) == [ada]


def test_a_yes_or_a_no_may_be_about_text_messages_to_the_mobile_number(client: Client, marieke: User) -> None:
    news, readers = a_subscription_type(), a_selection()
    a_person(email="ada@example.org", in_=readers, mobile="+31612345678")
    a_person(email="bob@example.org", in_=readers)
    where = f"selection:{readers.pk}"

    many(client, "agree", **PAPER, channel="sms", types=[news.pk], everyone="1", list=where)
    assert gate.recheck("sms", news.pk, ["+31612345678"], at=timezone.now()) == {}
    assert "ada@example.org" in gate.recheck("email", news.pk, ["ada@example.org"], at=timezone.now())

    many(client, "refuse", channel="sms", because="They called", everyone="1", list=where)
    assert list(Suppression.objects.values_list("channel", "address")) == [("sms", "+31612345678")]
