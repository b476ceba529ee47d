"""Settings: fields of the house's own, and the list of interests."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from recipients import custom
from recipients.models import CustomField, Interest
from tests.recipients.factories import a_person

pytestmark = pytest.mark.django_db
FIELDS, INTERESTS = "recipients:custom_fields", "recipients:interests"


@pytest.fixture
def marieke(client: Client) -> User:
    user = User.objects.create_user("marieke", "marieke@example.org")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="recipients"))
    client.force_login(user)
    return user


def test_a_field_is_made_renamed_moved_and_removed(client: Client, marieke: User) -> None:
    client.post(reverse(FIELDS), {"of": "person", "name": "Colour", "kind": "choice", "words": "Red\n Blue \n\nred"})
    client.post(reverse(FIELDS), {"of": "person", "name": "Size", "kind": "number"})
    colour, size = custom.of("person")
    person = a_person(custom={"colour": "Red"})

    client.post(reverse("recipients:custom_field_move", args=[size.pk]), {"way": "up"})
    client.post(reverse("recipients:custom_field", args=[colour.pk]), {"name": "Kleur", "words": "Red\nBlue\nGreen"})
    client.post(reverse("recipients:custom_field_choice", args=[colour.pk]), {"old": "Red", "new": "Crimson"})

    colour.refresh_from_db()
    person.refresh_from_db()
    assert custom.of("person") == [size, colour]
    assert (colour.name, colour.key, colour.choices) == ("Kleur", "colour", ["Crimson", "Blue", "Green"])
    assert person.custom == {"colour": "Crimson"}
    page = client.get(reverse("recipients:custom_field", args=[colour.pk])).content.decode()
    assert "Filled in on 1 card" in page

    client.post(reverse("recipients:custom_field_remove", args=[colour.pk]))
    person.refresh_from_db()
    assert person.custom == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"of": "person", "name": "", "kind": "text"}, "This field is required"),
        ({"of": "person", "name": "???", "kind": "text"}, "Give it a name with letters"),
        ({"of": "person", "name": "size", "kind": "text"}, "There is one with this name already"),
        ({"of": "person", "name": "Colour", "kind": "choice"}, "at least one word to choose"),
        ({"of": "planet", "name": "Colour", "kind": "text"}, "planet"),
    ],
)
def test_a_mistake_is_named(client: Client, marieke: User, given: dict[str, str], said: str) -> None:
    custom.add(CustomField(of="person", kind="number", name="Size"))

    answer = client.post(reverse(FIELDS), given)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert CustomField.objects.count() == 1


def test_interests_are_made_renamed_and_removed_with_a_count_that_leads_to_the_people(
    client: Client, marieke: User
) -> None:
    client.post(reverse(INTERESTS), {"name": "Cheese"})
    twice = client.post(reverse(INTERESTS), {"name": "CHEESE"})
    cheese = Interest.objects.get()
    ada = a_person("Ada")
    ada.interests.add(cheese)

    page = client.get(reverse(INTERESTS)).content.decode()
    client.post(reverse("recipients:interest_rename", args=[cheese.pk]), {"name": "Kaas"})

    assert twice.status_code == 422
    assert f"?interest={cheese.pk}" in page
    cheese.refresh_from_db()
    assert cheese.name == "Kaas"
    client.post(reverse("recipients:interest_remove", args=[cheese.pk]))
    assert not ada.interests.exists()


def test_only_who_may_sees_and_changes_them(client: Client) -> None:
    field = custom.add(CustomField(of="person", kind="number", name="Size"))
    client.force_login(User.objects.create_user("guest"))

    assert client.get(reverse(FIELDS)).status_code == 403
    assert client.get(reverse(INTERESTS)).status_code == 403
    assert client.post(reverse("recipients:custom_field_remove", args=[field.pk])).status_code == 403
    guest = User.objects.get(username="guest")
    guest.user_permissions.add(*Permission.objects.filter(codename__in=["view_customfield", "view_interest"]))
    assert client.post(reverse(FIELDS), {"of": "person", "name": "x", "kind": "text"}).status_code == 403
    assert client.post(reverse(INTERESTS), {"name": "x"}).status_code == 403
