"""Providers over HTTP, against an API on loopback: what they are told, and what their answers mean."""

import base64
import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote_plus

import pytest

from mailings.channels import DeliveryError, Outcome, Outgoing, Receipt
from mailings.channels.parallel import ParallelChannel
from mailings.channels.providers import PROVIDERS, ProviderPost, as_mail
from mailings.channels.ses import SesPost, sign
from tests.mailings.endpoint import Answer, Endpoint

# what each provider says to a message it takes
YES: dict[str, Any] = {
    "brevo": {"messageId": "<1@brevo>"},
    "mailgun": {"id": "<1@mailgun>", "message": "Queued. Thank you."},
    "mailjet": {
        "Messages": [{"Status": "success", "To": [{"Email": "r1@example.org", "MessageID": 1, "MessageUUID": "u"}]}]
    },
    "postmark": {"To": "r1@example.org", "MessageID": "1", "ErrorCode": 0, "Message": "OK"},
    "resend": {"id": "1"},
    "scaleway": {"emails": [{"id": "1", "mail_rcpt": "r1@example.org", "status": "new", "message_id": "1"}]},
    "sendgrid": {},
    "sparkpost": {"results": {"total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "1"}},
}
OPTIONS = {"mailgun": {"domain": "mg.example.org"}, "mailjet": {"user": "key"}, "scaleway": {"project": "p"}}
SECRET = "a-secret-nobody-sees"

BODY = "\r\n".join(
    [
        "From: =?utf-8?q?Caf=C3=A9?= <hello@example.org>",
        "To: =?utf-8?q?Zo=C3=AB?= <r1@example.org>",
        "Reply-To: desk@example.org",
        "Subject: =?utf-8?q?Caf=C3=A9_open?=",
        "Date: Mon, 23 Nov 2026 11:00:00 +0000",
        "Message-ID: <m1@bounces.test>",
        "List-Unsubscribe: <https://example.org/u/1>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "Come and see the caf=C3=A9.",
        "--b",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "<p>Come and see the caf=C3=A9.</p>",
        "--b--",
        "",
    ]
).encode()


def a_message(number: int = 1) -> Outgoing:
    return Outgoing(number, f"b+{number:048x}@bounces.test", "r1@example.org", BODY)


@contextmanager
def a_channel(post: Any, *, at_once: int = 4) -> Iterator[ParallelChannel]:
    channel = ParallelChannel(post, at_once=at_once)
    try:
        yield channel
    finally:
        channel.close()


def a_post(kind: str, endpoint: Endpoint) -> ProviderPost:
    return ProviderPost(kind, {**OPTIONS.get(kind, {}), "api_url": endpoint.url}, SECRET)


def one(kind: str, *answers: Answer) -> tuple[Receipt, Endpoint]:
    with Endpoint(*answers) as endpoint:
        return a_post(kind, endpoint)(a_message()), endpoint


@pytest.mark.parametrize("kind", sorted(PROVIDERS))
def test_a_provider_is_told_all_that_a_letter_says_of_itself(kind: str) -> None:
    receipt, endpoint = one(kind, Answer(200, YES[kind]))

    said = unquote_plus(endpoint.requests[0].body.decode("utf-8", "replace"))
    assert receipt == Receipt(1, Outcome.ACCEPTED, 250)
    assert len(endpoint.requests) == 1
    assert "https://example.org/u/1" in said.replace("\\/", "/")
    assert "One-Click" in said
    assert "r1@example.org" in said
    assert "Come and see the café." in said.encode().decode("unicode_escape") or "Come and see the café." in said


@pytest.mark.parametrize("kind", sorted(set(PROVIDERS) - {"resend", "scaleway"}))  # those two keep no metadata
def test_the_providers_own_tracking_is_off_and_an_event_finds_its_message(kind: str) -> None:
    _, endpoint = one(kind, Answer(200, YES[kind]))

    said = endpoint.requests[0].body.decode("utf-8", "replace")
    assert f"b+{1:048x}" in said.replace("\\u002b", "+").replace("%2B", "+")
    assert not any(word in said.lower().replace(" ", "") for word in ('"trackopens":true', '"open_tracking":true'))


def test_a_letter_is_read_back_into_its_parts() -> None:
    mail = as_mail(a_message())

    assert (mail.subject, mail.from_email) == ("Café open", "Café <hello@example.org>")
    assert (mail.to, mail.reply_to) == (["r1@example.org"], ["desk@example.org"])
    assert mail.body.strip() == "Come and see the café."
    assert mail.alternatives[0][0].strip() == "<p>Come and see the café.</p>"
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.extra_headers["Message-ID"] == "<m1@bounces.test>"


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        (400, Outcome.REFUSED, 550),
        (422, Outcome.REFUSED, 550),
        (429, Outcome.TEMPORARY, 421),
        (503, Outcome.TEMPORARY, 451),
        (500, Outcome.LOST, 0),
        (504, Outcome.LOST, 0),
    ],
)
def test_an_answer_that_is_no_yes_is_translated(status: int, outcome: Outcome, code: int) -> None:
    receipt, endpoint = one("postmark", Answer(status, {"ErrorCode": 300, "Message": "Invalid 'To' address"}))

    assert (receipt.outcome, receipt.code) == (outcome, code)
    assert "Invalid 'To' address" in receipt.answer
    assert SECRET not in receipt.answer
    assert len(endpoint.requests) == 1, "what may have arrived is not sent again"


