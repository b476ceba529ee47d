"""The forms of many mail systems' delivery reports: short samples of our own, one per form, nothing copied."""

import json

import pytest

from tracking import bounces
from tracking.bounces import Kind
from tracking.refusals import Category

DEAD, UNKNOWN = Category.DEAD_ADDRESS, Category.UNKNOWN
HEAD = "Return-Path: <>\nFrom: {sender}\nTo: us@example.com\nSubject: {subject}\n\n"


def mail(words: str, *, sender: str = "MAILER-DAEMON@mx.example.net", subject: str = "Returned mail") -> bytes:
    return (HEAD.format(sender=sender, subject=subject) + words).encode()


def the_one(raw: bytes) -> tuple[str, Category]:
    (failure,) = bounces.parse(raw).failures
    return failure.address, failure.category


FORMS = {
    "qmail": (
        (
            "Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to deliver your message.\n\n"
            "<ada@example.org>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 no such user\nGiving up on 192.0.2.7.\n\n"
            "--- Below this line is a copy of the message.\n\nTo: eve@example.org\n"
        ),
        DEAD,
    ),
    "qmail, after the letter": (
        (
            "Hi. This is the qmail-send program at mx.example.net.\n\n<ada@example.org>:\n192.0.2.7 failed after I sent the message.\n"
            "Remote host said: 554 no such user\n"
        ),
        UNKNOWN,
    ),
    "qmail, no such domain": (
        "<ada@example.org>:\nSorry, I couldn't find any host named example.org. (#5.1.2)\n",
        DEAD,
    ),
    "Exim": (
        (
            "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to "
            "one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ada@example.org\n"
            "    host mx.example.org [192.0.2.7]\n    SMTP error from remote mail server after RCPT TO:<ada@example.org>:\n"
            "    550 Unknown recipient\n\n------ This is a copy of the message, including all the headers. ------\n"
        ),
        DEAD,
    ),
    "Exim, after the letter": (
        (
            "The following address(es) failed:\n\n  ada@example.org\n    SMTP error from remote mail server after end of data:\n"
            "    550 User unknown\n"
        ),
        UNKNOWN,
    ),
    "Exim, no such domain": (
        "The following address(es) failed:\n\n  ada@example.invalid\n    Unrouteable address\n",
        DEAD,
    ),
    "Postfix, wrapped": (
        (
            "<ada@example.org>: host mx.example.org[192.0.2.7] said: 550 5.1.1\n    <ada@example.org>: Recipient address rejected: "
            "User unknown in virtual mailbox\n    table (in reply to RCPT TO command)\n"
        ),
        DEAD,
    ),
    "Sendmail's transcript": (
        (
            "   ----- Transcript of session follows -----\n... while talking to mx.example.org.:\n>>> RCPT To:<ada@example.org>\n"
            "<<< 550 no such user here\n550 <ada@example.org>... User unknown\n"
        ),
        DEAD,
    ),
    "Domino": (
        (
            "Your message\n\n  Subject: Weekly\n\nwas not delivered to:\n\n  ada@example.org\n\nbecause:\n\n"
            "  User ada (ada@example.org) not listed in Domino Directory\n"
        ),
        DEAD,
    ),
    "Exchange 2003": (
        (
            "Your message\n\n  To:      eve@example.org\n  Subject: Weekly\n  Sent:    Mon, 23 Nov 2026 12:00:00 +0000\n\n"
            "did not reach the following recipient(s):\n\nada@example.org on Mon, 23 Nov 2026 12:00:01 +0000\n"
            "    The recipient name is not recognized\n    MSEXCH:IMS:ORG:SITE:SERVER 0 (000C05A6) Unknown Recipient\n"
        ),
        DEAD,
    ),
    "MailMarshal": (
        (
            "Your message:\n   From:    us@example.com\n   Subject: Weekly\n\nCould not be delivered because of\n\n"
            "550 5.1.1 User unknown\n\nThe following recipients were affected:\n    ada@example.org\n"
        ),
        DEAD,
    ),
    "InterScan": (
        (
            "Sent <<< RCPT TO:<ada@example.org>\nReceived >>> 550 <ada@example.org>... no such account\n\n"
            "Unable to deliver message to <ada@example.org>\n"
        ),
        DEAD,
    ),
    "Biglobe": (
        (
            "   ----- The following addresses had delivery problems -----\nada@example.org\n\n   ----- Non-delivered information -----\n"
            "The number of messages in recipient's mailbox exceeded the local limit.\n"
        ),
        Category.FULL,
    ),
    "KDDI": (
        (
            "Your mail sent on: Mon, 23 Nov 2026 12:00:00 +0900\n     Could not be delivered to: <ada@example.org>\n"
            "     As their mailbox is full.\n"
        ),
        Category.FULL,
    ),
    "KDDI, no such domain": (
        (
            "Your mail sent on: Mon, 23 Nov 2026 12:00:00 +0900\n     Could not be delivered to: <ada@example.org>\n"
            "     As the remote domain doesnt exist.\n"
        ),
        DEAD,
    ),
    "EZweb": (
        (
            "Each of the following recipients was rejected by a remote\nmail server.\n\n    Recipient: <ada@example.org>\n"
            "    >>> RCPT TO:<ada@example.org>\n    <<< 550 <ada@example.org>: User unknown\n"
        ),
        DEAD,
    ),
    "Gmail of old": (
        (
            "Delivery to the following recipient failed permanently:\n\n     ada@example.org\n\nTechnical details of permanent failure:\n"
            "Google tried to deliver your message, but it was rejected by the recipient domain. The error that the other server "
            "returned was: 550 550 No such user (state 14).\n\n----- Original message -----\n"
        ),
        DEAD,
    ),
    "Gmail of old, after the letter": (
        (
            "Delivery to the following recipient failed permanently:\n\n     ada@example.org\n\nThe error that the other server "
            "returned was: 550 550 No such user here (state 17).\n"
        ),
        UNKNOWN,
    ),
    "DragonFly": (
        (
            "This is the DragonFly Mail Agent v0.13 at mx.example.net.\n\nThere was an error delivering your mail to "
            "<ada@example.org>.\n\nmx.example.org [192.0.2.7] did not like our RCPT TO:\n550 no such user\n\nMessage headers follow.\n"
        ),
        DEAD,
    ),
    "Yahoo": (
        (
            "Sorry, we were unable to deliver your message to the following address.\n\n<ada@example.org>:\nRemote host said:\n"
            "550 no such user [RCPT_TO]\n\n--- Below this line is a copy of the message.\n"
        ),
        DEAD,
    ),
    "IMail": (
        "undeliverable to ada@example.org\n\nBody of message generated response:\n552 mailbox for ada@example.org is full\n",
        Category.FULL,
    ),
    "GMX": (
        (
            'The following address failed:\n\n"ada@example.org":\nSMTP error from remote server after RCPT command:\n'
            "host: mx.example.org\nuser unknown\n\n--- The header of the original message is following. ---\n"
        ),
        DEAD,
    ),
    "X1": (
        (
            "The original message was received at Mon, 23 Nov 2026 12:00:00 +0000\nfrom us@example.com\n\n"
            "---The following addresses had delivery errors---\n\nada@example.org [User unknown]\n"
        ),
        UNKNOWN,  # nobody knows at which step
    ),
    "fields as plain text": (
        (
            "The delivery failed.\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; ada@example.org\nAction: failed\n"
            "Status: 5.1.1\nDiagnostic-Code: smtp; 550\n    no such user\n"
        ),
        DEAD,
    ),
    "Microsoft 365's directory": (
        (
            "<ada@example.org>: host example-org.mail.protection.outlook.com said: 550 5.4.1 Recipient address rejected: Access "
            "denied. [x.prod.protection.outlook.com] (in reply to RCPT TO command)\n"
        ),
        DEAD,
    ),
    "a domain without mail": ("<ada@example.org>: 556 5.1.10 Domain does not accept mail (nullMX)\n", DEAD),
    "a mailbox closed": ("<ada@example.org>: 550 5.2.1 The email account is disabled\n", Category.INACTIVE),
    "blocked": (
        (
            "<ada@example.org>: host mx.example.org said: 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using "
            "zen.spamhaus.org (in reply to RCPT TO command)\n"
        ),
        Category.BLOCK_SENDER,
    ),
    "our own address": (
        (
            "<ada@example.org>: host mx.example.org said: 550 5.1.8 <us@example.com>: Sender address rejected: Domain not found "
            "(in reply to MAIL FROM command)\n"
        ),
        Category.BLOCK_SENDER,
    ),
}


