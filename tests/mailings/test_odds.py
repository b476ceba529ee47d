"""Who wins a test: figures checked against published ones, and never chance."""

import random

import pytest

from mailings import odds
from mailings.odds import Score


def test_the_interval_of_a_share_is_wilsons():
    # Newcombe 1998, table I: 81 of 263, method 3
    low, high = odds.wilson(81, 263, odds.z_of(1))

    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_the_interval_of_a_difference_is_newcombes():
    # Newcombe 1998 II, table II: 56/70 and 48/80, method 10
    low, high = odds.difference(Score(0, 70, 56), Score(1, 80, 48))

    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


@pytest.mark.parametrize(
    ("scores", "winner"),
    [
        ([Score(0, 1000, 30), Score(1, 1000, 80)], 1),
        ([Score(0, 1000, 50), Score(1, 1000, 52)], None),
        ([Score(0, 20, 0), Score(1, 20, 20)], None),  # too few to say anything
        ([Score(0, 1000, 0), Score(1, 1000, 0)], None),
        ([Score(0, 1000, 20), Score(1, 1000, 90), Score(2, 1000, 88)], None),  # two good ones
        ([Score(0, 1000, 20), Score(1, 1000, 90), Score(2, 1000, 30)], 1),
        ([Score(0, 1000, 100)], None),
    ],
)
def test_a_winner_is_beyond_chance(scores, winner):
    found = odds.winner(scores)

    assert (found.number if found else None) == winner


@pytest.mark.parametrize("variants", [2, 4])
def test_variants_that_do_not_differ_hardly_ever_win(variants):
    draw = random.Random(7)

    def clicks(people: int) -> int:
        return sum(draw.random() < 0.05 for _ in range(people))

    wins = sum(odds.winner([Score(n, 400, clicks(400)) for n in range(variants)]) is not None for _ in range(400))

    assert wins <= 400 * 0.06
