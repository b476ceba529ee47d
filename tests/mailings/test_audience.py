"""Who gets a mailing, and why the others do not."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import suppressions
from consent.models import OptOutKey
from mailings import audience
from mailings.audience import Asked, Show
from mailings.models import Mailing, Message
from recipients.models import Company
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents, withdraws
from tests.mailings.factories import a_mailing, a_person, a_project, a_selection, an_import

pytestmark = pytest.mark.django_db


def reasons(mailing: Mailing) -> dict[str, str]:
    return {m.person.first_name: m.reason for m in mailing.messages.select_related("person") if m.person}


def test_everybody_has_a_row_and_every_row_a_reason() -> None:
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    a_person("bob@example.org", in_=readers)
    a_person("", in_=readers, first_name="Carl")
    a_person("dora@example.org", in_=readers, consents_to="newsletter", is_former_employee=True)
    a_person("info@example.org", in_=readers)
    a_person("eva@example.org", in_=readers, consents_to="newsletter")
    withdraws("eva@example.org", of=a_subscription_type())
    consents("fred@example.org", "purchase", on=dt.date(2024, 1, 1))
    a_person("fred@example.org", in_=readers)
    mailing = a_mailing(to=readers)

    counts = audience.counts(mailing, now=NOON)
    frozen = audience.freeze(mailing, now=NOON)

    assert reasons(mailing) == {
        "Ada": "",
        "Bob": "no_consent",
        "Carl": "no_address",
        "Dora": "former_employee",
        "Info": "role_address",
        "Eva": "withdrawn",
        "Fred": "expired",
    }
    assert (counts.total, counts.gets, counts.held) == (7, 1, 6)
    assert dict(counts.held_by) == {reason: 1 for reason in reasons(mailing).values() if reason}
    assert (frozen.gets, frozen.held, frozen.total) == (1, 6, 7)


def test_the_law_is_that_of_the_persons_country_else_of_the_company() -> None:
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    a_person("bob@example.org", in_=readers, consents_to="newsletter", country="DE")
    a_person("carl@example.org", in_=readers, consents_to="newsletter", company="Tischlerei")
    a_person("dora@example.org", in_=readers, consents_to="newsletter", company="Tischlerei", country="FR")
    Company.objects.update(country="DE")
    mailing = a_mailing(to=readers)

    audience.freeze(mailing, now=NOON)

    assert reasons(mailing) == {"Ada": "", "Bob": "confirm_needed", "Carl": "confirm_needed", "Dora": ""}


def test_a_person_in_several_sources_is_one_recipient() -> None:
    readers, visitors, came = a_selection("Readers"), a_project("Open day"), a_selection("Stand")
    ada = a_person("ada@example.org", in_=readers, consents_to="newsletter")
    visitors.people.add(ada)
    came.people.add(ada)
    mailing = a_mailing(to=[readers, visitors, an_import(came), ada])

    audience.freeze(mailing, now=NOON)

    assert [message.address for message in mailing.messages.all()] == ["ada@example.org"]


def test_each_kind_of_source_brings_its_people() -> None:
    people = {
        name: a_person(f"{name}@example.org", consents_to="newsletter") for name in ("ada", "bob", "carl", "dora")
    }
    readers, visitors, came = a_selection(), a_project(), a_selection("Stand")
    readers.people.add(people["ada"])
    visitors.people.add(people["bob"])
    came.people.add(people["carl"])
    mailing = a_mailing(to=[readers, visitors, an_import(came), people["dora"]])

    origins = audience.origins(mailing, [person.pk for person in people.values()])

    assert audience.counts(mailing, now=NOON).gets == 4
    assert [origins[person.pk] for person in people.values()] == ["Readers", "Open day", "stand.xlsx", "Chosen by hand"]


def test_the_first_of_two_people_behind_one_address_gets_it() -> None:
    readers = a_selection()
    left = a_person("shop@bakery.example", in_=readers, first_name="Left", is_former_employee=True)
    first = a_person("shop@bakery.example", in_=readers, first_name="First", consents_to="newsletter")
    second = a_person("shop@bakery.example", in_=readers, first_name="Second")
    mailing = a_mailing(to=readers)

    audience.freeze(mailing, now=NOON)

    assert reasons(mailing) == {"Left": "former_employee", "First": "", "Second": "duplicate"}
    assert left.pk < first.pk < second.pk


def test_two_people_behind_one_address_both_get_it_when_the_mailing_says_so() -> None:
    readers = a_selection()
    a_person("shop@bakery.example", in_=readers, first_name="First", consents_to="newsletter")
    a_person("shop@bakery.example", in_=readers, first_name="Second")
    mailing = a_mailing(to=readers, one_per_address=False)

    audience.freeze(mailing, now=NOON)

    assert reasons(mailing) == {"First": "", "Second": ""}


def test_freezing_twice_does_no_harm() -> None:
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    a_person("", in_=readers, first_name="Carl")
    mailing = a_mailing(to=readers)

    first = audience.freeze(mailing, now=NOON)
    a_person("bob@example.org", in_=readers, consents_to="newsletter")
    again = audience.freeze(Mailing.objects.get(pk=mailing.pk), now=NOON)

    assert first == again
    assert mailing.messages.count() == 2


def test_a_thawed_mailing_is_frozen_anew() -> None:
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    mailing = a_mailing(to=readers)
    audience.freeze(mailing, now=NOON)
    a_person("bob@example.org", in_=readers, consents_to="newsletter")

    audience.thaw(mailing)
    frozen = audience.freeze(mailing, now=NOON)

    assert frozen.gets == 2


def test_what_has_been_handed_over_cannot_be_thawed() -> None:
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    mailing = a_mailing(to=readers)
    audience.freeze(mailing, now=NOON)
    mailing.messages.update(state=Message.State.SENT)

    audience.thaw(mailing)

    assert mailing.messages.count() == 1


def test_the_values_a_mailing_asks_for_are_copied() -> None:
    ada = a_person(
        "ada@example.org", consents_to="newsletter", last_name="Lovelace", company="Analytical Engines", country="GB"
    )
    mailing = a_mailing(to=ada, subject="[[customer.salutation]], news for [[company.domain]] [[company.name]]")

    audience.freeze(mailing, now=NOON)

    data = mailing.messages.get().data
    assert {key: value for key, value in data.items() if not key.startswith("_")} == {
        "customer.firstname": "Ada",
        "customer.salutation": "Ada Lovelace",
        "company.name": "Analytical Engines",
        "company.website": "",
    }
    assert data["_name"] == "Ada Lovelace"
    assert data["_u"] == OptOutKey.objects.get(address="ada@example.org").key


def test_nothing_is_copied_about_those_who_are_held() -> None:
    mailing = a_mailing(to=a_person("bob@example.org"))

    audience.freeze(mailing, now=NOON)

    assert mailing.messages.get().data == {}
    assert not OptOutKey.objects.exists()


def test_the_evidence_stands_on_the_row() -> None:
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    a_person("bob@example.org", in_=readers)
    mailing = a_mailing(to=readers)

    audience.freeze(mailing, now=NOON)

    has_evidence = {m.address: m.evidence is not None for m in mailing.messages.all()}
    assert has_evidence == {"ada@example.org": True, "bob@example.org": False}


def test_without_a_subscription_type_nobody_has_agreed() -> None:
    mailing = a_mailing(to=a_person("ada@example.org", consents_to="newsletter"), subscription_type=None)

    assert dict(audience.counts(mailing, now=NOON).held_by) == {"no_consent": 1}


def test_empty_merge_values_are_counted_among_those_who_get_it() -> None:
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    a_person("bob@example.org", in_=readers, consents_to="newsletter", first_name="")
    a_person("carl@example.org", in_=readers, first_name="")
    mailing = a_mailing(to=readers)

    counts = audience.counts(mailing, now=NOON, empty_of=("customer.firstname", "company.name"))
    page = audience.people(mailing, Asked(empty="customer.firstname", show=Show.GETS), now=NOON)

    assert dict(counts.empty) == {"customer.firstname": 1, "company.name": 2}
    assert [recipient.address for recipient in page.recipients] == ["bob@example.org"]


def test_the_list_is_paged_filtered_and_searched() -> None:
    readers = a_selection()
    for number in range(7):
        a_person(f"ada{number}@example.org", in_=readers, consents_to="newsletter" if number % 2 else None)
    suppressions.add("email", "ada1@example.org", "complained", evidence={}, actor="system", now=NOON)
    mailing = a_mailing(to=readers)

    first = audience.people(mailing, Asked(), now=NOON, limit=3)
    second = audience.people(mailing, Asked(), now=NOON, after=first.after or 0, limit=3)
    third = audience.people(mailing, Asked(), now=NOON, after=second.after or 0, limit=3)

    def addresses(asked: Asked) -> list[str]:
        return [r.address.partition("@")[0] for r in audience.people(mailing, asked, now=NOON).recipients]

    listed = [r.address for page in (first, second, third) for r in page.recipients]
    assert listed == [f"ada{number}@example.org" for number in range(7)]
    assert third.after is None
    assert addresses(Asked(show=Show.GETS)) == ["ada3", "ada5"]
    assert addresses(Asked(reason="complained")) == ["ada1"]
    assert addresses(Asked(words="DA4@ ada")) == ["ada4"]
    assert addresses(Asked(words="50%_")) == []


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    people=st.lists(
        st.tuples(st.sampled_from(["", "a@example.org", "b@example.org", "info@example.org"]), st.booleans()),
        max_size=9,
    ),
    one_per_address=st.booleans(),
)
def test_list_count_and_freeze_agree(people: list[tuple[str, bool]], one_per_address: bool) -> None:
    readers, others = a_selection(), a_project()
    consents("a@example.org", of=a_subscription_type())
    for number, (address, has_left) in enumerate(people):
        a_person(address, in_=(readers, others)[number % 2], first_name=str(number), is_former_employee=has_left)
    mailing = a_mailing(to=[readers, others], one_per_address=one_per_address)

    counts = audience.counts(mailing, now=NOON)
    listed = {r.name: r.reason for r in audience.people(mailing, Asked(), now=NOON).recipients}
    audience.freeze(mailing, now=NOON)

    assert listed == reasons(mailing)
    assert counts.gets == sum(not reason for reason in listed.values())
    assert counts.total == len(people)


def test_a_frozen_audience_is_counted_as_it_was_frozen() -> None:
    readers = a_selection()
    ada = a_person("ada@example.org", in_=readers, consents_to="newsletter", first_name="")
    a_person("bob@example.org", in_=readers)
    mailing = a_mailing(to=readers)
    audience.freeze(mailing, now=NOON)
    readers.people.remove(ada)

    counts = audience.counts(mailing, now=NOON, empty_of=("customer.firstname",))

    assert (counts.gets, dict(counts.held_by), dict(counts.empty)) == (1, {"no_consent": 1}, {"customer.firstname": 1})
