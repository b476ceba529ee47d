"""The muscle: workers that are told the number of a chunk, and a beat that asks every few seconds what is due."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("postduif")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A task that finds the workers busy is forgotten after `expires`: the next one asks the same question.
app.conf.beat_schedule = {
    "delivery": {"task": "mailings.tasks.tick", "schedule": 1.0, "options": {"expires": 5}},
}
