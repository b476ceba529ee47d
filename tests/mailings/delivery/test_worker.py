"""Handing a frozen audience over, chunk by chunk."""

import datetime as dt
import email
import itertools
import os
from collections.abc import Callable

import pytest

from consent import suppressions
from consent.models import Standing
from mailings import lifecycle
from mailings.channels.email import EmailChannel
from mailings.channels.smtp import Account
from mailings.delivery import chunks, domains, progress, worker
from mailings.delivery.journal import Journal
from mailings.models import Chunk, Guest, Happening, Mailing, Message, Tally
from recipients.models import CompanyAddress, EmailAddress, Person
from tests.conftest import NOON
from tests.consent.factories import consents, withdraws
from tests.mailings.delivery.factories import a_channel, a_started_mailing, count, states
from tests.mailings.factories import a_mailing, a_person, a_selection
from tests.mailings.peer import Peer, Script
from tracking import tokens
from tracking.models import Event

pytestmark = pytest.mark.django_db


def clock() -> dt.datetime:
    return NOON


def later(**time: float) -> Callable[[], dt.datetime]:
    return lambda: NOON + dt.timedelta(**time)


def work_all(mailing: Mailing, channel: EmailChannel, *, at: Callable[[], dt.datetime] = clock) -> int:
    numbers = Chunk.objects.filter(mailing=mailing).exclude(state="done").order_by("pk").values_list("pk", flat=True)
    return sum(worker.work(number, channel=channel, clock=at) for number in list(numbers))


def sums(mailing: Mailing) -> dict[str, int]:
    """The tally's totals without zeros."""
    rows = Tally.objects.filter(mailing=mailing).values()
    names = ("held", "pending", "sent", "deferred", "failed", "unknown", "cancelled")
    totals = {name: sum(row[name] for row in rows) for name in names}
    return {name: total for name, total in totals.items() if total}


