import json
import smtplib
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.demo.worlds import PATIENCE, ROOT, RunningWorld, a_free_port, a_newsletter, a_world, eventually, send


class Line:
    """A raw connection: says bytes, hears lines."""

    def __init__(self, world: RunningWorld) -> None:
        self.socket = socket.create_connection(("127.0.0.1", world.port), timeout=PATIENCE)
        self.file = self.socket.makefile("rb")
        assert self.hear() == "220"
        self.say(b"EHLO test\r\n")
        self.extensions = {self.file.readline()[4:].strip() for _ in range(5)}

    def say(self, words: bytes) -> None:
        self.socket.sendall(words)

    def hear(self) -> str:
        return self.file.readline()[:3].decode()

    def hear_all(self, count: int) -> list[str]:
        return [self.hear() for _ in range(count)]

    def close(self) -> None:
        self.file.close()
        self.socket.close()


ENVELOPE = b"MAIL FROM:<b+1@b.example> SIZE=1000 BODY=8BITMIME\r\nRCPT TO:<ada@x.example>\r\nDATA\r\n"


def test_a_mail_is_taken_and_counted(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        send(world, a_newsletter())

        said = world.stop()

    assert (said["received"], said["unique"], said["duplicates"]) == (1, 1, 0)


def test_the_extensions_that_fast_senders_need_are_offered(tmp_path: Path) -> None:
    with a_world(tmp_path, "--swallow") as world:
        line = Line(world)
        line.close()

    assert {b"PIPELINING", b"SIZE 26214400", b"8BITMIME", b"ENHANCEDSTATUSCODES"} < line.extensions


def test_many_mails_in_one_write_are_answered_in_order(tmp_path: Path) -> None:
    with a_world(tmp_path, "--swallow") as world:
        line = Line(world)

        line.say(ENVELOPE)
        assert line.hear_all(3) == ["250", "250", "354"]
        for number in range(3):
            line.say(a_newsletter(number=number) + b".\r\n" + ENVELOPE)
            assert line.hear_all(4) == ["250", "250", "250", "354"]
        line.say(b".\r\nQUIT\r\n")
        assert line.hear_all(2) == ["250", "221"]

        line.close()
        said = world.stop()

    assert (said["received"], said["unique"], said["without_id"]) == (4, 4, 1)


def test_a_mail_may_arrive_in_any_pieces(tmp_path: Path) -> None:
    words = ENVELOPE + b"Message-ID: <pieces@x>\r\n\r\n..dot\r\n.\r\n"
    with a_world(tmp_path) as world:
        line = Line(world)
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in words:
            line.say(bytes([byte]))
        assert line.hear_all(4) == ["250", "250", "354", "250"]
        line.close()

        assert world.stop()["unique"] == 1


def test_a_mail_taken_twice_is_a_duplicate(tmp_path: Path) -> None:
    with a_world(tmp_path, "--swallow") as world:
        for number in (1, 2, 2, 2):
            send(world, a_newsletter(number=number))

        said = world.stop()

    assert (said["received"], said["unique"], said["duplicates"]) == (4, 2, 2)
    assert said["duplicated"] == {"<2.1@bounces.example>": 2}


def test_duplicates_are_found_across_a_killed_world(tmp_path: Path) -> None:
    received = tmp_path / "received"
    with a_world(tmp_path, "--swallow", "--received", str(received)) as world:
        send(world, a_newsletter(number=1), to="ada@x.example")
        world.kill()
    with received.open("ab") as file:
        file.write(b"<torn")

    with a_world(tmp_path, "--swallow", "--received", str(received)) as world:
        send(world, a_newsletter(number=1), to="ada@x.example")
        send(world, a_newsletter(number=2), to="bob@x.example")
        said = world.stop()

    assert (said["received"], said["unique"], said["duplicates"]) == (3, 2, 1)
    assert received.read_text().splitlines() == [
        "<1.1@bounces.example> ada@x.example",
        "<1.1@bounces.example> ada@x.example",
        "<2.1@bounces.example> bob@x.example",
    ]


@pytest.mark.parametrize("mailbox", ["gone.away@x.example", "weg@x.example", "Nobody7@x.example"])
def test_some_mailboxes_never_exist(tmp_path: Path, mailbox: str) -> None:
    with a_world(tmp_path) as world:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
            send(world, a_newsletter(), to=mailbox)
        send(world, a_newsletter())

        said = world.stop()

    code, words = refusal.value.recipients[mailbox]
    assert (code, words[:5]) == (550, b"5.1.1")
    assert (said["received"], said["unknown"]) == (1, 1)


def test_who_is_put_off_is_taken_the_next_time(tmp_path: Path) -> None:
    with a_world(tmp_path, "--deferred=1") as world:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
            send(world, a_newsletter())
        send(world, a_newsletter())

        said = world.stop()

    assert refusal.value.recipients["hanna@bakkerij.example"][0] == 451
    assert (said["received"], said["deferred"]) == (1, 1)


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (b"DATA\r\n", ["503"]),
        (b"RCPT TO:<a@x.example>\r\n", ["503"]),
        (b"MAIL FROM:<>\r\nDATA\r\n", ["250", "554"]),
        (b"MAIL FROM:a@x.example\r\n", ["501"]),
        (b"MAIL FROM:<a@x.example> SIZE=99999999\r\n", ["552"]),
        (b"MAIL FROM:<a@x>\r\nMAIL FROM:<a@x>\r\nRSET\r\nMAIL FROM:<a@x>\r\n", ["250", "503", "250", "250"]),
        (b"MAIL FROM:<a@x>\r\nRCPT TO:<gone@x.example>\r\nRCPT TO:<b@x.example>\r\n", ["250", "550", "250"]),
        (b"MAIL FROM:<a@x>\r\n" + b"RCPT TO:<b@x>\r\n" * 101, ["250"] * 101 + ["452"]),
        (b"VRFY a\r\nNOOP\r\nHELO x\r\nEXPN a\r\n", ["252", "250", "250", "502"]),
        (b"x" * 5000, ["500"]),
    ],
)
def test_the_rules_of_smtp_hold(tmp_path: Path, words: bytes, answers: list[str]) -> None:
    with a_world(tmp_path) as world:
        line = Line(world)
        line.say(words)

        assert line.hear_all(len(answers)) == answers

        line.close()


