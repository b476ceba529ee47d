"""What the beat asks for: pauses that are over, confirmations that are due."""

from celery import shared_task
from django.utils import timezone

from consent import confirmation_mail, preferences, privacy_mail, request_mail, requests


@shared_task
def end_pauses() -> int:
    """Lift the pauses that are over."""
    return preferences.end_pauses(now=timezone.now())


@shared_task
def send_confirmations() -> int:
    """Send the mails that ask for confirmation, and those that tell people what is kept about them."""
    return confirmation_mail.send_due(now=timezone.now()) + privacy_mail.send_due(now=timezone.now())


@shared_task
def answer_requests() -> int:
    """Send the links of those who asked about their data, and erase whom it was asked for."""
    return request_mail.send_due(now=timezone.now()) + requests.erase_due(now=timezone.now())
