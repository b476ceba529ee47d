"""Visitors answer a form: what is kept, what they see, and what robots and rivals do not get."""

import datetime as dt
import json
from typing import Any

import altcha
import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from consent import confirmation_mail, suppressions
from consent.models import Confirmation, ConsentDetail, ConsentEvent
from forms import agreeing, guard, publishing
from forms.models import Count, Form, Reach, Submission
from mailings.models import Message
from tests.consent.factories import a_subscription_type
from tests.forms.factories import a_field, a_form, a_visitor, consent, email, filled, send
from tests.mailings.factories import a_mailing, a_person
from tracking import tokens

pytestmark = pytest.mark.django_db
State = Submission.State


def test_an_answer_is_kept_with_its_words_and_goes_into_the_ledger() -> None:
    form = a_form()
    page = send(form, email="ada@example.org", consent="yes", shown_at="https://example.org/open-day")

    assert "Your answer has arrived" in page.content.decode()
    kept = Submission.objects.get()
    act = ConsentDetail.objects.select_related("event").get()
    assert (kept.state, kept.address, kept.types) == ("submitted", "ada@example.org", [a_subscription_type().pk])
    assert (act.event.act, act.event.source, act.event.kind, act.event.actor) == (
        "given",
        "own_form",
        "explicit",
        "self",
    )
    assert act.wording == "Yes, send me the newsletter"
    assert act.url == "https://example.org/open-day"
    assert act.evidence["form"] == "Open day, version 1"


def test_with_confirmation_nothing_reaches_the_ledger_before_the_mail_is_answered() -> None:
    form = a_form(asks_confirmation=True)
    page = send(form, email="ada@example.org", consent="yes")
    confirmation_mail.send_due(now=timezone.now())

    assert "Look into your mailbox" in page.content.decode()
    assert Submission.objects.get().state == State.AWAITING
    assert not ConsentEvent.objects.exists()
    assert [sent.to for sent in mail.outbox] == [["ada@example.org"]]


def test_german_law_asks_for_confirmation_whatever_the_form_says() -> None:
    form = a_form(email(), consent(), a_field("country"))

    send(form, email="ada@example.org", consent="yes", country="DE")

    assert Submission.objects.get().state == State.AWAITING


def test_without_a_tick_nobody_agreed_to_anything() -> None:
    send(a_form(), email="ada@example.org")

    assert (Submission.objects.count(), ConsentEvent.objects.count(), Confirmation.objects.count()) == (1, 0, 0)


def test_the_same_page_sent_twice_is_one_submission() -> None:
    form, visitor = a_form(), a_visitor()
    sent = filled(form, visitor, email="ada@example.org", consent="yes")

    pages = [visitor.post(f"/f/{form.key}/", sent) for _ in range(3)]

    agreeing.record(now=timezone.now())

    assert {page.status_code for page in pages} == {200}
    assert (Submission.objects.count(), ConsentEvent.objects.count()) == (1, 1)


def test_a_mistake_loses_nothing_that_was_typed() -> None:
    page = send(a_form(email(), a_field("text", "name")), email="ada@gmial", name="Ada Lovelace")

    text = page.content.decode()
    assert page.status_code == 422
    assert 'value="Ada Lovelace"' in text
    assert "ada@gmail.com" in text
    assert not Submission.objects.exists()


def test_an_address_that_looks_mistyped_is_asked_about_once_and_never_refused() -> None:
    form, visitor = a_form(), a_visitor()
    sent = filled(form, visitor, email="ada@gmial.com", consent="yes")

    asked = visitor.post(f"/f/{form.key}/", sent)
    assert (asked.status_code, Submission.objects.count()) == (422, 0)
    assert "ada@gmail.com" in asked.content.decode()

    sent |= {"ticket": asked.context["ticket"], "sure": asked.context["sure"]}
    assert visitor.post(f"/f/{form.key}/", sent).status_code == 200
    assert Submission.objects.get().address == "ada@gmial.com"