@pytest.mark.parametrize(("words", "category"), FORMS.values(), ids=FORMS)
def test_every_form_names_the_address_and_what_is_wrong_with_it(words, category):
    assert the_one(mail(words)) == ("ada@example.org" if "invalid" not in words else "ada@example.invalid", category)


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
@pytest.mark.parametrize("words", [words for words, _category in FORMS.values()], ids=FORMS)
def test_every_form_reads_the_same_with_other_line_ends(words, end):
    raw = mail(words)

    assert bounces.parse(raw.replace(b"\n", end)) == bounces.parse(raw)


def test_a_transcript_of_several_recipients_tells_them_apart():
    words = (
        "   ----- Transcript of session follows -----\n550 example.invalid (smtp)... 550 Host unknown\n"
        "554 <eve@example.invalid>... 550 Host unknown (Authoritative answer from name server)\n"
        ">>> RCPT To:<ada@example.org>\n<<< 550 No such user here.\n550 <ada@example.org>... User unknown\n"
        "452 <bob@example.org>... Insufficient disk space\n"
    )

    failures = bounces.parse(mail(words)).failures

    assert [(failure.address, failure.category) for failure in failures] == [
        ("eve@example.invalid", DEAD),
        ("ada@example.org", DEAD),
        ("bob@example.org", Category.FULL),
    ]