def test_an_address_the_provider_refuses_in_a_yes_is_refused() -> None:
    receipt, _ = one("mailjet", Answer(200, {"Messages": [{"Status": "error", "Errors": [{"ErrorMessage": "no"}]}]}))

    assert receipt.outcome in (Outcome.REFUSED, Outcome.LOST)


def test_a_refused_key_stops_the_channel_and_costs_nobody_anything() -> None:
    bad = Answer(401, {"ErrorCode": 10, "Message": "Bad or missing Server API token"})
    with Endpoint(bad) as endpoint, a_channel(a_post("postmark", endpoint), at_once=2) as channel:
        with pytest.raises(DeliveryError) as refusal:
            list(channel.send(map(a_message, range(1, 50)), on_wire=lambda number: None))

        assert not refusal.value.retry
        assert "Bad or missing Server API token" in str(refusal.value)
        assert len(endpoint.requests) < 10


def test_after_the_error_every_message_that_was_taken_has_its_receipt() -> None:
    taken: list[int] = []
    receipts: list[Receipt] = []

    def batch() -> Iterator[Outgoing]:
        for number in range(1, 50):
            taken.append(number)
            yield a_message(number)

    yes_then_no = Endpoint(Answer(200, YES["postmark"]), Answer(401, {}))
    with yes_then_no as endpoint, a_channel(a_post("postmark", endpoint), at_once=3) as channel:
        sending = channel.send(batch(), on_wire=lambda number: None)
        with pytest.raises(DeliveryError):
            receipts.extend(sending)

    assert sorted(receipt.number for receipt in receipts) == taken
    assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED, Outcome.NOT_HANDED}


def test_nobody_listening_is_tried_again_later_and_nothing_was_handed_over() -> None:
    with Endpoint() as endpoint:
        url = endpoint.url
    post = ProviderPost("postmark", {"api_url": url}, SECRET)

    with a_channel(post) as channel, pytest.raises(DeliveryError) as refusal:
        list(channel.send([a_message()], on_wire=lambda number: None))

    assert refusal.value.retry
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("answer", [Answer(drops=True), Answer(delay=2.0)])
def test_an_answer_that_never_comes_leaves_it_unknown(answer: Answer) -> None:
    with Endpoint(answer) as endpoint:
        receipt = ProviderPost("postmark", {"api_url": endpoint.url}, SECRET, timeout=(1.0, 0.3))(a_message())

    assert receipt.outcome is Outcome.LOST
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(("kind", "where"), [("resend", "header"), ("brevo", "message")])
def test_a_provider_that_knows_our_key_is_asked_again_with_the_same_one(kind: str, where: str) -> None:
    receipt, endpoint = one(kind, Answer(drops=True), Answer(502), Answer(200, YES[kind]))

    keys = [
        request.headers.get("Idempotency-Key") if where == "header" else request.json["headers"]["idempotencyKey"]
        for request in endpoint.requests
    ]
    assert receipt.outcome is Outcome.ACCEPTED
    assert keys == [f"b+{1:048x}"] * 3


