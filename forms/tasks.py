"""What workers are told about forms: an answer that has come, and every second what is due."""

from celery import shared_task
from django.utils import timezone

from forms import agreeing, processing


@shared_task
def process(*, submission: int) -> None:
    """Process one answer that has just come."""
    processing.automatically(submission, now=timezone.now())


@shared_task
def tick() -> None:
    """Record what has come in, move on whoever confirmed, and process what is due."""
    now = timezone.now()
    agreeing.record(now=now)
    processing.confirmed(now=now)
    for number in processing.due():
        processing.automatically(number, now=now)


@shared_task
def outside() -> int:
    """Do what is due outside the database: somebody there who does not answer keeps no form waiting."""
    return processing.outside(now=timezone.now())
