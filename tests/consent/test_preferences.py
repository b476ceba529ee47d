"""Choosing what one gets: by POST alone, for an address alone, as acts of the person in the ledger."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone

from consent import gate, ledger, preferences, suppressions, unsubscribe
from consent.models import ConsentDetail, ConsentEvent, OptOutKey, Standing, SubscriptionType, Suppression, new_key
from tests.consent.factories import a_subscription_type, consents
from tests.recipients.factories import a_person

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"


@pytest.fixture
def stranger() -> Client:
    """Somebody without an account: no cookies, no CSRF token, and checked for both."""
    return Client(enforce_csrf_checks=True, headers={"accept-language": "en"})


@pytest.fixture
def link() -> str:
    a_subscription_type("events").delete()
    purpose = a_subscription_type().purpose
    names = {"name_en": "Events", "name_nl": "Evenementen", "description_en": "Open days, courses and meetings."}
    SubscriptionType.objects.create(code="events", purpose=purpose, **names)
    consents(ADA, "own_form", box_ticked=True, now=timezone.now() - dt.timedelta(days=9))
    return preferences.path(preferences.keys_of([ADA])[ADA])


def person() -> OptOutKey:
    return OptOutKey.objects.get(address=ADA)


def reason(code: str = "newsletter", *, at: dt.datetime | None = None) -> str:
    refused = gate.recheck("email", a_subscription_type(code).pk, [ADA], at=at or timezone.now())
    return refused[ADA].reason if refused else ""


def form(page: str, *ticked: str, **more: str) -> dict[str, object]:
    """What a browser would send: the hidden fields of the page, and these boxes."""
    hidden = dict(re.findall(r'type="hidden" name="(listed|shown)" value="([^"]*)"', page))
    return {**hidden, "type": [str(a_subscription_type(code).pk) for code in ticked], "action": "save", **more}


def save(stranger: Client, link: str, *ticked: str, **more: str) -> str:
    page = stranger.get(link).content.decode()
    return stranger.post(link, form(page, *ticked, **more)).content.decode()


def test_the_page_shows_what_the_gate_would_say(stranger: Client, link: str) -> None:
    page = stranger.get(link).content.decode()

    assert re.search(rf'value="{a_subscription_type().pk}" checked', page)
    assert not re.search(rf'value="{a_subscription_type("events").pk}" checked', page)


def test_a_yes_is_an_act_of_the_person_with_the_words_they_saw(stranger: Client, link: str) -> None:
    assert reason("events") == "no_consent"

    save(stranger, link, "newsletter", "events")

    assert (reason(), reason("events")) == ("", "")
    act = ConsentDetail.objects.select_related("event").latest("pk")
    assert (act.event.act, act.event.kind, act.event.actor) == ("confirmed", "explicit", "self")
    assert act.wording == "What may we send you? / Events / Open days, courses and meetings."
    assert (act.language, act.ip) == ("en", "127.0.0.1")
    assert act.url.endswith("/p/…/")
    assert ConsentEvent.objects.count() == 2


def test_a_no_holds_for_that_type_alone_and_keeps_its_words_too(stranger: Client, link: str) -> None:
    save(stranger, link, "newsletter", "events")

    save(stranger, link, "events", language="en")

    assert (reason(), reason("events")) == ("unsubscribed", "")
    act = ConsentDetail.objects.select_related("event").latest("pk")
    assert (act.event.act, act.event.actor) == ("withdrawn", "self")
    assert act.wording.startswith("What may we send you? / Newsletter")
    assert Suppression.objects.get().evidence["how"] == "preferences"


def test_a_hundred_looks_change_nothing(stranger: Client, link: str) -> None:
    def state() -> list[object]:
        tables = (ConsentEvent, ConsentDetail, Standing, Suppression, OptOutKey)
        return [list(table.objects.order_by("pk").values()) for table in tables]

    before = state()

    for _ in range(100):
        assert stranger.get(link).status_code == 200
        assert stranger.head(f"{link}?action=leave_all&lang=nl&m=x").status_code == 200

    assert state() == before


def test_looking_sets_no_cookie_and_tells_nobody_whose_page_it_is(stranger: Client, link: str) -> None:
    response = stranger.get(link)

    assert not response.cookies
    assert "example.org" not in response.content.decode()
    assert response["Referrer-Policy"] == "no-referrer"


def test_every_guess_gets_the_same_answer_and_no_other_links_key_opens_it(stranger: Client, link: str) -> None:
    key = link.split("/")[2]
    flipped = ("B" if key[0] == "A" else "A") + key[1:]
    leave = unsubscribe.links([ADA], a_subscription_type())[ADA].split("/")[2]
    guesses = [flipped, leave, key[:-1], key + "A", "x", "é" * 22, *(new_key() for _ in range(1000))]

    answers = {stranger.get(f"/p/{guess}/").content for guess in guesses}
    answers |= {stranger.get(path).content for path in ("/p/", f"/p/{key}/1/", "/p/x/1/2/")}
    answers.add(stranger.get(f"/u/{key}/{a_subscription_type().pk}/").content)
    answers.add(stranger.post(f"/p/{leave}/", {"action": "leave_all"}).content)

    assert len(answers) == 1
    assert stranger.get(f"/p/{flipped}/").status_code == 404
    assert not Suppression.objects.exists()


def test_all_off_is_undone_by_one_click(stranger: Client, link: str) -> None:
    save(stranger, link, "newsletter", "events")
    gone = stranger.post(link, {"action": "leave_all"}).content.decode()
    assert (reason(), reason("events")) == ("unsubscribed", "unsubscribed")

    left = re.findall(r'name="left" value="([\d,]+)"', gone)[0]
    stranger.post(link, {"action": "undo", "on": "", "left": left})

    assert (reason(), reason("events")) == ("", "")
    assert ledger.verify().is_whole


def test_what_was_turned_on_is_undone_too(stranger: Client, link: str) -> None:
    page = save(stranger, link, "newsletter", "events")

    on = re.findall(r'name="on" value="([\d,]+)"', page)[0]
    stranger.post(link, {"action": "undo", "on": on, "left": ""})

    assert (reason(), reason("events")) == ("", "unsubscribed")


def test_undo_reaches_nobody_elses_choices(stranger: Client, link: str) -> None:
    suppressions.add("email", "bob@example.org", "unsubscribed", evidence={}, actor="self", now=timezone.now())

    stranger.post(link, {"action": "undo", "left": str(Suppression.objects.get().pk)})

    assert Suppression.objects.filter(released_at=None).count() == 1


def test_a_page_that_was_open_for_long_changes_only_what_was_touched(stranger: Client, link: str) -> None:
    old_page = stranger.get(link).content.decode()
    unsubscribe.leave(person(), a_subscription_type(), how="one_click", now=timezone.now())

    stranger.post(link, form(old_page, "newsletter", "events"))

    assert (reason(), reason("events")) == ("unsubscribed", "")


def test_after_all_off_one_yes_brings_back_one_type(stranger: Client, link: str) -> None:
    save(stranger, link, "newsletter", "events")
    stranger.post(link, {"action": "leave_all"})

    save(stranger, link, "events")

    assert (reason(), reason("events")) == ("unsubscribed", "")


@pytest.mark.parametrize("why", ["complained", "objection"])
def test_who_complained_can_come_back_by_an_own_yes_and_nothing_else_comes_with_it(
    stranger: Client, link: str, why: str
) -> None:
    consents(ADA, whole_purpose=True, now=timezone.now() - dt.timedelta(days=2))
    suppressions.add("email", ADA, why, evidence={}, actor="system", now=timezone.now())
    assert (reason(), reason("events")) == (why, why)

    save(stranger, link, "newsletter")

    assert (reason(), reason("events")) == ("", "withdrawn")


def test_a_hard_bounce_stays_whatever_is_ticked(stranger: Client, link: str) -> None:
    suppressions.add("email", ADA, "hard_bounce", evidence={}, actor="system", now=timezone.now())

    save(stranger, link, "newsletter", "events")

    assert reason("events") == "hard_bounce"


@pytest.mark.parametrize("days", [30, 90])
def test_a_pause_holds_everything_until_its_day_and_then_it_goes_on(stranger: Client, link: str, days: int) -> None:
    stranger.post(link, {"action": f"pause_{days}"})

    assert reason() == "paused"
    assert "You get nothing until" in stranger.get(link).content.decode()
    assert preferences.end_pauses(now=timezone.now() + dt.timedelta(days=days - 1)) == 0
    assert preferences.end_pauses(now=timezone.now() + dt.timedelta(days=days, minutes=1)) == 1
    assert reason() == ""


def test_a_pause_ends_when_the_person_says_so_and_both_are_acts_in_the_ledger(stranger: Client, link: str) -> None:
    stranger.post(link, {"action": "pause_30"})
    stranger.post(link, {"action": "pause_90"})
    stranger.post(link, {"action": "resume"})

    assert reason() == ""
    assert list(ConsentEvent.objects.order_by("pk").values_list("act", flat=True)) == [
        "given",
        "paused",
        "paused",
        "resumed",
    ]
    assert ConsentDetail.objects.latest("pk").wording == "End the pause now"
    assert ledger.verify().is_whole


def test_a_pause_neither_hides_nor_lifts_leaving(stranger: Client, link: str) -> None:
    stranger.post(link, {"action": "pause_30"})
    stranger.post(link, {"action": "leave_all"})
    preferences.end_pauses(now=timezone.now() + dt.timedelta(days=31))

    assert reason() == "unsubscribed"


def test_the_page_speaks_the_language_the_person_chose(stranger: Client, link: str) -> None:
    heard: list[tuple[str, str]] = []
    preferences.language_listeners.append(lambda address, language: heard.append((address, language)))

    answer = save(stranger, link, "newsletter", language="nl")
    preferences.language_listeners.pop()

    assert '<html lang="nl"' in answer
    assert '<html lang="nl"' in stranger.get(link).content.decode()
    assert '<html lang="en"' in stranger.get(f"{link}?lang=en").content.decode()
    assert heard == [(ADA, "nl")]


def test_why_somebody_left_is_kept(stranger: Client, link: str) -> None:
    stranger.post(link, {"action": "leave_all"})
    stranger.post(link, {"action": "why", "why": "too_often", "words": "Daily\x00!"})

    assert Suppression.objects.get().evidence == {"how": "preferences", "why": "too_often", "words": "Daily!"}


NONSENSE: list[dict[str, object]] = [
    {},
    {"action": "drop tables"},
    {"action": "pause_100000"},
    {"action": "why", "why": "x"},
    {"action": "save", "listed": "é,9" * 999, "shown": "-1", "type": ["x", "99999999999999999999"]},
    {"action": "save", "type": "1"},
    {"action": "undo", "left": "1,2,3", "on": ""},
    {"action": "undo", "left": "x" * 9999, "on": "²"},
    {"action": "save", "language": "xx"},
]


@pytest.mark.parametrize("body", NONSENSE)
def test_any_other_post_changes_nothing(stranger: Client, link: str, body: dict[str, object]) -> None:
    assert stranger.post(link, body).status_code == 200
    assert not Suppression.objects.exists()
    assert ConsentEvent.objects.count() == 1
    assert person().language == ""


def test_keys_that_the_database_makes_open_the_page(stranger: Client) -> None:
    unsubscribe.make_keys("(SELECT 'bob@example.org'::text AS address)")
    made = OptOutKey.objects.get()

    assert unsubscribe.SHAPE(made.preferences)
    assert made.preferences != made.key
    assert stranger.get(preferences.path(made.preferences)).status_code == 200


def test_the_language_reaches_the_person_who_has_the_address(stranger: Client, link: str) -> None:
    ada = a_person(email=ADA)

    save(stranger, link, "newsletter", language="nl")

    ada.refresh_from_db()
    assert ada.language == "nl"
