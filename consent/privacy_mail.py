"""The privacy confirmation: a mail that tells somebody what we keep about them, why, and how to change or end it.

It goes by hand from a person's card, and by itself to who is new when the privacy notice says so (GDPR Art. 13 and
14). It advertises nothing, so it is transactional; who was erased, is blocked by hand or does not exist gets none.
"""

import datetime as dt
import logging
from dataclasses import dataclass
from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from consent import addresses, automatic, explain, gate, notices, preferences, unsubscribe
from consent.models import ConsentDetail, OptOutKey, PrivacyMail
from consent.verdict import GIVING, MessageClass

A_DAY = dt.timedelta(days=1)
TRIES = 6

log = logging.getLogger(__name__)


class CannotSend(ValueError):
    """No such mail goes there; the message says why, fit to show a person."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """One thing somebody agreed to, in their language: what, when, and by what."""

    what: str
    on: dt.date
    source: str


def ask(address: str, *, language: str, actor: str, now: dt.datetime) -> PrivacyMail:
    """Have the mail sent to a normalised address. Raises CannotSend."""
    if notices.current() is None:
        raise CannotSend(_("Write the privacy notice down first: the mail tells what stands in it"))
    refused = gate.recheck("email", 0, [address], message_class=MessageClass.TRANSACTIONAL, at=now)
    if verdict := refused.get(address):
        raise CannotSend(_("Nobody writes to this address: %(reason)s") % {"reason": verdict.words})
    if PrivacyMail.objects.filter(address=address, asked_at__gt=now - A_DAY).exists():
        raise CannotSend(_("It was sent within a day already"))
    known = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    return PrivacyMail.objects.create(address=address, language=known, actor=actor, asked_at=now, not_before=now)


def welcome(address: str, *, language: str, actor: str, now: dt.datetime) -> bool:
    """Have it sent to somebody new, if the notice says so, and once only. Gives whether it will be."""
    notice = notices.current()
    if notice is None or not notice.mails_new or not addresses.has_shape(address):
        return False
    if PrivacyMail.objects.filter(address=address).exists():
        return False
    try:
        ask(address, language=language, actor=actor, now=now)
    except CannotSend:
        return False
    return True


def latest(address: str) -> PrivacyMail | None:
    """Give the last one to an address."""
    return PrivacyMail.objects.filter(address=address).order_by("-pk").first()


def send_due(*, now: dt.datetime, limit: int = 100) -> int:
    """Hand over the mails that are due; give how many. A row is marked before its mail is handed over."""
    for number in range(limit):
        with transaction.atomic():
            waiting = PrivacyMail.objects.select_for_update(skip_locked=True).filter(not_before__lte=now)
            asked = waiting.order_by("not_before").first()
            if asked is None:
                return number
            asked.not_before, asked.sent_at, asked.attempts = None, now, asked.attempts + 1
            asked.message_id = make_msgid(domain=settings.BOUNCE_DOMAIN)
            asked.save(update_fields=["not_before", "sent_at", "attempts", "message_id"])
        _hand_over(asked, now)
    return limit


def compose(asked: PrivacyMail) -> EmailMultiAlternatives:
    """Write the mail in the person's language: plain and HTML."""
    unsubscribe.keep_keys({asked.address})
    key = OptOutKey.objects.get(channel="email", address=asked.address)
    with translation.override(asked.language):
        subject = _("What %(sender)s keeps about you") % {"sender": settings.SENDER_NAME}
        context = {
            "address": asked.address,
            "agreed": _agreed(asked.address),
            "notice": notices.current(),
            "choices": f"{settings.BASE_URL}{preferences.path(key.preferences)}",
            "data": f"{settings.BASE_URL}{reverse('consent:data_ask')}?lang={asked.language}",
            "language": asked.language,
        }
        return automatic.mail("privacy", subject, context, to=asked.address, message_id=asked.message_id)


def _agreed(address: str) -> list[Agreed]:
    """What they agreed to that still counts, newest first; what was taken back is left out."""
    details = ConsentDetail.objects.filter(address=address, event__channel="email", event__annulment=None)
    newest: dict[tuple[int, int | None], Agreed | None] = {}
    for detail in details.select_related("event__subscription_type", "event__purpose").order_by("-event_id")[:200]:
        event = detail.event
        of = (event.purpose_id, event.subscription_type_id)
        if of in newest:
            continue
        what = event.subscription_type.name if event.subscription_type else event.purpose.name
        given = Agreed(what, event.evidence_on or event.acted_at.date(), explain.source_name(event.source))
        newest[of] = given if event.act in GIVING else None
    return [one for one in newest.values() if one]


def _hand_over(asked: PrivacyMail, now: dt.datetime) -> None:
    try:
        compose(asked).send()
    except automatic.FAILURES as failure:
        log.warning("privacy confirmation %s was not taken: %s", asked.pk, type(failure).__name__)
        again = automatic.again_at(failure, attempts=asked.attempts, most=TRIES, now=now)
        PrivacyMail.objects.filter(pk=asked.pk).update(sent_at=None, not_before=again, problem=type(failure).__name__)
