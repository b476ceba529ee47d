"""Folding: what the journal tells becomes moments and figures, once, in any order, and the same when worked out again."""

import datetime as dt
import random

import pytest
from django.core.management import call_command
from django.forms.models import model_to_dict

from consent.models import Suppression
from consent.unsubscribe import Left
from mailings import leaving, statistics
from mailings.models import Counts, HourCount, LinkCount, Mailing, Message, Tally
from tests.conftest import NOON
from tests.mailings.returns import LATER, a_message, a_sent_mailing, fold, it_happened
from tests.tracking.factories import an_event
from tracking import journal, tokens
from tracking.models import Event

pytestmark = pytest.mark.django_db
SCANNER = {"user_agent": "python-requests/2.32"}


def minutes(number: float) -> dt.datetime:
    return NOON + dt.timedelta(minutes=number)


def everything(mailing: Mailing) -> list[object]:
    """All that statistics keep of a mailing, to hold two states side by side."""
    counts = Counts.objects.filter(mailing=mailing).values().first() or {}
    counts.pop("refreshed_at", None)
    moments = ["pk", "opened_at", "clicked_at", "bounced_at", "complained_at", "unsubscribed_at", "reason", "answer"]
    return [
        counts,
        list(
            LinkCount.objects.filter(mailing=mailing).order_by("number").values("number", "human", "machine", "people")
        ),
        list(
            HourCount.objects.filter(mailing=mailing)
            .order_by("kind", "hour")
            .values("kind", "hour", "human", "machine")
        ),
        list(Message.objects.filter(mailing=mailing).order_by("pk").values(*moments)),
        list(Event.objects.filter(mailing=mailing.pk).order_by("origin").values("origin", "is_machine", "reasons")),
    ]


def left_through(message: Message, *, after: float, is_undone: bool = False) -> Left:
    return Left(
        address=message.address,
        channel="email",
        subscription_type_id=1,
        token=tokens.make("click", message.mailing_id, message.pk),
        at=NOON + dt.timedelta(seconds=after),
        is_undone=is_undone,
    )


def test_a_persons_open_and_click_become_moments_and_figures():
    mailing = a_sent_mailing()
    ada, bob = a_message(mailing), a_message(mailing)
    it_happened(ada, "open", after=60)
    it_happened(ada, "open", after=6000)
    it_happened(ada, "click", after=120, link=2)
    it_happened(bob, "click", after=300, link=1)  # with pictures off: a click is an open, too

    fold()

    ada.refresh_from_db()
    bob.refresh_from_db()
    assert (ada.opened_at, ada.clicked_at) == (minutes(1), minutes(2))
    assert (bob.opened_at, bob.clicked_at) == (minutes(5), minutes(5))
    assert (mailing.counts.opened, mailing.counts.clicked) == (2, 2)
    assert mailing.counts.hits == {"open": {"human": 2}, "click": {"human": 2}}
    assert set(LinkCount.objects.values_list("number", "human", "people")) == {(1, 1, 1), (2, 1, 1)}


def test_who_follows_the_hidden_link_is_found_out_also_afterwards():
    mailing = a_sent_mailing()
    scanned = a_message(mailing)
    it_happened(scanned, "click", after=7200, link=1)
    it_happened(scanned, "click", after=90_000, link=1)
    fold()
    assert mailing.counts.hits == {"click": {"human": 2}}

    it_happened(scanned, "trap", after=7300)
    fold()

    scanned.refresh_from_db()
    mailing.counts.refresh_from_db()
    assert scanned.clicked_at == NOON + dt.timedelta(seconds=90_000)
    assert mailing.counts.hits == {"click": {"human": 1, "machine": 1}}
    assert set(LinkCount.objects.values_list("number", "human", "machine")) == {(1, 1, 1)}
    statistics.refresh(mailing, now=LATER)
    before = everything(mailing)
    statistics.rebuild(mailing, now=LATER)
    assert everything(mailing) == before


def test_machines_are_counted_beside_people_and_move_nothing():
    mailing = a_sent_mailing()
    scanned, read = a_message(mailing), a_message(mailing)
    it_happened(scanned, "open", user_agent="Mozilla/5.0")
    it_happened(scanned, "click", link=1, **SCANNER)
    it_happened(read, "click", link=1, **SCANNER)
    it_happened(read, "click", link=1, after=900)

    fold()

    scanned.refresh_from_db()
    assert (scanned.opened_at, scanned.clicked_at) == (None, None)
    assert mailing.counts.clicked == 1
    assert mailing.counts.hits["open"] == {"machine": 1, "only_machine": 1, "apple_privacy": 1}
    assert mailing.counts.hits["click"] == {"machine": 2, "only_machine": 1, "human": 1}
    assert Event.objects.get(message=scanned.pk, kind="click").reasons == ["scanner"]


