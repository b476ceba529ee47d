"""A cheap group, run as `make bench NAME=… SCALE=small` runs it. Nothing is said about speed here."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

from benchmarks import report
from benchmarks.targets import TARGETS


def bench(*names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *names],
        cwd=settings.BASE_DIR,
        env=os.environ | {"SCALE": "small"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_group_prints_a_line_per_figure_and_leaves_the_page_alone() -> None:
    before = report.PATH.read_text() if report.PATH.exists() else ""

    ended = bench("ledger")

    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.returncode == 0, ended.stderr
    assert [line["name"] for line in lines] == ["ledger.append", "ledger.verify"]
    for line in lines:
        assert line["value"] > 0
        assert line["ratio"] == pytest.approx(line["value"] / line["reference"], rel=0.05)
        assert line["holds"] == (line["ratio"] >= TARGETS[line["name"]].must)
    assert (report.PATH.read_text() if report.PATH.exists() else "") == before


@pytest.mark.parametrize(
    ("names", "environment", "said"),
    [
        (("nothing",), {}, "there is no group “nothing”"),
        (("ledger",), {"DATABASE_URL": ""}, "make bench"),
    ],
)
def test_a_wrong_call_is_answered_with_a_sentence(
    names: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    ended = bench(*names, **environment)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
