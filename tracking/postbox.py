"""Mails that came back: kept as they are, then read into events. The mail stays as the evidence of its event.

Whom a mail is about is told by our own tokens alone: the envelope sender it came back to, or one in the returned letter. A
mail without one is kept for people to look at and changes nothing.
"""

import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import transaction

from tracking import bounces, journal, tokens
from tracking.models import InboundMail, Kind
from tracking.refusals import NOT_A_BOUNCE, Category

KEPT_UNKNOWN = dt.timedelta(days=30)  # how long a mail stays that is about nothing of ours
TOWARDS_US = {"postmaster", "abuse", "fbl"}  # RFC 2142; where a provider may send complaints
# Feedback that is a complaint; "not-spam" and "auth-failure" are none (RFC 5965, 6591).
COMPLAINTS = {"abuse", "fraud", "opt-out", "opt-out-list", "virus", "other", "miscategorized"}
KINDS = {
    bounces.Kind.DSN: InboundMail.Kind.DSN,
    bounces.Kind.COMPLAINT: InboundMail.Kind.COMPLAINT,
    bounces.Kind.AUTO_REPLY: InboundMail.Kind.AUTO_REPLY,
    bounces.Kind.OTHER: InboundMail.Kind.OTHER,
}
# Apps above may listen for who wants no more mail: mailing and message.
type Leaver = Callable[[int, int, dt.datetime], None]
leavers: list[Leaver] = []
NOBODYS = "Names no message of ours"

log = logging.getLogger(__name__)


def is_ours(address: str) -> bool:
    """Say whether mail to this address is taken in: a return path that we gave out, or one of our role addresses."""
    local, _, domain = address.lower().rpartition("@")
    if domain != settings.BOUNCE_DOMAIN.lower():
        return False
    return local in TOWARDS_US or is_return_address(address)


def is_return_address(address: str) -> bool:
    """Say whether we gave this address out: its MAC tells, whatever the domain."""
    return _of_return_path(address) is not None or _of_leaving(address) is not None


def is_answer_of_machine(raw: bytes) -> bool:
    """Say whether a mail is a delivery report or a complaint about a letter of ours. A person who quotes one is neither."""
    return _of_letter(raw) is not None and bounces.parse(raw).kind in (bounces.Kind.DSN, bounces.Kind.COMPLAINT)


def keep(mail_from: str, recipients: Sequence[str], raw: bytes, *, now: dt.datetime) -> None:
    """Keep one mail for each recipient; handing it over twice keeps it once."""
    InboundMail.objects.bulk_create(
        [
            InboundMail(
                received_at=now,
                mail_from=mail_from.replace("\x00", "")[:320],
                rcpt_to=recipient.lower()[:320],
                raw=raw,
                digest=hashlib.sha256(recipient.lower().encode() + b"\0" + raw).hexdigest(),
            )
            for recipient in recipients
        ],
        ignore_conflicts=True,
    )


def read(*, now: dt.datetime, limit: int = 500) -> int:
    """Read mails that nobody read yet; returns how many. Several readers share the work."""
    for number in range(limit):
        with transaction.atomic():
            mail = InboundMail.objects.select_for_update(skip_locked=True).filter(read_at=None).order_by("pk").first()
            if mail is None:
                return number
            _read_one(mail, now)
    return limit


def prune(*, now: dt.datetime) -> int:
    """Throw away what is about no message of ours, after a month."""
    old = InboundMail.objects.filter(message=None, read_at__isnull=False, received_at__lt=now - KEPT_UNKNOWN)
    return old.delete()[0]


def _read_one(mail: InboundMail, now: dt.datetime) -> None:
    mail.read_at = now
    raw = bytes(mail.raw)
    if leaving := _of_leaving(mail.rcpt_to):
        _let_go(mail, raw, *leaving)
        return
    try:
        report = bounces.parse(raw)
        about = _of_return_path(mail.rcpt_to) or _of_letter(raw)
    except Exception:  # a stranger's bytes found a fault of ours: keep the mail, say so, read the next
        log.exception("mail %s could not be read", mail.pk)
        mail.problem = "Could not be read; see the log"
        mail.save(update_fields=["read_at", "problem"])
        return
    mail.kind = KINDS[report.kind]
    mail.problem = "" if about else NOBODYS
    if about and about[1] != tokens.TEST:
        mail.message = about[1]
        if event := _event(mail, report, *about):
            journal.record([event])
    mail.save(update_fields=["read_at", "kind", "message", "problem"])


def _event(mail: InboundMail, report: bounces.Report, mailing: int, message: int) -> journal.NewEvent | None:
    """What the mail means for the message it is about; automatic answers and delays mean nothing."""
    kind, category, detail = None, "", ""
    if report.kind is bounces.Kind.COMPLAINT and report.feedback in COMPLAINTS:
        kind, detail = Kind.COMPLAINT, report.feedback
    elif failure := report.worst:
        if failure.category is Category.DELIVERED:
            kind = Kind.DELIVERED
        elif failure.category not in NOT_A_BOUNCE:
            kind, category = Kind.BOUNCE, failure.category.value
        detail = failure.detail
    if kind is None:
        return None
    return journal.NewEvent(
        origin=f"mail:{mail.pk}",
        at=mail.received_at,
        kind=kind,
        mailing=mailing,
        message=message,
        category=category,
        detail=detail.replace("\x00", "")[:2000],
    )


def _let_go(mail: InboundMail, raw: bytes, mailing: int, message: int) -> None:
    """A mail to the address of List-Unsubscribe: whoever has it may leave. What a machine answered means nothing."""
    is_answer = not mail.mail_from or bounces.parse(raw).kind is not bounces.Kind.OTHER
    mail.kind = InboundMail.Kind.AUTO_REPLY if is_answer else InboundMail.Kind.UNSUBSCRIBE
    mail.problem = ""
    if message != tokens.TEST:
        mail.message = message
        for leaver in [] if is_answer else leavers:
            leaver(mailing, message, mail.received_at)
    mail.save(update_fields=["read_at", "kind", "message", "problem"])


def _of_leaving(address: str) -> tuple[int, int] | None:
    try:
        return tokens.read("leave", address.rpartition("@")[0])
    except tokens.BadToken:
        return None


def _of_return_path(address: str) -> tuple[int, int] | None:
    try:
        return tokens.read("bounce", address.rpartition("@")[0])
    except tokens.BadToken:
        return None


def _of_letter(raw: bytes) -> tuple[int, int] | None:
    """The first token in the returned letter that is truly ours."""
    purposes: dict[str, tuple[tokens.Purpose, ...]] = {"url": ("click", "open", "view"), "bounce": ("bounce",)}
    for kind, token in bounces.tokens_in(raw):
        for purpose in purposes[kind]:
            try:
                return tokens.read(purpose, token)
            except tokens.BadToken:
                continue
    return None
