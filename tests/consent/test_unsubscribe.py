"""Leaving, as mail programs and people do it: over HTTP, without a cookie, as often as they like."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from consent import gate, ledger, unsubscribe
from consent.models import ConsentDetail, ConsentEvent, OptOutKey, Standing, Suppression
from tests.consent.factories import a_subscription_type, consents

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def stranger() -> Client:
    """A mail provider: no cookies, no CSRF token, and checked for both."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def link() -> str:
    consents(ADA, whole_purpose=True, now=timezone.now() - dt.timedelta(days=9))
    return unsubscribe.links([ADA], a_subscription_type())[ADA]


@pytest.fixture
def heard() -> Iterator[list[unsubscribe.Left]]:
    heard: list[unsubscribe.Left] = []
    before = list(unsubscribe.listeners)
    unsubscribe.listeners[:] = [heard.append]
    yield heard
    unsubscribe.listeners[:] = before


def reason(code: str = "newsletter") -> str:
    refused = gate.recheck("email", a_subscription_type(code).pk, [ADA], at=timezone.now())
    return refused[ADA].reason if refused else ""


@pytest.mark.parametrize("encoding", ["multipart", "urlencoded"])
def test_one_click_in_either_encoding_unsubscribes_without_cookie_or_redirect(
    stranger: Client, link: str, encoding: str
) -> None:
    body = {"data": ONE_CLICK}
    if encoding == "urlencoded":
        body = {"data": "List-Unsubscribe=One-Click", "content_type": URLENCODED}  # type: ignore[dict-item]

    response = stranger.post(link, **body)  # type: ignore[arg-type]

    assert response.status_code == 200
    assert not response.cookies
    assert reason() == "unsubscribed"
    assert reason("events") == ""


def test_the_second_click_answers_the_same_and_writes_nothing(stranger: Client, link: str) -> None:
    first = stranger.post(link, ONE_CLICK)
    events = ConsentEvent.objects.count()
    second = stranger.post(link, ONE_CLICK)

    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert ConsentEvent.objects.count() == events
    assert Suppression.objects.count() == 1


def test_a_hundred_looks_change_nothing(stranger: Client, link: str) -> None:
    def state() -> list[object]:
        tables = (ConsentEvent, ConsentDetail, Standing, Suppression, OptOutKey)
        return [list(table.objects.order_by("pk").values()) for table in tables]

    before = state()

    for _ in range(100):
        assert stranger.get(link).status_code == 200
        assert stranger.head(link).status_code == 200
    assert stranger.options(link).status_code == 200

    assert state() == before


def test_looking_sets_no_cookie_and_tells_nobody_whose_page_it_is(stranger: Client, link: str) -> None:
    response = stranger.get(link)

    assert not response.cookies
    assert ADA not in response.content.decode()
    assert "example.org" not in response.content.decode()
    assert response["Referrer-Policy"] == "no-referrer"


def test_every_guess_gets_the_same_answer(stranger: Client, link: str) -> None:
    key = link.split("/")[2]
    flipped = ("B" if key[0] == "A" else "A") + key[1:]
    guesses = [flipped, key[:-1], key + "A", "x", "é" * 22, *(unsubscribe.new_key() for _ in range(200))]
    newsletter = a_subscription_type().pk

    answers = {stranger.get(f"/u/{guess}/{newsletter}/").content for guess in guesses}
    cut = [f"/u/{key}/{10**25}/", f"/u/{key}/", f"/u/{key}", f"/u/{key[:9]}", "/u/x/1/2/3"]
    answers |= {stranger.get(path).content for path in cut}
    answers.add(stranger.post(f"/u/{flipped}/{newsletter}/", ONE_CLICK).content)

    assert len(answers) == 1
    assert stranger.get(f"/u/{flipped}/{newsletter}/").status_code == 404
    assert not Suppression.objects.exists()


