"""The frame around every page, over HTTP."""

import json
import re

import pytest
from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation
from django.utils.formats import date_format

from config import shell
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("marieke", "marieke@example.org"))
    return client


@pytest.mark.parametrize("phone", [False, True])
def test_every_word_of_the_navigation_leads_to_a_page(marketer: Client, *, phone: bool) -> None:
    home = marketer.get("/").content.decode()
    name = "Main, phone" if phone else "Main"
    bar = re.search(rf'<nav[^>]*aria-label="{name}">(.*?)</nav>', home, re.DOTALL)
    assert bar is not None
    addresses = re.findall(r'<a [^>]*?href="([^"]*)"', bar[1])

    assert len(addresses) == (4 if phone else 8)
    for address in addresses:
        answer = marketer.get(address)
        assert answer.status_code == 200, address
        assert 'aria-current="page"' in answer.content.decode(), address


@pytest.mark.parametrize(
    ("chosen", "attribute"), [("light", 'data-theme="duif"'), ("dark", 'data-theme="duif-dark"'), ("system", "")]
)
def test_the_theme_is_kept_in_a_cookie(client: Client, chosen: str, attribute: str) -> None:
    client.post("/theme/", {"theme": chosen, "next": "/account/login/"})

    page = client.get("/account/login/").content.decode()

    assert client.cookies["theme"].value == chosen
    assert (attribute or "<html") in page
    assert ("data-theme" in page) is bool(attribute)


def test_a_strange_theme_is_the_system(client: Client) -> None:
    client.cookies["theme"] = '"><script>'

    assert "data-theme" not in client.get("/account/login/").content.decode()


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_switch_never_leads_to_another_site(client: Client, address: str) -> None:
    answer = client.post("/theme/", {"theme": "dark", "next": address})

    assert answer["Location"] == "/"


def test_the_switches_change_nothing_when_looked_at(client: Client) -> None:
    assert client.get("/theme/").status_code == 405
    assert client.get("/language/").status_code in (302, 405)


def test_a_visitor_chooses_dutch_before_logging_in(client: Client) -> None:
    client.post("/language/", {"language": "nl", "next": "/account/login/"})

    assert 'lang="nl"' in client.get("/account/login/").content.decode()


def said(level: int, text: str, *, headers: dict[str, str]) -> HttpResponse:
    request = RequestFactory().get("/", headers=headers)
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]

    def view(asked: HttpRequest) -> HttpResponse:
        messages.add_message(asked, level, text)
        return HttpResponse("fragment")

    return shell.MessagesForHtmx(view)(request)


def test_what_a_view_says_reaches_the_page_after_an_htmx_request() -> None:
    answer = said(messages.SUCCESS, "Één lid toegevoegd", headers={"HX-Request": "true"})

    assert json.loads(answer["HX-Trigger"]) == {
        "messages": {"messages": [{"text": "Één lid toegevoegd", "level": "success"}]}
    }


def test_a_full_page_shows_its_messages_itself() -> None:
    assert "HX-Trigger" not in said(messages.SUCCESS, "Saved", headers={})


def test_dates_put_the_day_first() -> None:
    with translation.override("en"):
        assert date_format(NOON.date()) == "23 November 2026"


@pytest.mark.parametrize("path", ["/no-such-page/", "/people/99999999999999999999/"])
def test_what_is_not_there_says_so(marketer: Client, path: str) -> None:
    answer = marketer.get(path)

    assert answer.status_code == 404
    assert "This page is not here" in answer.content.decode()


def test_every_page_forbids_what_is_not_ours(marketer: Client) -> None:
    policy = marketer.get("/")["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "data:" not in policy
