"""What a provider's error numbers mean: as they came along, and as an administrator says."""

import pytest
from django.test import Client
from django.urls import reverse

from mailings import texterrors
from mailings.models import TextError
from mailings.texterrors import Meaning
from tests.mailings.factories import an_author
from tracking.refusals import Category
from tracking.vocabulary import TWILIO

pytestmark = pytest.mark.django_db


def test_every_number_that_came_along_has_a_meaning_that_can_be_shown():
    assert {one.code for one in texterrors.listed()} == set(TWILIO)
    assert set(TWILIO.values()) <= {Category(one) for one in Meaning.values}


def test_the_word_of_an_administrator_stands_above_the_list_and_a_wrong_one_is_not_heard():
    assert texterrors.category("550 Twilio 30005: unknown handset") is Category.DEAD_ADDRESS
    TextError.objects.create(code="30005", meaning=Meaning.TRANSIENT)
    TextError.objects.create(code="39999", meaning=Meaning.CONTENT)
    TextError.objects.create(code="21610", meaning="nonsense")

    assert texterrors.category("550 Twilio 30005: unknown handset") is Category.TRANSIENT
    assert texterrors.category("550 Twilio 39999: new") is Category.CONTENT
    assert texterrors.category("550 Twilio 21610: opted out") is Category.OPTED_OUT


def test_what_a_mail_server_says_asks_the_database_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert texterrors.category("550 5.1.1 user unknown") is Category.DEAD_ADDRESS


def test_meanings_are_set_changed_and_forgotten_on_the_page_of_text_messages(client: Client):
    client.force_login(an_author())
    page = reverse("mailings:text_prices")
    for meaning in (Meaning.TRANSIENT, Meaning.CONTENT):
        assert client.post(page, {"code": "30005", "meaning": meaning}).status_code == 302
    (kept,) = TextError.objects.all()
    assert kept.meaning == Meaning.CONTENT
    assert "30005" in client.get(page).content.decode()
    for wrong in ({"code": "3x", "meaning": "content"}, {"code": "30005", "meaning": "gone"}):
        assert client.post(page, wrong).status_code == 422
    client.post(page, {"forget": kept.pk})
    assert not TextError.objects.exists()
    assert client.post(page, {"country": "NL", "price": "0.07"}).status_code == 302


def test_the_admin_shows_them(admin_client: Client):
    kept = TextError.objects.create(code="30005", meaning=Meaning.TRANSIENT)
    assert "soft bounce" in admin_client.get(f"/admin/mailings/texterror/{kept.pk}/change/").content.decode()
