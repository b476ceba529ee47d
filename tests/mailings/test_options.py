"""Who gets it by the options of a mailing: companies at their own address, a selection together with a project."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from consent.models import SubscriptionType
from mailings import audience, lifecycle, sources
from mailings.audience import Asked
from mailings.models import Mailing, Message
from recipients.models import Company, CompanyAddress
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents
from tests.mailings.factories import a_mailing, a_person, a_project, a_selection, an_author

pytestmark = pytest.mark.django_db
GREETING = {
    "language": "en",
    "blocks": [
        {"id": "b1", "kind": "text", "html": "<p>Dear [[customer.firstname|friend]], from [[company.name]].</p>"}
    ],
}


@pytest.fixture(autouse=True)
def _with_address(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"


@pytest.fixture
def kind() -> SubscriptionType:
    return a_subscription_type("newsletter")


def at_work(kind: SubscriptionType) -> Mailing:
    """Ada and Bob work at Bakkerij, which has an address; Cas at a firm without one; Dirk nowhere."""
    readers = a_selection()
    for address, company in (
        ("ada@example.org", "Bakkerij"),
        ("bob@example.org", "Bakkerij"),
        ("cas@example.org", "Slagerij"),
        ("dirk@example.org", ""),
    ):
        a_person(address, in_=readers, consents_to=kind, company=company)
    CompanyAddress.objects.create(company=Company.objects.get(name="Bakkerij"), address="brood@bakkerij.example")
    consents("brood@bakkerij.example", of=kind)
    return a_mailing(to=readers, subscription_type=kind, content=GREETING)


def choose(mailing: Mailing, **options: object) -> Mailing:
    Mailing.objects.filter(pk=mailing.pk).update(**options)
    mailing.refresh_from_db()
    return mailing


def verdicts(mailing: Mailing) -> dict[str, str]:
    page = audience.people(mailing, Asked(), now=NOON)
    return {recipient.address: recipient.reason for recipient in page.recipients}


EVERYBODY = ["ada@example.org", "bob@example.org", "cas@example.org", "dirk@example.org"]


@pytest.mark.parametrize(
    ("options", "gets"),
    [
        ({}, EVERYBODY),
        ({"include_companies": True}, sorted([*EVERYBODY, "brood@bakkerij.example"])),
        (
            {"include_companies": True, "prefer_company": True},
            ["brood@bakkerij.example", "cas@example.org", "dirk@example.org"],
        ),
    ],
)
def test_companies_get_it_beside_their_people_or_instead_of_them(
    kind: SubscriptionType, options: dict[str, bool], gets: list[str]
) -> None:
    mailing = choose(at_work(kind), **options)

    counted = audience.counts(mailing, now=NOON)
    seen = verdicts(mailing)
    lifecycle.start(mailing, by=None, now=NOON)

    assert sorted(Message.objects.filter(state="pending").values_list("address", flat=True)) == gets
    assert sorted(address for address, reason in seen.items() if not reason) == gets
    assert counted.gets == len(gets)
    assert counted.total == Message.objects.count()


def test_whose_company_gets_it_is_held_with_that_reason(kind: SubscriptionType) -> None:
    mailing = choose(at_work(kind), include_companies=True, prefer_company=True)

    lifecycle.start(mailing, by=None, now=NOON)

    held = Message.objects.filter(state="held").values_list("person__first_name", "reason").order_by("pk")
    assert list(held) == [("Ada", "company_gets_it"), ("Bob", "company_gets_it")]


def test_a_company_is_greeted_as_one(kind: SubscriptionType) -> None:
    mailing = choose(at_work(kind), include_companies=True)

    lifecycle.start(mailing, by=None, now=NOON)

    data = Message.objects.get(address="brood@bakkerij.example").data
    assert (data["customer.firstname"], data["company.name"], data["_name"]) == ("", "Bakkerij", "Bakkerij")
    assert Message.objects.get(address="ada@example.org").data["customer.firstname"] == "Ada"


def test_a_company_that_did_not_agree_gets_nothing_and_that_is_said(kind: SubscriptionType) -> None:
    mailing = choose(at_work(kind), include_companies=True)
    slagerij = Company.objects.get(name="Slagerij")
    CompanyAddress.objects.create(company=slagerij, address="hallo@slagerij.example")

    assert verdicts(mailing)["hallo@slagerij.example"] == "no_consent"


def test_a_company_whose_address_is_its_only_persons_gets_it_once(kind: SubscriptionType) -> None:
    readers = a_selection()
    a_person("post@kiosk.example", in_=readers, consents_to=kind, company="Kiosk")
    CompanyAddress.objects.create(company=Company.objects.get(name="Kiosk"), address="post@kiosk.example")
    mailing = choose(a_mailing(to=readers, subscription_type=kind), include_companies=True)

    lifecycle.start(mailing, by=None, now=NOON)

    assert list(Message.objects.filter(state="pending").values_list("address", flat=True)) == ["post@kiosk.example"]
    assert Message.objects.get(state="held").reason == "duplicate"


# a selection and a project


def both(kind: SubscriptionType, **values: object) -> Mailing:
    """Ada is in both, Bob in the selection only, Cas in the project only."""
    readers, fair = a_selection(), a_project()
    ada = a_person("ada@example.org", in_=readers, consents_to=kind)
    fair.people.add(ada)
    a_person("bob@example.org", in_=readers, consents_to=kind)
    a_person("cas@example.org", in_=fair, consents_to=kind)
    mailing = a_mailing(subscription_type=kind, selection=readers, project=fair, **values)
    sources.follow_links(mailing, selection_before=None, project_before=None)
    return mailing


@pytest.mark.parametrize(
    ("links", "gets"),
    [
        ("selection", ["ada@example.org", "bob@example.org"]),
        ("union", ["ada@example.org", "bob@example.org", "cas@example.org"]),
        ("intersection", ["ada@example.org"]),
    ],
)
def test_with_a_selection_and_a_project_the_mailing_says_who_counts(
    kind: SubscriptionType, links: str, gets: list[str]
) -> None:
    mailing = both(kind, both_links=links)

    seen = verdicts(mailing)
    lifecycle.start(mailing, by=None, now=NOON)

    assert sorted(seen) == gets
    assert sorted(Message.objects.values_list("address", flat=True)) == gets


def test_it_is_chosen_on_the_recipients_step(kind: SubscriptionType, client: Client) -> None:
    client.force_login(an_author())
    mailing = both(kind)
    page = client.get(f"/mailings/{mailing.pk}/recipients/").content.decode()

    client.post(f"/mailings/{mailing.pk}/recipients/options/", {"one_per_address": "on", "both_links": "union"})
    together = sorted(verdicts(Mailing.objects.get()))
    client.post(f"/mailings/{mailing.pk}/recipients/options/", {"one_per_address": "on", "both_links": "intersection"})

    assert "Of the linked selection and project" in page
    assert together == ["ada@example.org", "bob@example.org", "cas@example.org"]
    assert sorted(verdicts(Mailing.objects.get())) == ["ada@example.org"]


def test_who_prefers_companies_includes_them(kind: SubscriptionType, client: Client) -> None:
    client.force_login(an_author())
    mailing = at_work(kind)

    client.post(f"/mailings/{mailing.pk}/recipients/options/", {"one_per_address": "on", "prefer_company": "on"})
    first = Mailing.objects.get()
    client.post(f"/mailings/{mailing.pk}/recipients/options/", {"one_per_address": "on", "prefer_company": "on"})
    second = Mailing.objects.get()

    assert (first.include_companies, first.prefer_company) == (True, True)
    assert (second.include_companies, second.prefer_company) == (False, False)