def test_everybody_gets_the_same_answer() -> None:
    form = a_form(asks_confirmation=True)
    suppressions.add("email", "gone@example.org", "complained", evidence={}, actor="self", now=timezone.now())
    send(form, email="known@example.org", consent="yes")

    answers = {
        send(form, email=address, consent="yes").content
        for address in ("new@example.org", "known@example.org", "gone@example.org", "info@example.org")
    }
    answers.add(send(form, email="robot@example.org", consent="yes", website="http://spam").content)

    assert len(answers) == 1
    assert Submission.objects.get(address="gone@example.org").state == State.SUBMITTED
    assert Submission.objects.get(address="robot@example.org").state == State.SPAM


def test_five_hundred_posts_for_one_victim_are_one_mail(settings: Any) -> None:
    settings.FORMS_PER_PLACE_UNPROVEN = 1_000
    form, visitor = a_form(asks_confirmation=True, asks_proof_of_work=True), a_visitor()
    sent = filled(form, visitor, email="victim@example.org", consent="yes")
    for number in range(500):
        ticket = guard.ticket(form.published, form.key)  # type: ignore[arg-type]
        visitor.post(f"/f/{form.key}/", {**sent, "ticket": ticket}, REMOTE_ADDR=f"192.0.2.{number % 250}")

    agreeing.record(now=timezone.now())
    confirmation_mail.send_due(now=timezone.now())
    assert len(mail.outbox) == 1
    assert Submission.objects.exclude(state=State.SPAM).count() == 5


def test_who_is_faster_than_people_is_kept_aside(settings: Any) -> None:
    settings.FORMS_LEAST_SECONDS = 60

    page = send(a_form(), email="ada@example.org", consent="yes")

    kept = Submission.objects.get()
    assert (page.status_code, kept.state) == (200, State.SPAM)
    assert "faster" in kept.problem
    assert not ConsentEvent.objects.exists()


def test_a_ticket_of_another_form_or_a_forged_one_gets_a_new_page_with_everything_filled_in() -> None:
    form, other, visitor = a_form(email(), a_field("text", "name")), a_form(), a_visitor()
    foreign = filled(other, visitor)["ticket"]

    for ticket in (foreign, "forged", foreign[:-2] + "xx"):
        page = visitor.post(f"/f/{form.key}/", {"ticket": ticket, "email": "ada@example.org", "name": "Ada"})
        assert page.status_code == 422
        assert 'value="Ada"' in page.content.decode()
    assert not Submission.objects.exists()


def test_an_answer_to_an_older_version_is_read_as_that_version() -> None:
    form, visitor = a_form(email(), a_field("text", "name")), a_visitor()
    sent = filled(form, visitor, email="ada@example.org", name="Ada")
    form.draft = {"fields": [{"id": "eeee", "kind": "email", "name": "email", "label": {"en": "E-mail"}}]}
    form.save()
    publishing.publish(form, by=None, now=timezone.now())

    visitor.post(f"/f/{form.key}/", sent)

    kept = Submission.objects.get()
    assert kept.version.number == 1
    assert sorted(map(str, kept.answers.values())) == ["Ada", "ada@example.org"]


class TestProofOfWork:
    def solved(self, form: Form, visitor: Client) -> str:
        challenge = altcha.Challenge.from_dict(visitor.get(f"/f/{form.key}/sum/").json())
        return altcha.Payload(challenge, altcha.solve_challenge(challenge)).to_base64()

    def test_a_solved_sum_counts_once(self) -> None:
        form, visitor = a_form(asks_proof_of_work=True), a_visitor()
        proof = self.solved(form, visitor)

        send(form, visitor, email="ada@example.org", altcha=proof)
        send(form, visitor, email="bob@example.org", altcha=proof)

        assert dict(Submission.objects.values_list("address", "state")) == {
            "ada@example.org": "submitted",
            "bob@example.org": "spam",
        }

    def test_the_sum_of_another_form_or_nonsense_does_not_count(self) -> None:
        form, other, visitor = a_form(asks_proof_of_work=True), a_form(), a_visitor()

        for number, proof in enumerate((self.solved(other, visitor), "nonsense", "e30=", "x" * 5_000)):
            send(form, visitor, email=f"a{number}@example.org", altcha=proof)

        assert set(Submission.objects.values_list("state", flat=True)) == {"spam"}

    def test_without_a_script_one_answers_too_but_not_often(self, settings: Any) -> None:
        settings.FORMS_PER_PLACE_UNPROVEN = 3
        form = a_form(asks_proof_of_work=True)

        pages = [send(form, email=f"a{number}@example.org") for number in range(5)]

        assert [page.status_code for page in pages] == [200, 200, 200, 429, 429]
        assert "a4@example.org" in pages[-1].content.decode()