def test_a_mail_over_the_limit_is_refused_and_the_next_one_taken(tmp_path: Path) -> None:
    piece = b"." + b"x" * 76 + b".\r\n"
    with a_world(tmp_path) as world:
        line = Line(world)
        line.say(ENVELOPE)
        assert line.hear_all(3) == ["250", "250", "354"]
        for _ in range(26 * 16):
            line.say(piece * 1024)
        line.say(b".\r\n")
        assert line.hear() == "552"

        line.say(ENVELOPE)
        assert line.hear_all(3) == ["250", "250", "354"]
        line.say(a_newsletter() + b".\r\n")
        assert line.hear() == "250"

        line.close()
        assert world.stop()["received"] == 1


def test_the_statistics_can_be_asked_for(tmp_path: Path) -> None:
    port = a_free_port()
    with a_world(tmp_path, "--control", f"127.0.0.1:{port}") as world:
        send(world, a_newsletter())

        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
            said = json.load(answer)

        assert said["received"] == 1
        assert eventually(lambda: world.statistics()["received"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--listen", "0.0.0.0:2500"),
        ("--inbound", "192.0.2.1:25"),
        ("--catcher", "mail.example:25"),
        ("--open", "1.5"),
        ("--speed", "0"),
        ("--base-url", "https://postduif.example"),
    ],
)
def test_the_world_stays_on_loopback_and_within_reason(arguments: tuple[str, str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "demo.world", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
