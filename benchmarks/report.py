"""docs/benchmarks.md: the figures of one full run, and the machine they were measured on."""

import json
import os
import platform
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.targets import GROUPS, TARGETS, group_of

PATH = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def write(lines: Iterable[str], *, command: str, on: date, path: Path = PATH) -> None:
    """Write the page from the JSON lines of a run."""
    path.write_text(page([json.loads(line) for line in lines], command=command, on=on))


def page(figures: list[dict[str, Any]], *, command: str, on: date) -> str:
    measured = {figure["name"] for figure in figures}
    waiting = [name for name in TARGETS if name not in measured]
    return "\n".join(
        [
            "# Figures",
            "",
            f"Measured on {on:%-d %B %Y} with `{command}`: {machine()}.",
            "",
            "Each value is the median of at least three rounds, interleaved with the rounds of its reference in the same",
            "run. Absolute figures differ between machines; what counts is the ratio, or the value where there is no",
            "reference. `≤` means that smaller is better.",
            "",
            "| figure | value | reference | ratio | must | goal | holds |",
            "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
            *(row(figure) for figure in figures),
            "",
            *(["Not measured yet: " + ", ".join(f"`{name}`" for name in waiting) + "."] if waiting else []),
            "",
        ]
    )


def row(figure: dict[str, Any]) -> str:
    sign = "≤ " if TARGETS[figure["name"]].smaller_is_better else ""
    reference = "–" if figure["reference"] is None else f"{figure['reference']:,} ({figure['of']})"
    ratio = "–" if figure["ratio"] is None else f"{figure['ratio']:.2f}"
    cells = (
        f"`{figure['name']}`",
        f"{figure['value']:,} {figure['unit']}",
        reference,
        ratio,
        f"{sign}{figure['must']:g}",
        f"{sign}{figure['goal']:g}",
        "yes" if figure["holds"] else "**no**",
    )
    return "| " + " | ".join(cells) + " |"


def machine() -> str:
    """ "2 cores of Intel Xeon, 24 GB, Linux 6.1, Python 3.13.1" """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    return f"{len(os.sched_getaffinity(0))} cores of {processor()}, {memory:.0f} GB, {system}, Python {platform.python_version()}"


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def in_order(lines: Iterable[str]) -> list[str]:
    """The lines as the table of targets orders them."""
    order = {name: number for number, name in enumerate(TARGETS)}
    return sorted(
        lines, key=lambda line: (GROUPS.index(group_of(json.loads(line)["name"])), order[json.loads(line)["name"]])
    )