class TestFromElsewhere:
    def test_a_plain_form_of_an_allowed_site_is_taken_and_another_is_kept_aside(self) -> None:
        form = a_form(origins=["https://example.org"])
        for origin, address in (
            ("https://example.org", "ada@example.org"),
            ("https://evil.example", "bob@example.org"),
        ):
            Client(headers={"origin": origin}).post(f"/f/{form.key}/", {"email": address, "consent": "yes"})

        assert dict(Submission.objects.values_list("address", "state")) == {
            "ada@example.org": "submitted",
            "bob@example.org": "spam",
        }

    def test_the_page_may_be_framed_by_its_own_sites_only(self) -> None:
        form = a_form(origins=["https://example.org"])

        page = a_visitor().get(f"/f/{form.key}/?embed=inline")

        policy = page.headers["Content-Security-Policy"]
        assert "frame-ancestors 'self' https://example.org" in policy
        assert "X-Frame-Options" not in page.headers
        assert not page.cookies

    def test_a_program_reads_what_is_asked_and_answers_once(self) -> None:
        form = a_form(email(), a_field("boxes", "days", options=("sat", "sun")), consent())
        program = Client()
        asked = program.get(f"/f/{form.key}/api/").json()
        sent = {"fields": {"email": "ada@example.org", "days": ["sun"], "consent": True}}

        for _ in range(2):
            taken = program.post(
                f"/f/{form.key}/api/", sent, content_type="application/json", headers={"idempotency-key": "k1"}
            )
        agreeing.record(now=timezone.now())

        assert [row["name"] for row in asked["fields"]] == ["email", "days", "consent"]
        assert taken.json() == {"taken": True}
        assert Submission.objects.get().embed == "api"
        assert ConsentEvent.objects.count() == 1

    @pytest.mark.parametrize("body", ["", "[]", "{", '{"fields": 7}', '{"fields": {"email": {"a": 1}}}', "[" * 5_000])
    def test_a_program_that_sends_nonsense_is_told(self, body: str) -> None:
        answer = Client().post(f"/f/{a_form().key}/api/", body, content_type="application/json")

        assert answer.status_code in (400, 422)
        assert "problem" in json.dumps(answer.json())

    def test_other_sites_get_no_answer_they_can_read(self) -> None:
        form = a_form(origins=["https://example.org"])
        answer = Client(headers={"origin": "https://evil.example"}).get(f"/f/{form.key}/api/")

        assert "Access-Control-Allow-Origin" not in answer.headers


class TestDoors:
    def test_a_form_that_is_closed_full_or_not_open_yet_says_so(self) -> None:
        closed, full = a_form(closed={"en": "See you next year"}), a_form(most_answers=1)
        later = a_form(opens_at=timezone.now() + dt.timedelta(days=1))
        publishing.close(closed)
        send(full, email="ada@example.org")

        said = [a_visitor().get(f"/f/{form.key}/").content.decode() for form in (closed, full, later)]

        assert "See you next year" in said[0]
        assert "All places are taken" in said[1]
        assert "opens on" in said[2]
        assert a_visitor().post(f"/f/{closed.key}/", {"email": "bob@example.org"}).status_code == 410

    def test_a_draft_or_an_unknown_form_is_not_there(self) -> None:
        draft = a_form(is_open=False)

        assert {a_visitor().get(f"/f/{key}/").status_code for key in (draft.key, "nobody", "x" * 200)} == {404}


