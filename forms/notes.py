"""A mail to colleagues about an answer: what was filled in, and where to go on."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from forms import receipt
from forms.models import Submission


def send(submission: Submission, to: str) -> None:
    """Tell a colleague or a team. Raises OSError when no mail server takes it."""
    with translation.override(settings.LANGUAGE_CODE):
        subject = " ".join((_("Answer to “%(form)s”") % {"form": submission.form.name}).split())
        context = {
            "form": submission.form,
            "rows": receipt.rows(submission, settings.LANGUAGE_CODE),
            "link": f"{settings.BASE_URL}{reverse('webforms:submission', args=[submission.pk])}",
        }
        message = EmailMessage(
            subject=subject,
            body=render_to_string("webforms/mail/note.txt", context),
            to=[to],
            headers={
                "Message-ID": f"<form-{submission.pk}-{submission.nonce[:12]}@{settings.BOUNCE_DOMAIN}>",
                "Auto-Submitted": "auto-generated",  # RFC 3834
                "X-Auto-Response-Suppress": "All",
            },
        )
    try:
        message.send()
    except smtplib.SMTPException as failure:
        raise OSError(str(failure)) from failure
