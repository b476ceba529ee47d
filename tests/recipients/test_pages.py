"""The pages of people, companies, selections and projects, over HTTP."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from recipients import members
from recipients.models import Company, Person, Project, Selection
from tests.recipients.factories import a_company, a_person, a_project, a_selection

pytestmark = pytest.mark.django_db

LISTS = ["recipients:people", "recipients:companies", "recipients:selections", "recipients:projects"]


@pytest.fixture
def marketer(client: Client) -> Client:
    user = User.objects.create_user("marieke", "marieke@example.org", first_name="Marieke", last_name="Vos")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="recipients"))
    client.force_login(user)
    return client


def text(client: Client, name: str, *args: object, **query: str) -> str:
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("name", [*LISTS, "recipients:search", "recipients:person_new"])
def test_strangers_are_asked_to_log_in(client: Client, name: str) -> None:
    answer = client.get(reverse(name))

    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_house_teaches_what_the_page_is_for(marketer: Client, name: str) -> None:
    assert "postmark" in text(marketer, name)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("size", [2, 60])
def test_a_list_costs_as_many_queries_for_sixty_rows_as_for_two(
    marketer: Client, name: str, size: int, django_assert_max_num_queries: object
) -> None:
    for number in range(size):
        person = a_person(f"Ada Nr{number:03}", at=f"Company {number:03}", also=(f"more{number}@example.net",))
        a_selection(of=(person,))
        a_project(of=(person,))

    # ten, and on the list of people the interests and own fields one can filter by
    with django_assert_max_num_queries(12 if name == "recipients:people" else 10):  # type: ignore[operator]
        page = text(marketer, name)

    assert f"1 to {min(size, 50)} of {size}" in page


def test_cards_cost_a_steady_number_of_queries(marketer: Client, django_assert_max_num_queries: object) -> None:
    company, selection, project = a_company(), a_selection(), a_project()
    for _ in range(30):
        person = a_person(at=company, in_=selection, joins=project, also=(f"x{_}@example.net",))

    for name, pk in [
        ("recipients:person", person.pk),
        ("recipients:company", company.pk),
        ("recipients:selection", selection.pk),
        ("recipients:project", project.pk),
    ]:
        with django_assert_max_num_queries(17):  # type: ignore[operator]
            text(marketer, name, pk)


def test_the_list_is_searched_and_the_fragment_holds_only_the_list(marketer: Client) -> None:
    a_person("Ada Lovelace")
    a_person("Bob Builder")

    answer = marketer.get(reverse("recipients:people"), {"q": "love"}, headers={"HX-Request": "true"})

    page = answer.content.decode()
    assert "Ada Lovelace" in page
    assert "Bob Builder" not in page
    assert "<html" not in page


def test_a_new_person_is_written_down_with_a_new_company(marketer: Client) -> None:
    answer = marketer.post(
        reverse("recipients:person_new"),
        {
            "first_name": "Ada\r\nBcc: all@example.org",
            "last_name": "Lovelace",
            "email": " Ada@Example.ORG ",
            "other_addresses": "countess@example.net\n\nADA@example.org",
            "company_name": "Analytical Engines",
        },
    )

    person = Person.objects.get()
    assert answer["Location"] == reverse("recipients:person", args=[person.pk])
    assert person.first_name == "Ada Bcc: all@example.org"
    assert person.company == Company.objects.get(name="Analytical Engines")
    addresses = list(person.email_addresses.order_by("rank").values_list("address", flat=True))
    assert addresses == ["ada@example.org", "countess@example.net"]


def test_a_known_company_is_not_made_twice(marketer: Client) -> None:
    company = a_company("Analytical Engines")

    marketer.post(reverse("recipients:person_new"), {"last_name": "Lovelace", "company_name": "analytical  engines"})

    assert Person.objects.get().company == company


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"email": "a@b@c"}, "There is more than one @ in it"),
        ({"email": "ada@example"}, "A dot is missing after the @"),
        ({"email": "ada@example.org", "other_addresses": "nonsense"}, "nonsense: There is no @ in it"),
        ({"notes": "only this"}, "Give at least a name or an address."),
        ({"last_name": "x" * 101}, "at most 100 characters"),
        ({"last_name": "x", "other_addresses": "\n".join(f"a{n}@example.org" for n in range(11))}, "at most 10"),
    ],
)
def test_a_mistake_is_named_and_nothing_typed_is_lost(marketer: Client, given: dict[str, str], said: str) -> None:
    answer = marketer.post(reverse("recipients:person_new"), {"phone": "06 12345678", **given})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert 'value="06 12345678"' in page
    assert not Person.objects.exists()


def test_editing_keeps_a_language_that_is_not_on_our_list(marketer: Client) -> None:
    person = a_person("Ada Lovelace", language="sv", email="ada@example.org")

    marketer.post(
        reverse("recipients:person_edit", args=[person.pk]),
        {"first_name": "Ada", "last_name": "King", "email": "ada@example.org", "language": "sv"},
    )

    person.refresh_from_db()
    assert (person.last_name, person.language) == ("King", "sv")
    assert list(Person.objects.matching("king")) == [person]


def test_somebody_who_shares_an_address_is_pointed_out(marketer: Client) -> None:
    a_person("Bob Builder", email="team@example.org")

    answer = marketer.post(
        reverse("recipients:person_new"), {"last_name": "Lovelace", "email": "team@example.org"}, follow=True
    )

    assert "Bob Builder has the address team@example.org too" in answer.content.decode()


@pytest.mark.parametrize("where", ["people", "card"])
def test_ticked_people_go_to_a_new_selection_and_a_project(marketer: Client, where: str) -> None:
    ada, _bob = a_person("Ada Lovelace"), a_person("Bob Builder")
    project = a_project("Open day")

    answer = marketer.post(
        reverse("recipients:people_add"),
        {"person": [ada.pk], "new_selection": "Readers", "project": project.pk, "next": f"/people/{ada.pk}/"},
    )

    assert answer["Location"] == f"/people/{ada.pk}/"
    selection = Selection.objects.get()
    assert selection.created_by is not None
    assert list(members.of(selection)) == list(members.of(project)) == [ada]


def test_everybody_found_is_added_not_only_the_page(marketer: Client) -> None:
    for _ in range(60):
        a_person("Ada Lovelace")
    a_person("Bob Builder")
    selection = a_selection()

    marketer.post(reverse("recipients:people_add"), {"everyone": "1", "q": "lovelace", "selection": selection.pk})

    assert members.of(selection).count() == 60


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example/people/", "/admin/"])
def test_adding_never_leads_to_another_site(marketer: Client, next_page: str) -> None:
    answer = marketer.post(
        reverse("recipients:people_add"), {"person": [a_person().pk], "new_selection": "x", "next": next_page}
    )

    assert answer["Location"] == "/people/"


def test_adding_nobody_to_nothing_is_explained(marketer: Client) -> None:
    answer = marketer.post(reverse("recipients:people_add"), {"person": ["x", "-1"]}, follow=True)

    assert "Choose a selection or a project" in answer.content.decode()


@pytest.mark.parametrize("kind", ["selection", "project"])
def test_members_are_offered_added_and_taken_off(marketer: Client, kind: str) -> None:
    which = a_selection("Readers") if kind == "selection" else a_project("Open day")
    ada, bob = a_person("Ada Lovelace"), a_person("Bob Builder")
    members.add(which, Person.objects.filter(pk=bob.pk))

    offered = text(marketer, f"recipients:{kind}_offer", which.pk, add="ada")
    marketer.post(reverse(f"recipients:{kind}_add", args=[which.pk]), {"person": ada.pk, "add": "ada"})
    both = set(members.of(which))
    marketer.post(reverse(f"recipients:{kind}_remove", args=[which.pk]), {"person": bob.pk})

    assert "Add Ada Lovelace" in offered
    assert both == {ada, bob}
    assert set(members.of(which)) == {ada}


def test_somebody_on_the_list_is_not_offered_again(marketer: Client) -> None:
    selection = a_selection(of=(a_person("Ada Lovelace"),))

    assert "On it" in text(marketer, "recipients:selection_offer", selection.pk, add="ada")


@pytest.mark.parametrize("kind", ["selection", "project", "company"])
def test_a_list_is_made_and_changed(marketer: Client, kind: str) -> None:
    model = {"selection": Selection, "project": Project, "company": Company}[kind]
    more = {"status": "planned"} if kind == "project" else {}

    made = marketer.post(reverse(f"recipients:{kind}_new"), {"name": "  First\tname ", **more})
    row = model.objects.get()
    marketer.post(reverse(f"recipients:{kind}_edit", args=[row.pk]), {"name": "Second name", **more})

    assert made["Location"] == reverse(f"recipients:{kind}", args=[row.pk])
    assert row.name == "First name"
    row.refresh_from_db()
    assert row.name == "Second name"


def test_a_project_does_not_end_before_it_starts(marketer: Client) -> None:
    answer = marketer.post(
        reverse("recipients:project_new"),
        {"name": "Open day", "status": "planned", "starts_on": "2026-12-12", "ends_on": "2026-12-01"},
    )

    assert answer.status_code == 422
    assert "The end lies before the start." in answer.content.decode()


def test_the_search_box_finds_people_companies_selections_and_projects(marketer: Client) -> None:
    person = a_person("Spring Green")
    found = [a_company("Spring Ltd"), a_selection("Spring readers"), a_project("Spring fair")]

    page = text(marketer, "recipients:search", q="spring")

    for row, name in [(person, "person"), *zip(found, ["company", "selection", "project"], strict=True)]:
        assert reverse(f"recipients:{name}", args=[row.pk]) in page


def test_somebody_without_a_name_goes_by_the_address(marketer: Client) -> None:
    person = a_person("", email="ada@example.org")

    for page in (text(marketer, "recipients:people"), text(marketer, "recipients:person", person.pk)):
        assert ">ada@example.org</" in page


@pytest.mark.parametrize("query", ["", "   ", "%", "' OR 1=1 --", "<script>alert(1)</script>", "x" * 5000])
def test_strange_searches_find_nothing_and_break_nothing(marketer: Client, query: str) -> None:
    a_person("Ada Lovelace", email="")

    page = text(marketer, "recipients:search", q=query)
    text(marketer, "recipients:people", q=query)

    assert "<script>alert" not in page
    assert "Ada Lovelace" not in page


@pytest.mark.parametrize("address", ["/people/?q=%00", "/search/?q=a%00b"])
def test_a_nul_is_answered_with_a_word_not_a_crash(marketer: Client, address: str) -> None:
    answer = marketer.get(address)

    assert answer.status_code == 400
    assert "We do not understand this address" in answer.content.decode()


@pytest.mark.parametrize("name", ["person", "company", "selection", "project"])
def test_a_number_that_nobody_has_is_not_found(marketer: Client, name: str) -> None:
    assert marketer.get(reverse(f"recipients:{name}", args=[999_999])).status_code == 404


@pytest.mark.parametrize("name", ["people_add", "selection_add", "selection_remove", "project_add", "project_remove"])
def test_looking_changes_nothing(marketer: Client, name: str) -> None:
    args = [] if name == "people_add" else [a_selection().pk]

    assert marketer.get(reverse(f"recipients:{name}", args=args)).status_code == 405


ADMIN = [
    "company",
    "person",
    "emailaddress",
    "selection",
    "project",
    "selectionmember",
    "projectmember",
    "import",
    "rejectedrow",
]


@pytest.mark.parametrize("model", ADMIN)
def test_the_admin_lists_every_model_with_a_steady_number_of_queries(
    client: Client, model: str, django_assert_max_num_queries: object
) -> None:
    client.force_login(User.objects.create_superuser("root", "root@example.org"))
    for number in range(12):
        person = a_person(f"Ada Nr{number}", at=f"Company {number}")
        a_selection(of=(person,))
        a_project(of=(person,))

    with django_assert_max_num_queries(9):  # type: ignore[operator]
        answer = client.get(reverse(f"admin:recipients_{model}_changelist"), {"q": ""})

    assert answer.status_code == 200


def test_the_admin_keeps_the_search_text(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", "root@example.org"))
    person = a_person("Ada Lovelace")
    address = person.email_addresses.get()

    client.post(
        reverse("admin:recipients_person_change", args=[person.pk]),
        {
            "first_name": "Ada",
            "last_name": "King",
            "email_addresses-TOTAL_FORMS": "1",
            "email_addresses-INITIAL_FORMS": "1",
            "email_addresses-0-id": address.pk,
            "email_addresses-0-person": person.pk,
            "email_addresses-0-address": address.address,
            "email_addresses-0-rank": "1",
            "phones-TOTAL_FORMS": "0",
            "phones-INITIAL_FORMS": "0",
        },
    )

    assert list(Person.objects.matching("king")) == [person]
