"""Many at once: providers repeat a click, people change their minds while mail programs click."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from consent import ledger, unsubscribe
from consent.models import ConsentEvent, Suppression
from tests.consent.factories import a_subscription_type, consents


@pytest.mark.django_db(transaction=True)
def test_the_same_click_many_times_at_once_is_one_unsubscription() -> None:
    addresses = [f"p{number}@example.org" for number in range(8)]
    for address in addresses:
        consents(address)
    links = list(unsubscribe.links(addresses, a_subscription_type()).values())

    with ThreadPoolExecutor(max_workers=8) as crowd:
        answers = list(crowd.map(click, links * 5))

    assert set(answers) == {200}
    assert Suppression.objects.count() == len(addresses)
    assert ConsentEvent.objects.filter(act="withdrawn").count() == len(addresses)
    assert ledger.verify().is_whole


@pytest.mark.django_db(transaction=True)
def test_leaving_and_coming_back_at_once_ends_in_one_of_the_two() -> None:
    consents("ada@example.org")
    link = unsubscribe.links(["ada@example.org"], a_subscription_type())["ada@example.org"]

    with ThreadPoolExecutor(max_workers=6) as crowd:
        answers = list(crowd.map(lambda turn: click(link, "leave" if turn % 2 else "come_back"), range(24)))

    assert set(answers) == {200}
    assert Suppression.objects.filter(released_at=None).count() in (0, 1)
    assert ledger.verify().is_whole


def click(link: str, action: str = "") -> int:
    body = {"action": action} if action else {"List-Unsubscribe": "One-Click"}
    try:
        return Client().post(link, body).status_code
    finally:
        connection.close()
