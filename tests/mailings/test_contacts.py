"""From and Reply-To of the recipient's own contact among us, and of the house for everybody else."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User

from mailings import lifecycle, preflight, reading
from mailings.delivery.letters import Row, Stamp
from mailings.delivery.writing import letter_of
from mailings.models import Mailing
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sender(settings):
    settings.POSTAL_ADDRESS = "Havenstraat 14\n3024 SC Rotterdam"


def a_colleague(email: str, first: str, last: str = "", *, is_active: bool = True) -> User:
    return User.objects.create(username=email, email=email, first_name=first, last_name=last, is_active=is_active)


def to_their_contacts(**whose: str) -> Mailing:
    readers = a_selection()
    joost, sanne = a_colleague("joost@example.org", "Joost", "Bäkker"), a_colleague("sanne@example.org", "Sanne")
    given: dict[str, Any] = {"in_": readers, "consents_to": "newsletter"}
    a_person(email="ada@bakery.example", our_contact=joost, support_contact=sanne, **given)
    bob = a_person(email="bob@bakery.example", company="Bakery", **given)
    assert bob.company is not None
    bob.company.our_contact = sanne
    bob.company.save()
    a_person(email="cas@bakery.example", our_contact=a_colleague("x@elsewhere.example", "X"), **given)
    a_person(email="dot@bakery.example", our_contact=a_colleague("gone@example.org", "Gone", is_active=False), **given)
    a_person(email="eva@bakery.example", **given)
    return a_mailing(to=readers, **whose)


def headers_of(mailing: Mailing, name: str) -> dict[str, str]:
    lifecycle.start(mailing, by=an_author(), now=NOON)
    letter, found = letter_of(mailing.pk, mailing.frozen_at), {}
    for one in mailing.messages.order_by("address"):
        row = Row(one.pk, one.address, one.data, "", one.edition)
        seen = reading.parsed(letter.write(row, Stamp.at(NOON)).body)
        found[one.address.partition("@")[0]] = str(seen[name])
    return found


def test_from_is_the_sales_contact_of_the_person_or_the_company_within_our_domain():
    mailing = to_their_contacts(from_whose="sales")

    assert headers_of(mailing, "From") == {
        "ada": "Joost Bäkker <joost@example.org>",
        "bob": "Sanne <sanne@example.org>",
        "cas": "De Werkbank <hello@example.org>",
        "dot": "De Werkbank <hello@example.org>",
        "eva": "De Werkbank <hello@example.org>",
    }


def test_answers_go_to_the_support_contact_and_else_to_the_reply_address():
    mailing = to_their_contacts(reply_whose="support", reply_to="desk@example.org")

    found = headers_of(mailing, "Reply-To")

    assert found["ada"] == "Sanne <sanne@example.org>"
    assert found["bob"] == found["eva"] == "desk@example.org"


def test_answers_may_go_to_a_contact_at_another_domain():
    mailing = to_their_contacts(reply_whose="sales")

    assert headers_of(mailing, "Reply-To")["cas"] == "X <x@elsewhere.example>"


def test_the_preview_shows_the_sender_of_the_one_it_is_shown_as():
    mailing = to_their_contacts(from_whose="sales")
    ada = mailing.sources.get().selection.members.get(person__first_name="Ada").person

    who = reading.reader(mailing, ada.pk)

    assert who is not None
    assert reading.preview(mailing, who, now=NOON).sender_name == "Joost Bäkker"
    assert reading.preview(mailing, reading.sample(), now=NOON).sender_name == "De Werkbank"


def test_the_check_counts_who_has_no_contact_and_shows_them(client):
    mailing = to_their_contacts(from_whose="support")

    (found,) = [one for one in preflight.check(mailing, now=NOON) if one.code == "no_contact"]

    assert found.count == 4
    client.force_login(an_author())
    page = client.get(found.link).content.decode()
    assert "eva@bakery.example" in page
    assert "ada@bakery.example" not in page


def test_always_is_what_it_was():
    assert set(headers_of(to_their_contacts(), "From").values()) == {"De Werkbank <hello@example.org>"}
