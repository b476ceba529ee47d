"""What workers are told about forms: an answer that has come, and every second what is due."""

from celery import shared_task
from django.utils import timezone

from forms import processing


@shared_task
def process(*, submission: int) -> None:
    """Process one answer that has just come."""
    processing.automatically(submission, now=timezone.now())
    processing.outside(now=timezone.now())


@shared_task
def tick() -> int:
    """Move on whoever confirmed, process what is due, do what is due outside."""
    now = timezone.now()
    processing.confirmed(now=now)
    for number in processing.due():
        processing.automatically(number, now=now)
    return processing.outside(now=now)
