"""Looking into a mailbox: what is ours is kept like mail at the inbound port; what is not ours stays as it was.

A mail is ours when it came to an address that we gave out, or reports about a letter of ours. It is put away only after it is kept, so
that a process that dies in between looks at it again, and keeping it twice keeps it once.
"""

import datetime as dt
import email
import email.policy
import logging
import re

from django.db.models import F, Q
from django.utils.translation import gettext as _

from consent import sealed
from tracking import postbox
from tracking.mailboxes import wires
from tracking.mailboxes.wires import CannotLook, Imap, Pop3, Way
from tracking.models import LookedAt, Mailbox

AT_ONCE = 200  # mails per look
LEASE = dt.timedelta(minutes=10)
HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")  # who it came to, best first
ADDRESS = re.compile(r"[^\s<>,;:\"]{1,64}@[^\s<>,;:\"]{1,255}")

log = logging.getLogger(__name__)


def way(mailbox: Mailbox) -> Way:
    return Way(
        mailbox.protocol,
        mailbox.host,
        mailbox.security,
        mailbox.username,
        sealed.unseal(mailbox.password),
        mailbox.port,
        mailbox.folder,
    )


def look_into_all(*, now: dt.datetime) -> int:
    """Look into every mailbox in use; returns how many mails of ours were found."""
    due = Mailbox.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True)
    return sum(look_into(pk, now=now) for pk in list(due))


def look_into(pk: int, *, now: dt.datetime) -> int:
    """Look into one mailbox, unless somebody else does at this moment. Trouble is written on it, never raised."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    if not Mailbox.objects.filter(free, pk=pk).update(claimed_until=now + LEASE):
        return 0
    mailbox = Mailbox.objects.get(pk=pk)
    taken, problem = 0, ""
    try:
        with wires.open_wire(way(mailbox)) as wire:
            taken = _take(mailbox, wire, now)
    except CannotLook as trouble:
        problem = str(trouble)
    except sealed.CannotOpen:
        problem = _("The password was sealed with another key. Fill it in again.")
    if problem:
        log.warning("mailbox %s could not be read: %s", pk, problem)
    Mailbox.objects.filter(pk=pk).update(
        claimed_until=None, last_at=now, problem=problem[:1000], taken=F("taken") + taken
    )
    return taken


def try_out(mailbox: Mailbox) -> None:
    """Log in and leave again; raises CannotLook."""
    with wires.open_wire(way(mailbox)):
        pass


def _take(mailbox: Mailbox, wire: Imap | Pop3, now: dt.datetime) -> int:
    after = mailbox.read_until if wire.validity == mailbox.validity else 0
    known: set[str] = set()
    if isinstance(wire, Pop3):
        _forget_gone(mailbox, wire)
        known = set(mailbox.looked_at.values_list("uid", flat=True))
    taken = 0
    for number, raw in wire.new(after=after, known=known, most=AT_ONCE):
        if to := whose(raw, mailbox.username):
            postbox.keep(_sender(raw), [to], raw, now=now)
            wire.put_away(number, how=mailbox.after, folder=mailbox.moves_to)
            taken += 1
            if isinstance(wire, Pop3) and mailbox.after == Mailbox.After.GOES:
                continue  # it is gone only when the session ends well; else it is looked at again
        _remember(mailbox, wire, number)
    return taken


def whose(raw: bytes, username: str) -> str:
    """The address of ours that a mail came to, the mailbox's own when it reports about a letter of ours, else nothing."""
    head = _head(raw)
    for name in HEADERS:
        for value in head.get_all(name, []):
            found = (match.group(0).lower() for match in ADDRESS.finditer(str(value)))
            if ours := next((address for address in found if postbox.is_return_address(address)), ""):
                return ours
    return username if postbox.is_answer_of_machine(raw) else ""


def _remember(mailbox: Mailbox, wire: Imap | Pop3, number: str) -> None:
    if isinstance(wire, Pop3):
        LookedAt.objects.get_or_create(mailbox=mailbox, uid=number)
    else:
        Mailbox.objects.filter(pk=mailbox.pk).update(validity=wire.validity, read_until=int(number))


def _forget_gone(mailbox: Mailbox, wire: Pop3) -> None:
    """What the mailbox no longer holds need not be remembered."""
    gone = set(mailbox.looked_at.values_list("uid", flat=True)) - wire.held
    mailbox.looked_at.filter(uid__in=gone).delete()


def _head(raw: bytes) -> email.message.Message:
    end = re.search(rb"\r?\n\r?\n", raw)
    return email.message_from_bytes(raw[: end.start() if end else 20_000][:100_000], policy=email.policy.compat32)


def _sender(raw: bytes) -> str:
    """The envelope sender, where the mailbox kept it; a null sender is nothing."""
    head = _head(raw)
    found = ADDRESS.search(str(head.get("Return-Path", head.get("From", ""))))
    return found.group(0) if found else ""
