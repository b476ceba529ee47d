"""The search box: people, companies, selections, projects, mailings and forms, also with a slip of the finger."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from recipients import finding
from recipients.models import Company
from tests.mailings.factories import a_mailing
from tests.recipients.factories import a_company, a_person, a_project, a_selection

pytestmark = pytest.mark.django_db


def found(words: str, user: User | None = None) -> dict[str, list[str]]:
    asked = finding.find(words, user or User(is_superuser=True, is_active=True))
    return {group.kind.code: [hit.title for hit in group.hits] for group in asked.groups}


def test_everything_with_a_name_is_found_by_its_words() -> None:
    a_person("Spring Lovelace")
    a_company("Spring & Co")
    a_selection("Readers of spring")
    a_project("Spring fair")
    a_mailing(name="Spring news")

    assert found("spring") == {
        "people": ["Spring Lovelace"],
        "companies": ["Spring & Co"],
        "selections": ["Readers of spring"],
        "projects": ["Spring fair"],
        "mailings": ["Spring news"],
    }
    assert found("fair spring") == {"projects": ["Spring fair"]}


@pytest.mark.parametrize("words", ["Lovelase", "lovlace", "ada lovelaec"])
def test_a_slip_of_the_finger_finds_what_looks_like_it(words: str) -> None:
    a_person("Ada Lovelace")
    a_person("Bob Boole")

    assert found(words) == {"people": ["Ada Lovelace"]}
    assert finding.find(words, User(is_superuser=True, is_active=True)).is_alike


def test_what_looks_alike_is_not_asked_when_the_words_themselves_are_there() -> None:
    a_person("Ada Lovelace")
    a_person("Ada Lovelase")

    assert found("lovelase") == {"people": ["Ada Lovelase"]}
    assert found("zzzzzz") == {}
    assert found("%") == {}


def test_mailings_are_found_by_who_may_see_them(client: Client) -> None:
    a_mailing(name="Spring news")
    guest = User.objects.create_user("guest")

    assert found("spring", guest) == {}
    guest.user_permissions.add(Permission.objects.get(codename="view_mailing"))
    assert found("spring", User.objects.get(pk=guest.pk)) == {"mailings": ["Spring news"]}
    client.force_login(guest)
    page = client.get(reverse("recipients:search"), {"q": "spring"}, headers={"HX-Request": "true"})
    assert b"Spring news" in page.content


@pytest.mark.parametrize("words", ["Lovleace", "xovelace", "lovelacx", "Lvoelace", "ada lovelacee"])
def test_one_slip_anywhere_in_a_longer_word_still_finds_it(words: str) -> None:
    a_person("Ada Lovelace")

    assert found(words)["people"] == ["Ada Lovelace"]


@pytest.mark.parametrize("words", ["100%", "a_b", "back\\slash", "%", "_"])
def test_signs_that_stand_for_anything_stand_for_themselves(words: str) -> None:
    a_company(f"Firm {words} and sons")
    a_company("Firm 1000 axb backXslash")

    assert [company.name for company in Company.objects.filter(name__holds=words.upper())] == [f"Firm {words} and sons"]