def test_a_third_link_within_seconds_takes_back_what_looked_like_a_person():
    mailing = a_sent_mailing()
    message = a_message(mailing)
    it_happened(message, "click", after=30, link=1)
    it_happened(message, "click", after=31, link=2)
    fold()
    assert mailing.counts.clicked == 1

    it_happened(message, "click", after=32, link=3)
    fold()

    message.refresh_from_db()
    mailing.counts.refresh_from_db()
    assert message.clicked_at is None
    assert (mailing.counts.clicked, mailing.counts.opened) == (0, 0)
    assert mailing.counts.hits["click"] == {"machine": 3, "only_machine": 1}
    assert set(LinkCount.objects.values_list("human", "machine", "people")) == {(0, 1, 0)}


def test_ten_thousand_replays_of_a_click_are_one_click():
    mailing = a_sent_mailing()
    message = a_message(mailing)
    journal.record([an_event("click", mailing=mailing.pk, message=message.pk, link=1, after=60) for _ in range(10_000)])

    fold()

    assert mailing.counts.hits["click"] == {"human": 1}
    assert LinkCount.objects.get().human == 1


def test_a_hard_bounce_blocks_the_address_at_once_and_keeps_the_servers_words():
    message = a_message(a_sent_mailing(), address="gone@example.org")
    it_happened(message, "bounce", category="dead_address", detail="550 5.1.1 User unknown")

    fold()

    message.refresh_from_db()
    assert (message.bounced_at, message.reason, message.answer) == (
        minutes(1),
        "dead_address",
        "550 5.1.1 User unknown",
    )
    block = Suppression.objects.get()
    assert (block.address, block.reason, block.subscription_type) == ("gone@example.org", "hard_bounce", None)
    assert block.evidence["said"] == "550 5.1.1 User unknown"


@pytest.mark.parametrize(
    "category", ["full", "transient", "block_sender", "auth", "content", "config", "inactive", "unknown"]
)
def test_what_is_not_the_addresss_fault_blocks_nobody(category):
    message = a_message(a_sent_mailing())
    it_happened(message, "bounce", category=category)

    fold()

    message.refresh_from_db()
    assert (message.reason, message.bounced_at) == (category, minutes(1))
    assert not Suppression.objects.exists()


def test_a_refusal_at_hand_over_keeps_its_own_state_and_reason():
    message = a_message(a_sent_mailing(), state="failed", reason="refused", answer="550 no")
    it_happened(message, "bounce", category="dead_address", detail="550 no such user")

    fold()

    message.refresh_from_db()
    assert (message.state, message.reason, message.answer) == ("failed", "refused", "550 no")
    assert message.bounced_at


def test_a_complaint_blocks_the_address_and_withdraws_consent():
    message = a_message(a_sent_mailing(), address="angry@example.org")
    it_happened(message, "complaint")

    fold()

    assert Suppression.objects.get().reason == "complained"
    assert message.mailing.counts.complained == 1


def test_who_leaves_and_comes_back_has_not_left():
    mailing = a_sent_mailing()
    ada, bob = a_message(mailing), a_message(mailing)
    for message in (ada, bob):
        leaving.note(left_through(message, after=60))
    leaving.note(left_through(bob, after=120, is_undone=True))
    leaving.note(left_through(ada, after=180))

    fold()

    ada.refresh_from_db()
    bob.refresh_from_db()
    assert (ada.unsubscribed_at, bob.unsubscribed_at) == (minutes(1), None)
    assert mailing.counts.unsubscribed == 1


@pytest.mark.parametrize("token", ["", "nonsense", tokens.make("open", 1, 1), tokens.make("click", 1, tokens.TEST)])
def test_who_leaves_through_no_message_of_ours_is_counted_nowhere(token):
    leaving.note(Left(address="a@example.org", channel="email", subscription_type_id=1, token=token, at=NOON))

    assert not Event.objects.exists()


def test_an_old_report_blocks_nobody():
    message = a_message(a_sent_mailing())
    it_happened(message, "bounce", category="dead_address", after=40 * 86400)

    fold()

    assert not Suppression.objects.exists()


def test_events_of_nobody_we_wrote_to_have_no_effect():
    mailing, other = a_sent_mailing(), a_sent_mailing()
    message = a_message(other)
    journal.record(
        [
            an_event("complaint", mailing=mailing.pk, message=message.pk),  # not a message of that mailing
            an_event("bounce", mailing=mailing.pk, message=message.pk + 999, category="dead_address"),
            an_event("open", mailing=999_999, message=999_999),
        ]
    )

    fold()

    assert not Suppression.objects.exists()
    assert not Counts.objects.exists()
    assert not Event.objects.filter(folded_at=None).exists()


