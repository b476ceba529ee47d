"""The day after: what became of a mailing, by mail to whoever made it. Once per mailing, when the first rush is over."""

import datetime as dt
import logging

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from mailings import reports
from mailings.models import Mailing

AFTER = dt.timedelta(hours=24)
TOO_LATE = dt.timedelta(days=4)  # after a long standstill nobody waits for it any more

log = logging.getLogger(__name__)


def send_due(*, now: dt.datetime, limit: int = 50) -> int:
    """Hand over the summaries that are due; returns how many. A mailing is marked first: nobody is told twice."""
    waiting = Mailing.objects.filter(
        status=Mailing.Status.SENT,
        started_at__gt=now - TOO_LATE,
        finished_at__lte=now - AFTER,
        summary_mailed_at=None,
        created_by__is_active=True,
    ).exclude(created_by__email="")
    done = 0
    for number in waiting.order_by("finished_at").values_list("pk", flat=True)[:limit]:
        if Mailing.objects.filter(pk=number, summary_mailed_at=None).update(summary_mailed_at=now):
            done += _hand_over(number)
    return done


def _hand_over(number: int) -> bool:
    mailing = Mailing.objects.select_related("created_by", "counts", "subscription_type").get(pk=number)
    try:
        compose(mailing).send()
    except OSError:  # the mail server is away; smtplib's errors are OSErrors
        log.exception("the summary of mailing %s could not be handed over; it is tried again", number)
        Mailing.objects.filter(pk=number).update(summary_mailed_at=None)
        return False
    return True


def compose(mailing: Mailing) -> EmailMultiAlternatives:
    """The mail in the language of the house: the numbers with what they are of, the best links, and where to look on."""
    with translation.override(settings.LANGUAGE_CODE):
        figures = reports.of(mailing)
        links = [link for link in reports.links(mailing)[:5] if link.people]
        context = {
            "mailing": mailing,
            "figures": figures,
            "links": links,
            "returned": reports.returned(mailing)[:3],
            "url": settings.BASE_URL + reverse("mailings:summary", args=[mailing.pk]),
            "language": settings.LANGUAGE_CODE,
        }
        subject = " ".join((_("A day later: %(name)s") % {"name": mailing.name}).split())
        to = mailing.created_by.email if mailing.created_by else ""
        mail = EmailMultiAlternatives(
            subject=subject, body=render_to_string("mailings/mail/day_after.txt", context), to=[to]
        )
        mail.attach_alternative(render_to_string("mailings/mail/day_after.html", context), "text/html")
        mail.extra_headers["Auto-Submitted"] = "auto-generated"
        return mail
