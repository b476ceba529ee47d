"""Whether one variant of a test does better than the others, or the difference is chance. Pure.

A share of people has an interval in which the true share lies with 95 % (Wilson 1927); so has the difference of two
shares (Newcombe 1998, method 10, which holds for small groups and small shares too). A variant wins when its difference to each other one
lies above nothing; with several others the intervals are made wider (Bonferroni), so that more variants do not find more winners.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
FEWEST = 30  # people of each variant; with fewer nothing is said


@dataclass(frozen=True, slots=True)
class Score:
    """What became of one variant: `did` of `of` people clicked, or opened."""

    number: int
    of: int
    did: int

    @property
    def rate(self) -> float:
        return self.did / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The share between which and which the true one lies, with 95 %."""
        return wilson(self.did, self.of, z_of(1))


def z_of(comparisons: int) -> float:
    """Give the z of a two-sided interval when so many are looked at together."""
    return NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / max(comparisons, 1) / 2)


def wilson(did: int, of: int, z: float) -> tuple[float, float]:
    """Give the interval of a share; of nobody everything is possible."""
    if not of:
        return 0.0, 1.0
    share, square = did / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def difference(one: Score, other: Score, *, comparisons: int = 1) -> tuple[float, float]:
    """Give the interval of how much larger the first share is than the second."""
    z = z_of(comparisons)
    low, high = wilson(one.did, one.of, z)
    other_low, other_high = wilson(other.did, other.of, z)
    apart = one.rate - other.rate
    down = sqrt((one.rate - low) ** 2 + (other_high - other.rate) ** 2)
    up = sqrt((high - one.rate) ** 2 + (other.rate - other_low) ** 2)
    return apart - down, apart + up


def winner(scores: Sequence[Score]) -> Score | None:
    """Give the variant that does better than every other one beyond chance; None when there is none."""
    if len(scores) < 2 or any(score.of < FEWEST for score in scores):
        return None
    best = max(scores, key=lambda score: score.rate)
    others = [score for score in scores if score is not best]
    is_clear = all(difference(best, other, comparisons=len(others))[0] > 0 for other in others)
    return best if is_clear else None
