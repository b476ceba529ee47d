"""`python -m benchmarks [GROUP …]`: one JSON line per figure. Without a name: all groups, and docs/benchmarks.md.

A name is a group ("delivery") or one of its figures ("delivery.campaign"). DATABASE_URL names the server on which
a scratch database is made; `make bench` starts one.
"""

import argparse
import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks import report, scratch
from benchmarks.frame import Figure, Scale
from benchmarks.targets import GROUPS, group_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="GROUP", help=f"one of {', '.join(present())}")
    names = parser.parse_args().names
    if not os.environ.get("DATABASE_URL"):
        parser.error("DATABASE_URL is not set. `make bench NAME=…` starts a server by itself.")
    scale = Scale(os.environ.get("SCALE") or Scale.FULL.value)
    if len(names) == 1:
        return one(parser, names[0], scale)
    status, lines = several(names or present())
    if not names and scale is Scale.FULL:
        report.write(report.in_order(lines), command="make bench", on=datetime.now(tz=UTC).date())
        print(f"Written: {report.PATH}", file=sys.stderr)
    return status


def present() -> tuple[str, ...]:
    """The groups whose module exists."""
    return tuple(group for group in GROUPS if importlib.util.find_spec(f"benchmarks.{group}"))


def one(parser: argparse.ArgumentParser, name: str, scale: Scale) -> int:
    """Measure one group, or the one figure of it that was asked for, in this process."""
    group = group_of(name)
    if group not in present():
        parser.error(f"there is no group “{name}”: choose from {', '.join(present())}")
    with scratch.environment(os.environ["DATABASE_URL"]):
        for figure in measured(group, scale):
            if "." not in name or figure.name == name:
                print(figure.line(), flush=True)
            if figure.name == name:
                break
    return 0


def measured(group: str, scale: Scale) -> Iterator[Figure]:
    yield from importlib.import_module(f"benchmarks.{group}").figures(scale)


def several(names: tuple[str, ...] | list[str]) -> tuple[int, list[str]]:
    """Measure each in a process of its own, so that no group inherits the memory of another."""
    status, lines = 0, []
    for name in names:
        print(f"# {name}", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", "benchmarks", name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            for line in child.stdout or ():
                print(line, end="", flush=True)
                lines.append(line)
        status = status or child.returncode
    return status, lines


if __name__ == "__main__":
    sys.exit(main())
