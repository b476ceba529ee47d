"""One-to-one mail: written and sent by a named user to one person. No campaign, no tracking, no list.

It stands outside the consent gate, because a person writes to a person. Never past an objection, an erasure or an
address that does not exist. A row is made before the mail is handed over, so that pressing twice sends once.
"""

import datetime as dt
import logging
import smtplib
import uuid
from dataclasses import dataclass
from email.utils import formataddr, make_msgid

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.translation import gettext as _

from consent import addresses, gate
from consent.gate import MessageClass
from mailings.models import PersonalMail
from recipients.models import EmailAddress, Person

LONGEST = 50_000  # characters of a text
AN_HOUR = dt.timedelta(hours=1)
MOST = 30  # in an hour by one user: more is a campaign, and a campaign asks for consent
State = PersonalMail.State

log = logging.getLogger(__name__)


class CannotWrite(ValueError):
    """This mail is not sent; the message says why, fit to show a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What somebody wrote, and to whom. `key` is the form's own: the same form twice is one mail."""

    key: uuid.UUID
    address: str
    subject: str
    body: str
    person: int | None = None


def send(words: Words, *, by: User, now: dt.datetime) -> PersonalMail:
    """Send it, or find it sent by this very form. What the mail server says is kept on the row. Raises CannotWrite."""
    mail, is_new = _write_down(words, by, now)
    if is_new:
        _hand_over(mail, now)
    return mail


def send_again(mail: PersonalMail, *, by: User, now: dt.datetime) -> None:
    """Try a mail again that the mail server did not take. Raises CannotWrite."""
    if mail.by_id != by.pk:
        raise CannotWrite(_("Only who wrote it sends it."))
    _ask_gate(mail.address, now)
    failed = PersonalMail.objects.filter(pk=mail.pk, state=State.FAILED)
    if not failed.update(state=State.SENDING, problem=""):
        raise CannotWrite(_("This mail is on its way or was sent already."))
    mail.refresh_from_db()
    _hand_over(mail, now)


def refusal(address: str, *, now: dt.datetime) -> str:
    """Say why nobody writes to this address, not even one to one; empty when somebody may."""
    try:
        _ask_gate(addresses.normalise(address), now)
    except (CannotWrite, addresses.InvalidAddress) as no:
        return str(no)
    return ""


def person_of(address: str) -> Person | None:
    """Find whose address it is."""
    found = EmailAddress.objects.filter(address=address).select_related("person").order_by("rank", "pk").first()
    return found.person if found else None


def _write_down(words: Words, by: User, now: dt.datetime) -> tuple[PersonalMail, bool]:
    address = _checked(words, now)
    subject, body = " ".join(words.subject.split()), words.body.strip()
    if not subject or not body:
        raise CannotWrite(_("Write a subject and a text."))
    if len(body) > LONGEST:
        raise CannotWrite(_("The text is longer than %(most)s characters.") % {"most": LONGEST})
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)  # the count below holds for mails at the same moment, too
        mails = PersonalMail.objects.filter(by=by, created_at__gt=now - AN_HOUR).exclude(key=words.key)
        if mails.count() >= MOST:
            raise CannotWrite(
                _(
                    "You wrote %(most)s mails within an hour. More than that is a mailing: make one, it asks for consent."
                )
                % {"most": MOST}
            )
        return PersonalMail.objects.get_or_create(
            key=words.key,
            defaults={
                "person_id": words.person,
                "address": address,
                "subject": subject[:250],
                "body": body,
                "by": by,
                "from_name": by.get_full_name() or by.get_username(),
                "reply_to": by.email,
                "message_id": make_msgid(domain=settings.BOUNCE_DOMAIN),
                "created_at": now,
            },
        )


def _checked(words: Words, now: dt.datetime) -> str:
    try:
        address = addresses.normalise(words.address)
    except addresses.InvalidAddress as mistake:
        raise CannotWrite(f"{mistake}.") from mistake
    if words.person and not EmailAddress.objects.filter(person=words.person, address=address).exists():
        raise CannotWrite(_("This is not an address of this person any more."))
    _ask_gate(address, now)
    return address


def _ask_gate(address: str, now: dt.datetime) -> None:
    refused = gate.recheck("email", 0, [address], message_class=MessageClass.ONE_TO_ONE, at=now)
    if verdict := refused.get(address):
        raise CannotWrite(_("Nobody writes to this address: %(reason)s.") % {"reason": verdict.words})


def _hand_over(mail: PersonalMail, now: dt.datetime) -> None:
    message = EmailMessage(
        subject=mail.subject,
        body=mail.body,
        from_email=formataddr((mail.from_name, settings.SENDER_ADDRESS)),
        to=[mail.address],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers={"Message-ID": mail.message_id},
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as failure:
        log.warning("personal mail %s was not taken: %s", mail.pk, type(failure).__name__)
        mail.state, mail.problem = State.FAILED, str(failure)[:500]
    else:
        mail.state, mail.sent_at = State.SENT, now
    mail.save(update_fields=["state", "problem", "sent_at"])