def test_a_hit_waits_until_its_message_is_marked_as_sent():
    mailing = a_sent_mailing()
    message = a_message(mailing, state="pending", sent_at=None)
    it_happened(message, "click", after=1, link=1)
    fold()
    assert Event.objects.get().folded_at is None

    Message.objects.update(state="sent", sent_at=NOON)
    fold()

    assert Event.objects.get().reasons == ["at_once"]


def a_lively_mailing(seed: int) -> tuple[Mailing, list[journal.NewEvent]]:
    """A mailing and a shuffled heap of everything that may happen to forty messages."""
    dice = random.Random(seed)
    mailing = a_sent_mailing()
    events = []
    for message in [a_message(mailing, state=dice.choice(["sent", "sent", "failed"])) for _ in range(40)]:
        for _ in range(dice.randint(0, 8)):
            kind = dice.choice(
                ["open", "open", "click", "click", "click", "bounce", "complaint", "unsubscribe", "delivered"]
            )
            more = {"category": dice.choice(["dead_address", "full", "delayed"])} if kind == "bounce" else {}
            if kind in ("open", "click"):
                more["user_agent"] = dice.choice(["Firefox", "Firefox", "", "python-requests", "Mozilla/5.0"])
                more["method"] = dice.choice(["GET", "GET", "GET", "HEAD"])
                more["link"] = dice.randint(1, 4) if kind == "click" else None
            after = dice.choice([1, 30, 35, 3600]) + dice.randint(0, 5)
            events.append(an_event(kind, mailing=mailing.pk, message=message.pk, after=after, **more))
    dice.shuffle(events)
    return mailing, events


@pytest.mark.parametrize("seed", range(4))
def test_a_recount_gives_the_same_figures_whatever_the_portions_were(seed):
    mailing, events = a_lively_mailing(seed)
    for start in range(0, len(events), 17):
        journal.record(events[start : start + 17])
        while statistics.fold(now=LATER, limit=5):
            pass
    statistics.refresh(mailing, now=LATER)
    counted = everything(mailing)

    call_command("rebuild_statistics", str(mailing.pk), verbosity=0)

    assert everything(mailing) == counted
    people = Message.objects.filter(mailing=mailing)
    for name in statistics.PEOPLE:
        assert getattr(mailing.counts, name) == people.filter(**{f"{name}_at__isnull": False}).count()


def test_a_recount_does_not_block_again_what_was_released_by_hand():
    message = a_message(a_sent_mailing())
    it_happened(message, "bounce", category="dead_address")
    fold()
    Suppression.objects.all().delete()

    statistics.rebuild(message.mailing, now=LATER)

    assert not Suppression.objects.exists()


def test_folding_costs_the_same_queries_for_one_event_and_for_a_hundred(django_assert_max_num_queries):
    mailing = a_sent_mailing()
    messages = [a_message(mailing) for _ in range(100)]
    for message in messages:
        it_happened(message, "click", link=1)

    with django_assert_max_num_queries(24):
        assert statistics.fold(now=LATER) == 100


def test_states_add_up_to_the_audience():
    mailing = a_sent_mailing()
    for state, reason in [
        ("sent", ""),
        ("sent", ""),
        ("held", "no_consent"),
        ("failed", "refused"),
        ("unknown", "lost"),
    ]:
        a_message(mailing, state=state, reason=reason)
    it_happened(Message.objects.filter(state="sent").first(), "bounce", category="full")
    fold()

    counts = statistics.refresh(mailing, now=LATER)

    assert counts.states == {"sent": 2, "held": 1, "failed": 1, "unknown": 1}
    assert counts.reasons == {
        "sent": {"full": 1},
        "held": {"no_consent": 1},
        "failed": {"refused": 1},
        "unknown": {"lost": 1},
    }
    assert counts.returned == {"full": 1}
    assert counts.delivered == 1


def test_live_states_are_the_sum_of_the_tallies():
    mailing = a_sent_mailing()
    Tally.objects.create(mailing=mailing, at=NOON, pending=10, held=2)
    Tally.objects.create(mailing=mailing, at=NOON, pending=-4, sent=4)

    assert statistics.refresh(mailing, now=LATER).states == {"pending": 6, "held": 2, "sent": 4}


def test_counts_are_made_for_every_mailing_that_moves():
    going, drafted = a_sent_mailing(status="sending"), Mailing.objects.create(name="Draft")
    a_message(going)

    statistics.refresh_moving(now=LATER)

    assert going.counts.states == {"sent": 1}
    assert not Counts.objects.filter(mailing=drafted).exists()
    assert "mailing" in model_to_dict(going.counts)
