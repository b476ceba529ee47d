"""A mailing that does harm stops by itself, and goes on only when somebody has read why."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from mailings import breakers, lifecycle, mx
from mailings.delivery import domains
from mailings.models import DomainTally, MailDomain, Mailing, Message, SendingPolicy, Tally
from tests.conftest import NOON
from tests.mailings.delivery.factories import a_started_mailing
from tests.mailings.factories import an_author
from tracking import journal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ground(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    settings.CELERY_BROKER_URL = "memory://"


def a_running_mailing(sent: int, *, failed: int = 0, refused: int = 0) -> Mailing:
    """One that has handed over so many, of which some failed."""
    mailing = a_started_mailing(3)
    Tally.objects.create(mailing=mailing, at=NOON, sent=sent, failed=failed, pending=-sent - failed)
    DomainTally.objects.filter(mailing=mailing).update(sent=sent, failed=failed, refused=refused, people=10_000)
    return mailing


def came_back(mailing: Mailing, kind: str, number: int, category: str = "") -> None:
    events = [
        journal.NewEvent(
            origin=f"test:{kind}:{category}:{n}",
            at=NOON,
            kind=kind,
            mailing=mailing.pk,
            message=10_000_000 + n,
            category=category,
        )
        for n in range(number)
    ]
    journal.record(events)


@pytest.mark.parametrize(
    ("sent", "bounces", "stops"),
    [(500, 25, False), (500, 26, True), (100, 20, False), (10_000, 400, False), (10_000, 501, True)],
)
def test_hard_bounces_stop_it_above_five_percent_of_what_left_or_of_the_first_500(
    sent: int, bounces: int, stops: bool
) -> None:
    mailing = a_running_mailing(sent)
    came_back(mailing, "bounce", bounces, "dead_address")

    paused = breakers.watch(now=NOON)

    assert paused == ([mailing.pk] if stops else [])
    assert Mailing.objects.get(pk=mailing.pk).status == ("paused" if stops else "sending")


@pytest.mark.parametrize(
    ("sent", "complaints", "stops"), [(1_000, 1, False), (1_000, 2, True), (500, 1, True), (50, 0, False)]
)
def test_complaints_stop_it_above_one_in_a_thousand(sent: int, complaints: int, stops: bool) -> None:
    mailing = a_running_mailing(sent)
    came_back(mailing, "complaint", complaints)

    assert breakers.watch(now=NOON) == ([mailing.pk] if stops else [])


@pytest.mark.parametrize(("refused", "stops"), [(20, False), (21, True)])
def test_a_domain_that_refuses_us_stops_it(refused: int, stops: bool) -> None:
    mailing = a_running_mailing(100 - refused, failed=refused, refused=refused)

    assert breakers.watch(now=NOON) == ([mailing.pk] if stops else [])


def test_a_full_mailbox_or_a_filter_is_no_hard_bounce() -> None:
    mailing = a_running_mailing(500)
    came_back(mailing, "bounce", 200, "full")

    assert breakers.watch(now=NOON) == []


def test_the_house_sets_its_own_limits() -> None:
    SendingPolicy.objects.create(pk=1, bounce_percent=2, breaker_first=100)
    mailing = a_running_mailing(100)
    came_back(mailing, "bounce", 3, "dead_address")

    assert breakers.watch(now=NOON) == [mailing.pk]


def test_it_says_why_and_goes_on_only_when_somebody_has_read_it(client: Client) -> None:
    client.force_login(an_author())
    mailing = a_running_mailing(500)
    came_back(mailing, "bounce", 40, "dead_address")
    breakers.watch(now=NOON)

    page = client.get(f"/mailings/{mailing.pk}/").content.decode()
    unread = client.post(f"/mailings/{mailing.pk}/resume/", follow=True).content.decode()
    still = Mailing.objects.get(pk=mailing.pk).status
    client.post(f"/mailings/{mailing.pk}/resume/", {"has_read": "1"})
    again = breakers.watch(now=NOON)

    assert "40 of 500 came back from addresses that do not exist, more than 5.0 %." in page
    assert "clean the list first" in page
    assert "Read why, and say that you have, before it goes on." in unread
    assert (still, Mailing.objects.get(pk=mailing.pk).status) == ("paused", "sending")
    assert again == [], "what somebody has read does not stop it twice"


def test_another_breaker_still_stops_it_after_one_was_read() -> None:
    mailing = a_running_mailing(500)
    came_back(mailing, "bounce", 40, "dead_address")
    breakers.watch(now=NOON)
    lifecycle.resume(Mailing.objects.get(pk=mailing.pk), by=None, now=NOON, has_read=True)
    came_back(mailing, "complaint", 5)

    assert breakers.watch(now=NOON) == [mailing.pk]


def test_a_pause_by_hand_needs_no_reading() -> None:
    mailing = a_running_mailing(500)
    lifecycle.pause(mailing, by=None, now=NOON)

    assert lifecycle.resume(mailing, by=None, now=NOON).status == "sending"


# domains


def test_the_largest_domains_have_a_row_and_the_others_one_together() -> None:
    mailing = a_started_mailing(40)
    for number, message in enumerate(Message.objects.filter(mailing=mailing).order_by("pk")):
        Message.objects.filter(pk=message.pk).update(address=f"r{number}@d{number if number < 36 else 0}.example")
    DomainTally.objects.all().delete()

    domains.open_tallies(mailing.pk)
    found = domains.of(mailing.pk)

    assert len(found) == domains.LARGEST + 1
    assert (found[0].name, found[0].people) == ("d0.example", 5)
    assert (found[-1].name, found[-1].others, found[-1].people) == ("", 6, 6)
    assert sum(domain.people for domain in found) == 40


def test_whose_servers_a_domain_has_is_looked_up_beside_the_sending() -> None:
    answers = {
        "company.example": ["aspmx.l.google.com"],
        "shop.example": ["mx1.shop-host.example"],
        "empty.example": [],
    }

    def resolver(domain: str) -> list[str]:
        if domain not in answers:
            raise LookupError("timeout")
        return answers[domain]

    before = mx.groups_of([*answers, "down.example", "gmail.com"])
    asked = mx.look_up(now=NOON, resolver=resolver)
    after = mx.groups_of([*answers, "down.example", "gmail.com"])

    assert before == {**{domain: domain for domain in answers}, "down.example": "down.example", "gmail.com": "google"}
    assert asked == 4
    assert after == {
        "company.example": "google",
        "shop.example": "shop-host.example",
        "empty.example": "empty.example",
        "down.example": "down.example",
        "gmail.com": "google",
    }
    assert mx.look_up(now=NOON, resolver=resolver) == 0, "not asked again at once"
    assert MailDomain.objects.get(pk="down.example").group == ""
