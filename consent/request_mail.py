"""The mail with the link by which somebody shows that an address is theirs."""

import datetime as dt
import logging
from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from consent import automatic, requests
from consent.models import SubjectRequest

log = logging.getLogger(__name__)


def send_due(*, now: dt.datetime, limit: int = 100) -> int:
    """Hand over the mails that are due; give how many. A row is marked before its mail is handed over."""
    for number in range(limit):
        with transaction.atomic():
            waiting = SubjectRequest.objects.select_for_update(skip_locked=True)
            asked = waiting.filter(not_before__lte=now, closed_at=None).order_by("not_before").first()
            if asked is None:
                return number
            asked.not_before, asked.sent_at, asked.attempts = None, now, asked.attempts + 1
            asked.save(update_fields=["not_before", "sent_at", "attempts"])
        _hand_over(asked, now)
    return limit


def compose(asked: SubjectRequest) -> EmailMultiAlternatives:
    """Write the mail: plain and HTML, one link, and that doing nothing changes nothing."""
    with translation.override(asked.language):
        subject = _("Your data with %(sender)s") % {"sender": settings.SENDER_NAME}
        context = {
            "link": f"{settings.BASE_URL}{requests.path(asked.key)}",
            "expires_at": asked.expires_at,
            "language": asked.language,
        }
        number = make_msgid(domain=settings.BOUNCE_DOMAIN)
        return automatic.mail("data", subject, context, to=asked.address, message_id=number)


def _hand_over(asked: SubjectRequest, now: dt.datetime) -> None:
    try:
        compose(asked).send()
    except automatic.FAILURES as failure:
        log.warning("the link of request %s was not taken: %s", asked.pk, type(failure).__name__)
        again = automatic.again_at(failure, attempts=asked.attempts, most=requests.TRIES, now=now)
        SubjectRequest.objects.filter(pk=asked.pk).update(
            sent_at=None, not_before=again, problem=type(failure).__name__
        )
