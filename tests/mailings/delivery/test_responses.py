"""A form response waits, and answers whoever filled in a form: at once, each with a row, by the same delivery."""

import email
import email.policy

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from consent import suppressions
from forms import processing
from forms.models import Outcome
from mailings import lifecycle, responses
from mailings.delivery import chunks, worker
from mailings.models import Mailing, Message
from tests.conftest import NOON, empty_cache
from tests.forms.factories import a_field, a_form, send
from tests.forms.factories import email as address_field
from tests.mailings.delivery.factories import a_channel
from tests.mailings.factories import a_mailing, a_person, an_author
from tests.mailings.peer import Peer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def patient(settings: Settings) -> None:
    """Tests type faster than people."""
    settings.FORMS_LEAST_SECONDS = 0
    settings.POSTAL_ADDRESS = "Havenstraat 14, Rotterdam"
    empty_cache()


RECEIPT = {
    "language": "en",
    "blocks": [
        {"id": "b1", "kind": "heading", "text": "Thank you, [[customer.firstname|friend]]"},
        {"id": "b2", "kind": "text", "html": "<p>You wrote to [[form.name]]:<br>[[form.answers]]</p>"},
    ],
}


def a_response(**values: object) -> Mailing:
    """A form response that answers."""
    given = {"type": "response", "message_class": "form_response", "subscription_type": None, "content": RECEIPT}
    return responses.begin(a_mailing(**given, **values), by=None, now=NOON)


def delivered(peer: Peer) -> list[email.message.EmailMessage]:
    """Let the workers do what is due, and read what arrived."""
    channel = a_channel(peer)
    for number in chunks.issue(now=timezone.now()):
        worker.work(number, channel=channel)
    channel.close()
    lifecycle.finish_done(now=timezone.now())
    return [email.message_from_bytes(one.content, policy=email.policy.default) for one in peer.letters]  # type: ignore[misc]


def test_an_answer_is_answered_with_what_was_filled_in(peer: Peer) -> None:
    mailing = a_response()
    form = a_form(
        address_field(),
        a_field("first_name", "firstname"),
        a_field("text", "wish", label={"en": "Wish <b>"}),
        actions=[{"kind": "response", "id": mailing.pk}],
    )
    send(form, email="ada@example.org", firstname="Ada", wish="More <i>bread</i>")
    for number in processing.due():
        processing.automatically(number, now=timezone.now())

    [letter] = delivered(peer)

    assert letter["To"] == "Ada <ada@example.org>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe"] is None
    html = letter.get_body(("html",)).get_content()  # type: ignore[union-attr]
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Wish &lt;b&gt;: More &lt;i&gt;bread&lt;/i&gt;" in html
    assert "Firstname: Ada" in text
    assert "Open day" in text
    mailing.refresh_from_db()
    assert (mailing.status, mailing.shown_status) == ("sent", "answering")
    assert Message.objects.get().state == "sent"


def test_the_same_answers_are_answered_once_in_seven_days_and_others_again() -> None:
    mailing = a_response()
    form = a_form(address_field(), a_field("text", "wish"), actions=[{"kind": "response", "id": mailing.pk}])
    for wish in ("bread", "bread", "cake"):
        send(form, email="ada@example.org", wish=wish)
    for number in processing.due():
        processing.automatically(number, now=timezone.now())

    assert list(Outcome.objects.order_by("pk").values_list("state", flat=True)) == ["done", "skipped", "done"]
    assert sorted(Message.objects.values_list("copy", flat=True)) == [0, 1]


def test_nobody_is_answered_who_was_erased_or_does_not_exist() -> None:
    mailing = a_response()
    ada = a_person("ada@example.org")
    suppressions.add("email", "ada@example.org", "hard_bounce", evidence={}, actor="system", now=NOON)

    made = responses.answer(mailing.pk, ada, "ada@example.org", form="F", answers=["A: 1"], now=NOON)

    assert (made.state, made.reason) == ("held", "hard_bounce")


def test_a_draft_answers_nobody_and_one_with_mistakes_does_not_start() -> None:
    ada, draft = a_person("ada@example.org"), a_mailing(type="response", message_class="form_response")

    with pytest.raises(responses.NotAnswering):
        responses.answer(draft.pk, ada, "ada@example.org", form="F", answers=[], now=NOON)
    with pytest.raises(lifecycle.CannotStart):
        responses.begin(a_mailing(type="response", subject="", message_class="form_response"), by=None, now=NOON)


def test_it_is_made_and_started_in_the_browser_without_a_list(client: Client) -> None:
    client.force_login(an_author())
    client.post("/mailings/new/", {"name": "Thanks", "type": "response"})
    mailing = Mailing.objects.get()
    assert mailing.message_class == "form_response"
    Mailing.objects.update(content=RECEIPT, subject="Thank you")

    page = client.get(f"/mailings/{mailing.pk}/content/").content.decode()
    assert "Start answering" in page
    assert "Recipients" not in page

    answer = client.post(f"/mailings/{mailing.pk}/answering/", follow=True)
    assert "Answering" in answer.content.decode()
    assert responses.answering() == [mailing]
