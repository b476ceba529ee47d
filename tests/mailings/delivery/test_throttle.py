"""Limits on speed: exact in every minute, however many workers; learned from "slow down"; nobody waits in place."""

import datetime as dt
import random
import threading
import time
from collections.abc import Callable

import pytest

from mailings import lifecycle
from mailings.delivery import throttle, worker
from mailings.delivery.throttle import Bucket, Limits
from mailings.models import Chunk, GroupLimit, Happening, Mailing, Message, SendingAccount, SendingPolicy, Tally
from tests.conftest import NOON
from tests.mailings.delivery.factories import a_channel, a_crowd, a_started_mailing, count, states
from tests.mailings.factories import a_mailing
from tests.mailings.peer import Peer, Script

MINUTE = 60.0


@pytest.fixture(autouse=True)
def _empty_buckets(db: None) -> None:
    client = throttle._client()
    for key in client.scan_iter(f"{throttle._key()}*"):
        client.delete(key)
    throttle.forget()


def a_limit(per_minute: float, *, group: str = "") -> Limits:
    name = f"test{random.randrange(10**12)}"
    bucket = Bucket(throttle._key(name), per_minute)
    return Limits(1, groups={group: bucket}) if group else Limits(1, own=bucket)


def most_in_a_minute(moments: list[float]) -> int:
    """The most moments in any half-open window of sixty seconds."""
    moments = sorted(moments)
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= MINUTE:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("per_minute", [1, 7, 60, 600, 2_000])
@pytest.mark.parametrize("workers", [1, 5])
def test_in_no_minute_wherever_it_begins_do_more_leave_than_the_limit(per_minute: int, workers: int) -> None:
    limits = a_limit(per_minute)
    dice = random.Random(per_minute * workers)
    clocks = [1_000_000.0 + dice.random() for _ in range(workers)]
    left: list[float] = []

    while (now := min(clocks)) < 1_000_000 + 150:
        who = clocks.index(now)
        given = limits.take("", most=1_000, now=now)
        left += [now] * given.tokens
        busy = 3.0 if dice.random() < 0.002 else dice.choice([0.0, 0.0, 0.001])
        pause = busy if given.tokens else given.wait
        clocks[who] = now + pause + 1e-4

    assert most_in_a_minute(left) <= per_minute
    assert len(left) >= 0.8 * per_minute * 2, "and the limit is used"


def test_a_flushed_redis_gives_nothing_away() -> None:
    limits = a_limit(600)
    left = []
    for step in range(3_000):
        now = 1_000_000 + step / 10
        if step % 300 == 299:
            throttle._client().delete(limits.own.key)
        left += [now] * limits.take("", most=100, now=now).tokens

    assert most_in_a_minute(left) <= 600
    assert len(left) > 2_000


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    limits = a_limit(60)
    for step in range(120):
        limits.take("", now=1_000_000.0 + step)

    assert [limits.take("", now=1_000_000.0 + step).tokens for step in (10, 20, 30)] == [0, 0, 0]


def test_real_threads_by_the_servers_own_clock_share_one_limit() -> None:
    limits = a_limit(1_200)
    given: list[int] = []
    begun = time.monotonic()

    def take() -> None:
        while time.monotonic() - begun < 2.0:
            given.append(limits.take("", most=100).tokens)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    took = time.monotonic() - begun

    assert sum(given) <= limits.own.rate * took + 1
    assert sum(given) >= limits.own.rate


def test_all_buckets_of_a_message_give_or_none_does() -> None:
    both = Limits(1, own=a_limit(6_000).own, groups={"google": Bucket(throttle._key(f"g{random.random()}"), 1)})
    start = 1_000_000.0
    both.take("google", now=start), both.take("microsoft", now=start)

    later = [both.take("google", now=start + 61).tokens, both.take("google", now=start + 62).tokens]
    others = both.take("microsoft", now=start + 62).tokens

    assert later == [1, 0]
    assert others >= 1


@pytest.mark.parametrize(
    ("days", "expected"), [(-1, 100), (0, 100), (1, 150), (2, 225), (3, 337), (10, 1_000), (4_000, 1_000)]
)
def test_a_warm_up_grows_by_a_factor_a_day_until_the_limit(days: int, expected: int) -> None:
    account = SendingAccount(per_day=1_000, warm_up_from=NOON.date(), warm_up_first=100, warm_up_growth=1.5)

    assert throttle.warmed_up(account, NOON.date() + dt.timedelta(days=days)) == expected


# through a worker


def work(mailing: Mailing, peer: Peer, *, at: Callable[[], dt.datetime] = lambda: NOON) -> int:
    channel = a_channel(peer, connections=2)
    numbers = Chunk.objects.filter(mailing=mailing).exclude(state="done").order_by("pk").values_list("pk", flat=True)
    try:
        return sum(worker.work(number, channel=channel, clock=at) for number in list(numbers))
    finally:
        channel.close()


def an_account(**values: object) -> SendingAccount:
    return SendingAccount.objects.create(name="House", options={"host": "h"}, **values)


def test_a_mailing_whose_account_is_full_rests_and_nobody_is_lost(peer: Peer) -> None:
    mailing = a_started_mailing(50, account=an_account(per_minute=600))

    first = work(mailing, peer)
    resting = Mailing.objects.get(pk=mailing.pk)
    throttle.limits_of(mailing.account_id, now=NOON).take("", most=1)
    time.sleep(1.1)
    second = work(mailing, peer, at=lambda: NOON + dt.timedelta(seconds=2))

    assert first <= 2
    assert resting.rests_because == "throttle"
    assert NOON + dt.timedelta(seconds=1) <= resting.rests_until <= NOON + dt.timedelta(seconds=2)
    assert 5 <= second <= 15
    assert count(mailing) == {"sent": first + second, "pending": 50 - first - second}
    assert peer.twice() == []