def test_a_report_that_hides_the_address_is_about_whom_the_letter_was_written_to():
    raw = (
        b"From: MAILER-DAEMON@mx.example.net\nSubject: Undeliverable\nContent-Type: multipart/report; boundary=x\n\n"
        b"--x\nContent-Type: text/plain\n\nSomething went wrong\n"
        b"--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n"
        b"--x\nContent-Type: message/rfc822\n\nFrom: us@example.com\nTo: Ada <ada@example.org>\n\nHello\n--x--\n"
    )

    assert the_one(raw) == ("ada@example.org", UNKNOWN)


def test_an_address_that_was_forwarded_is_known_by_both_names():
    raw = (
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; mx.example.net\n\nOriginal-Recipient: rfc822;ada@example.org\n"
        b"Final-Recipient: rfc822;ada@home.example\nAction: failed\nStatus: 5.2.2\n--x--\n"
    )

    (failure,) = bounces.parse(raw).failures

    assert (failure.address, failure.final, failure.category) == ("ada@example.org", "ada@home.example", Category.FULL)


@pytest.mark.parametrize(
    ("body", "kind", "category"),
    [
        (
            {
                "notificationType": "Bounce",
                "bounce": {
                    "bounceType": "Permanent",
                    "bouncedRecipients": [
                        {
                            "emailAddress": "ada@example.org",
                            "action": "failed",
                            "status": "5.1.1",
                            "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                        }
                    ],
                },
            },
            Kind.DSN,
            DEAD,
        ),
        (
            {
                "notificationType": "Bounce",
                "bounce": {
                    "bounceType": "Transient",
                    "bounceSubType": "MailboxFull",
                    "bouncedRecipients": [{"emailAddress": "ada@example.org"}],
                },
            },
            Kind.DSN,
            Category.FULL,
        ),
        (
            {
                "notificationType": "Delivery",
                "delivery": {"recipients": ["ada@example.org"], "smtpResponse": "250 ok"},
            },
            Kind.DSN,
            Category.DELIVERED,
        ),
        (
            {
                "notificationType": "Complaint",
                "complaint": {"complainedRecipients": [{"emailAddress": "ada@example.org"}]},
            },
            Kind.COMPLAINT,
            None,
        ),
        ({"notificationType": "Bounce", "bounce": {"bouncedRecipients": "none"}}, Kind.DSN, None),
        ({"notificationType": 7}, Kind.OTHER, None),
    ],
)
def test_amazons_notifications_are_read_too(body, kind, category):
    report = bounces.parse(
        mail(json.dumps(body), sender="no-reply@sns.amazonaws.com", subject="AWS Notification Message")
    )

    assert report.kind is kind
    assert [failure.category for failure in report.failures] == ([category] if category else [])


def test_a_complaint_says_who_complained_unless_the_provider_hides_it():
    raw = (
        b"Content-Type: multipart/report; report-type=feedback-report; boundary=x\n\n"
        b"--x\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: <ada@example.org>\n--x--\n"
    )

    assert bounces.parse(raw).about == "ada@example.org"
    assert bounces.parse(raw.replace(b"<ada@example.org>", b"redacted")).about == ""
