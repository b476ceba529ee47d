"""Mail that came back: kept once, read once, believed only where our own token says whom it is about."""

import datetime as dt
import os
import re
import signal
import smtplib
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from tests.conftest import NOON
from tests.tracking.test_bounce_forms import FORMS, mail
from tracking import postbox, tokens
from tracking.models import Event, InboundMail

pytestmark = pytest.mark.django_db


def a_report(action: str = "failed", said: str = "550 5.1.1 User unknown", returned: str = "") -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example.org\r\nSubject: Undelivered\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; ada@example.org\r\nAction: {action}\r\nStatus: {said[4:9]}\r\n"
        f"Diagnostic-Code: smtp; {said}\r\n\r\n--x\r\nContent-Type: text/rfc822-headers\r\n\r\n{returned}\r\n--x--\r\n"
    ).encode()


def a_complaint(kind: str = "abuse", returned: str = "") -> bytes:
    return (
        "From: fbl@provider.example\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=x\r\n\r\n"
        f"--x\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nVersion: 1\r\n\r\n"
        f"--x\r\nContent-Type: message/rfc822\r\n\r\n{returned}\r\n\r\n--x--\r\n"
    ).encode()


def came_back(raw: bytes, to: str | None = None) -> InboundMail:
    postbox.keep("", [to or tokens.return_path(7, 4711)], raw, now=NOON)
    postbox.read(now=NOON)
    return InboundMail.objects.latest("pk")


def events() -> list[tuple[object, ...]]:
    return list(Event.objects.values_list("kind", "mailing", "message", "category"))


def test_a_report_to_our_return_path_becomes_a_bounce_with_the_mail_as_evidence():
    mail = came_back(a_report())

    assert events() == [("bounce", 7, 4711, "dead_address")]
    assert Event.objects.get().detail == "550 5.1.1 User unknown"
    assert (mail.kind, mail.message, mail.problem) == ("dsn", 4711, "")


@pytest.mark.parametrize(
    ("raw", "kind", "expected"),
    [
        (a_report(said="552 5.2.2 Mailbox full"), "dsn", [("bounce", 7, 4711, "full")]),
        (a_report(action="delayed"), "dsn", []),
        (a_report(action="delivered", said="250 2.0.0 OK"), "dsn", [("delivered", 7, 4711, "")]),
        (a_complaint(), "complaint", [("complaint", 7, 4711, "")]),
        (a_complaint("not-spam"), "complaint", []),
        (b"Auto-Submitted: auto-replied\r\nSubject: I am away\r\n\r\n550 5.1.1 user unknown", "auto_reply", []),
        (b"Subject: hello\r\n\r\nhow are you", "other", []),
    ],
)
def test_each_kind_of_mail_has_its_effect(raw, kind, expected):
    assert came_back(raw).kind == kind
    assert events() == expected


def test_a_mail_handed_over_twice_is_one():
    came_back(a_report())
    came_back(a_report())

    assert InboundMail.objects.count() == 1
    assert len(events()) == 1


@pytest.mark.parametrize(
    "returned",
    [
        "Return-Path: <{path}>",
        "Message-ID: <{id}@bounces.postduif.localhost>",
        "see https://mail.example.org/c/{click}/1",
        "=3D https://mail.example.org/o/{open}",
    ],
)
def test_a_complaint_to_our_role_address_is_about_the_letter_it_returns(returned):
    path = tokens.return_path(7, 4711)
    returned = returned.format(
        path=path, id=path[2:50], click=tokens.make("click", 7, 4711), open=tokens.make("open", 7, 4711)
    )

    came_back(a_complaint(returned=returned), to=f"fbl@{settings.BOUNCE_DOMAIN}")

    assert events() == [("complaint", 7, 4711, "")]


def test_a_forged_complaint_about_somebody_has_no_effect():
    forged = "Return-Path: <b+" + "0a" * 24 + "@bounces.example>\r\nTo: ada@example.org"

    mail = came_back(a_complaint(returned=forged), to=f"fbl@{settings.BOUNCE_DOMAIN}")

    assert events() == []
    assert (mail.message, mail.problem) == (None, postbox.NOBODYS)


def test_a_test_send_that_bounces_counts_nowhere():
    came_back(a_report(), to=tokens.return_path(7, tokens.TEST))

    assert events() == []


@pytest.mark.parametrize(
    ("local", "is_ours"),
    [
        (tokens.make("bounce", 7, 4711), True),
        (tokens.make("bounce", 7, 4711).upper(), True),
        ("postmaster", True),
        ("b+" + "0a" * 24, False),
        ("ada", False),
        ("", False),
    ],
)
def test_only_addresses_that_we_gave_out_are_ours(local, is_ours):
    assert postbox.is_ours(f"{local}@{settings.BOUNCE_DOMAIN}") is is_ours
    assert postbox.is_ours(f"{local}@elsewhere.example") is False


def test_what_is_about_nobody_is_thrown_away_after_a_month():
    came_back(b"Subject: buy\r\n\r\nnow", to=f"postmaster@{settings.BOUNCE_DOMAIN}")
    came_back(a_report())

    postbox.prune(now=NOON + dt.timedelta(days=31))

    assert [mail.kind for mail in InboundMail.objects.all()] == ["dsn"]


@pytest.mark.parametrize(("words", "category"), FORMS.values(), ids=FORMS)
def test_a_report_of_any_form_to_our_return_path_is_about_that_message(words, category):
    came_back(mail(words))

    assert events() == [("bounce", 7, 4711, str(category))]


@pytest.mark.parametrize("words", [words for words, category in FORMS.values() if category == "dead_address"])
def test_the_same_words_in_an_automatic_answer_say_nothing(words):
    came_back(
        b"From: ada@example.org\nSubject: Automatic reply: Newsletter\nAuto-Submitted: auto-replied\n\n"
        + words.encode()
    )

    assert events() == []


def test_a_mail_nested_a_thousand_times_is_kept_and_read():
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1_500))

    assert came_back(nested).problem == ""


@pytest.mark.django_db(transaction=True)
def test_the_command_listens_keeps_and_stops():
    program = (
        "import django; from django.conf import settings; django.setup(); "
        f"settings.DATABASES['default']['NAME'] = {connection.settings_dict['NAME']!r}; "
        "from django.core.management import call_command; call_command('inbound', '--listen', '127.0.0.1:0')"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        port = int(re.search(r":(\d+) ", process.stdout.readline()).group(1))
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.sendmail("", [tokens.return_path(7, 4711)], a_report())
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0

    assert InboundMail.objects.count() == 1