def test_a_receiving_side_that_is_full_does_not_hold_up_the_others(peer: Peer) -> None:
    mailing = lifecycle.start(a_mailing(to=[a_crowd(15), a_crowd(5, domain="gmail.com")]), by=None, now=NOON)
    GroupLimit.objects.create(account=None, group="google", per_minute=1)

    sent = work(mailing, peer)
    chunk = Chunk.objects.get(mailing=mailing)

    found = {(address.partition("@")[2], state) for address, state in states(mailing).items()}
    assert sent == 15
    assert found == {("gmail.com", "pending"), ("example.org", "sent")}
    assert chunk.state == "waiting"
    assert chunk.not_before is not None
    assert chunk.not_before > NOON


def test_a_full_day_rests_until_midnight_and_a_forgotten_counter_is_counted_anew(peer: Peer) -> None:
    mailing = a_started_mailing(12, account=an_account(per_day=5))

    first = work(mailing, peer)
    resting = Mailing.objects.get(pk=mailing.pk)
    throttle._client().delete(throttle._key("day", mailing.account_id, "2026-11-23"))
    Mailing.objects.update(rests_until=None)
    again = work(mailing, peer)
    tomorrow = work(mailing, peer, at=lambda: NOON + dt.timedelta(days=1))

    assert (first, again) == (5, 0)
    assert resting.rests_because == "day"
    assert resting.rests_until == dt.datetime(2026, 11, 23, 23, 0, tzinfo=dt.UTC)  # midnight in Amsterdam
    Mailing.objects.update(rests_until=None)
    throttle.forget()
    assert tomorrow + work(mailing, peer, at=lambda: NOON + dt.timedelta(days=1)) == 5


def test_the_house_has_a_limit_of_its_own(peer: Peer) -> None:
    SendingPolicy.objects.create(pk=1, per_minute=60)

    assert work(a_started_mailing(30), peer) <= 3


def test_slow_down_halves_and_going_well_raises_slowly() -> None:
    account = an_account(per_minute=600)
    later = NOON + dt.timedelta(minutes=2)

    halved = throttle.lower(account.pk, "google", "421 4.7.28 slow down", observed=400, now=NOON)
    at_once = throttle.lower(account.pk, "google", "421 4.7.28 slow down", observed=400, now=NOON)
    again = throttle.lower(
        account.pk, "google", "421 4.7.28 slow down", observed=400, now=NOON + dt.timedelta(seconds=11)
    )
    learned = [GroupLimit.objects.get().learned]
    for minute in range(1, 12):
        throttle.raise_slowly(account.pk, "google", now=later + dt.timedelta(minutes=2 * minute))
        throttle.raise_slowly(account.pk, "google", now=later + dt.timedelta(minutes=2 * minute))
        learned.append(GroupLimit.objects.get().learned)

    assert (halved, at_once, again) == (200, None, 100)
    assert learned[0] == 100
    assert learned[1] == pytest.approx(110)
    assert learned[2] == pytest.approx(121)
    for _ in range(10):
        later += dt.timedelta(hours=1)
        throttle.raise_slowly(account.pk, "google", now=later)
    assert GroupLimit.objects.get().learned is None, "what was learned is forgotten where the rise ends"


def test_a_worker_that_hears_slow_down_slows_that_side_down_and_says_so() -> None:
    script = Script(
        at_rcpt={"r2@example.org": "450 4.7.28 unusual rate of mail", "r3@example.org": "450 4.2.0 greylisted"}
    )
    with Peer(script) as peer:
        mailing = a_started_mailing(30)
        work(mailing, peer)

    limit = GroupLimit.objects.get()
    assert (limit.account, limit.group) == (None, "example.org")
    assert limit.learned is not None
    assert limit.answer == "450 4.7.28 unusual rate of mail"
    assert Happening.objects.get(mailing=mailing, kind="slowed").detail["group"] == "example.org"


@pytest.mark.parametrize(
    ("code", "answer", "expected"),
    [
        (421, "421 try later", True),
        (450, "450 4.7.28 unusual rate", True),
        (451, "451 4.7.0 temporary", True),
        (450, "450 4.2.0 greylisted", False),
        (550, "550 5.7.1 blocked", False),
        (452, "452 4.2.2 mailbox full", False),
    ],
)
def test_what_asks_for_less(code: int, answer: str, expected: bool) -> None:
    assert throttle.is_slow_down(code, answer) is expected


def test_rows_whose_time_has_not_come_are_not_marked_with_their_neighbours(peer: Peer) -> None:
    mailing = a_started_mailing(10)
    later = NOON + dt.timedelta(hours=1)
    waiting = list(Message.objects.filter(mailing=mailing).order_by("pk").values_list("pk", flat=True)[3:6])
    Message.objects.filter(pk__in=waiting).update(not_before=later)

    sent = work(mailing, peer)

    assert sent == len(peer.letters) == 7
    assert count(mailing) == {"sent": 7, "pending": 3}
    assert set(Message.objects.filter(pk__in=waiting).values_list("state", flat=True)) == {"pending"}


def test_a_mailing_without_limits_never_asks_redis(peer: Peer) -> None:
    class NoRedis(Limits):
        def take(self, *args: object, **more: object) -> throttle.Given:
            raise AssertionError("asked Redis")

    throttle._known[None] = (time.monotonic() + 60, NoRedis(None))

    assert work(a_started_mailing(300), peer) == 300
    assert Tally.objects.exists()
