import json
from datetime import date

import pytest

from benchmarks import report
from benchmarks.frame import Figure, Scale, interleaved, percentile, rate
from benchmarks.targets import GROUPS, TARGETS, group_of


@pytest.mark.parametrize(
    ("name", "value", "reference", "ratio", "holds"),
    [
        ("delivery.campaign", 9871, 8211, 1.202, True),
        ("delivery.campaign", 4000, 8000, 0.5, False),
        ("gate.freeze", 3.0, 2.0, 1.5, True),
        ("gate.freeze", 5.0, 2.0, 2.5, False),
        ("import.memory", 400, None, None, True),
        ("import.memory", 401, None, None, False),
        ("chaos.duplicates", 0, None, None, True),
        ("chaos.duplicates", 1, None, None, False),
    ],
)
def test_a_figure_is_held_against_its_bounds(
    name: str, value: float, reference: float | None, ratio: float | None, holds: bool
) -> None:
    said = json.loads(Figure(name, value, "x", reference, "y").line())

    assert (said["name"], said["ratio"], said["holds"]) == (name, ratio, holds)
    assert (said["must"], said["goal"]) == (TARGETS[name].must, TARGETS[name].goal)


def test_a_line_reads_as_the_page_of_benchmarks_shows() -> None:
    line = Figure("delivery.campaign", 9871.4, "msg/s", 8211, "smtp-source").line()

    assert line == (
        '{"name": "delivery.campaign", "value": 9871, "unit": "msg/s", "reference": 8211, "of": "smtp-source", '
        '"ratio": 1.202, "must": 1.0, "goal": 1.25, "holds": true}'
    )


def test_a_figure_without_a_target_is_refused() -> None:
    with pytest.raises(KeyError, match="has no row"):
        Figure("delivery.speed", 1, "msg/s")


def test_rounds_are_interleaved_and_the_median_counts() -> None:
    order: list[str] = []

    def measure(name: str, *values: float) -> float:
        order.append(name)
        return values[order.count(name) - 1]

    medians = interleaved({"ours": lambda: measure("ours", 9, 1, 5), "theirs": lambda: measure("theirs", 2, 8, 4)})

    assert medians == {"ours": 5, "theirs": 4}
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]


def test_a_median_of_two_rounds_is_refused() -> None:
    with pytest.raises(ValueError, match="three rounds"):
        interleaved({"ours": lambda: 1.0}, rounds=2)


def test_small_measures() -> None:
    assert Scale("small").pick(100_000, 2_000) == 2_000
    assert Scale("full").pick(100_000, 2_000) == 100_000
    assert percentile([float(n) for n in range(1, 101)], 0.95) == 95
    assert rate(10, lambda: None) > 0


@pytest.mark.parametrize(
    ("name", "group"),
    [("import.new", "importing"), ("import", "importing"), ("importing", "importing"), ("delivery", "delivery")],
)
def test_a_group_is_found_by_its_name_or_a_figure_of_it(name: str, group: str) -> None:
    assert group_of(name) == group
    assert group in GROUPS


def test_the_page_shows_what_was_measured_and_what_was_not() -> None:
    lines = [
        Figure("render.compiled", 41_000, "msg/s", 400, "Django template").line(),
        Figure("import.memory", 512, "MB").line(),
    ]

    page = report.page(
        [json.loads(line) for line in report.in_order(lines)],
        command="make bench",
        on=date(2026, 11, 23),
    )

    assert "| `render.compiled` | 41,000 msg/s | 400 (Django template) | 102.50 | 50 | 120 | yes |" in page
    assert "| `import.memory` | 512 MB | – | – | ≤ 400 | ≤ 200 | **no** |" in page
    assert page.index("import.memory") < page.index("render.compiled")
    assert "Not measured yet: `import.new`" in page
    assert "23 November 2026" in page
    assert "cores" in page