def test_a_link_that_lost_its_last_slash_works_without_a_redirect(stranger: Client, link: str) -> None:
    assert stranger.post(link.rstrip("/"), ONE_CLICK).status_code == 200
    assert reason() == "unsubscribed"


def test_a_person_leaves_by_the_button_undoes_it_and_may_be_mailed_again(stranger: Client, link: str) -> None:
    left = stranger.post(link, {"action": "leave"})
    assert "You are unsubscribed from" in left.content.decode()
    assert reason() == "unsubscribed"

    back = stranger.post(link, {"action": "come_back"})

    assert "You are back on the list" in back.content.decode()
    assert reason() == ""
    acts = list(ConsentEvent.objects.order_by("id").values_list("act", "actor"))
    assert acts == [("given", "import:1"), ("withdrawn", "self"), ("restored", "self")]
    words = list(ConsentDetail.objects.order_by("pk").values_list("wording", "language"))[1:]
    assert words == [("Unsubscribe from Newsletter", "en"), ("Undo: keep sending it", "en")]


def test_leaving_everything_takes_one_more_click(stranger: Client, link: str) -> None:
    stranger.post(link, {"action": "leave"})
    stranger.post(link, {"action": "leave_all"})

    assert reason() == "unsubscribed"
    assert reason("events") == "unsubscribed"

    stranger.post(link, {"action": "come_back"})

    assert reason() == ""
    assert reason("events") == ""


def test_why_somebody_leaves_is_kept_if_they_care_to_tell(stranger: Client, link: str) -> None:
    stranger.post(link, {"action": "leave"})
    stranger.post(link, {"action": "why", "why": "too_often", "words": "Every day\x00!"})

    kept = Suppression.objects.get().evidence
    assert (kept["why"], kept["words"]) == ("too_often", "Every day!")


@pytest.mark.parametrize("body", [{}, {"action": "drop tables"}, {"List-Unsubscribe": "two"}, {"action": "why"}])
def test_any_other_post_changes_nothing(stranger: Client, link: str, body: dict[str, str]) -> None:
    assert stranger.post(link, body).status_code == 200
    assert not Suppression.objects.exists()


def test_the_mailing_that_carried_the_link_hears_of_it(
    stranger: Client, link: str, heard: list[unsubscribe.Left]
) -> None:
    stranger.post(f"{link}?m=a-token", ONE_CLICK)
    stranger.post(f"{link}?m=a-token", {"action": "come_back"})

    assert [(left.token, left.address, left.is_undone) for left in heard] == [
        ("a-token", ADA, False),
        ("a-token", ADA, True),
    ]


def test_the_page_speaks_the_visitors_language(stranger: Client, link: str) -> None:
    english = stranger.get(link, headers={"accept-language": "en"}).content.decode()
    dutch = stranger.get(link, headers={"accept-language": "nl"}).content.decode()
    asked = stranger.get(f"{link}?lang=nl", headers={"accept-language": "en"}).content.decode()

    assert '<html lang="en"' in english
    assert '<html lang="nl"' in dutch
    assert '<html lang="nl"' in asked


def test_keys_for_a_frozen_audience_are_made_as_one_set() -> None:
    known = unsubscribe.links([ADA], a_subscription_type())[ADA]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE candidate (address text)")
        cursor.execute("INSERT INTO candidate VALUES (%s), ('bob@example.org'), ('bob@example.org'), ('')", [ADA])

    unsubscribe.make_keys("candidate")
    unsubscribe.make_keys("candidate")

    keys = dict(OptOutKey.objects.values_list("address", "key"))
    assert set(keys) == {ADA, "bob@example.org"}
    assert all(unsubscribe.SHAPE(key) for key in keys.values())
    assert unsubscribe.links([ADA], a_subscription_type())[ADA] == known


def test_leaving_stays_in_a_whole_chain(stranger: Client, link: str) -> None:
    stranger.post(link, ONE_CLICK)
    stranger.post(link, {"action": "come_back"})

    assert ledger.verify().is_whole
