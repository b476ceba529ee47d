"""The journal of hand-overs: what it says, however and whenever its writer ended."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailings.channels import Outcome, Receipt
from mailings.delivery import journal
from mailings.delivery.journal import Journal

WORDS = st.text(max_size=400)
RECEIPTS = st.builds(Receipt, st.integers(1, 99), st.sampled_from(Outcome), st.sampled_from([0, 250, 451, 550]), WORDS)
ENTRIES = st.lists(st.one_of(st.integers(1, 99), RECEIPTS), max_size=40)


def write(path: Path, entries: list[int | Receipt]) -> list[int]:
    """Write entries; return the size of the file's text after each."""
    path.unlink(missing_ok=True)
    written = Journal.create(path)
    ends = []
    for entry in entries:
        written.going(entry) if isinstance(entry, int) else written.note(entry)
        ends.append(os.lseek(written._file, 0, os.SEEK_CUR))
    written.close()
    return ends


def expected(entries: list[int | Receipt]) -> tuple[dict[int, Outcome], set[int]]:
    told: dict[int, Outcome] = {}
    on_wire: set[int] = set()
    for entry in entries:
        if isinstance(entry, int):
            on_wire.add(entry)
            told.pop(entry, None)
        else:
            on_wire.discard(entry.number)
            told[entry.number] = entry.outcome
    return told, on_wire


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
@given(entries=ENTRIES, cut=st.floats(0, 1))
def test_a_journal_cut_anywhere_tells_exactly_its_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, entries: list[int | Receipt], cut: float
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.log"
    ends = write(path, entries)
    size = int(cut * (ends[-1] if ends else 0))

    story = journal.read(path.read_bytes()[:size])
    whole = [entry for entry, end in zip(entries, ends, strict=True) if end <= size]

    told, on_wire = expected(whole)
    assert {number: receipt.outcome for number, receipt in story.receipts.items()} == told
    assert story.on_wire == on_wire


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=500))
def test_no_bytes_make_reading_fail(content: bytes) -> None:
    journal.read(content)


def test_what_a_server_said_is_kept_as_one_line(tmp_path: Path) -> None:
    receipt = Receipt(7, Outcome.REFUSED, 550, "550 5.1.1 no\r\n=8\nsuch user")
    write(tmp_path / "1-1.log", [receipt])

    story = journal.read((tmp_path / "1-1.log").read_bytes())

    assert story.receipts == {7: Receipt(7, Outcome.REFUSED, 550, "550 5.1.1 no =8 such user")}


def test_a_living_writer_is_told_from_a_dead_one(tmp_path: Path) -> None:
    path = tmp_path / "1-1.log"
    writer = Journal.create(path)

    alive = journal.is_abandoned(path)
    with pytest.raises(journal.InUse):
        journal.take_over(path)
    writer.close()

    assert (alive, journal.is_abandoned(path), journal.is_abandoned(tmp_path / "none.log")) == (False, True, False)


def test_after_half_a_line_nothing_more_is_written(tmp_path: Path) -> None:
    writer = Journal.create(tmp_path / "1-1.log")
    writer.close()

    with pytest.raises(OSError, match="Bad file descriptor"):
        writer.going(1)
