"""The mail that asks for confirmation: one per request and day, in the person's language, without advertising."""

import datetime as dt
import logging
from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from consent import automatic, double_opt_in
from consent.models import Confirmation

TRIES = 6

log = logging.getLogger(__name__)


def send_due(*, now: dt.datetime, limit: int = 200) -> int:
    """Hand over the mails that are due; give how many. Several senders share the work.

    A row is marked before its mail is handed over: a process that dies in between has asked nobody twice.
    """
    for number in range(limit):
        with transaction.atomic():
            asked = (
                Confirmation.objects.select_for_update(skip_locked=True)
                .filter(not_before__lte=now, closed_at=None)
                .order_by("not_before")
                .first()
            )
            if asked is None:
                return number
            _mark(asked, now)
        _hand_over(asked, now)
    return limit


def compose(asked: Confirmation) -> EmailMultiAlternatives:
    """Write the mail: plain and HTML, one link, who asks, and that doing nothing means no."""
    known = asked.language if asked.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(known):
        names = [one.name for one in asked.subscription_types.order_by("pk")]
        subject = " ".join((_("Please confirm: %(names)s") % {"names": ", ".join(names)}).split())
        context = {
            "names": names,
            "link": f"{settings.BASE_URL}{double_opt_in.path(asked.key)}",
            "expires_at": asked.expires_at,
            "language": known,
        }
        return automatic.mail("confirm", subject, context, to=asked.address, message_id=asked.message_id)


def _mark(asked: Confirmation, now: dt.datetime) -> None:
    asked.not_before, asked.sent_at = None, now
    asked.mails, asked.attempts = asked.mails + 1, asked.attempts + 1
    asked.message_id = make_msgid(domain=settings.BOUNCE_DOMAIN)
    asked.save(update_fields=["not_before", "sent_at", "mails", "attempts", "message_id"])


def _hand_over(asked: Confirmation, now: dt.datetime) -> None:
    try:
        compose(asked).send()
    except automatic.FAILURES as failure:
        log.warning("confirmation %s was not taken: %s", asked.pk, type(failure).__name__)
        asked.sent_at, asked.mails, asked.problem = None, asked.mails - 1, str(failure)[:500]
        asked.not_before = automatic.again_at(failure, attempts=asked.attempts, most=TRIES, now=now)
        asked.save(update_fields=["sent_at", "mails", "problem", "not_before"])
