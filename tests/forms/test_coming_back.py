"""Somebody who was erased comes back by an act of their own, and by nobody else's."""

import datetime as dt
import io
import re
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from consent import confirmation_mail, erasure, gate, ledger, suppressions
from consent.models import Confirmation, Standing
from forms import processing
from forms.models import Submission
from recipients.models import EmailAddress, RejectedRow
from tests.consent.factories import a_subscription_type, consents
from tests.forms.factories import a_form, a_visitor, send
from tests.recipients.imports.stories import an_import

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"


@pytest.fixture(autouse=True)
def _places(settings: Settings, tmp_path: Path) -> None:
    settings.ERASURE_LOG = tmp_path / "erasures.log"
    settings.MEDIA_ROOT = tmp_path / "media"


def erased() -> None:
    consents(ADA, now=timezone.now() - dt.timedelta(days=30), on=dt.date(2026, 3, 3))
    erasure.erase(ADA, actor="self", now=timezone.now() - dt.timedelta(days=2))


def reason() -> str:
    refused = gate.recheck("email", a_subscription_type().pk, [ADA], at=timezone.now())
    return refused[ADA].reason if refused else ""


def confirms() -> None:
    confirmation_mail.send_due(now=timezone.now())
    (key,) = re.findall(r"/confirm/([^/]+)/", str(mail.outbox[-1].body))
    a_visitor().post(f"/confirm/{key}/", {"action": "confirm"})


def test_an_erased_person_signs_up_again_by_a_form_and_the_mail_they_answer() -> None:
    erased()
    form = a_form()

    page = send(form, email=ADA, consent="yes").content.decode()
    told_another = send(form, email="bob@example.org", consent="yes").content.decode()
    before = (Submission.objects.get(address=ADA).state, reason(), Standing.objects.filter(address=ADA).exists())
    confirms()
    processing.confirmed(now=timezone.now())

    assert before == ("awaiting", "erased", False)
    assert re.sub(r"\d", "", page) == re.sub(r"\d", "", told_another)
    assert "Your answer has arrived" in page
    assert reason() == ""
    assert Submission.objects.get(address=ADA).state == "submitted"
    assert ledger.verify().is_whole


def test_whoever_merely_types_the_address_changes_nothing() -> None:
    erased()

    send(a_form(), email=ADA, consent="yes")
    confirmation_mail.send_due(now=timezone.now())

    assert len(mail.outbox) == 1
    assert reason() == "erased"


def test_the_public_sign_up_page_lets_them_back_too() -> None:
    erased()

    a_visitor().post("/join/", {"address": ADA, "type": [a_subscription_type().pk]})
    confirms()

    assert reason() == ""


def test_an_import_never_brings_them_back_until_they_did_it_themselves(tmp_path: Path) -> None:
    erased()
    refused = an_import([(ADA, "Ada", "Lovelace", "")], tmp_path)
    kept = EmailAddress.objects.filter(address=ADA).exists()

    send(a_form(asks_confirmation=True), email=ADA, consent="yes")
    confirms()
    taken = an_import([(ADA, "Ada", "Lovelace", "")], tmp_path)

    assert (refused.created, kept, RejectedRow.objects.filter(importing=refused).count()) == (0, False, 1)
    assert (taken.created, taken.rejected) == (1, 0)


@pytest.mark.parametrize("earlier", ["objection", "complained"])
def test_who_objected_before_the_erasure_is_not_even_asked(earlier: str) -> None:
    suppressions.add("email", ADA, earlier, evidence={}, actor="self", now=timezone.now() - dt.timedelta(days=9))
    erased()

    send(a_form(), email=ADA, consent="yes")

    assert not Confirmation.objects.exists()
    assert reason() in ("erased", earlier)


def test_replaying_erasures_leaves_those_alone_who_came_back_and_takes_those_who_were_erased_again() -> None:
    erased()
    send(a_form(), email=ADA, consent="yes")
    confirms()

    call_command("replay_erasures", stdout=io.StringIO())
    stayed = reason()
    erasure.erase(ADA, actor="self", now=timezone.now())
    call_command("replay_erasures", stdout=io.StringIO())

    assert (stayed, reason()) == ("", "erased")
