"""What somebody waits for goes before the chunks of campaigns."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as configured
from pytest_django.fixtures import Settings

from config.celery import SOON, app
from mailings.delivery import chunks
from mailings.models import Chunk, Mailing
from tests.mailings.delivery.factories import a_started_mailing
from tests.mailings.factories import an_author


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("forms.tasks.tick", SOON),
        ("forms.tasks.process", SOON),
        ("mailings.tasks.tick", SOON),
        ("mailings.tasks.deliver_answer", SOON),
        ("consent.tasks.send_confirmations", SOON),
        ("forms.tasks.outside", configured.CELERY_TASK_DEFAULT_QUEUE),
        ("mailings.tasks.deliver_chunk", configured.CELERY_TASK_DEFAULT_QUEUE),
    ],
)
def test_each_task_has_its_queue_and_workers_look_into_the_quick_one_first(task: str, queue: str) -> None:
    chosen = app.amqp.router.route({}, task)["queue"].name

    assert chosen == queue
    assert next(iter(app.amqp.queues)) == SOON
    assert app.conf.broker_transport_options["queue_order_strategy"] == "priority"


def test_every_route_names_a_task_that_there_is() -> None:
    app.loader.import_default_modules()

    assert set(app.conf.task_routes) <= set(app.tasks)


@pytest.mark.django_db
def test_the_chunk_of_an_answer_to_a_form_is_waited_for_and_that_of_a_campaign_is_not(
    settings: Settings,
) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    assert an_author()
    campaign = Chunk.objects.get(mailing=a_started_mailing(2))
    answer = Chunk.objects.get(mailing=a_started_mailing(1))
    Mailing.objects.filter(pk=answer.mailing_id).update(type="response")

    assert chunks.waited_for([campaign.pk, answer.pk]) == {answer.pk}


def test_importing_the_wiring_reads_no_settings() -> None:
    """Whoever starts servers sets the environment first, and the settings read it once."""
    code = "import config, django.conf; print(django.conf.settings.configured)"
    env = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}

    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "False"
