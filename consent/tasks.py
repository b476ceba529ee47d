"""What the beat asks for: pauses that are over, confirmations that are due."""

from celery import shared_task
from django.utils import timezone

from consent import confirmation_mail, preferences


@shared_task
def end_pauses() -> int:
    """Lift the pauses that are over."""
    return preferences.end_pauses(now=timezone.now())


@shared_task
def send_confirmations() -> int:
    """Send the mails that ask for confirmation."""
    return confirmation_mail.send_due(now=timezone.now())
