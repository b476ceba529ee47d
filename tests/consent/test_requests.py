"""Requests about one's own data: whose address it is shown by a mailed link, answered in full, and forgotten for good."""

import datetime as dt
import io
import json
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from consent import gate, preferences, request_mail, requests, unsubscribe
from consent.models import ConsentEvent, OptOutKey, SubjectRequest, Suppression
from tests.conftest import NOON, empty_cache
from tests.consent.factories import NobodyHome, a_subscription_type, consents

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _places(settings: Settings, tmp_path: Path) -> None:
    settings.ERASURE_LOG = tmp_path / "erasures.log"
    settings.MEDIA_ROOT = tmp_path / "media"
    empty_cache()


def a_request(now: dt.datetime | None = None) -> SubjectRequest:
    consents(ADA, now=now or timezone.now() - HOUR, on=dt.date(2026, 3, 3))
    asked = requests.ask(ADA, language="en", now=now or timezone.now())
    assert asked
    return asked


def may_mail(at: dt.datetime) -> bool:
    return not gate.recheck("email", a_subscription_type().pk, [ADA], at=at)


def page(client: Client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())


def test_the_answer_is_the_same_for_known_and_unknown_addresses_and_one_mail_a_day(client: Client) -> None:
    consents(ADA)
    answers = {
        client.post("/data/", {"address": address}).content
        for address in (ADA, "eve@example.org", "bob@xn--p1ai.example")
    }
    client.post("/data/", {"address": ADA.upper()})

    sent = request_mail.send_due(now=timezone.now())

    assert len(answers) == 1
    assert (sent, [one.to for one in mail.outbox]) == (1, [[ADA]])


def test_the_mail_speaks_their_language_and_has_one_link(client: Client) -> None:
    consents(ADA)
    client.post("/data/?lang=nl", {"address": ADA})
    request_mail.send_due(now=timezone.now())

    letter = mail.outbox[0]
    key = SubjectRequest.objects.get().key
    assert "Uw gegevens" in letter.subject
    assert letter.body.count(f"/data/{key}/") == 1
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    assert "set-cookie" not in {name.lower() for name in client.get(f"/data/{key}/").headers}


def test_robots_and_those_who_try_addresses_are_answered_and_ignored(client: Client) -> None:
    consents(ADA)
    client.post("/data/", {"address": ADA, "website": "http://spam.example"})
    assert not SubjectRequest.objects.exists()

    for number in range(12):
        consents(f"p{number}@example.org")
        client.post("/data/", {"address": f"p{number}@example.org"})

    assert SubjectRequest.objects.count() == 10


def test_looking_identifies_nobody_and_changes_nothing(client: Client) -> None:
    asked = a_request()

    for _ in range(100):
        client.get(requests.path(asked.key))
        client.head(requests.path(asked.key))

    asked.refresh_from_db()
    assert (asked.identified_at, asked.exported_at, asked.erase_at) == (None, None, None)


