"""A day later the author is told, once."""

import datetime as dt

import pytest
from django.core import mail

from mailings import dayafter
from mailings.models import Counts, Mailing
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, an_author

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def finished(**values: object) -> Mailing:
    given = {
        "status": "sent",
        "started_at": NOON,
        "finished_at": NOON,
        "created_by": an_author(),
        "name": "Fair\n& more",
    }
    mailing = a_mailing(**(given | values))
    Counts.objects.create(mailing=mailing, states={"sent": 1000}, delivered=990, opened=300, clicked=40, bounced=10)
    return mailing


def test_the_author_is_told_once_what_became_of_it():
    finished()

    assert dayafter.send_due(now=NOON + DAY - dt.timedelta(minutes=1)) == 0
    assert dayafter.send_due(now=NOON + DAY) == 1
    assert dayafter.send_due(now=NOON + DAY) == 0

    (told,) = mail.outbox
    assert told.to == ["marieke@example.org"]
    assert told.subject == "A day later: Fair & more"
    assert "300" in told.body
    assert "30.3% of delivered" in told.body
    html = told.alternatives[0].content
    assert "&amp; more" in html
    assert told.extra_headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "values",
    [
        {"status": "sending", "finished_at": None},
        {"status": "cancelled"},
        {"created_by": None},
        {"started_at": NOON - 9 * DAY},
    ],
)
def test_nobody_is_told_of_what_is_not_over_or_long_past(values):
    finished(**values)

    assert dayafter.send_due(now=NOON + DAY) == 0


def test_an_author_who_left_is_not_told():
    author = an_author()
    author.is_active = False
    author.save()
    finished(created_by=author)

    assert dayafter.send_due(now=NOON + DAY) == 0


def test_a_mail_server_that_is_away_is_tried_again(settings):
    finished()
    away = {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": {"host": "127.0.0.1", "port": 1}}
    settings.MAILERS = {"default": away}

    assert dayafter.send_due(now=NOON + DAY) == 0

    assert Mailing.objects.get().summary_mailed_at is None
