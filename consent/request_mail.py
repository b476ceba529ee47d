"""The mail with the link by which somebody shows that an address is theirs."""

import datetime as dt
import logging
import smtplib
from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from consent import requests
from consent.models import SubjectRequest

FIRST_WAIT = dt.timedelta(minutes=1)  # doubles with every try

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
            "sender": settings.SENDER_NAME,
            "postal_address": settings.POSTAL_ADDRESS,
            "link": f"{settings.BASE_URL}{requests.path(asked.key)}",
            "expires_at": asked.expires_at,
            "language": asked.language,
            "subject": subject,
        }
        mail = EmailMultiAlternatives(
            subject=subject,
            body=render_to_string("consent/mail/data.txt", context),
            to=[asked.address],
            headers={
                "Message-ID": make_msgid(domain=settings.BOUNCE_DOMAIN),
                "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday answers
                "X-Auto-Response-Suppress": "All",
            },
        )
        mail.attach_alternative(render_to_string("consent/mail/data.html", context), "text/html")
    return mail


def _hand_over(asked: SubjectRequest, now: dt.datetime) -> None:
    try:
        compose(asked).send()
    except (smtplib.SMTPException, OSError) as failure:
        log.warning("the link of request %s was not taken: %s", asked.pk, type(failure).__name__)
        is_final = isinstance(failure, smtplib.SMTPRecipientsRefused) or asked.attempts >= requests.TRIES
        again = None if is_final else now + FIRST_WAIT * 2**asked.attempts
        SubjectRequest.objects.filter(pk=asked.pk).update(
            sent_at=None, not_before=again, problem=type(failure).__name__
        )
