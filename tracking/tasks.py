"""What the beat asks for every few seconds."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tracking import actions, callbacks, journal, postbox
from tracking.mailboxes import looking


@shared_task
def take_in_hits() -> int:
    """Take what the web servers wrote down into the journal."""
    return journal.ingest(settings.JOURNAL_DIR / "hits")


@shared_task
def read_inbound_mail() -> int:
    """Read mails that came back into the journal."""
    return postbox.read(now=timezone.now())


@shared_task
def prune_inbound_mail() -> int:
    """Throw away old mails that are about nothing of ours."""
    return postbox.prune(now=timezone.now())


@shared_task
def look_into_mailboxes() -> int:
    """Take what came back out of the mailboxes."""
    return looking.look_into_all(now=timezone.now())


@shared_task
def do_link_actions() -> int:
    """Do what clicks asked for, and call other systems."""
    now = timezone.now()
    return actions.act_due(now=now) + callbacks.call_due(now=now)
