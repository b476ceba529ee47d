"""Administrators read every table and column in their own language."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.utils import translation
from django.utils.functional import Promise

from config import names
from tests.consent.factories import a_subscription_type, consents

OURS = pytest.mark.parametrize("model", names.of_models(), ids=lambda model: model._meta.label)


@OURS
def test_every_table_is_in_the_admin_under_a_name_in_both_languages(model: type[Model]) -> None:
    assert model in admin.site._registry
    assert model._meta.label in names.MODELS, "add its name to config/names.py"
    assert isinstance(model._meta.verbose_name, Promise)


@OURS
def test_every_column_has_a_name_in_both_languages(model: type[Model]) -> None:
    nameless = [
        field.name
        for field in model._meta.local_fields
        if field.name != "id" and not isinstance(field.verbose_name, Promise)
    ]

    assert nameless == [], "add them to config/names.py"


@pytest.mark.django_db
def test_the_admin_speaks_dutch(client: Client) -> None:
    consents("ada@example.org", of=a_subscription_type())
    client.force_login(User.objects.create_superuser("root", "root@example.org", "a long enough one"))

    page = client.get("/admin/", headers={"Accept-Language": "nl"}).content.decode()
    ledger = client.get("/admin/consent/consentevent/", headers={"Accept-Language": "nl"}).content.decode()

    assert "Wat er terugkwam" in page
    assert "Blokkades" in page
    assert "Vastgelegd op" in ledger


def test_names_follow_the_language_of_who_reads() -> None:
    suppression = next(model for model in names.of_models() if model.__name__ == "Suppression")

    with translation.override("nl"):
        assert str(suppression._meta.verbose_name_plural) == "blokkades"
    with translation.override("en"):
        assert str(suppression._meta.verbose_name_plural) == "suppressions"
