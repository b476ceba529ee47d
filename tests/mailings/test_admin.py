"""The administrator can look at every table, and tinker with none that the product writes."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.mailings.factories import a_mailing, a_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", "root@example.org", "a long enough one"))
    return client


@pytest.mark.parametrize("model", list(apps.get_app_config("mailings").get_models()), ids=lambda model: model.__name__)
def test_every_table_can_be_looked_at(administrator: Client, model: type) -> None:
    assert model in admin.site._registry
    name = f"admin:mailings_{model._meta.model_name}_changelist"  # type: ignore[attr-defined]

    assert administrator.get(reverse(name)).status_code == 200
    assert administrator.get(reverse(name), {"q": "ada@example.org"}).status_code == 200


def test_a_message_is_looked_at_by_its_whole_address(administrator: Client) -> None:
    message = a_mailing().messages.create(person=a_person(), address="ada@example.org", state="sent")

    found = administrator.get(reverse("admin:mailings_message_changelist"), {"q": "ada@example.org"})
    one = administrator.get(reverse("admin:mailings_message_change", args=[message.pk]))

    assert "ada@example.org" in found.content.decode()
    assert 'name="_save"' not in one.content.decode()


def test_a_mailing_opens_and_its_status_cannot_be_typed(administrator: Client) -> None:
    page = administrator.get(reverse("admin:mailings_mailing_change", args=[a_mailing(to=a_person()).pk]))

    assert page.status_code == 200
    assert 'name="status"' not in page.content.decode()
