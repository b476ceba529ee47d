"""The inbound port: what is ours is kept, everything has a cap, and no bytes bring it down."""

import asyncio
import contextlib
import smtplib
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking import inbound

HELLO = b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@ours.example>\r\n"


class APost:
    """Takes mail for @ours.example, unless it is busy."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, list[str], bytes]] = []
        self.is_busy = False

    def is_ours(self, address: str) -> bool:
        return address.endswith("@ours.example")

    async def keep(self, mail_from: str, recipients: Sequence[str], raw: bytes) -> None:
        if self.is_busy:
            raise inbound.Busy
        self.kept.append((mail_from, list(recipients), raw))


def with_server(post: APost, talk: Callable[[int], None], **options: object) -> None:
    """Run the server and talk to it from a thread, as a stranger would."""

    async def run() -> None:
        server = await inbound.Server(post, "ours.example", **options).start("127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            await asyncio.to_thread(talk, port)
        finally:
            server.close()

    with ThreadPoolExecutor(1) as elsewhere:  # in this thread a browser's loop may be running
        elsewhere.submit(asyncio.run, run()).result()


def say(port: int, said: bytes) -> bytes:
    """Send bytes at once and read until the server hangs up, or says no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, contextlib.suppress(OSError):
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer
    return b""


def test_a_mail_for_us_is_kept_as_it_was_sent():
    post = APost()

    def talk(port):
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.sendmail(
                "", ["b+1@ours.example", "b+2@ours.example"], b"Subject: hi\r\n\r\n.dot\r\n..two\r\nend\r\n"
            )

    with_server(post, talk)

    assert post.kept == [("", ["b+1@ours.example", "b+2@ours.example"], b"Subject: hi\r\n\r\n.dot\r\n..two\r\nend\r\n")]


def test_mail_for_others_is_refused():
    post = APost()

    def talk(port):
        with smtplib.SMTP("127.0.0.1", port) as server, pytest.raises(smtplib.SMTPRecipientsRefused):
            server.sendmail("", ["ada@example.org"], b"hi")

    with_server(post, talk)

    assert post.kept == []


def test_lmtp_answers_for_each_recipient():
    post = APost()

    answers: list[bytes] = []
    said = b"LHLO x\r\n" + HELLO[8:] + b"RCPT TO:<c@ours.example>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n"

    with_server(post, lambda port: answers.append(say(port, said)), is_lmtp=True)

    assert answers[0].count(b"250 2.0.0 Kept") == 2
    assert len(post.kept) == 1


def test_when_nothing_can_be_kept_the_sender_is_asked_to_come_back():
    post = APost()
    post.is_busy = True

    def talk(port):
        with smtplib.SMTP("127.0.0.1", port) as server, pytest.raises(smtplib.SMTPDataError) as refusal:
            server.sendmail("", ["b@ours.example"], b"hi")
        assert refusal.value.smtp_code == 451

    with_server(post, talk)


def test_a_letter_too_large_is_refused_and_the_next_one_taken():
    post = APost()

    def talk(port):
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.ehlo()
            server.esmtp_features.pop("size")  # a sender that does not say how large it is
            with pytest.raises(smtplib.SMTPDataError) as refusal:
                server.sendmail("", ["b@ours.example"], b"x" * 70 + b"\r\n" + b"y" * (inbound.LARGEST + 1))
            assert refusal.value.smtp_code == 552
            server.sendmail("", ["b@ours.example"], b"small\r\n")

    with_server(post, talk)

    assert [raw for _from, _to, raw in post.kept] == [b"small\r\n"]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"EHLO x\r\nMAIL FROM:<> SIZE=99999999\r\n", b"552 "),
        (b"MAIL FROM:<>\r\n", b"503 "),
        (b"EHLO x\r\nRCPT TO:<b@ours.example>\r\n", b"503 "),
        (b"EHLO x\r\nMAIL FROM:<>\r\nDATA\r\n", b"503 "),
        (b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:b@ours.example\r\n", b"501 "),
        (b"EHLO x\r\nMAIL FROM:<a@b> <c@d>\r\n", b"250 "),
        (b"STARTTLS\r\n", b"500 "),
        (b"RUBBISH\r\n" * 10, b"421 "),
        (b"EHLO x\r\nMAIL FROM:<>\r\n" + b"RCPT TO:<b@ours.example>\r\n" * 101, b"452 "),
        (b"NOOP " + b"x" * 5000, b"500 "),
    ],
)
def test_what_the_server_says_to_bad_manners(said, answer):
    post = APost()
    answers: list[bytes] = []

    with_server(post, lambda port: answers.append(say(port, said)))

    assert answers[0].splitlines()[-1].startswith(answer)
    assert post.kept == []


def test_a_bare_line_feed_does_not_smuggle_a_second_mail():
    post = APost()
    smuggled = HELLO + b"DATA\r\nfirst\n.\nMAIL FROM:<evil@x>\n\r\n.\r\nQUIT\r\n"

    with_server(post, lambda port: say(port, smuggled))

    assert [raw for _from, _to, raw in post.kept] == [b"first\n.\nMAIL FROM:<evil@x>\n\r\n"]


def test_a_pipelined_mail_is_taken():
    post = APost()

    with_server(post, lambda port: say(port, HELLO + b"DATA\r\n.\r\n" + HELLO[8:] + b"DATA\r\n..\r\n.\r\nQUIT\r\n"))

    assert [raw for _from, _to, raw in post.kept] == [b"", b".\r\n"]


def test_a_sender_that_falls_asleep_is_cut_off():
    answers: list[bytes] = []

    def talk(port):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            while part := connection.recv(1000):
                answers.append(part)

    with_server(APost(), talk, idle=0.05)

    assert b"421 4.4.2" in b"".join(answers)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.binary(max_size=80), st.sampled_from([HELLO, b"DATA\r\n", b"\r\n.\r\n", b"RSET\r\n"])), max_size=12
    )
)
def test_no_bytes_bring_it_down(parts):
    post = APost()

    def talk(port):
        say(port, b"".join(parts))
        with smtplib.SMTP("127.0.0.1", port) as server:  # still there, and polite
            server.sendmail("", ["b@ours.example"], b"fine\r\n")

    with_server(post, talk)

    assert post.kept[-1][2] == b"fine\r\n"
