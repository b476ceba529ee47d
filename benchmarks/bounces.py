"""Reading mail that came back, beside the standard library's parsing of the same bytes.

The messages are ours: delivery reports with a status part and in prose, automatic answers and complaints in about the shares that
a campaign gets, each with another address, answer and returned letter, of 2 to 6 kB. No two are the same.
"""

import email
import random
from collections.abc import Iterator

from benchmarks.frame import Figure, Scale, interleaved, rate
from tracking import bounces

ANSWERS = (
    "550 5.1.1 <{who}>: Recipient address rejected: User unknown in virtual mailbox table",
    "550-5.1.1 The email account that you tried to reach does not exist. Please try 550 5.1.1 double-checking - gsmtp",
    "552 5.2.2 <{who}>: user is over quota",
    "554 5.7.1 Service unavailable; Client host [192.0.2.{number}] blocked using zen.spamhaus.org",
    "550-5.7.26 This mail has been blocked because the sender is unauthenticated. 550 5.7.26 SPF [{number}.example] did not pass",
    "451 4.4.1 Connection timed out after {number} seconds",
    "550 5.4.1 Recipient address rejected: Access denied. AS({number})",
    "550 requested action not taken: {number} is not one of ours",
)
REPORT = """\
Return-Path: <>
Received: by mx{number}.example.net (Postfix) id {number:010X}; Mon, 23 Nov 2026 12:00:00 +0100 (CET)
Date: Mon, 23 Nov 2026 12:00:00 +0100 (CET)
From: MAILER-DAEMON@mx{number}.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: b+{number:048x}@bounces.example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="{number:010X}.1795/mx.example.net"

This is a MIME-encapsulated message.

--{number:010X}.1795/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx{number}.example.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

                   The mail system

<{who}>: host mx.example.org[192.0.2.7] said: {answer}
    (in reply to RCPT TO command)

--{number:010X}.1795/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx{number}.example.net
Arrival-Date: Mon, 23 Nov 2026 11:59:58 +0100 (CET)

Final-Recipient: rfc822; {who}
Original-Recipient: rfc822;{who}
Action: failed
Status: {status}
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; {answer}

--{number:010X}.1795/mx.example.net
Content-Description: Undelivered Message
Content-Type: message/rfc822

{letter}
--{number:010X}.1795/mx.example.net--
"""
PROSE = """\
Return-Path: <>
From: MAILER-DAEMON@mx{number}.example.net
To: b+{number:048x}@bounces.example.com
Subject: failure notice

Hi. This is the qmail-send program at mx{number}.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{who}>:
192.0.2.7 does not like recipient.
Remote host said: {answer}
Giving up on 192.0.2.7.

--- Below this line is a copy of the message.

{letter}
"""
AWAY = """\
From: {who}
To: b+{number:048x}@bounces.example.com
Subject: Automatic reply: See it from the inside
Auto-Submitted: auto-replied

I am out of the office until the {number}th. {who}

{letter}
"""
COMPLAINT = """\
From: fbl@provider.example
To: fbl@bounces.example.com
Subject: FW: See it from the inside
Content-Type: multipart/report; report-type=feedback-report; boundary="fbl{number}"

--fbl{number}
Content-Type: text/plain

This is an abuse report for a message received on Mon, 23 Nov 2026.

--fbl{number}
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/{number}
Version: 1

--fbl{number}
Content-Type: message/rfc822

{letter}
--fbl{number}--
"""
FORMS = (REPORT,) * 6 + (PROSE,) * 2 + (AWAY, COMPLAINT)


def figures(scale: Scale) -> Iterator[Figure]:
    mails = some_mails(scale.pick(4_000, 800))
    same(mails)

    def ours() -> None:
        for raw in mails:
            bounces.parse(raw)

    def theirs() -> None:
        for raw in mails:
            email.message_from_bytes(raw)

    measures = {"ours": lambda: rate(len(mails), ours), "theirs": lambda: rate(len(mails), theirs)}
    medians = interleaved(measures, rounds=5)
    yield Figure("bounces.parse", medians["ours"], "messages/s", medians["theirs"], "email.message_from_bytes alone")


def same(mails: list[bytes]) -> None:
    """A figure about mails that nobody understood would say nothing."""
    kinds = {bounces.parse(raw).kind for raw in mails[:100]}
    if kinds != {bounces.Kind.DSN, bounces.Kind.AUTO_REPLY, bounces.Kind.COMPLAINT}:
        raise SystemExit(f"the reader saw only {sorted(kinds)}")


def some_mails(many: int) -> list[bytes]:
    dice = random.Random(20261123)
    return [a_mail(number, dice) for number in range(many)]


def a_mail(number: int, dice: random.Random) -> bytes:
    who = f"reader{number}@example.org"
    answer = dice.choice(ANSWERS).format(who=who, number=number % 250)
    status = answer[4:9] if answer[4:5].isdigit() else "5.0.0"
    form = FORMS[number % len(FORMS)]
    text = form.format(number=number, who=who, answer=answer, status=status, letter=a_letter(who, dice))
    return text.replace("\n", "\r\n").encode()


def a_letter(who: str, dice: random.Random) -> str:
    words = ("soup", "lathe", "door", "Rotterdam", "workbench", "Thursday", "welcome", "=E2=82=AC 12,50")
    lines = (" ".join(dice.choices(words, k=9)) for _ in range(dice.randint(10, 60)))
    return (
        f"From: De Werkbank <hello@example.com>\nTo: <{who}>\nSubject: See it from the inside\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n" + "\n".join(lines)
    )
