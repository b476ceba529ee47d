"""The pages as `make run` shows them: full of people and mailings, fit to be seen by everybody. README's pictures."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Page
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from mailings.models import Mailing
from recipients.models import Person
from tests.browser.conftest import Visitor
from tests.consent.factories import a_subscription_type


@pytest.fixture
def marieke(
    page: Page, live_server: LiveServer, transactional_db: None, client: Client, settings: Settings, tmp_path: Path
) -> Visitor:
    """The demo's marketer at her desk."""
    settings.POSTAL_ADDRESS = "De Werkbank, Havenstraat 14, 3024 SC Rotterdam"
    settings.SENDER_NAME, settings.SENDER_ADDRESS = "De Werkbank", "hallo@dewerkbank.example"
    settings.BASE_URL, settings.MEDIA_ROOT = live_server.url, tmp_path
    for code in ("newsletter", "events", "product-news"):
        a_subscription_type(code)
    call_command("load_demo")
    client.force_login(User.objects.get(email="demo@example.org"))
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
    return Visitor(page, live_server.url)


def test_the_pictures_of_the_guide(marieke: Visitor) -> None:
    draft = Mailing.objects.get(name="Autumn letter to donors").pk
    sent = Mailing.objects.get(name="November newsletter").pk
    marieke.theme("light")
    for name, path in {
        "home": "/",
        "content": f"/mailings/{draft}/content/",
        "recipients": f"/mailings/{draft}/recipients/",
        "report": f"/mailings/{sent}/",
    }.items():
        marieke.open(path)
        marieke.inspect()
        marieke.shot(name)
    assert not marieke.problems, "\n".join(marieke.problems)


def test_every_page_of_the_demo_in_the_dark_on_a_phone_and_in_dutch(marieke: Visitor) -> None:
    draft = Mailing.objects.get(name="Autumn letter to donors").pk
    sent = Mailing.objects.get(name="November newsletter").pk
    reader = Person.objects.order_by("pk")[0].pk
    steps = [f"/mailings/{draft}/{step}/" for step in ("setup", "template", "content", "recipients", "confirm")]
    tabs = [f"/mailings/{sent}/{tab}" for tab in ("", "messages/", "links/", "bounces/")]
    lists = [
        "/",
        "/mailings/",
        "/people/",
        f"/people/{reader}/",
        "/selections/",
        "/projects/",
        "/consent/",
        "/reports/",
    ]
    marieke.theme("dark")
    marieke.language("nl")
    marieke.phone()
    for path in [*lists, *steps, *tabs]:
        marieke.open(path)
        marieke.inspect()
    assert not marieke.problems, "\n".join(marieke.problems)
