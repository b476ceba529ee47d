"""The demo is loaded once for all tests of this module: it takes seconds, and nothing here changes it."""

from collections.abc import Iterator

import pytest
from django.contrib.auth import authenticate
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from consent import addresses, ledger
from consent.models import ConsentEvent, Suppression
from demo.data import people
from mailings import preflight
from mailings.models import Mailing, Message
from recipients.models import EmailAddress, Import, Person, Project, Selection
from tests.consent.factories import a_subscription_type
from tracking.models import Event

FOOTER = "De Werkbank, Havenstraat 14, 3024 SC Rotterdam"


@pytest.fixture(scope="module")
def demo(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Load it for real, in a transaction that is undone when the module is through."""
    media = tmp_path_factory.mktemp("media")
    with (
        django_db_blocker.unblock(),
        override_settings(POSTAL_ADDRESS=FOOTER, MEDIA_ROOT=media),
        transaction.atomic(),
    ):
        for code in ("newsletter", "events", "product-news"):  # a transactional test may have emptied the tables
            a_subscription_type(code)
        call_command("load_demo")
        yield
        transaction.set_rollback(True)


def test_one_can_log_in_with_what_make_run_prints(demo: None) -> None:
    user = authenticate(username="demo@example.org", password="postduif-demo")

    assert user is not None
    assert (user.first_name, user.is_superuser) == ("Marieke", True)
    assert authenticate(username="joost@dewerkbank.example", password="postduif-demo") is None


def test_everybody_is_there_with_lists_and_projects(demo: None) -> None:
    assert 1_900 <= Person.objects.count() <= 2_100
    assert Person.objects.filter(search=None).count() == 0
    assert {"Newsletter readers", "Events, region Rotterdam", "Donors"} <= set(
        Selection.objects.values_list("name", flat=True)
    )
    assert Project.objects.get(name__startswith="Open day", status="done").members.count() > 100
    assert all(count for count in (one.members.count() for one in Selection.objects.all()))


def test_nobody_has_an_address_outside_the_reserved_names(demo: None) -> None:
    found = EmailAddress.objects.values_list("address", flat=True)

    assert all(address.endswith(".example") and addresses.normalise(address) == address for address in found)


def test_the_import_of_the_stand_shows_what_was_wrong_in_it(demo: None) -> None:
    importing = Import.objects.get()

    assert (importing.state, importing.created, importing.rejected) == ("finished", 29, 2)


def test_the_ledger_holds_evidence_of_many_kinds_and_is_whole(demo: None) -> None:
    sources = set(ConsentEvent.objects.values_list("source", flat=True))

    assert ledger.verify().is_whole
    assert {"own_form", "newsletter_signup", "purchase", "donation_volunteer", "met_in_person"} <= sources
    assert {"unsubscribed", "hard_bounce", "objection", "manual"} <= set(
        Suppression.objects.values_list("reason", flat=True)
    )


def test_there_are_mailings_in_many_states_and_their_sums_are_right(demo: None) -> None:
    states = {mailing.status for mailing in Mailing.objects.all()}

    assert {"draft", "scheduled", "sent", "cancelled"} <= states
    for mailing in Mailing.objects.filter(started_at__isnull=False):
        assert sum(mailing.counts.states.values()) == mailing.messages.count()
        assert not mailing.messages.filter(state__in=["pending", "sending"]).exists()
        assert not mailing.chunks.exclude(state="done").exists()


def test_the_last_newsletter_has_something_to_report(demo: None) -> None:
    newsletter = Mailing.objects.filter(status="sent", name__endswith="newsletter").latest("started_at")
    counts = newsletter.counts

    assert 0.3 < counts.opened / counts.delivered < 0.5
    assert 0.05 < counts.clicked / counts.delivered < 0.2
    assert min(counts.bounced, counts.unsubscribed, counts.hits["open"]["machine"]) > 0
    assert newsletter.link_counts.filter(people__gt=0).count() >= 3
    assert {"no_consent", "expired", "verify_first", "unsubscribed", "hard_bounce"} <= set(
        newsletter.messages.filter(state=Message.State.HELD).values_list("reason", flat=True)
    )


def test_the_written_drafts_can_be_sent_at_once(demo: None) -> None:
    written = Mailing.objects.filter(status="draft").exclude(subject="")

    assert written.count() >= 2
    for mailing in written:
        assert [one.sentence for one in preflight.check(mailing, now=timezone.now()) if one.is_error] == []


def test_nothing_happened_in_the_future_and_all_of_it_is_folded(demo: None) -> None:
    assert not Event.objects.filter(at__gt=timezone.now()).exists()
    assert not Event.objects.filter(folded_at=None).exists()


def test_who_was_blocked_before_a_mailing_was_held_back_from_it(demo: None) -> None:
    for mailing in Mailing.objects.filter(started_at__isnull=False):
        blocked = Suppression.objects.filter(subscription_type=None, created_at__lt=mailing.started_at)
        got_it = mailing.messages.filter(state="sent", address__in=blocked.values("address"))

        assert not got_it.exists()


def test_loading_it_again_changes_nothing(demo: None) -> None:
    before = (Person.objects.count(), ConsentEvent.objects.count(), Mailing.objects.count(), Event.objects.count())

    call_command("load_demo")

    assert before == (
        Person.objects.count(),
        ConsentEvent.objects.count(),
        Mailing.objects.count(),
        Event.objects.count(),
    )


def test_the_same_people_are_drawn_every_time() -> None:
    assert people.people() == people.people()
    assert people.people(50) == people.people()[:50]


def test_the_pictures_in_the_mails_are_served() -> None:
    assert finders.find("demo/loods.png")
    assert finders.find("demo/bench.png")
