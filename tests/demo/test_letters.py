import email
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.world import letters
from demo.world.letters import Letter
from tests.conftest import NOON
from tests.demo.worlds import a_newsletter


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"Subject: x\r\nMessage-ID: <a@b>\r\n\r\n", b"<a@b>"),
        (b"Message-Id: <first@line>\r\n\r\n", b"<first@line>"),
        (b"Subject: x\r\nMESSAGE-ID:\r\n <folded@x>\r\n\r\n", b"<folded@x>"),
        (b"Subject: none\r\n\r\n", b""),
        (b"", b""),
    ],
)
def test_a_mail_is_known_by_its_message_id(content: bytes, name: bytes) -> None:
    assert letters.message_id(content) == name


@pytest.mark.parametrize(
    ("head", "subject"),
    [
        (b"From: a@x\r\nSubject: Open day\r\nTo: b@x\r\n\r\nSubject: no", "Open day"),
        (b"Subject:\r\n Open\r\n  day\r\n\r\n", "Open day"),
        (b"From: a@x\r\n\r\nSubject: in the body\r\n", ""),
    ],
)
def test_a_mailing_is_told_by_its_subject(head: bytes, subject: str) -> None:
    assert Letter("", ("a@x",), head).subject == subject


def test_a_reader_sees_links_and_pictures_but_no_comments() -> None:
    reading = letters.read(Letter("b@x", ("a@x",), a_newsletter("http://h:1")))

    assert reading.links == (
        "http://h:1/c/token/1?x=1&y=2",
        "http://h:1/c/token/2",
        "http://elsewhere.example/trap",
        "mailto:a@b.example",
        "http://h:1/u/key/1",
    )
    assert reading.images == ("http://h:1/o/token.gif", "http://elsewhere.example/logo.png")
    assert reading.one_click == "http://h:1/u/key/1?m=t"
    assert reading.feedback == ""


def test_without_the_post_header_there_is_no_one_click() -> None:
    content = a_newsletter().replace(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"")

    assert letters.read(Letter("b@x", ("a@x",), content)).one_click == ""


def test_a_quoted_printable_part_is_decoded() -> None:
    content = (
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n"
        b"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b'<a href=3D"http://h:1/c/very/=\r\nlong">x</a>\r\n--b--\r\n'
    )

    assert letters.read(Letter("", ("a@x",), content)).links == ("http://h:1/c/very/long",)


@given(st.binary(max_size=400))
def test_any_bytes_can_be_read_and_reported(content: bytes) -> None:
    letter = Letter("b@x.example", ("a@x.example",), content)

    letters.read(letter)
    letters.message_id(content)
    report = letters.delivery_report(letter, "a@x.example", letters.failure(0), now=NOON)

    assert email.message_from_bytes(report).get_content_type() == "multipart/report"


@pytest.mark.parametrize(("draw", "status"), [(0, "5.1.1"), (0.6, "5.2.2"), (0.85, "5.2.1"), (0.999, "5.7.1")])
def test_mailboxes_fail_for_several_reasons(draw: float, status: str) -> None:
    assert letters.failure(draw).status == status


def test_reports_carry_the_time_they_were_given() -> None:
    letter = Letter("b@x.example", ("a@x.example",), a_newsletter())
    reports = (
        letters.delivery_report(letter, "a@x.example", letters.failure(0), now=NOON),
        letters.complaint(letter, "a@x.example", "b@x.example", now=NOON),
    )

    for report in reports:
        date = email.message_from_bytes(report)["Date"]
        assert datetime.strptime(date, "%a, %d %b %Y %H:%M:%S %z") == NOON