def test_the_copy_comes_as_json_and_as_sheets(client: Client) -> None:
    asked = a_request()

    as_json = client.post(requests.path(asked.key), {"action": "json"})
    as_csv = client.post(requests.path(asked.key), {"action": "csv"})

    assert json.loads(as_json.content)["data"]["consent_details"][0]["address"] == ADA
    assert "attachment" in as_json["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(as_csv.content)) as archive:
        assert "consent_details.csv" in archive.namelist()
    asked.refresh_from_db()
    assert asked.identified_how == "link"
    assert asked.exported_at


def test_erasing_asks_for_a_tick_stops_mail_at_once_and_then_forgets(client: Client) -> None:
    asked = a_request()
    link = requests.path(asked.key)
    assert "Tick the box first" in " ".join(client.post(link, {"action": "erase"}).content.decode().split())

    assert "We are erasing" in client.post(link, {"action": "erase", "sure": "1"}).content.decode()
    assert not may_mail(timezone.now())
    assert SubjectRequest.objects.get().erased_at is None

    assert requests.erase_due(now=timezone.now()) == 1

    row = SubjectRequest.objects.get()
    assert row.erased["left"] == {}
    assert row.erased["rows"]["consent_details"] >= 1
    assert ADA not in str(vars(row))
    assert "We forgot you" in client.get(link).content.decode()
    assert not may_mail(timezone.now())
    assert ConsentEvent.objects.latest("id").act == "erased"
    assert requests.erase_due(now=timezone.now()) == 0


def test_a_link_works_for_a_day_and_for_nothing_else(client: Client) -> None:
    asked = a_request(NOON)
    assert requests.find(asked.key, at=NOON + dt.timedelta(hours=23, minutes=59))
    assert requests.find(asked.key, at=NOON + dt.timedelta(hours=24)) is None
    fresh = requests.ask("bob@example.org", language="en", actor="user:1", now=timezone.now())
    assert fresh
    preferences.keys_of([ADA])
    keys = OptOutKey.objects.get(address=ADA)

    assert unsubscribe.who(fresh.key) is None
    assert preferences.who(fresh.key) is None
    for key in (keys.key, keys.preferences):
        assert client.get(requests.path(key)).status_code == 404
    for path in (f"/u/{fresh.key}/1/", f"/p/{fresh.key}/", f"/confirm/{fresh.key}/"):
        assert client.get(path).status_code == 404


def test_an_expired_link_and_a_forged_one_answer_alike(client: Client) -> None:
    asked = a_request(NOON - dt.timedelta(days=3))
    pages = {
        (response.status_code, response.content)
        for key in (asked.key, "x" * 22, "short", asked.key[:-1] + ("A" if asked.key[-1] != "A" else "B"))
        for response in (client.post(requests.path(key), {"action": "json"}), client.get(requests.path(key)))
    }

    assert len(pages) == 1
    assert next(iter(pages))[0] == 404


def test_a_server_that_is_not_there_is_tried_again(settings: Settings) -> None:
    settings.MAILERS = {"default": {"BACKEND": f"{NobodyHome.__module__}.NobodyHome"}}
    asked = a_request(NOON)

    assert request_mail.send_due(now=NOON) == 1

    asked.refresh_from_db()
    assert (asked.sent_at, asked.problem) == (None, "ConnectionRefusedError")
    assert asked.not_before is not None
    assert asked.not_before > NOON
    assert requests.state(asked, at=NOON) == "waiting"


@pytest.mark.parametrize(
    ("asked_on", "due_on"),
    [
        ("2026-01-31", "2026-02-28"),
        ("2028-01-30", "2028-02-29"),
        ("2026-12-05", "2027-01-05"),
        ("2026-11-23", "2026-12-23"),
    ],
)
def test_an_answer_is_due_within_a_month(asked_on: str, due_on: str) -> None:
    assert requests.a_month_after(dt.date.fromisoformat(asked_on)) == dt.date.fromisoformat(due_on)


@pytest.fixture
def joost(client: Client) -> User:
    user = User.objects.create_user("joost", first_name="Joost")
    client.force_login(user)
    return user


def may(user: User, *rights: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=rights, content_type__app_label="consent"))


def test_staff_see_start_and_answer_requests_each_with_its_own_right(client: Client, joost: User) -> None:
    asked = a_request()
    for path in ("/consent/requests/", f"/consent/requests/{asked.pk}/", "/consent/requests/new/"):
        assert client.get(path).status_code == 403
    may(joost, "view_subjectrequest", "add_subjectrequest")

    assert ADA in page(client, "/consent/requests/")
    assert client.post("/consent/requests/new/", {"address": "bob@example.org", "language": "nl"}).status_code == 302
    twice = client.post("/consent/requests/new/", {"address": "bob@example.org", "language": "nl"})
    assert twice.status_code == 422
    assert client.post(f"/consent/requests/{asked.pk}/act/", {"action": "json"}).status_code == 403

    may(joost, "change_subjectrequest")
    early = client.post(f"/consent/requests/{asked.pk}/act/", {"action": "json"})
    assert early.status_code == 422
    assert "We do not know yet" in early.content.decode()
    assert client.post(f"/consent/requests/{asked.pk}/act/", {"action": "identify"}).status_code == 422
    client.post(f"/consent/requests/{asked.pk}/act/", {"action": "identify", "how": "Showed her passport"})
    assert client.post(f"/consent/requests/{asked.pk}/act/", {"action": "json"})["Content-Type"] == "application/json"

    assert client.post(f"/consent/requests/{asked.pk}/act/", {"action": "erase"}).status_code == 403
    assert may_mail(timezone.now())
    may(joost, "erase_subject")
    client.post(f"/consent/requests/{asked.pk}/act/", {"action": "erase"})
    requests.erase_due(now=timezone.now())

    shown = page(client, f"/consent/requests/{asked.pk}/")
    assert "the address stands nowhere" in shown
    assert "Evidence of consent" in shown
    assert Suppression.objects.filter(reason="erased", actor=f"user:{joost.pk}").exists()
    assert "Request" in page(client, "/consent/requests/?show=closed")


def test_a_request_that_was_answered_is_closed(client: Client, joost: User) -> None:
    asked = a_request()
    requests.identify(asked, how="link", now=timezone.now())
    may(joost, "view_subjectrequest", "change_subjectrequest")

    client.post(f"/consent/requests/{asked.pk}/act/", {"action": "close"})

    assert requests.opened().count() == 0
    assert requests.state(SubjectRequest.objects.get(), at=timezone.now()) == "answered"
