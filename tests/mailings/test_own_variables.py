"""Fields of cards as merge variables: the house's own, and those that came later."""

import pytest

from consent.models import SubscriptionType
from mailings import lifecycle, merge_data
from mailings.models import Message
from mailings.rendering import variables
from recipients import custom
from recipients.models import CompanyAddress, CustomField
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents
from tests.mailings.factories import a_mailing
from tests.recipients.factories import a_company, a_person, a_selection

pytestmark = pytest.mark.django_db


@pytest.fixture
def news(settings: object) -> SubscriptionType:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"  # type: ignore[attr-defined]
    return a_subscription_type()


def data_of(subject: str, news: SubscriptionType, **person: object) -> dict[str, str]:
    readers = a_selection()
    a_person("Ada Lovelace", email="ada@example.org", in_=readers, **person)
    consents("ada@example.org", of=news)
    lifecycle.start(a_mailing(to=readers, subscription_type=news, subject=subject), by=None, now=NOON)
    return dict(Message.objects.get().data)


def test_a_field_of_our_own_is_a_variable_said_as_its_kind_asks(news: SubscriptionType) -> None:
    for kind, name in (("number", "Size"), ("date", "Since"), ("yesno", "Vegan"), ("text", "Odd")):
        custom.add(CustomField(of="person", kind=kind, name=name))
    custom.add(CustomField(of="company", kind="number", name="Fleet"))
    words = "[[customer.x_size]] [[customer.x_since]] [[customer.x_vegan]] [[customer.x_odd|none]] [[company.x_fleet]]"

    assert not variables.parse(words).mistakes
    data = data_of(
        words, news, language="nl", custom={"size": 43.5, "since": "2020-02-29", "vegan": False},
        at=a_company("Engines", custom={"fleet": 7}),
    )  # fmt: skip

    own = {key: value for key, value in data.items() if ".x_" in key}
    assert own == {
        "customer.x_size": "43.5",
        "customer.x_since": "29-02-2020",
        "customer.x_vegan": "nee",
        "customer.x_odd": "",
        "company.x_fleet": "7",
    }


def test_a_field_that_is_gone_is_a_mistake_in_the_text() -> None:
    assert variables.parse("[[customer.x_size]]").mistakes


def test_numbers_and_places_are_variables_too(news: SubscriptionType) -> None:
    firm = a_company("Engines", street="Kade 4", phone="+31101234567")
    CompanyAddress.objects.create(company=firm, address="info@engines.example")
    words = "[[customer.cellphone]] [[customer.city]] [[customer.phone]] [[company.adr]] [[company.email]] [[company.phone]]"

    data = data_of(words, news, at=firm, mobile="+31612345678", city="Gent")

    assert {key: data[key] for key in data if not key.startswith(("_", "customer.first"))} == {
        "customer.cellphone": "+31612345678",
        "customer.phone": "+31612345678",
        "customer.city": "Gent",
        "company.adr": "Kade 4",
        "company.email": "info@engines.example",
        "company.phone": "+31101234567",
    }


def test_every_variable_of_a_recipient_has_its_place_in_the_database() -> None:
    fixed = {"mailing", "link", "sender"}
    wanted = {name for name, one in variables.CATALOGUE.items() if one.group not in fixed}
    assert wanted <= set(merge_data.EXPRESSIONS)
