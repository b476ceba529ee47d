"""What every group stands on: the scale of a run, a figure beside its reference, and interleaved rounds."""

import enum
import json
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.targets import TARGETS, Target


class Scale(enum.Enum):
    """How large a run is: the sizes the targets speak of, or what fits in a minute."""

    FULL = "full"
    SMALL = "small"

    def pick(self, full: int, small: int) -> int:
        return full if self is Scale.FULL else small


@dataclass(frozen=True)
class Figure:
    """One measured value beside its reference, both from the same run; its bounds stand in the table of targets."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    of: str = ""

    def __post_init__(self) -> None:
        if self.name not in TARGETS:
            raise KeyError(f"{self.name} has no row in benchmarks/targets.py")

    @property
    def target(self) -> Target:
        return TARGETS[self.name]

    @property
    def ratio(self) -> float | None:
        return self.value / self.reference if self.reference else None

    @property
    def measure(self) -> float:
        """What the bounds are held against."""
        return self.value if self.ratio is None else self.ratio

    @property
    def holds(self) -> bool:
        return self.target.reached(self.measure, self.target.must)

    @property
    def reaches_goal(self) -> bool:
        return self.target.reached(self.measure, self.target.goal)

    def line(self) -> str:
        """The figure as one line of JSON."""
        return json.dumps(
            {
                "name": self.name,
                "value": rounded(self.value),
                "unit": self.unit,
                "reference": None if self.reference is None else rounded(self.reference),
                "of": self.of or None,
                "ratio": None if self.ratio is None else round(self.ratio, 3),
                "must": self.target.must,
                "goal": self.target.goal,
                "holds": self.holds,
            },
            ensure_ascii=False,
        )


def rounded(value: float) -> float | int:
    """Three digits that mean something: 9871, 0.295, 12.4."""
    if abs(value) >= 100 or value == int(value):
        return round(value)
    return float(f"{value:.3g}")


def interleaved(measures: Mapping[str, Callable[[], float]], *, rounds: int = 3) -> dict[str, float]:
    """Run every measure once per round and return the median of each: a busy machine slows all of them alike.

    Every other round goes backwards, so that nobody always runs on a cache that the same neighbour left.
    """
    if rounds < 3:
        raise ValueError("a median needs at least three rounds")
    results: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(rounds):
        names = list(measures) if turn % 2 == 0 else list(measures)[::-1]
        for name in names:
            results[name].append(measures[name]())
    return {name: statistics.median(values) for name, values in results.items()}


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rate(count: int, work: Callable[[], object]) -> float:
    """How many per second when `work` does `count` of them."""
    return count / seconds(work)


def percentile(values: list[float], share: float) -> float:
    """The smallest value that is not below `share` of all values: percentile(times, 0.95)."""
    return sorted(values)[math.ceil(len(values) * share) - 1]
