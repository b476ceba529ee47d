"""What an answer leaves beyond its form: on a person's time line, on a project, in a file, at another system."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from consent.models import Export
from forms import processing, statistics
from forms.models import Count, Form, Outcome, Reach, Submission
from recipients import timeline
from tests.forms.factories import a_field, a_form, email, send
from tests.mailings.factories import a_person, a_project

pytestmark = pytest.mark.django_db


class Listener:
    """Another system on loopback: keeps what it is told, and answers as it is asked to."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answer = 200
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.heard.append((dict(self.headers), body))
                self.send_response(listener.answer)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def marieke(client: Client) -> User:
    user = User.objects.create_user("marieke", "marieke@example.org", first_name="Marieke")
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=["webforms", "recipients", "mailings"])
    )
    client.force_login(user)
    return user


def an_idea_form(**more: Any) -> Form:
    return a_form(email(), a_field("text", "idea"), **more)


def processed() -> Submission:
    for number in processing.due():
        processing.automatically(number, now=timezone.now())
    processing.outside(now=timezone.now())
    return Submission.objects.latest("pk")


def test_an_answer_stands_on_the_persons_time_line_with_what_they_said() -> None:
    ada = a_person("ada@example.org", first_name="Ada")
    send(an_idea_form(), email="ada@example.org", idea="More bread")
    kept = processed()

    (entry,) = timeline.page(ada, only="forms").entries

    assert entry.text == "Filled in Open day"
    assert entry.detail == "Idea: More bread"
    assert entry.url == reverse("webforms:submission", args=[kept.pk])


def test_a_project_shows_the_forms_that_fill_it(client: Client, marieke: User) -> None:
    fair, other = a_project("Fair"), a_project("Other")
    an_idea_form(name="Register", actions=[{"kind": "project", "id": fair.pk}])
    send(Form.objects.get(), email="ada@example.org", idea="x")

    page = client.get(reverse("webforms:of_project", args=[fair.pk])).content.decode()
    empty = client.get(reverse("webforms:of_project", args=[other.pk])).content.decode()
    tab = client.get(reverse("recipients:project", args=[fair.pk]), {"tab": "mailings"}).content.decode()

    assert "Register" in page
    assert "No form puts people into this project yet" in empty
    assert reverse("webforms:of_project", args=[fair.pk]) in tab
    client.force_login(User.objects.create_user("guest"))
    assert client.get(reverse("webforms:of_project", args=[fair.pk])).status_code == 403


def test_answers_are_taken_out_as_a_file_inert_and_written_down(client: Client, marieke: User) -> None:
    form = an_idea_form()
    send(form, email="ada@example.org", idea="=1+1")
    send(form, email="bob@example.org", idea="Less bread")
    here = reverse("webforms:answers_export", args=[form.pk])
    assert client.post(here, {"format": "csv"}).status_code == 403
    marieke.user_permissions.add(Permission.objects.get(codename="add_export"))

    taken = client.post(here, {"format": "csv", "q": "ada"})
    lines = taken.getvalue().decode().splitlines()
    book = client.post(here, {"format": "xlsx"})

    assert lines[0].endswith("E-mail,Idea")
    assert len(lines) == 2
    assert lines[1].endswith("ada@example.org,'=1+1")
    assert book.getvalue()[:2] == b"PK"
    assert [(row.what, row.rows, row.asked["number"]) for row in Export.objects.order_by("pk")] == [
        ("answers", 1, form.pk),
        ("answers", 2, form.pk),
    ]


def test_another_system_is_told_with_a_signature(listener: Listener, settings: Settings) -> None:
    settings.CALLS_INSIDE = True
    form = an_idea_form(actions=[{"kind": "webhook", "url": listener.url, "key": "secret"}])
    send(form, email="ada@example.org", idea="More bread")
    kept = processed()

    (headers, body) = listener.heard[0]
    told = json.loads(body)
    assert headers["X-Postduif-Signature"] == "sha256=" + hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert (told["event"], told["id"], told["address"]) == ("form.submitted", str(kept.pk), "ada@example.org")
    assert [row["answer"] for row in told["answers"] if row["label"] == "Idea"] == ["More bread"]
    assert Outcome.objects.get().state == "done"


def test_a_system_that_is_away_is_told_later_and_given_up_in_the_end(listener: Listener, settings: Settings) -> None:
    settings.CALLS_INSIDE = True
    listener.answer = 503
    send(
        an_idea_form(actions=[{"kind": "webhook", "url": listener.url, "key": "k"}]), email="ada@example.org", idea="x"
    )
    processed()
    first = Outcome.objects.get()
    at_once = processing.outside(now=timezone.now())

    for number in range(processing.TRIES):
        processing.outside(now=timezone.now() + processing.FIRST_WAIT * 2**12 * (number + 1))
    last = Outcome.objects.get()

    assert (first.state, first.said, at_once) == ("waiting", "answered 503", 0)
    assert (last.state, last.attempts, len(listener.heard)) == ("failed", processing.TRIES, processing.TRIES)
    assert len({json.loads(body)["id"] for _headers, body in listener.heard}) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/"])
def test_our_own_network_is_never_called(listener: Listener, settings: Settings, url: str) -> None:
    settings.CALLS_INSIDE = False
    target = url.format(port=listener.server.server_port)
    send(an_idea_form(actions=[{"kind": "webhook", "url": target, "key": "k"}]), email="ada@example.org", idea="x")

    processed()

    assert listener.heard == []
    assert Outcome.objects.get().said


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "javascript:alert(1)", "example.org"])
def test_what_is_no_address_of_a_system_is_refused(client: Client, marieke: User, url: str) -> None:
    form = an_idea_form()

    client.post(reverse("webforms:act", args=[form.pk]), {"kind": "webhook", "url": url})

    form.refresh_from_db()
    assert form.actions == []


def test_a_system_gets_a_key_of_its_own(client: Client, marieke: User) -> None:
    form = an_idea_form()
    for _ in range(2):
        client.post(reverse("webforms:act", args=[form.pk]), {"kind": "webhook", "url": "https://crm.example.org/in"})
    page = client.get(reverse("webforms:settings", args=[form.pk])).content.decode()

    form.refresh_from_db()
    keys = {row["key"] for row in form.actions}
    assert len(keys) == 2
    assert all(key in page for key in keys)


def test_the_figures_say_on_which_page_visitors_leave() -> None:
    first, second = a_field("text", "name"), a_field("text", "idea")
    form = a_form(first, a_field("section", "more"), second, email())
    for field, visitors in ((first, 10), (second, 4)):
        Reach.objects.create(form=form, field=field.id, visitors=visitors)
    Count.objects.create(form=form, day=timezone.localdate(), completions=3)

    pages = [(page.number, page.visitors, page.left) for page in statistics.leaving_pages(form)]

    assert pages == [(1, 10, 6), (2, 4, 1)]
    assert statistics.leaving_pages(an_idea_form()) == []
