import pytest

from demo.world import fates
from demo.world.fates import Answer, Shares

MAILBOXES = [f"reader{number}@x.example" for number in range(5000)]


def test_two_worlds_with_one_seed_agree() -> None:
    def everything(seed: int) -> list[object]:
        answers = [fates.answer(address, Shares(), seed=seed) for address in MAILBOXES]
        return [*answers, *(fates.behaviour(address, "Hello", Shares(), seed=seed) for address in MAILBOXES)]

    assert everything(7) == everything(7)
    assert everything(7) != everything(8)


@pytest.mark.parametrize(
    ("answer", "share"),
    [(Answer.UNKNOWN, 0.1), (Answer.REPORT, 0.2), (Answer.DEFER, 0.3)],
)
def test_as_many_mailboxes_as_asked_for_behave_so(answer: Answer, share: float) -> None:
    shares = Shares(
        unknown=0.1 * (answer is Answer.UNKNOWN),
        dsn=0.2 * (answer is Answer.REPORT),
        deferred=0.3 * (answer is Answer.DEFER),
    )

    found = sum(fates.answer(address, shares, seed=7) is answer for address in MAILBOXES)

    assert found / len(MAILBOXES) == pytest.approx(share, abs=0.02)


def test_who_clicks_has_opened_and_not_everybody_opens_everything() -> None:
    shares = Shares(open=0.4, click=0.1, scanner=0, prefetch=0, unsubscribe=0, complaint=0)
    first = [fates.behaviour(address, "First", shares, seed=7) for address in MAILBOXES]
    second = [fates.behaviour(address, "Second", shares, seed=7) for address in MAILBOXES]

    assert sum(one.opens for one in first) / len(first) == pytest.approx(0.4, abs=0.03)
    assert sum(one.clicks for one in first) / len(first) == pytest.approx(0.1, abs=0.02)
    assert all(one.opens for one in first if one.clicks)
    assert first != second


def test_nobody_lives_at_some_addresses_in_any_world() -> None:
    none = Shares(unknown=0)

    assert fates.answer("weg@x.example", none, seed=1) is Answer.UNKNOWN
    assert fates.answer("wegener@x.example", none, seed=1) is Answer.UNKNOWN
    assert fates.answer("vanweg@x.example", none, seed=1) is Answer.TAKE
