"""The pages as `make run` shows them: full of people and mailings, fit to be seen by everybody. README's pictures."""

import os
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import Resolver404, resolve
from playwright.sync_api import Error, Page
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from mailings.models import Mailing
from tests.browser.conftest import Visitor
from tests.consent.factories import a_subscription_type

# pages that no link leads to, and their answer
ALONE = {"/join/": 200, "/u/nobody/1/": 404, "/no-such-page/": 404, "/p/nobody/": 404, "/confirm/nobody/": 404}
# Django's own pages, what ends the visit, and files
NOT_WALKED = {"admin:index", "health"}


@pytest.fixture
def marieke(
    page: Page, live_server: LiveServer, transactional_db: None, client: Client, settings: Settings, tmp_path: Path
) -> Visitor:
    """The demo's marketer at her desk."""
    settings.POSTAL_ADDRESS = "Havenstraat 14, 3024 SC Rotterdam"
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


def test_every_page_that_a_link_leads_to(marieke: Visitor) -> None:
    """Walk from page to page, each kind once, so that a new page is looked at without anybody naming it."""
    marieke.theme("light")
    seen: dict[str, str] = {}
    waiting = [*ALONE, "/"]
    while waiting:
        path = waiting.pop()
        kind = kind_of(path)
        if kind not in seen and kind not in NOT_WALKED:
            seen[kind] = path
            look_at(marieke, kind, path, "light-desk-en")
            waiting += links_on(marieke)
    marieke.theme("dark")
    marieke.language("nl")
    marieke.phone()
    for kind, path in seen.items():
        look_at(marieke, kind, path, "dark-phone-nl")
    if os.environ.get("POSTDUIF_SHOTS"):  # the other two: for whoever looks at the pictures
        for theme, language, screen in (("dark", "nl", marieke.desk), ("light", "en", marieke.phone)):
            marieke.theme(theme)
            marieke.language(language)
            screen()
            for kind, path in seen.items():
                look_at(marieke, kind, path, f"{theme}-{screen.__name__}-{language}")
    assert len(seen) > 50
    assert not marieke.problems, "\n".join(marieke.problems)


def look_at(visitor: Visitor, kind: str, path: str, name: str) -> None:
    """Open and inspect a page; what is wrong is kept with the other problems, so that one walk finds all of them."""
    try:
        visitor.open(path, status=ALONE.get(path, 200))
        visitor.inspect()
    except AssertionError as problem:
        visitor.problems.append(f"{path} ({name}): {problem}")
    except Error as refusal:
        if "Download is starting" not in refusal.message:
            raise
        return
    visitor.shot(f"{named(kind)}-{name}")


def kind_of(path: str) -> str:
    """The name of the address, which all pages of one kind share."""
    try:
        found = resolve(path)
    except Resolver404:
        return path
    return found.view_name or found.route


def named(kind: str) -> str:
    return re.sub(r"\W+", "-", kind).strip("-")


def links_on(visitor: Visitor) -> list[str]:
    """Where the page's links lead within the house, in its order; files to download are no pages."""
    found = visitor.page.eval_on_selector_all(
        "a[href]:not([download])", "links => links.map(link => link.origin === location.origin ? link.pathname : '')"
    )
    return [path for path in dict.fromkeys(found) if path]
