"""The journal: what was written is taken in once, whoever writes and reads at the same time, and whoever is killed."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from tests.tracking.factories import a_server, an_event, ask
from tracking import journal, spool, tokens
from tracking.models import Event, Position

OPEN = tokens.make("open", 7, 4711)


@pytest.mark.django_db
def test_telling_it_twice_is_telling_it_once():
    event = an_event(origin="mail:1")

    assert journal.record([event, an_event(origin="mail:2")]) == 2
    assert journal.record([event]) == 0

    assert Event.objects.count() == 2


@pytest.mark.django_db
def test_a_growing_file_is_taken_in_as_it_grows(tmp_path):
    server = a_server(tmp_path)
    ask(server, f"/o/{OPEN}")
    assert journal.ingest(tmp_path) == 1

    ask(server, f"/o/{OPEN}")
    ask(server, f"/o/{OPEN}")
    assert journal.ingest(tmp_path) == 2

    assert journal.ingest(tmp_path) == 0
    assert len(list(spool.files(tmp_path))) == 1  # its writer still holds it
    server.close()
    journal.ingest(tmp_path)
    assert not list(tmp_path.iterdir())
    assert not Position.objects.exists()


@pytest.mark.django_db
def test_a_file_taken_in_again_from_its_start_adds_nothing(tmp_path):
    server = a_server(tmp_path)
    ask(server, f"/o/{OPEN}")
    journal.ingest(tmp_path)

    Position.objects.all().delete()  # as if the machine was restored from yesterday's copy

    assert journal.ingest(tmp_path) == 0
    assert Event.objects.count() == 1


@pytest.mark.django_db
def test_half_a_line_waits_for_its_other_half(tmp_path):
    writer = spool.Writer(tmp_path, "node1")
    line = b"o\t1795431600000000\t7\t4711\t\tGET\t192.0.2.1\t\t\tFirefox\n"
    writer.append(line + line[:20])
    assert journal.ingest(tmp_path) == 1

    writer.append(line[20:])

    assert journal.ingest(tmp_path) == 1
    assert set(Event.objects.values_list("message", "user_agent")) == {(4711, "Firefox")}


@pytest.mark.django_db
def test_a_torn_last_line_of_a_dead_writer_is_kept_aside(tmp_path):
    writer = spool.Writer(tmp_path, "node1")
    writer.append(b"o\t17954")
    writer.close()

    assert journal.ingest(tmp_path) == 0

    assert [path.suffix for path in tmp_path.iterdir()] == [".torn"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "line",
    [
        b"rubbish",
        b"x\t1\t7\t4711\t\tGET\t\t\t\t",
        b"o\tnoon\t7\t4711\t\tGET\t\t\t\t",
        b"\xff\xfe\x00",
        b"o\t1\t7\tmany\t\tGET\t\t\t\t",
    ],
)
def test_an_unreadable_line_does_not_keep_back_the_next(tmp_path, line):
    writer = spool.Writer(tmp_path, "node1")
    writer.append(line + b"\n")
    writer.append(b"o\t1795431600000000\t7\t4711\t\tGET\tnot-an-ip\t\t\tFirefox\n")

    assert journal.ingest(tmp_path) == 1
    assert Event.objects.get().ip is None


@pytest.mark.django_db
def test_many_blocks_are_taken_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "BLOCK", 200)
    server = a_server(tmp_path)
    for _ in range(50):
        ask(server, f"/o/{OPEN}")

    assert journal.ingest(tmp_path) == 50


def test_a_writer_starts_a_new_file_when_the_old_one_is_big(tmp_path):
    writer = spool.Writer(tmp_path, "node1", size=10)
    for _ in range(3):
        writer.append(b"0123456789\n")

    assert len(list(spool.files(tmp_path))) == 3


@pytest.mark.django_db
def test_a_killed_web_process_loses_nothing_and_its_file_is_cleared(tmp_path):
    program = textwrap.dedent(
        """
        import pathlib, sys, time
        from tracking import spool
        writer = spool.Writer(pathlib.Path(sys.argv[1]), "node1")
        for number in range(1, 501):
            writer.append(b"o\\t1795431600000000\\t7\\t%d\\t\\tGET\\t192.0.2.1\\t\\t\\tFirefox\\n" % number)
        print("written", flush=True)
        time.sleep(60)
        """
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"written\n"
        os.kill(process.pid, signal.SIGKILL)

    assert journal.ingest(tmp_path) == 500
    assert not list(tmp_path.iterdir())
