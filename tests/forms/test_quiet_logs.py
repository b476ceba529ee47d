"""Nobody's address stands in a log line, whatever is done with it and whatever goes wrong."""

import logging
import smtplib
from pathlib import Path
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from consent import confirmation_mail, erasure, request_mail
from consent.models import Confirmation
from forms import processing
from mailings import lifecycle
from mailings.delivery import worker
from mailings.models import Chunk, Message
from recipients.models import EmailAddress, Person, Selection
from tests.consent.factories import consents
from tests.forms.factories import a_form, a_visitor, send
from tests.mailings.delivery.factories import a_channel
from tests.mailings.factories import a_mailing
from tests.mailings.peer import Peer, Script
from tests.recipients.imports.stories import a_user, an_import

pytestmark = pytest.mark.django_db
ADA, BOB, EVE = "ada@example.org", "bob@example.org", "eve@example.org"


class Unwilling(BaseEmailBackend):
    """A mail server that names the recipient it refuses."""

    def send_messages(self, email_messages: Any) -> int:
        raise smtplib.SMTPRecipientsRefused({to: (550, f"<{to}> unknown".encode()) for to in email_messages[0].to})


@pytest.fixture(autouse=True)
def _places(settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings.ERASURE_LOG = tmp_path / "erasures.log"
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.JOURNAL_DIR = tmp_path / "journal"
    settings.JOURNAL_DIR.mkdir()
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    caplog.set_level(logging.DEBUG)


def said(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> str:
    printed = capsys.readouterr()
    return caplog.text + printed.out + printed.err


def nobody_is_named(text: str) -> bool:
    lowered = text.casefold().replace("%40", "@")
    return not any(address in lowered for address in (ADA, BOB, EVE))


def test_imports_pages_forms_and_requests_name_nobody(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.Unwilling"}}
    an_import([(ADA, "Ada", "", ""), (BOB, "Bob", "", ""), ("no address", "", "", "")], tmp_path)
    staff = Client()
    staff.force_login(a_user())
    staff.get("/people/", {"q": ADA})
    staff.get(f"/nothing/{ADA}/")

    send(a_form(asks_confirmation=True), email=EVE, consent="yes")
    send(a_form(), email=ADA, consent="yes")
    for number in processing.due():
        processing.automatically(number, now=timezone.now())
    a_visitor().post("/data/", {"address": ADA})
    confirmation_mail.send_due(now=timezone.now())
    request_mail.send_due(now=timezone.now())
    erasure.erase(BOB, actor="self", now=timezone.now())

    text = said(caplog, capsys)
    assert EVE in Confirmation.objects.get().problem
    assert "was not taken" in text
    assert nobody_is_named(text)


def test_a_mailing_that_is_refused_names_nobody(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    into = Selection.objects.create(name="Readers")
    an_import([(ADA, "Ada", "", ""), (BOB, "Bob", "", "")], tmp_path, selection_id=into.pk)
    for address in (ADA, BOB):
        consents(address, now=timezone.now())
    mailing = lifecycle.start(a_mailing(to=into), by=None, now=timezone.now())
    refusals = Script(at_rcpt={ADA: f"550 5.1.1 <{ADA}> unknown", BOB: f"451 4.7.1 <{BOB}> greylisted"})
    with Peer(refusals) as peer:
        channel = a_channel(peer)
        for number in Chunk.objects.filter(mailing=mailing).values_list("pk", flat=True):
            worker.work(number, channel=channel)
        channel.close()

    answers = dict(Message.objects.values_list("address", "state"))
    assert answers == {ADA: "failed", BOB: "deferred"}
    assert nobody_is_named(said(caplog, capsys))


def test_a_failure_that_quotes_the_database_names_nobody(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    ada = Person.objects.create(first_name="Ada")
    EmailAddress.objects.create(person=ada, address=ADA, rank=1)

    with pytest.raises(IntegrityError, match=ADA) as caught, transaction.atomic():
        EmailAddress.objects.create(person=ada, address=ADA, rank=1)
    logging.getLogger("django.request").error("Server Error: /people/?q=%s", ADA, exc_info=caught.value)

    text = said(caplog, capsys)
    assert "IntegrityError" in text
    assert nobody_is_named(text)