def test_an_address_fills_in_fields_and_never_a_yes() -> None:
    form = a_form(email(), a_field("text", "name"), consent())

    page = a_visitor().get(f"/f/{form.key}/?email=ada@example.org&name=Ada&consent=yes&other=1").content.decode()

    assert 'value="ada@example.org"' in page
    assert 'value="Ada"' in page
    assert "checked" not in page


class TestWhoComesFromAMailing:
    def test_finds_their_name_and_address_filled_in_and_no_yes(self) -> None:
        form, message = self.a_form(), self.a_message()

        page = a_visitor().get(self.link(form, message)).content.decode()

        assert [f'value="{value}"' in page for value in ("ada@example.org", "Ada", "Lovelace")] == [True] * 3
        assert "checked" not in page

    def test_what_the_address_says_itself_goes_first(self) -> None:
        page = a_visitor().get(self.link(self.a_form(), self.a_message()) + "&email=own@example.org").content.decode()

        assert 'value="own@example.org"' in page
        assert "ada@example.org" not in page

    def test_nothing_where_the_form_does_not_want_it_or_the_person_was_erased(self) -> None:
        form, message = self.a_form(), self.a_message()
        link = self.link(form, message)
        Form.objects.update(fills_in=False)
        unwanted = a_visitor().get(link).content.decode()
        Form.objects.update(fills_in=True)
        Message.objects.update(person=None, address="")
        erased = a_visitor().get(link).content.decode()

        assert "ada@example.org" not in unwanted
        assert "Ada" not in erased

    @pytest.mark.parametrize("purpose", ["click", "open", "view", ""])
    def test_a_token_for_anything_else_says_nothing(self, purpose: Any) -> None:
        form, message = self.a_form(), self.a_message()
        token = tokens.make(purpose, message.mailing_id, message.pk) if purpose else "A" * 32

        page = a_visitor().get(f"/f/{form.key}/?_from={token}")

        assert page.status_code == 200
        assert b"ada@example.org" not in page.content

    def a_form(self) -> Form:
        return a_form(email(), a_field("first_name", "firstname"), a_field("last_name", "lastname"), consent())

    def a_message(self) -> Message:
        ada = a_person("ada@example.org", first_name="Ada", last_name="Lovelace")
        return Message.objects.create(mailing=a_mailing(), person=ada, address="ada@example.org", state="sent")

    def link(self, form: Form, message: Message) -> str:
        return f"/f/{form.key}/?_from={tokens.make('form', message.mailing_id, message.pk)}"


def test_looking_changes_nothing_and_only_the_page_s_own_notes_count() -> None:
    form, visitor = a_form(), a_visitor()
    for _ in range(100):
        visitor.get(f"/f/{form.key}/")
        visitor.head(f"/f/{form.key}/")
    assert not Count.objects.exists()

    field = form.draft["fields"][0]["id"]
    for what in ("view", "start", "field", "bomb"):
        visitor.post(f"/f/{form.key}/noted/", {"what": what, "field": field, "embed": "popup", "source": "flyer"})
    send(form, visitor, email="ada@example.org", embed="popup", utm_source="flyer")

    row = Count.objects.get()
    assert (row.views, row.starts, row.completions, row.embed, row.source) == (1, 1, 1, "popup", "flyer")
    assert Reach.objects.get().visitors == 1


def test_where_to_go_afterwards_is_one_of_the_form_s_own_sites() -> None:
    good = a_form(email(), redirect="https://example.org/thanks", origins=["https://example.org"])
    bad = a_form(email(), redirect="https://evil.example/", origins=["https://example.org"])

    assert send(good, email="ada@example.org").headers["Location"] == "https://example.org/thanks"
    assert send(bad, email="ada@example.org").status_code == 200


def test_two_languages_keep_the_words_that_were_seen() -> None:
    form = a_form(languages=("en", "nl"))
    dutch = a_visitor(**{"accept-language": "nl"})

    page = dutch.get(f"/f/{form.key}/").content.decode()
    send(form, dutch, email="ada@example.org", consent="yes")

    assert "Ja, stuur mij de nieuwsbrief" in page
    act = ConsentDetail.objects.get()
    assert (act.wording, act.language) == ("Ja, stuur mij de nieuwsbrief", "nl")
