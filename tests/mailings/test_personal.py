"""One-to-one mail: a named user to one person, without consent, never past an objection; pressed twice, sent once."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consent import suppressions
from mailings import personal
from mailings.models import PersonalMail
from mailings.personal import CannotWrite, Words
from tests.conftest import NOON
from tests.mailings.factories import a_person, an_author

ADA = "ada@example.org"
pytestmark = pytest.mark.django_db


def some_words(address: str = ADA, **more: object) -> Words:
    given = {"key": uuid.uuid4(), "address": address, "subject": "Your question", "body": "Dear Ada,\n\nyes."}
    return Words(**(given | more))  # type: ignore[arg-type]


def test_it_goes_out_under_the_users_own_name_to_one_person_and_counts_nothing() -> None:
    author = an_author()

    kept = personal.send(some_words(), by=author, now=NOON)

    (sent,) = mail.outbox
    assert kept.state == "sent"
    assert (sent.to, sent.cc, sent.bcc, sent.reply_to) == ([ADA], [], [], ["marieke@example.org"])
    assert sent.from_email.startswith("Marieke <")
    assert sent.body == "Dear Ada,\n\nyes."
    headers = sent.message()
    assert headers["Message-ID"] == kept.message_id
    assert not {"List-Unsubscribe", "List-Id", "Precedence"} & set(headers.keys())


def test_the_same_form_twice_is_one_mail() -> None:
    words, author = some_words(), an_author()

    personal.send(words, by=author, now=NOON)
    personal.send(words, by=author, now=NOON)

    assert len(mail.outbox) == PersonalMail.objects.count() == 1


@pytest.mark.parametrize("reason", ["erased", "objection", "hard_bounce", "manual"])
def test_never_past_an_objection_an_erasure_or_a_dead_address(reason: str) -> None:
    suppressions.add("email", ADA, reason, evidence={}, actor="self", now=NOON)

    with pytest.raises(CannotWrite, match="Nobody writes"):
        personal.send(some_words(), by=an_author(), now=NOON)

    assert not mail.outbox
    assert not PersonalMail.objects.exists()


def test_who_unsubscribed_from_mailings_may_be_answered() -> None:
    suppressions.add("email", ADA, "unsubscribed", evidence={}, actor="self", now=NOON)

    assert personal.send(some_words(), by=an_author(), now=NOON).state == "sent"


def test_more_than_thirty_in_an_hour_is_a_mailing() -> None:
    author = an_author()
    for number in range(personal.MOST):
        personal.send(some_words(f"p{number}@example.org"), by=author, now=NOON)

    with pytest.raises(CannotWrite, match="asks for consent"):
        personal.send(some_words(), by=author, now=NOON)
    personal.send(some_words(), by=an_author("joost@example.org"), now=NOON)


def test_what_the_server_refused_is_kept_and_sent_again(settings: Settings) -> None:
    author, mailers = an_author(), settings.MAILERS
    settings.MAILERS = {"default": {"BACKEND": "tests.consent.factories.NobodyHome"}}
    kept = personal.send(some_words(), by=author, now=NOON)
    assert (kept.state, kept.problem) == ("failed", "nobody home")

    settings.MAILERS = mailers
    with pytest.raises(CannotWrite, match="Only who wrote it"):
        personal.send_again(kept, by=an_author("joost@example.org"), now=NOON)
    personal.send_again(kept, by=author, now=NOON)
    with pytest.raises(CannotWrite, match="sent already"):
        personal.send_again(kept, by=author, now=NOON)

    assert kept.state == "sent"
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"subject": " "}, "subject"),
        ({"body": "\n"}, "subject and a text"),
        ({"body": "a" * 50_001}, "longer"),
        ({"address": "a@b"}, "dot"),
    ],
)
def test_a_mail_that_is_none_is_refused_with_a_sentence(more: dict[str, str], says: str) -> None:
    with pytest.raises(CannotWrite, match=says):
        personal.send(some_words(**more), by=an_author(), now=NOON)  # type: ignore[arg-type]


def test_a_subject_on_two_lines_becomes_one_and_adds_no_header() -> None:
    personal.send(some_words(subject="Hello\r\nBcc: all@example.org"), by=an_author(), now=NOON)

    assert mail.outbox[0].subject == "Hello Bcc: all@example.org"
    assert mail.outbox[0].recipients() == [ADA]


def test_from_a_persons_card_it_is_written_sent_and_found_there_again(client: Client) -> None:
    person, author = a_person(ADA), an_author()
    client.force_login(author)
    form = client.get(reverse("mailings:personal"), {"person": person.pk})
    key = form.context["key"]

    given = {"key": key, "person": person.pk, "address": ADA, "subject": "Your question", "body": "Yes."}
    answer = client.post(reverse("mailings:personal"), given, follow=True)

    assert "Sent to ada@example.org" in answer.content.decode()
    assert "Your question" in client.get(reverse("recipients:person_history", args=[person.pk])).content.decode()
    assert reverse("mailings:personal") in client.get(reverse("recipients:person", args=[person.pk])).content.decode()


def test_a_mistake_loses_nothing_and_a_suggested_text_is_not_sent(client: Client) -> None:
    client.force_login(an_author())
    draft = client.post(reverse("mailings:personal"), {"address": ADA, "subject": "May we?", "body": "Dear Ada"})
    assert "Dear Ada" in draft.content.decode()
    assert not mail.outbox

    given = {"key": draft.context["key"], "address": ADA, "subject": "", "body": "Dear Ada, still here"}
    answer = client.post(reverse("mailings:personal"), given)

    assert answer.status_code == 422
    assert "Dear Ada, still here" in answer.content.decode()


def test_without_the_right_nobody_writes_or_reads(client: Client) -> None:
    kept = personal.send(some_words(), by=an_author(), now=NOON)
    client.force_login(User.objects.create(username="reader"))

    assert client.get(reverse("mailings:personal")).status_code == 403
    assert client.post(reverse("mailings:personal"), {"address": ADA}).status_code == 403
    assert client.get(reverse("mailings:personal_one", args=[kept.pk])).status_code == 403
