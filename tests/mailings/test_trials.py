"""An A/B test from freezing to the rest: even, repeatable, decided once, nobody left out and nobody twice."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest

from mailings import audience, breakdowns, compiling, editions, lifecycle, preflight, trials
from mailings.delivery import chunks
from mailings.models import Chunk, Guest, Mailing, Trial
from mailings.trials import WAITS
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author
from tracking.models import Link

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sender(settings):
    settings.POSTAL_ADDRESS = "Havenstraat 14\n3024 SC Rotterdam"


def a_test(people: int = 40, *, about: str = "subject", **rules: Any) -> Mailing:
    readers = a_selection()
    for number in range(people):
        a_person(in_=readers, email=f"p{number}@example.org", consents_to="newsletter")
    mailing = a_mailing(to=readers)
    trials.begin(mailing, about)
    (variant,) = editions.of(mailing)
    Mailing.with_editions.filter(pk=variant.pk).update(subject="Soup!", from_name="Joost")
    Trial.objects.filter(mailing=mailing.pk).update(**({"share": 50, "hours": 4, "seed": 5} | rules))
    return mailing


def started(mailing: Mailing) -> Mailing:
    return lifecycle.start(mailing, by=an_author(), now=NOON)


def parts(mailing: Mailing) -> Counter[int]:
    return Counter(mailing.messages.values_list("edition", flat=True))


def sent(mailing: Mailing, **clicked: int) -> None:
    """The test was handed over, and so many of each variant clicked."""
    tested = mailing.messages.exclude(edition=WAITS)
    tested.update(state="sent", sent_at=NOON)
    for letter, people in clicked.items():
        some = tested.filter(edition="ab".index(letter)).order_by("pk").values_list("pk", flat=True)[:people]
        mailing.messages.filter(pk__in=list(some)).update(clicked_at=NOON)
    Chunk.objects.filter(mailing=mailing).update(state="done", rows_left=0)


def decided(mailing: Mailing, *, hours: int = 4) -> Trial:
    trials.due(now=NOON)
    at = NOON + dt.timedelta(hours=hours)
    for number in trials.due(now=at):
        trials.decide(number, now=at)
    return Trial.objects.get(mailing=mailing.pk)


def test_the_test_is_split_evenly_and_the_others_wait():
    mailing = started(a_test(41, share=50))

    assert parts(mailing) == {0: 11, 1: 10, WAITS: 20}
    assert set(mailing.messages.values_list("state", flat=True)) == {"pending"}


def test_the_same_seed_draws_the_same_people():
    mailing = started(a_test(40))
    first = dict(mailing.messages.values_list("address", "edition"))

    lifecycle.undo(mailing, by=an_author(), now=NOON)
    started(mailing)

    assert dict(mailing.messages.values_list("address", "edition")) == first


def test_no_chunk_is_cut_for_who_waits():
    mailing = started(a_test(40))

    assert sum(Chunk.objects.filter(mailing=mailing).values_list("rows_left", flat=True)) == 20
    assert chunks.cut_left_over(mailing.pk, now=NOON) == 0


def test_a_mailing_whose_others_wait_is_not_finished():
    mailing = started(a_test(40))
    sent(mailing)

    assert lifecycle.finish_done(now=NOON) == []


def test_what_wins_goes_to_everybody_who_waited_and_to_nobody_twice():
    mailing = started(a_test(400))
    sent(mailing, a=5, b=40)

    trial = decided(mailing)

    assert trial.winner == 1
    assert parts(mailing) == {0: 100, 1: 300}
    waiting = mailing.messages.filter(state="pending")
    assert (waiting.count(), waiting.filter(not_before=None).count()) == (200, 200)
    assert chunks.cut_left_over(mailing.pk, now=NOON) == 1
    assert trial.scores == {"0": [100, 5], "1": [100, 40]}


def test_a_difference_that_may_be_chance_makes_no_winner_and_each_goes_to_an_equal_part():
    mailing = started(a_test(400))
    sent(mailing, a=9, b=12)

    trial = decided(mailing)

    assert trial.winner is None
    assert trial.decided_at is not None
    assert parts(mailing) == {0: 200, 1: 200}


def test_when_somebody_wants_to_choose_it_waits_until_they_do():
    mailing = started(a_test(400, otherwise="ask"))
    sent(mailing, a=9, b=12)
    trial = decided(mailing)
    assert trial.decided_at is None
    assert trials.due(now=NOON + dt.timedelta(days=9)) == []

    trials.choose(mailing, 0, by=an_author(), now=NOON)

    assert parts(mailing) == {0: 300, 1: 100}
    with pytest.raises(trials.CannotTest):
        trials.choose(mailing, 1, by=an_author(), now=NOON)


def test_nothing_is_decided_before_its_time_or_while_the_test_is_being_sent():
    mailing = started(a_test(400))
    assert trials.due(now=NOON + dt.timedelta(days=1)) == []
    sent(mailing, a=0, b=90)

    assert decided(mailing, hours=3).decided_at is None
    assert decided(mailing, hours=5).winner == 1


def test_told_twice_it_is_decided_once():
    mailing = started(a_test(400))
    sent(mailing, a=5, b=40)
    decided(mailing)

    assert trials.decide(mailing.pk, now=NOON + dt.timedelta(hours=9)) is False


def test_without_a_judge_everybody_gets_one_of_them_at_once():
    mailing = started(a_test(40, judge="nobody", share=10))

    assert parts(mailing) == {0: 20, 1: 20}
    sent(mailing)
    assert lifecycle.finish_done(now=NOON) == [mailing.pk]


def test_who_joins_later_waits_with_the_others_and_then_gets_what_won():
    mailing = started(a_test(400))
    late = a_person(in_=mailing.sources.get().selection, email="late@example.org", consents_to="newsletter")
    audience.add_people(mailing, [late.pk], now=NOON)
    assert mailing.messages.get(person=late).edition == WAITS
    sent(mailing, a=5, b=40)
    decided(mailing)
    later = a_person(in_=mailing.sources.get().selection, email="later@example.org", consents_to="newsletter")

    audience.add_people(mailing, [later.pk], now=NOON)

    assert mailing.messages.get(person=late).edition == 1
    assert mailing.messages.get(person=later).edition == 1


def test_who_is_on_a_one_off_list_is_drawn_too():
    mailing = a_test(0)
    Guest.objects.bulk_create(Guest(mailing=mailing, address=f"g{n}@example.org") for n in range(20))
    Mailing.objects.filter(pk=mailing.pk).update(message_class="transactional")
    mailing.refresh_from_db()

    started(mailing)

    assert parts(mailing) == {0: 5, 1: 5, WAITS: 10}


def test_only_what_is_tested_differs():
    mailing = a_test(2, about="sender")
    Mailing.objects.filter(pk=mailing.pk).update(subject="New words")

    (variant,) = editions.of(Mailing.objects.get(pk=mailing.pk))

    assert (variant.subject, variant.from_name) == ("New words", "Joost")


def test_variants_of_a_subject_share_their_links():
    mailing = a_test(2)

    compiling.compile_mailing(mailing)

    assert sorted(Link.objects.filter(mailing=mailing.pk).values_list("number", flat=True)) == list(
        range(1, 1 + Link.objects.filter(mailing=mailing.pk).count())
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"subject": "See the workshop from the inside", "preheader": "Doors open at two"}, "trial_same"),
        ({"subject": ""}, "subject_missing"),
    ],
)
def test_a_test_that_tells_nothing_is_an_error(change, code):
    mailing = a_test(2)
    Mailing.with_editions.filter(edition_of=mailing.pk).update(**change)

    assert code in {one.code for one in preflight.quick(mailing) if one.is_error}


def test_a_test_decided_by_clicks_needs_clicks_counted_and_people_enough():
    mailing = a_test(10)
    Mailing.objects.filter(pk=mailing.pk).update(track_clicks=False)
    mailing.refresh_from_db()

    found = {one.code: one.is_error for one in preflight.check(mailing, now=NOON)}

    assert found["trial_uncounted"]
    assert not found["trial_small"]


def test_a_test_is_made_watched_and_decided_in_the_browser(client):
    mailing = a_test(40)
    client.force_login(an_author())
    page = f"/mailings/{mailing.pk}/editions/"
    (variant,) = editions.of(mailing)
    given = {f"v{variant.pk}-subject": "Soup and bread", f"v{variant.pk}-preheader": "x"}
    given |= {"judge": "opens", "share": "50", "hours": "2", "otherwise": "ask"}

    assert client.post(f"{page}test/save/", given | {"act": "add"}).status_code == 302
    assert client.post(f"{page}test/save/", given | {"share": "0"}).status_code == 422
    assert b"Soup and bread" in client.get(page).content
    editions.remove(mailing, editions.of(mailing)[1].pk)
    started(Mailing.objects.get(pk=mailing.pk))
    assert b"Send B to the rest" in client.get(f"/mailings/{mailing.pk}/").content
    sent(mailing)
    client.post(f"{page}test/choose/", {"variant": "1"})

    assert parts(mailing) == {0: 10, 1: 30}
    assert b"goes to everybody else" in client.get(f"/mailings/{mailing.pk}/").content


def test_a_sender_of_another_domain_is_refused(client):
    mailing = a_test(2, about="sender")
    client.force_login(an_author())
    (variant,) = editions.of(mailing)

    given = {f"v{variant.pk}-from_name": "Joost", f"v{variant.pk}-from_address": "joost@elsewhere.example"}
    answer = client.post(f"/mailings/{mailing.pk}/editions/test/save/", given)

    assert answer.status_code == 422
    assert editions.of(mailing)[0].from_address == "hello@example.org"


def test_the_report_tells_the_variants_apart():
    mailing = started(a_test(40, judge="nobody"))
    sent(mailing, a=1, b=3)

    breakdowns.count(mailing.pk, now=NOON)

    assert {one.name: one.clicked for _number, one in breakdowns.of(mailing).editions} == {"A": 1, "B": 3}
