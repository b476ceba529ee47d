"""Somebody who asks to be forgotten leaves the forms, and how many answered stays."""

import pytest
from django.utils import timezone

from consent import dossier, erasure
from forms import processing
from forms.models import File, Outcome, Proposal, Submission
from recipients.models import Person
from tests.conftest import NOON
from tests.forms.factories import a_field, a_form, email, send

pytestmark = pytest.mark.django_db


def test_an_answer_is_told_and_forgotten() -> None:
    form = a_form(email(), a_field("first_name", "firstname"), a_field("company"))
    send(form, email="ada@example.org", firstname="Ada", company="Engines")
    send(form, email="bob@example.org")
    for number in processing.due():
        processing.automatically(number, now=timezone.now())
    ada = dossier.of("ada@example.org")

    assert "Ada" in str(dossier.tables(ada)["form_answers"])
    erasure.erase("ada@example.org", actor="user:1", now=NOON)

    assert Submission.objects.count() == 2
    forgotten = Submission.objects.exclude(address="bob@example.org").get()
    assert (forgotten.address, forgotten.answers, forgotten.person, forgotten.ip) == ("", {}, None, None)
    assert not Proposal.objects.exists()
    assert not Person.objects.filter(first_name="Ada").exists()
    assert (File.objects.count(), Outcome.objects.count()) == (0, 0)