def test_everybody_gets_it_once_and_the_mailing_is_finished(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(2_345)

    handed_over = work_all(mailing, channel)
    lifecycle.finish_done(now=NOON)
    mailing.refresh_from_db()

    assert handed_over == 2_345
    assert len(peer.letters) == 2_345
    assert peer.twice() == []
    assert mailing.status == "sent"
    assert sums(mailing) == count(mailing) == {"sent": 2_345}
    assert list(Chunk.objects.filter(mailing=mailing).values_list("state", flat=True)) == ["done"] * 3


def test_a_letter_carries_what_leads_back_to_it(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(1)
    message = Message.objects.get(mailing=mailing)

    work_all(mailing, channel)
    letter = peer.letters[0]

    assert tokens.read("bounce", letter.sender.partition("@")[0]) == (mailing.pk, message.pk)
    assert b"Reader 1" in letter.content
    assert tokens.make("click", mailing.pk, message.pk).encode() in letter.content
    assert tokens.make("open", mailing.pk, message.pk).encode() in letter.content.replace(b"=\r\n", b"")
    assert b"List-Unsubscribe: <http" in letter.content
    assert letter.message_id.count("@") == 1


def test_a_company_gets_it_at_its_own_address_and_nobody_holds_that_against_its_people(
    peer: Peer, channel: EmailChannel
) -> None:
    readers = a_selection()
    ada = a_person("ada@example.org", in_=readers, consents_to="newsletter", company="Bakery")
    CompanyAddress.objects.create(company=ada.company, address="brood@bakery.example", rank=1)
    consents("brood@bakery.example")
    mailing = a_mailing(to=readers, include_companies=True)
    lifecycle.start(mailing, by=None, now=NOON)

    work_all(mailing, channel)

    assert states(mailing) == {"ada@example.org": "sent", "brood@bakery.example": "sent"}


def test_a_guest_of_the_one_off_list_gets_it_unless_they_took_their_yes_back_meanwhile(
    peer: Peer, channel: EmailChannel
) -> None:
    mailing = a_mailing(subject="Dear [[customer.firstname]]")
    for name in ("ada", "left"):
        consents(f"{name}@example.org")
        Guest.objects.create(mailing=mailing, address=f"{name}@example.org", first_name=name.title())
    lifecycle.start(mailing, by=None, now=NOON)
    withdraws("left@example.org", now=NOON + dt.timedelta(minutes=1))

    work_all(mailing, channel, at=later(minutes=2))

    assert states(mailing) == {"ada@example.org": "sent", "left@example.org": "held"}
    (letter,) = peer.letters
    assert b"Subject: Dear Ada" in letter.content


def test_a_chunk_told_twice_is_worked_once(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(10)
    number = Chunk.objects.get(mailing=mailing).pk

    handed_over = [worker.work(number, channel=channel, clock=clock) for _ in range(3)]

    assert handed_over == [10, 0, 0]
    assert len(peer.letters) == 10


def test_what_the_server_says_stands_on_the_row() -> None:
    script = Script(
        at_rcpt={"r2@example.org": "550 5.1.1 no such user", "r3@example.org": "450 4.2.0 greylisted"},
        at_end={"r4@example.org": "take and drop"},
    )
    with Peer(script) as peer:
        channel = a_channel(peer, connections=1)
        mailing = a_started_mailing(5)
        work_all(mailing, channel)
        channel.close()

    rows = {row.address: row for row in Message.objects.filter(mailing=mailing)}
    assert {address: (row.state, row.reason) for address, row in rows.items()} == {
        "r1@example.org": ("sent", ""),
        "r2@example.org": ("failed", "dead_address"),
        "r3@example.org": ("deferred", "temporary"),
        "r4@example.org": ("unknown", "no_answer"),
        "r5@example.org": ("sent", ""),
    }
    assert rows["r2@example.org"].answer == "550 5.1.1 no such user"
    assert rows["r3@example.org"].not_before is not None
    assert NOON + dt.timedelta(minutes=4) <= rows["r3@example.org"].not_before <= NOON + dt.timedelta(minutes=6)
    assert sums(mailing) == count(mailing)


def test_the_figures_per_domain_and_per_reason_are_those_of_the_rows() -> None:
    script = Script(
        at_rcpt={
            "r2@example.org": "550 5.1.1 no such user",
            "r3@example.org": "450 4.2.0 greylisted",
            "r4@example.org": "550 5.7.1 blocked using a list",
        },
        at_end={"r5@example.org": "take and drop"},
    )
    with Peer(script) as peer:
        channel = a_channel(peer, connections=1)
        mailing = a_started_mailing(7)
        work_all(mailing, channel)
        script.at_rcpt = {}
        chunks.cut_retries(mailing.pk, now=NOON + dt.timedelta(minutes=7))
        work_all(mailing, channel, at=later(minutes=7))
        channel.close()

    domain = domains.of(mailing.pk)[0]
    assert (domain.name, domain.people, domain.sent, domain.deferred, domain.failed) == ("example.org", 7, 4, 0, 2)
    assert (domain.dead, domain.refused, domain.other, domain.waiting) == (1, 1, 1, 0)
    assert {one.reason: one.people for one in progress.refused(mailing)} == {"dead_address": 1, "block_sender": 1}


def test_a_refusal_on_the_wire_is_a_bounce_like_one_that_comes_back() -> None:
    with Peer(Script(at_rcpt={"r1@example.org": "550 5.1.1 no such user"})) as peer:
        channel = a_channel(peer)
        mailing = a_started_mailing(2)
        work_all(mailing, channel)
        channel.close()

    event = Event.objects.get(mailing=mailing.pk)
    assert (event.kind, event.category, event.detail) == ("bounce", "dead_address", "550 5.1.1 no such user")


def test_not_now_is_tried_again_when_its_time_has_come(peer: Peer, channel: EmailChannel) -> None:
    peer.script.at_rcpt = {"r2@example.org": "450 4.2.0 greylisted"}
    mailing = a_started_mailing(3)
    work_all(mailing, channel)
    peer.script.at_rcpt = {}

    too_early = chunks.cut_retries(mailing.pk, now=NOON + dt.timedelta(minutes=1))
    in_time = chunks.cut_retries(mailing.pk, now=NOON + dt.timedelta(minutes=7))
    again = chunks.cut_retries(mailing.pk, now=NOON + dt.timedelta(minutes=7))
    unfinished = lifecycle.finish_done(now=NOON)
    work_all(mailing, channel, at=later(minutes=7))
    finished = lifecycle.finish_done(now=NOON)

    assert (too_early, in_time, again) == (0, 1, 0)
    assert (unfinished, finished) == ([], [mailing.pk])
    assert sums(mailing) == count(mailing) == {"sent": 3}
    assert len(peer.letters) == 3


def test_after_three_days_of_not_now_a_message_has_failed(peer: Peer, channel: EmailChannel) -> None:
    peer.script.at_rcpt = {"r1@example.org": "450 4.2.0 greylisted"}
    mailing = a_started_mailing(1)
    work_all(mailing, channel)
    hours = 0
    while states(mailing) == {"r1@example.org": "deferred"}:
        hours += 1
        chunks.cut_retries(mailing.pk, now=NOON + dt.timedelta(hours=hours))
        work_all(mailing, channel, at=later(hours=hours))

    message = Message.objects.get(mailing=mailing)
    assert (message.state, message.reason) == ("failed", "gave_up")
    assert 60 <= hours <= 96
    assert sums(mailing) == {"failed": 1}


def test_one_poisoned_row_of_many_fails_alone(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(200)
    poisoned = Message.objects.filter(mailing=mailing)[99]
    poisoned.data["customer.firstname"] = "bell \x07 and no mail can carry it"
    poisoned.save()

    work_all(mailing, channel)

    poisoned.refresh_from_db()
    assert (poisoned.state, poisoned.reason) == ("failed", "render_error")
    assert "customer.firstname" in poisoned.answer
    assert count(mailing) == {"sent": 199, "failed": 1}


def test_who_left_after_the_freeze_is_held_at_hand_over(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(3)
    suppressions.add("email", "r2@example.org", "unsubscribed", evidence={}, actor="self", now=NOON)

    work_all(mailing, channel)

    assert states(mailing) == {"r1@example.org": "sent", "r2@example.org": "held", "r3@example.org": "sent"}
    assert Message.objects.get(mailing=mailing, address="r2@example.org").reason == "unsubscribed"
    assert sums(mailing) == {"sent": 2, "held": 1}


def test_the_law_is_asked_again_at_hand_over_about_the_country_as_it_is_then(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(3)
    Person.objects.filter(email_addresses__address="r2@example.org").update(country="DE")

    work_all(mailing, channel)

    assert states(mailing) == {"r1@example.org": "sent", "r2@example.org": "held", "r3@example.org": "sent"}
    assert Message.objects.get(mailing=mailing, address="r2@example.org").reason == "confirm_needed"


def test_an_address_that_changed_after_the_freeze_is_held_at_hand_over(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(3)
    EmailAddress.objects.filter(address="r2@example.org").update(address="new@example.org")

    work_all(mailing, channel)

    assert states(mailing) == {"r1@example.org": "sent", "r2@example.org": "held", "r3@example.org": "sent"}
    assert Message.objects.get(mailing=mailing, address="r2@example.org").reason == "address_changed"


def test_consent_that_runs_out_between_freeze_and_hand_over_holds_the_message(
    peer: Peer, channel: EmailChannel
) -> None:
    mailing = a_started_mailing(2)
    Standing.objects.filter(address="r1@example.org").update(explicit_until=NOON + dt.timedelta(seconds=1))

    work_all(mailing, channel, at=later(seconds=2))

    assert states(mailing) == {"r1@example.org": "held", "r2@example.org": "sent"}
    assert Message.objects.get(mailing=mailing, address="r1@example.org").reason == "expired"


def test_a_mailing_about_an_order_goes_to_who_unsubscribed_and_says_nothing_of_a_list(
    peer: Peer, channel: EmailChannel
) -> None:
    readers = a_selection()
    a_person("left@example.org", in_=readers)
    a_person("info@example.org", in_=readers)
    a_person("dead@example.org", in_=readers)
    suppressions.add("email", "left@example.org", "unsubscribed", evidence={}, actor="self", now=NOON)
    suppressions.add("email", "dead@example.org", "hard_bounce", evidence={}, actor="system", now=NOON)
    draft = a_mailing(to=readers, message_class="transactional", subscription_type=None)
    mailing = lifecycle.start(draft, by=None, now=NOON)

    work_all(mailing, channel)

    assert states(mailing) == {"left@example.org": "sent", "info@example.org": "sent", "dead@example.org": "held"}
    sent = email.message_from_bytes(peer.letters[0].content)
    assert not {"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"} & set(sent.keys())
    assert "nsubscribe" not in str(sent)


def test_a_paused_mailing_hands_nothing_over_and_goes_on_where_it_was(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(1_500)
    first, second = Chunk.objects.filter(mailing=mailing).order_by("pk")
    worker.work(first.pk, channel=channel, clock=clock)
    lifecycle.pause(mailing, by=None, now=NOON)

    handed_over_while_paused = worker.work(second.pk, channel=channel, clock=clock)
    lifecycle.resume(mailing, by=None, now=NOON)
    worker.work(second.pk, channel=channel, clock=clock)

    assert handed_over_while_paused == 0
    assert len(peer.letters) == 1_500
    assert peer.twice() == []


def test_a_pause_in_the_middle_of_a_chunk_stops_it_and_gives_it_back(peer: Peer, channel: EmailChannel) -> None:
    peer.script.delay = 0.02
    mailing = a_started_mailing(400)
    chunk = Chunk.objects.get(mailing=mailing)

    def pausing_clock() -> dt.datetime:
        if len(peer.letters) > 20 and Mailing.objects.get(pk=mailing.pk).status == "sending":
            lifecycle.pause(mailing, by=None, now=NOON)
        return NOON

    handed_over = worker.work(chunk.pk, channel=channel, clock=pausing_clock)
    peer.script.delay = 0
    chunk.refresh_from_db()
    waiting = count(mailing)["pending"]
    lifecycle.resume(mailing, by=None, now=NOON)
    work_all(mailing, channel)

    assert 20 < handed_over < 400
    assert chunk.state == "waiting"
    assert waiting == 400 - handed_over
    assert len(peer.letters) == 400
    assert peer.twice() == []


def test_a_cancelled_mailing_accounts_for_everybody(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(1_500)
    worker.work(Chunk.objects.filter(mailing=mailing).earliest("pk").pk, channel=channel, clock=clock)

    lifecycle.cancel(mailing, by=None, now=NOON)
    work_all(mailing, channel)

    assert len(peer.letters) == 1_000
    assert sums(mailing) == count(mailing) == {"sent": 1_000, "cancelled": 500}
    assert not Chunk.objects.filter(mailing=mailing).exclude(state="done").exists()


def test_a_server_that_is_away_costs_nobody_anything(channel: EmailChannel, peer: Peer) -> None:
    mailing = a_started_mailing(30)
    port = peer.port
    peer.close()

    handed_over = work_all(mailing, channel)
    chunk = Chunk.objects.get(mailing=mailing)
    with Peer(port=port) as successor:
        too_early = work_all(mailing, channel)
        in_time = work_all(mailing, channel, at=later(minutes=1))
        letters = len(successor.letters)

    assert (handed_over, too_early, in_time, letters) == (0, 0, 30, 30)
    assert chunk.state == "waiting"
    assert chunk.not_before is not None
    assert Happening.objects.filter(mailing=mailing, kind="server_away").count() == 1


def test_a_refused_login_pauses_the_mailing_and_says_why(peer: Peer) -> None:
    peer.script.login = ("ada", "secret")
    mailing = a_started_mailing(3)
    account = Account("127.0.0.1", peer.port, user="ada", password="wrong")
    channel = EmailChannel(account, hello="test.example")
    work_all(mailing, channel)
    channel.close()
    mailing.refresh_from_db()

    assert mailing.status == "paused"
    assert "535" in Happening.objects.get(mailing=mailing, kind="paused").detail["why"]
    assert count(mailing) == {"pending": 3}


def test_a_message_under_which_every_connection_breaks_waits_like_a_refused_one(
    peer: Peer, channel: EmailChannel
) -> None:
    peer.script.at_data = {"r3@example.org": "drop"}
    mailing = a_started_mailing(12)

    work_all(mailing, channel)

    assert count(mailing) == {"sent": 11, "deferred": 1}
    assert states(mailing)["r3@example.org"] == "deferred"
    assert peer.twice() == []


def abandoned(mailing: Mailing) -> tuple[chunks.Claim, Journal]:
    """A chunk whose worker began and died: the claim and the journal it leaves."""
    claim = chunks.claim(Chunk.objects.get(mailing=mailing).pk, now=NOON)
    assert claim
    chunks.extend(claim, batch=list(Message.objects.filter(mailing=mailing).values_list("pk", flat=True)))
    return claim, Journal.create(claim.journal)


def test_a_dead_workers_journal_says_who_is_not_to_be_sent_again(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(6)
    numbers = list(Message.objects.filter(mailing=mailing).order_by("pk").values_list("pk", flat=True))
    _, journal = abandoned(mailing)
    for line in (b"+%d\n" % numbers[0], b"=%d\n" % numbers[0], b"+%d\n" % numbers[1], b"+%d" % numbers[2]):
        os.write(journal._file, line)
    journal.close()

    forsaken = chunks.forsaken(now=NOON)
    work_all(mailing, channel)

    assert forsaken == [Chunk.objects.get(mailing=mailing).pk]
    assert states(mailing) == {
        "r1@example.org": "sent",
        "r2@example.org": "unknown",
        **{f"r{number}@example.org": "sent" for number in range(3, 7)},
    }
    assert peer.recipients() == [f"r{number}@example.org" for number in range(3, 7)]
    assert sums(mailing) == count(mailing)


def test_a_living_worker_is_not_overtaken(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(6)
    _, journal = abandoned(mailing)
    Chunk.objects.update(lease_until=NOON - dt.timedelta(days=365))

    assert chunks.forsaken(now=NOON) == [Chunk.objects.get(mailing=mailing).pk]
    assert work_all(mailing, channel) == 0
    journal.close()


def test_a_machine_lost_with_its_journal_leaves_its_batch_unknown_once_the_lease_is_out(
    peer: Peer, channel: EmailChannel
) -> None:
    mailing = a_started_mailing(6)
    claim, journal = abandoned(mailing)
    numbers = list(Message.objects.filter(mailing=mailing).order_by("pk").values_list("pk", flat=True))
    chunks.extend(claim, batch=numbers[:2])
    journal.remove()

    before = work_all(mailing, channel)
    Chunk.objects.update(lease_until=NOON - dt.timedelta(days=365))
    work_all(mailing, channel)

    assert before == 0
    assert count(mailing) == {"unknown": 2, "sent": 4}
    assert Message.objects.get(pk=numbers[0]).reason == "node_lost"
    assert len(peer.letters) == 4


def test_a_journal_from_before_a_power_cut_is_believed_only_in_what_it_says(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(4)
    numbers = list(Message.objects.filter(mailing=mailing).order_by("pk").values_list("pk", flat=True))
    claim, journal = abandoned(mailing)
    chunks.extend(claim, batch=numbers[:3])
    journal.close()
    claim.journal.write_bytes(b"#another boot\n+%d\n=%d\n" % (numbers[0], numbers[0]))

    work_all(mailing, channel)

    assert count(mailing) == {"sent": 2, "unknown": 2}
    assert states(mailing)["r1@example.org"] == "sent"
    assert peer.recipients() == ["r4@example.org"]


def test_who_was_overtaken_sends_nothing_more(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(4)
    claim, journal = abandoned(mailing)
    Chunk.objects.update(attempts=claim.attempt + 1)  # somebody else has it now

    shift = worker.Shift(claim, channel, journal, clock)
    shift.run()
    journal.close()

    assert peer.letters == []


def test_a_disk_without_room_sends_nothing_and_says_so(
    peer: Peer, channel: EmailChannel, settings: object, tmp_path: os.PathLike[str]
) -> None:
    mailing = a_started_mailing(4)
    settings.JOURNAL_DIR = "/dev/full"  # type: ignore[attr-defined]

    handed_over = work_all(mailing, channel)

    assert handed_over == 0
    assert peer.letters == []
    assert Happening.objects.filter(mailing=mailing, kind="no_room").exists()
    assert Chunk.objects.get(mailing=mailing).state == "waiting"


def test_journals_whose_tale_is_told_are_removed(peer: Peer, channel: EmailChannel) -> None:
    mailing = a_started_mailing(4)
    claim, journal = abandoned(mailing)
    chunks.put_back(claim)
    journal.close()

    assert chunks.sweep() == 1
    assert not claim.journal.exists()


@pytest.mark.parametrize(("of_type", "window"), [("email", chunks.WINDOW), ("document", chunks.PRINTING)])
def test_a_mailing_shows_the_broker_no_more_chunks_than_its_window(of_type: str, window: int) -> None:
    mailing = a_started_mailing(3)
    Mailing.objects.update(type=of_type)
    Chunk.objects.filter(mailing=mailing).delete()
    Chunk.objects.bulk_create([Chunk(mailing=mailing, first=number, last=number) for number in range(40)])

    first = chunks.issue(now=NOON)
    second = chunks.issue(now=NOON)
    after_a_while = chunks.issue(now=NOON + dt.timedelta(minutes=1))

    assert len(first) == window
    assert second == []
    assert after_a_while == first, "nobody took them: the broker may have lost them"


@pytest.mark.parametrize("step", [dt.timedelta(hours=-3), dt.timedelta(hours=3), dt.timedelta(days=400)])
def test_a_clock_that_jumps_while_sending_sends_to_nobody_twice(step: dt.timedelta, peer: Peer) -> None:
    mailing = a_started_mailing(60)
    channel = a_channel(peer, connections=1)
    moments = itertools.cycle([NOON, NOON + step])

    for number in Chunk.objects.filter(mailing=mailing).values_list("pk", flat=True):
        worker.work(number, channel=channel, clock=lambda: next(moments))
    channel.close()

    assert count(mailing) == {"sent": 60}
    assert len(peer.letters) == 60


@pytest.mark.parametrize(
    "night",
    [dt.datetime(2026, 10, 25, 0, 58, tzinfo=dt.UTC), dt.datetime(2027, 3, 28, 0, 58, tzinfo=dt.UTC)],
    ids=["an hour twice", "an hour missing"],
)
def test_on_the_night_the_clock_changes_not_now_still_means_five_minutes(night: dt.datetime) -> None:
    with Peer(Script(at_rcpt={"r1@example.org": "450 4.2.0 later"})) as peer:
        mailing = a_started_mailing(1)
        channel = a_channel(peer)
        for number in Chunk.objects.filter(mailing=mailing).values_list("pk", flat=True):
            worker.work(number, channel=channel, clock=lambda: night)
        channel.close()

    wait = Message.objects.get(mailing=mailing).not_before - night
    assert dt.timedelta(minutes=4) <= wait <= dt.timedelta(minutes=6)
