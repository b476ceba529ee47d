"""Cards of people and companies: every field, edited whole or in place, with what changed written down."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from recipients import custom
from recipients.models import Change, Company, CustomField, Interest, Merge, Person
from tests.recipients.factories import a_company, a_person

pytestmark = pytest.mark.django_db
SCRIPTED = {"HX-Request": "true"}


@pytest.fixture
def marieke(client: Client) -> User:
    user = User.objects.create_user("marieke", "marieke@example.org", first_name="Marieke", last_name="Vos")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="recipients"))
    client.force_login(user)
    return user


def a_field(
    name: str = "Shoe size", kind: str = "number", of: str = "person", choices: tuple[str, ...] = ()
) -> CustomField:
    return custom.add(CustomField(of=of, name=name, kind=kind, choices=list(choices)))


def test_a_person_has_all_of_their_fields(client: Client, marieke: User) -> None:
    cheese, _wine = Interest.objects.create(name="Cheese"), Interest.objects.create(name="Wine")
    a_field("Shoe size", "number")
    a_field("Member since", "date")
    a_field("Colour", "choice", choices=("Red", "Blue"))
    a_field("Vegetarian", "yesno")

    answer = client.post(
        reverse("recipients:person_new"),
        {
            "first_name": "Jan", "middle_name": "van der", "last_name": "Berg", "email": "jan@example.org",
            "other_addresses": "jan@home.example\n jan@work.example ", "mobile": "06-12345678", "phone": "010 123 45 67",
            "other_numbers": "+32 475 12 34 56\n020 123 45 67", "street": "Kade 4", "postcode": "3011 AB",
            "city": "Rotterdam", "region": "Zuid-Holland", "country": "NL", "language": "nl",
            "time_zone": "Europe/Amsterdam", "company_name": "Noordmetaal", "title": "Buyer",
            "our_contact": marieke.pk, "support_contact": marieke.pk, "interests": [cheese.pk], "notes": "Likes tea",
            "x_shoe_size": "43,5", "x_member_since": "2020-02-29", "x_colour": "Blue", "x_vegetarian": "no",
        },
    )  # fmt: skip

    person = Person.objects.get()
    assert answer.status_code == 302
    assert (person.mobile, person.phone) == ("+31612345678", "+31101234567")
    assert list(person.phones.order_by("rank").values_list("number", "kind")) == [
        ("+32475123456", "mobile"),
        ("+31201234567", "fixed"),
    ]
    assert list(person.email_addresses.order_by("rank").values_list("address", flat=True)) == [
        "jan@example.org",
        "jan@home.example",
        "jan@work.example",
    ]
    assert person.custom == {"shoe_size": 43.5, "member_since": "2020-02-29", "colour": "Blue", "vegetarian": False}
    assert list(person.interests.all()) == [cheese]
    assert (person.our_contact, person.support_contact) == (marieke, marieke)
    page = client.get(reverse("recipients:person", args=[person.pk])).content.decode()
    for shown in ("06 12345678", "010 123 4567", "+32 475 12 34 56", "Kade 4", "3011 AB Rotterdam", "Cheese", "43.5"):
        assert shown in page


def test_a_part_is_edited_where_it_stands_and_the_rest_is_left_alone(client: Client, marieke: User) -> None:
    person = a_person("Ada Lovelace", email="ada@example.org", also=("ada@home.example",), mobile="+31612345678")

    form = client.get(reverse("recipients:person_part", args=[person.pk, "place"]), headers=SCRIPTED)
    answer = client.post(
        reverse("recipients:person_part", args=[person.pk, "place"]),
        {"street": "Kade 4", "city": "Gent", "country": "BE"},
        headers=SCRIPTED,
    )

    person.refresh_from_db()
    assert b'name="street"' in form.content
    assert b'name="first_name"' not in form.content
    assert b"Kade 4" in answer.content
    assert (person.street, person.city, person.country, person.mobile) == ("Kade 4", "Gent", "BE", "+31612345678")
    assert person.email_addresses.count() == 2
    change = Change.objects.get(person=person)
    assert (change.source, change.by) == ("edit", marieke)
    assert change.what == {"street": ["", "Kade 4"], "city": ["", "Gent"], "country": ["", "BE"]}


@pytest.mark.parametrize(
    ("part", "given", "said"),
    [
        ("reach", {"mobile": "06 12"}, "too few or too many digits"),
        ("reach", {"other_numbers": "06 12345678\nask reception"}, "ask reception: This is not a phone number"),
        ("reach", {"email": "ada@example"}, "A dot is missing after the @"),
        ("custom", {"x_shoe_size": "large"}, "This is not a number"),
        ("custom", {"x_colour": "Green"}, "Green"),
        ("place", {"time_zone": "Mars/Base"}, "Mars/Base"),
    ],
)
def test_a_mistake_in_a_part_is_named_and_nothing_typed_is_lost(
    client: Client, marieke: User, part: str, given: dict[str, str], said: str
) -> None:
    a_field("Shoe size", "number")
    a_field("Colour", "choice", choices=("Red", "Blue"))
    person = a_person("Ada Lovelace", email="ada@example.org")

    answer = client.post(reverse("recipients:person_part", args=[person.pk, part]), given, headers=SCRIPTED)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Change.objects.exists()


def test_without_script_a_part_is_edited_on_the_whole_form(client: Client, marieke: User) -> None:
    person = a_person()

    answer = client.get(reverse("recipients:person_part", args=[person.pk, "notes"]))

    assert answer["Location"] == reverse("recipients:person_edit", args=[person.pk])
    assert client.get(reverse("recipients:person_part", args=[person.pk, "nothing"])).status_code == 404


def test_who_may_only_look_changes_nothing(client: Client) -> None:
    person, company = a_person(at="Noordmetaal"), Company.objects.get
    client.force_login(User.objects.create_user("guest", "guest@example.org"))

    refused = [
        client.post(reverse("recipients:person_new"), {"last_name": "x"}),
        client.post(reverse("recipients:person_edit", args=[person.pk]), {"last_name": "x"}),
        client.post(reverse("recipients:person_part", args=[person.pk, "notes"]), {"notes": "x"}),
        client.post(reverse("recipients:company_new"), {"name": "x"}),
        client.post(reverse("recipients:company_part", args=[company().pk, "notes"]), {"notes": "x"}),
        client.post(reverse("recipients:person_merge", args=[person.pk]), {"with": person.pk}),
        client.post(reverse("recipients:task_new"), {"title": "x"}),
        client.post(reverse("recipients:people_add"), {"person": person.pk}),
    ]

    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert "Edit" not in client.get(reverse("recipients:person", args=[person.pk])).content.decode().split("<main")[1]


def test_a_company_has_all_of_its_fields_and_its_people_are_found_by_its_new_name(
    client: Client, marieke: User
) -> None:
    a_field("Fleet", "number", of="company")
    company = a_company("Noordmetaal")
    person = a_person("Ada Lovelace", at=company)

    client.post(
        reverse("recipients:company_edit", args=[company.pk]),
        {
            "name": "Zuidmetaal", "website": "zuidmetaal.example", "email": "info@zuidmetaal.example",
            "other_addresses": "sales@zuidmetaal.example", "phone": "010 1234567", "street": "Kade 4", "city": "Rotterdam",
            "country": "NL", "our_contact": marieke.pk, "x_fleet": "1.250",
        },
    )  # fmt: skip

    company.refresh_from_db()
    assert (company.name, company.phone, company.our_contact) == ("Zuidmetaal", "+31101234567", marieke)
    assert [row.address for row in company.email_addresses.order_by("rank")] == [
        "info@zuidmetaal.example",
        "sales@zuidmetaal.example",
    ]
    assert list(Person.objects.matching("zuidmetaal")) == [person]
    change = Change.objects.get(company=company)
    assert change.what["name"] == ["Noordmetaal", "Zuidmetaal"]
    assert b"Zuidmetaal" in client.get(reverse("recipients:company_history", args=[company.pk])).content


def test_a_card_that_was_merged_leads_to_the_one_that_stayed(client: Client, marieke: User) -> None:
    kept = a_person()
    Merge.objects.create(gone=10**6, name="Ada", kept=kept, at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))

    answer = client.get(reverse("recipients:person", args=[10**6]))

    assert answer["Location"] == reverse("recipients:person", args=[kept.pk])
    assert client.get(reverse("recipients:person", args=[10**7])).status_code == 404


def test_a_choice_that_is_offered_no_more_stays_with_who_has_it(client: Client, marieke: User) -> None:
    field = a_field("Colour", "choice", choices=("Red", "Blue"))
    person = a_person(custom={"colour": "Blue"})
    CustomField.objects.filter(pk=field.pk).update(choices=["Red"])

    client.post(reverse("recipients:person_part", args=[person.pk, "custom"]), {"x_colour": "Blue"}, headers=SCRIPTED)

    person.refresh_from_db()
    assert person.custom == {"colour": "Blue"}
