"""Mails that nobody writes by hand: how they are written, and when one that was not taken is tried again."""

import datetime as dt
import smtplib
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from consent import house

FIRST_WAIT = dt.timedelta(minutes=1)  # doubles with every try
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}  # RFC 3834: no holiday answers
FAILURES = (smtplib.SMTPException, OSError)  # of a mail that was not taken


def mail(
    template: str, subject: str, context: Mapping[str, Any], *, to: str, message_id: str
) -> EmailMultiAlternatives:
    """Write a mail in the language that is active: plain and HTML, from our house. `template`: consent/mail/<name>."""
    said = {
        "sender": settings.SENDER_NAME,
        "postal_address": house.postal_address(),
        "subject": subject,
        **context,
    }
    made = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"consent/mail/{template}.txt", said),
        to=[to],
        headers={
            "Message-ID": message_id,
            **HEADERS,
        },
    )
    made.attach_alternative(render_to_string(f"consent/mail/{template}.html", said), "text/html")
    return made


def again_at(failure: Exception, *, attempts: int, most: int, now: dt.datetime) -> dt.datetime | None:
    """Say when to try again; None when the address was refused, or it was tried often enough."""
    if isinstance(failure, smtplib.SMTPRecipientsRefused) or attempts >= most:
        return None
    wait: dt.timedelta = FIRST_WAIT * 2**attempts
    return now + wait