def test_several_are_on_their_way_at_once_and_a_slow_answer_keeps_the_lease() -> None:
    beats: list[int] = []
    slow = Endpoint(Answer(200, YES["postmark"], delay=0.6))
    with slow as endpoint, a_channel(a_post("postmark", endpoint), at_once=4) as channel:
        begun = time.monotonic()
        receipts = list(
            channel.send(map(a_message, range(8)), on_wire=lambda number: None, meanwhile=lambda: beats.append(1))
        )
        took = time.monotonic() - begun

    assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
    assert endpoint.most_at_once == 4
    assert took < 8 * 0.6
    assert len(beats) >= 2


def test_the_journal_hears_of_a_message_before_it_leaves() -> None:
    story: list[str] = []

    def post(message: Outgoing) -> Receipt:
        story.append(f"post {message.number}")
        return Receipt(message.number, Outcome.ACCEPTED)

    with a_channel(post, at_once=1) as channel:
        sending = channel.send(map(a_message, range(3)), on_wire=lambda number: story.append(f"going {number}"))
        story.extend(f"gone {receipt.number}" for receipt in sending)

    assert story == [f"{word} {number}" for number in range(3) for word in ("going", "post", "gone")]


def test_ses_gets_the_rendered_bytes_as_they_are() -> None:
    with Endpoint(Answer(200, {"MessageId": "1"})) as endpoint:
        post = SesPost({"api_url": endpoint.url, "user": "AKID", "region": "eu-west-1"}, SECRET)
        receipt = post(a_message())

    asked = endpoint.requests[0]
    assert receipt.outcome is Outcome.ACCEPTED
    assert asked.path == "/v2/email/outbound-emails"
    raw = base64.b64decode(asked.json["Content"]["Raw"]["Data"])
    assert raw == b'X-Metadata: {"postduif": "b+%048x"}\r\n' % 1 + BODY
    assert asked.json["Destination"] == {"ToAddresses": ["r1@example.org"]}
    assert "Credential=AKID/" in asked.headers["Authorization"]
    assert SECRET not in str(asked.headers)


def test_a_request_is_signed_as_aws_published_it() -> None:
    at = dt.datetime(2015, 8, 30, 12, 36, tzinfo=dt.UTC)
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    headers = sign("GET", "https://example.amazonaws.com/", b"", "us-east-1", "service", "AKIDEXAMPLE", secret, at=at)

    assert headers["Authorization"].endswith("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (429, {"__type": "TooManyRequestsException", "message": "Maximum sending rate exceeded."}, Outcome.TEMPORARY),
        (400, {"__type": "LimitExceededException"}, Outcome.TEMPORARY),
        (400, {"__type": "MessageRejected", "message": "Email address is not verified."}, Outcome.REFUSED),
    ],
)
def test_what_ses_answers_is_translated(status: int, body: dict[str, str], outcome: Outcome) -> None:
    with Endpoint(Answer(status, body)) as endpoint:
        receipt = SesPost({"api_url": endpoint.url, "user": "AKID"}, SECRET)(a_message())

    assert receipt.outcome is outcome


def test_a_suspended_ses_account_waits_for_a_person() -> None:
    with Endpoint(Answer(400, {"__type": "AccountSuspendedException"})) as endpoint:
        post = SesPost({"api_url": endpoint.url, "user": "AKID"}, SECRET)
        with pytest.raises(DeliveryError) as refusal:
            post(a_message())

    assert not refusal.value.retry
