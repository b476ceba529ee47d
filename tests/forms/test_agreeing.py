"""What visitors agreed to reaches the ledger a moment after their answer: for many at once, each once, in its own moment."""

import datetime as dt

import pytest
from django.utils import timezone

from consent import ledger, unsubscribe
from consent.models import ConsentDetail, ConsentEvent, Standing, SubscriptionType, Suppression
from forms import agreeing, processing, publishing
from forms.models import Count, Form, Submission
from tests.forms.factories import a_form, a_visitor, filled, send

pytestmark = pytest.mark.django_db
State = Submission.State


def post(form: Form, address: str) -> int:
    visitor = a_visitor()
    sent = filled(form, visitor, email=address, consent="yes")
    return visitor.post(f"/f/{form.key}/", sent).status_code


def test_answers_are_recorded_once_and_counted_once() -> None:
    form = a_form()
    for number in range(3):
        post(form, f"ada{number}@example.org")
    assert not ConsentEvent.objects.exists()

    assert (agreeing.record(now=timezone.now()), agreeing.record(now=timezone.now())) == (3, 0)

    assert ConsentDetail.objects.count() == 3
    assert sum(Count.objects.values_list("completions", flat=True)) == 3
    assert ledger.verify().is_whole


def test_the_act_has_the_moment_of_the_answer() -> None:
    post(a_form(), "ada@example.org")
    sent = Submission.objects.get().submitted_at

    agreeing.record(now=sent + dt.timedelta(minutes=5))

    event = ConsentEvent.objects.get()
    assert (event.acted_at, event.recorded_at) == (sent, sent + dt.timedelta(minutes=5))


def test_who_left_before_it_was_recorded_has_left() -> None:
    form = a_form()
    post(form, "ada@example.org")
    kept = Submission.objects.get()
    (key,) = unsubscribe.keep_keys({"ada@example.org"}).values()
    person = unsubscribe.who(key)
    assert person
    unsubscribe.leave(person, SubscriptionType.objects.get(pk=kept.types[0]), how="page", now=timezone.now())

    agreeing.record(now=timezone.now())

    stands = Standing.objects.get(address="ada@example.org", subscription_type=kept.types[0])
    assert stands.own_at is not None
    assert stands.withdrawn_at is not None
    assert stands.own_at < stands.withdrawn_at
    assert Suppression.objects.filter(address="ada@example.org", released_at=None).exists()


def test_nothing_is_processed_before_it_is_recorded() -> None:
    post(a_form(), "ada@example.org")
    kept = Submission.objects.get()

    assert processing.due() == []
    assert not processing.automatically(kept.pk, now=timezone.now())
    with pytest.raises(processing.CannotProcess, match="just come in"):
        processing.process(kept, person=None, make_new=True, by=None, now=timezone.now())

    agreeing.record(now=timezone.now())
    assert processing.due() == [kept.pk]


def test_a_form_that_names_a_source_that_never_counts_keeps_no_other_answer_waiting() -> None:
    bad, good = a_form(source="purchased_list"), a_form()
    post(bad, "eve@example.org")
    post(good, "ada@example.org")

    agreeing.record(now=timezone.now())

    assert list(ConsentDetail.objects.values_list("address", flat=True)) == ["ada@example.org"]
    assert Submission.objects.get(address="eve@example.org").problem


def test_who_was_erased_in_between_is_not_written_down() -> None:
    post(a_form(), "ada@example.org")
    Submission.objects.update(address="", answers={})

    agreeing.record(now=timezone.now())

    assert not ConsentEvent.objects.exists()


def test_one_answer_that_cannot_be_recorded_keeps_no_other_waiting() -> None:
    form = a_form()
    for address in ("ada@example.org", "bob@example.org"):
        post(form, address)
    Submission.objects.filter(address="bob@example.org").update(types=["not a number"])

    agreeing.record(now=timezone.now())

    assert list(ConsentDetail.objects.values_list("address", flat=True)) == ["ada@example.org"]
    assert not Submission.objects.filter(recorded_at=None).exists()


class TestAFormThatChanges:
    def test_thanks_are_those_of_the_page_that_was_answered(self) -> None:
        form, late = a_form(thanks={"en": "Old words"}), a_visitor()
        sent = filled(form, late, email="late@example.org", consent="yes")
        form.draft = {**form.draft, "thanks": {"en": "New words"}}
        form.save()
        publishing.publish(form, by=None, now=timezone.now())

        assert "Old words" in late.post(f"/f/{form.key}/", sent).content.decode()
        assert "New words" in send(form, email="ada@example.org", consent="yes").content.decode()

    def test_a_program_answers_a_form_that_was_just_renamed(self) -> None:
        form = a_form()
        post(form, "ada@example.org")
        Form.objects.filter(pk=form.pk).update(name="Another name")
        answer = a_visitor().post(
            f"/f/{form.key}/api/", {"fields": {"email": "bob@example.org"}}, content_type="application/json"
        )
        assert answer.json() == {"taken": True}

    def test_it_closes_while_somebody_writes(self) -> None:
        form, late = a_form(), a_visitor()
        sent = filled(form, late, email="late@example.org", consent="yes")
        assert post(form, "ada@example.org") == 200

        publishing.close(form)

        assert late.post(f"/f/{form.key}/", sent).status_code == 410
        assert not Submission.objects.filter(address="late@example.org").exists()

    def test_it_is_renamed_while_somebody_writes(self) -> None:
        form, late = a_form(), a_visitor()
        sent = filled(form, late, email="late@example.org", consent="yes")
        assert post(form, "ada@example.org") == 200

        Form.objects.filter(pk=form.pk).update(name="Another name")

        assert late.post(f"/f/{form.key}/", sent).status_code == 200
        assert Submission.objects.filter(address="late@example.org", state=State.SUBMITTED).exists()

    def test_it_opens_again(self) -> None:
        form = a_form()
        assert post(form, "ada@example.org") == 200
        publishing.close(form)
        assert a_visitor().post(f"/f/{form.key}/", {"email": "x@example.org"}).status_code == 410

        publishing.publish(form, by=None, now=timezone.now())

        assert send(form, email="late@example.org", consent="yes").status_code == 200
        assert Submission.objects.filter(address="late@example.org").exists()
