"""An answer becomes a person on lists: once, with every action told, and nobody overwritten by a stranger."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from consent import confirmation_mail, double_opt_in
from consent.models import Confirmation
from forms import actions, processing
from forms.models import Form, Outcome, Proposal, Submission
from recipients.models import Interest, Person, Project, Selection, Task
from tests.conftest import NOON
from tests.forms.factories import a_field, a_form, consent, email, send
from tests.mailings.factories import a_person

pytestmark = pytest.mark.django_db
State = Submission.State
ASKS = ("first_name", "last_name", "company", "mobile", "title", "country")


def a_contact_form(**more: Any) -> Form:
    return a_form(email(), *[a_field(kind) for kind in ASKS], consent(), **more)


def tick() -> None:
    """What the clock does."""
    processing.confirmed(now=timezone.now())
    for number in processing.due():
        processing.automatically(number, now=timezone.now())
    processing.outside(now=timezone.now())


def test_somebody_new_is_made_with_what_they_said_but_not_put_into_a_company() -> None:
    send(
        a_contact_form(),
        email="ada@example.org",
        firstname="Ada",
        lastname="Lovelace",
        company="Engines",
        mobile="06-12345678",
    )
    tick()

    ada = Person.objects.get()
    kept = Submission.objects.get()
    assert (str(ada), ada.company, ada.mobile) == ("Ada Lovelace", None, "+31612345678")
    assert (kept.state, kept.person, kept.is_new_person) == (State.PROCESSED, ada, True)
    assert (Proposal.objects.get().field, Proposal.objects.get().new) == ("company", "Engines")


def test_somebody_we_know_is_not_overwritten_what_differs_is_proposed() -> None:
    ada = a_person("ada@example.org", first_name="Ada", last_name="Lovelace")
    send(a_contact_form(), email="ada@example.org", firstname="Ada", lastname="King", title="Countess")
    tick()

    ada.refresh_from_db()
    assert (ada.last_name, ada.title) == ("Lovelace", "")
    assert dict(Proposal.objects.values_list("field", "new")) == {"last_name": "King", "title": "Countess"}

    judge = User.objects.create_user("judge")
    for proposal in Proposal.objects.all():
        processing.decide(proposal, take=proposal.field == "title", by=judge, now=NOON)
        processing.decide(proposal, take=True, by=judge, now=NOON)  # the first decision stands
    ada.refresh_from_db()
    assert (ada.last_name, ada.title) == ("Lovelace", "Countess")


def test_everything_the_form_asks_for_is_done_once_and_told() -> None:
    selection, project = Selection.objects.create(name="Visitors"), Project.objects.create(name="Open day")
    interest, eva = Interest.objects.create(name="Steam"), User.objects.create_user("eva", "eva@example.org")
    rows = [
        {"kind": "selection", "id": selection.pk},
        {"kind": "project", "id": project.pk, "role": "visitor"},
        {"kind": "interest", "id": interest.pk},
        {"kind": "task", "assignee": eva.pk, "title": "Call back", "days": 2},
        {"kind": "note", "to": "team@example.org"},
    ]
    send(a_contact_form(actions=rows), email="ada@example.org", firstname="Ada")
    for _ in range(3):
        tick()

    ada = Person.objects.get()
    assert list(selection.people.all()) == [ada] == list(project.people.all()) == list(interest.people.all())
    assert Task.objects.get().person == ada
    assert [sent.to for sent in mail.outbox] == [["team@example.org"]]
    assert "First_name: Ada" in mail.outbox[0].body
    assert set(Outcome.objects.values_list("state", flat=True)) == {"done"}
    assert "Visitors" in Outcome.objects.get(kind="selection").said


def test_one_action_that_fails_does_not_stop_the_others_and_can_be_tried_again() -> None:
    selection = Selection.objects.create(name="Visitors")
    rows = [{"kind": "selection", "id": 4711}, {"kind": "selection", "id": selection.pk}]
    send(a_contact_form(actions=rows), email="ada@example.org")
    tick()

    kept = Submission.objects.get()
    assert kept.state == State.FAILED
    assert "selection is gone" in kept.problem
    assert selection.people.count() == 1

    Outcome.objects.filter(state="failed").update(action={"kind": "selection", "id": selection.pk})
    assert processing.again(kept, now=NOON) == 1
    kept.refresh_from_db()
    assert (kept.state, selection.people.count()) == (State.PROCESSED, 1)


def test_people_we_know_are_processed_and_others_wait_for_somebody() -> None:
    form = a_contact_form(processing=Form.Processing.KNOWN)
    ada = a_person("ada@example.org")
    send(form, email="ada@example.org")
    send(form, email="new@example.org", firstname="New")
    tick()

    states = dict(Submission.objects.values_list("address", "state"))
    assert states == {"ada@example.org": "processed", "new@example.org": "submitted"}
    waits = Submission.objects.get(address="new@example.org")
    assert "Nobody has this address" in waits.problem

    done = processing.process(waits, person=ada, by=None, now=NOON)
    assert done.person == ada
    with pytest.raises(processing.CannotProcess):
        processing.process(waits, person=None, make_new=True, by=None, now=NOON)


def test_by_hand_means_by_hand_and_two_owners_of_an_address_are_not_guessed_between() -> None:
    send(a_contact_form(processing=Form.Processing.MANUAL), email="ada@example.org")
    for _ in range(2):
        a_person("both@example.org")
    send(a_contact_form(), email="both@example.org")
    tick()

    assert set(Submission.objects.values_list("state", flat=True)) == {"submitted"}
    assert "Several people" in Submission.objects.get(address="both@example.org").problem


def test_nothing_is_processed_before_the_person_confirmed() -> None:
    selection = Selection.objects.create(name="Readers")
    form = a_form(asks_confirmation=True, actions=[{"kind": "selection", "id": selection.pk}])
    send(form, email="ada@example.org", consent="yes")
    confirmation_mail.send_due(now=timezone.now())
    tick()
    assert (Submission.objects.get().state, selection.people.count()) == (State.AWAITING, 0)

    double_opt_in.confirm(Confirmation.objects.get(), now=timezone.now())
    tick()
    assert (Submission.objects.get().state, selection.people.count()) == (State.PROCESSED, 1)


def test_a_mail_that_broke_off_half_way_is_not_sent_again_by_itself() -> None:
    send(a_contact_form(actions=[{"kind": "note", "to": "team@example.org"}]), email="ada@example.org")
    processing.automatically(Submission.objects.get().pk, now=NOON)
    Outcome.objects.update(attempts=1, not_before=NOON)  # a worker died after writing down its attempt

    processing.outside(now=NOON)

    assert mail.outbox == []
    assert "half-way" in Outcome.objects.get().said
    assert Submission.objects.get().state == State.FAILED


def test_answers_without_a_person_run_what_needs_none() -> None:
    selection, eva = Selection.objects.create(name="All"), User.objects.create_user("eva", "eva@example.org")
    rows = [{"kind": "selection", "id": selection.pk}, {"kind": "task", "assignee": eva.pk}]
    send(a_form(a_field("text", "idea"), actions=rows), idea="More bread")
    tick()

    kept = Submission.objects.get()
    assert (kept.state, kept.person) == (State.PROCESSED, None)
    assert dict(Outcome.objects.values_list("kind", "state")) == {"selection": "skipped", "task": "done"}


def test_spam_is_not_processed_until_somebody_says_it_is_none() -> None:
    send(a_contact_form(), email="ada@example.org", website="x")
    tick()
    assert not Person.objects.exists()

    assert processing.not_spam(Submission.objects.all()) == 1
    tick()
    kept = Submission.objects.get()
    assert kept.state == State.SUBMITTED
    assert "kept aside as spam" in kept.problem


def test_every_kind_of_action_has_a_name_and_an_icon() -> None:
    assert all(str(kind.label) and kind.icon for kind in actions.KINDS.values())
