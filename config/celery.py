"""The muscle: workers that are told the number of a chunk, and a beat that asks every few seconds what is due."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("postduif")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# What somebody waits for (a form, its answer by mail, a confirmation) goes before the chunks of campaigns: a worker looks
# into this queue first, and a worker of its own (`-Q postduif-soon`) takes nothing else.
QUEUE = os.environ.get("QUEUE", "postduif")  # as in the settings, which are not to be read before they are needed
SOON = f"{QUEUE}-soon"
app.conf.task_queues = {SOON: {}, QUEUE: {}}
app.conf.broker_transport_options = {"queue_order_strategy": "priority"}
app.conf.task_routes = {
    name: {"queue": SOON}
    for name in (
        "forms.tasks.tick",
        "forms.tasks.process",
        "mailings.tasks.tick",
        "mailings.tasks.deliver_answer",
        "consent.tasks.send_confirmations",
        "consent.tasks.answer_requests",
    )
}

# A task that finds the workers busy is forgotten after `expires`: the next one asks the same question.
app.conf.beat_schedule = {
    "delivery": {"task": "mailings.tasks.tick", "schedule": 1.0, "options": {"expires": 5}},
    "hits": {"task": "tracking.tasks.take_in_hits", "schedule": 2.0, "options": {"expires": 10}},
    "inbound mail": {"task": "tracking.tasks.read_inbound_mail", "schedule": 2.0, "options": {"expires": 10}},
    "statistics": {"task": "mailings.tasks.fold_journal", "schedule": 2.0, "options": {"expires": 10}},
    "day after": {"task": "mailings.tasks.tell_authors", "schedule": 600.0, "options": {"expires": 500}},
    "old events": {"task": "mailings.tasks.keep_less", "schedule": 43_200.0},
    "breakdowns": {"task": "mailings.tasks.count_breakdowns", "schedule": 10.0, "options": {"expires": 20}},
    "confirmations": {"task": "consent.tasks.send_confirmations", "schedule": 2.0, "options": {"expires": 10}},
    "later joiners": {"task": "mailings.tasks.take_in_joiners", "schedule": 60.0, "options": {"expires": 50}},
    "requests about data": {"task": "consent.tasks.answer_requests", "schedule": 5.0, "options": {"expires": 10}},
    "breakers": {"task": "mailings.tasks.watch_breakers", "schedule": 5.0, "options": {"expires": 10}},
    "messages in doubt": {"task": "mailings.tasks.look_up_unknown", "schedule": 60.0, "options": {"expires": 50}},
    "mail domains": {"task": "mailings.tasks.look_up_domains", "schedule": 10.0, "options": {"expires": 10}},
    "forms": {"task": "forms.tasks.tick", "schedule": 1.0, "options": {"expires": 5}},
    "forms, outside": {"task": "forms.tasks.outside", "schedule": 1.0, "options": {"expires": 5}},
    "less mail": {"task": "mailings.tasks.note_rests", "schedule": 60.0, "options": {"expires": 50}},
    "pauses": {"task": "consent.tasks.end_pauses", "schedule": 60.0, "options": {"expires": 50}},
    "who never reacts": {"task": "mailings.tasks.find_unengaged", "schedule": crontab(hour=3, minute=20)},
    "rested addresses": {"task": "mailings.tasks.try_addresses_again", "schedule": 3_600.0},
    "imports": {"task": "recipients.tasks.take_up_imports", "schedule": 10.0, "options": {"expires": 20}},
    "forgotten uploads": {"task": "recipients.tasks.forget_drafts", "schedule": 86_400.0},
    "link actions": {"task": "tracking.tasks.do_link_actions", "schedule": 5.0, "options": {"expires": 20}},
    "mailboxes": {"task": "tracking.tasks.look_into_mailboxes", "schedule": 60.0, "options": {"expires": 50}},
    "old mail": {"task": "tracking.tasks.prune_inbound_mail", "schedule": 86_400.0},
}
