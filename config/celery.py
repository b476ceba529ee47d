"""The muscle: workers that are told the number of a chunk, and a beat that asks every few seconds what is due."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("postduif")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
