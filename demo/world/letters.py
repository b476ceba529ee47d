"""Reading a mail as a mail program does, and writing the reports that mail servers send back. Pure."""

import email
import email.utils
import hashlib
import html
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

HIDDEN = re.compile(r"<!--.*?-->|<(style|script)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
ANCHOR = re.compile(r"<a\b(?![^>]*\saria-hidden)[^>]*?\shref\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
IMAGE = re.compile(r"<img\b[^>]*?\ssrc\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
SUBJECT = re.compile(rb"^subject:[ \t]*(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
URI = re.compile(r"<\s*(https?:[^>\s]+)\s*>", re.IGNORECASE)
HEAD = 16 * 1024  # no header of ours is longer; a stranger's is cut
MX = "mx.world.example"


@dataclass(frozen=True)
class Letter:
    """A mail as it was handed over, with its envelope."""

    sender: str  # empty: the null sender of a report
    recipients: tuple[str, ...]
    content: bytes

    @property
    def head(self) -> bytes:
        """The header lines alone, each ending with CRLF."""
        end = self.content.find(b"\r\n\r\n", 0, HEAD)
        return self.content[: end + 2] if end >= 0 else self.content[:HEAD]

    @property
    def message_id(self) -> bytes:
        return message_id(self.content)

    @property
    def subject(self) -> str:
        """As it stands on the wire, in one line: enough to tell mailings apart."""
        found = SUBJECT.search(self.head)
        return " ".join(found[1].decode("latin-1").split()) if found else ""


@dataclass(frozen=True)
class Reading:
    """What a mail program finds in a mail."""

    links: tuple[str, ...]
    images: tuple[str, ...]
    one_click: str  # the address to POST to (RFC 8058), or empty
    feedback: str  # where complaints go (RFC 9477), or empty


def message_id(content: bytes) -> bytes:
    """The Message-ID, brackets included; empty when there is none."""
    start = content.find(b"\nMessage-ID: <", 0, HEAD)  # as nearly everybody writes it; the pattern is ten times slower
    if start >= 0:
        return content[start + 13 : content.find(b"\r", start + 13)].strip()
    found = MESSAGE_ID.search(content, 0, HEAD)
    return found[1] if found else b""


def read(letter: Letter) -> Reading:
    """Find links, pictures and the unsubscribe address, whatever the bytes are."""
    message = email.message_from_bytes(letter.content)
    shown = HIDDEN.sub("", html_of(message))
    one_click = URI.search(header(message, "List-Unsubscribe")) if "List-Unsubscribe-Post" in message else None
    feedback = header(message, "CFBL-Address").partition(";")[0].strip()
    return Reading(
        links=targets(ANCHOR, shown),
        images=targets(IMAGE, shown),
        one_click=one_click[1] if one_click else "",
        feedback=feedback if re.fullmatch(r"[\x21-\x7e]+@[\x21-\x7e]+", feedback) else "",
    )


def header(message: Message, name: str) -> str:
    return str(message.get(name, ""))


def html_of(message: Message) -> str:
    """The first HTML part; without one, nothing can be loaded or clicked."""
    for part in message.walk():
        if part.get_content_type() == "text/html":
            payload = part.get_payload(decode=True)
            return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return ""


def targets(pattern: re.Pattern[str], page: str) -> tuple[str, ...]:
    found = (html.unescape(double or single).strip() for double, single in pattern.findall(page))
    return tuple(dict.fromkeys(url for url in found if url))


@dataclass(frozen=True)
class Failure:
    """Why a server could not deliver what it had taken."""

    status: str  # RFC 3463
    words: str  # its answer, without the address


FAILURES = (
    (0.55, Failure("5.1.1", "550 5.1.1 User unknown in virtual mailbox table")),
    (0.25, Failure("5.2.2", "552 5.2.2 Mailbox full, quota exceeded")),
    (0.10, Failure("5.2.1", "550 5.2.1 Mailbox disabled, not accepting messages")),
    (0.10, Failure("5.7.1", "554 5.7.1 Message rejected under suspicion of spam; policy of the receiver")),
)


def failure(draw: float) -> Failure:
    """One of FAILURES by its share; `draw` is from 0 to below 1."""
    for share, reason in FAILURES:
        if draw < share:
            return reason
        draw -= share
    return FAILURES[-1][1]


def delivery_report(letter: Letter, recipient: str, reason: Failure, *, now: datetime) -> bytes:
    """An RFC 3464 report that `letter` could not be delivered, with the headers of the mail returned."""
    date = email.utils.format_datetime(now)
    human = (
        f"This is the mail system at host {MX}.\r\n\r\n"
        "I'm sorry to have to inform you that your message could not\r\n"
        "be delivered to one or more recipients.\r\n\r\n"
        f"<{recipient}>: host {MX} said: {reason.words}\r\n"
    )
    status = (
        f"Reporting-MTA: dns; {MX}\r\n"
        f"X-Postfix-Sender: rfc822; {letter.sender}\r\n"
        f"Arrival-Date: {date}\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\n"
        "Action: failed\r\n"
        f"Status: {reason.status}\r\n"
        f"Remote-MTA: dns; {MX}\r\n"
        f"Diagnostic-Code: smtp; {reason.words}\r\n"
        f"Last-Attempt-Date: {date}\r\n"
    )
    return report(
        letter,
        kind="delivery-status",
        headers=(
            f"From: Mail Delivery System <MAILER-DAEMON@{MX}>",
            "Subject: Undelivered Mail Returned to Sender",
            f"To: {letter.sender}",
            f"Date: {date}",
            "Auto-Submitted: auto-replied",
        ),
        human=human,
        machine=status,
    )


def complaint(letter: Letter, recipient: str, to: str, *, now: datetime) -> bytes:
    """An RFC 5965 feedback report ("this is spam") about `letter`, with the headers of the mail returned."""
    date = email.utils.format_datetime(now)
    human = (
        f"This is an email abuse report for a message received by {recipient}\r\n"
        f"on {date}. For more information about this format, see RFC 5965.\r\n"
    )
    fields = (
        "Feedback-Type: abuse\r\n"
        "User-Agent: WorldFBL/1.0\r\n"
        "Version: 1\r\n"
        f"Original-Mail-From: <{letter.sender}>\r\n"
        f"Original-Rcpt-To: <{recipient}>\r\n"
        f"Arrival-Date: {date}\r\n"
        f"Reporting-MTA: dns; {MX}\r\n"
        "Source-IP: 127.0.0.1\r\n"
    )
    return report(
        letter,
        kind="feedback-report",
        headers=(
            f"From: Feedback loop <feedback@{MX}>",
            "Subject: FW: complaint about a message",
            f"To: {to}",
            f"Date: {date}",
            "Auto-Submitted: auto-generated",
        ),
        human=human,
        machine=fields,
    )


def report(letter: Letter, *, kind: str, headers: tuple[str, ...], human: str, machine: str) -> bytes:
    """A multipart/report of three parts: words, fields, and the headers of the mail it is about."""
    mark = hashlib.sha256(b"\0".join((kind.encode(), human.encode(), letter.head))).hexdigest()[:24]
    lines = (
        *headers,
        f"Message-ID: <{mark}@{MX}>",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={kind}; boundary="{mark}"',
    )
    parts = (
        ("text/plain; charset=utf-8", human.encode(errors="surrogateescape")),
        (f"message/{kind}", machine.encode(errors="surrogateescape")),
        ("text/rfc822-headers", letter.head),
    )
    body = b"".join(
        b"--%b\r\nContent-Type: %b\r\n\r\n%b\r\n" % (mark.encode(), content_type.encode(), content)
        for content_type, content in parts
    )
    return "\r\n".join(lines).encode(errors="surrogateescape") + b"\r\n\r\n" + body + b"--%b--\r\n" % mark.encode()
