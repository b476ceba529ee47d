"""Mail of which the answer was never seen: what providers know of it, found by the mark that it carries."""

import datetime as dt
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from consent import sealed
from mailings import lookups
from mailings.channels import DeliveryError, archives
from mailings.models import Message, SendingAccount, Tally
from tests.mailings.endpoint import Answer, Endpoint
from tests.mailings.factories import a_mailing
from tracking import tokens

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
AN_HOUR_LATER = NOON + dt.timedelta(hours=2)


def a_lost_message(kind: str, endpoint: Endpoint) -> Message:
    options = {"api_url": endpoint.url, "domain": "mg.example.org", "stream": "broadcast"}
    account = SendingAccount.objects.create(name=kind, kind=kind, options=options, secret=sealed.seal("s3cret"))
    mailing = a_mailing(account=account, started_at=NOON, status="sending")
    return Message.objects.create(mailing=mailing, address="ada@example.org", state="unknown", reason="no_answer")


def remembered(kind: str, *marks: str | None) -> dict[str, Any]:
    """How a provider tells of messages that carry these marks."""
    if kind == "postmark":
        return {"TotalCount": len(marks), "Messages": [{"Metadata": {"postduif": one} if one else {}} for one in marks]}
    if kind == "mailgun":
        return {"items": [{"event": "accepted", "user-variables": {"postduif": one} if one else {}} for one in marks]}
    return {"results": [{"type": "injection", "rcpt_meta": {"postduif": one} if one else None} for one in marks]}


@pytest.mark.parametrize("kind", sorted(archives.ARCHIVES))
def test_what_a_provider_has_was_sent_and_is_not_sent_again(kind: str) -> None:
    with Endpoint() as endpoint:
        message = a_lost_message(kind, endpoint)
        mark = tokens.make("bounce", message.mailing_id, message.pk)
        endpoint.answers = [Answer(body=remembered(kind, None, "b+somebody-elses", mark))]

        assert lookups.look_up(now=NOON + dt.timedelta(minutes=2)) == 1

    message.refresh_from_db()
    asked = parse_qs(urlsplit(endpoint.requests[0].path).query)
    assert message.state == "sent"
    assert "ada@example.org" in [value for values in asked.values() for value in values]
    assert "s3cret" not in endpoint.requests[0].path


@pytest.mark.parametrize("kind", sorted(archives.ARCHIVES))
def test_what_it_knows_nothing_of_an_hour_later_has_failed(kind: str) -> None:
    with Endpoint(Answer(body=remembered(kind))) as endpoint:
        message = a_lost_message(kind, endpoint)

        assert lookups.look_up(now=NOON + dt.timedelta(minutes=2)) == 0
        assert lookups.look_up(now=AN_HOUR_LATER) == 1

    message.refresh_from_db()
    assert (message.state, message.reason) == ("failed", "never_arrived")
    assert sum(one.failed for one in Tally.objects.all()) == 1


def test_what_the_provider_rejected_did_not_arrive() -> None:
    with Endpoint() as endpoint:
        message = a_lost_message("mailgun", endpoint)
        mark = tokens.make("bounce", message.mailing_id, message.pk)
        endpoint.answers = [Answer(body={"items": [{"event": "rejected", "user-variables": {"postduif": mark}}]})]

        lookups.look_up(now=AN_HOUR_LATER)

    message.refresh_from_db()
    assert message.state == "failed"


@pytest.mark.parametrize(
    "answer",
    [Answer(status=500), Answer(status=401), Answer(body=["?"]), Answer(body={"items": None}), Answer(drops=True)],
)
def test_while_nobody_can_tell_it_stays_unknown(answer: Answer) -> None:
    with Endpoint(answer) as endpoint:
        message = a_lost_message("mailgun", endpoint)

        assert lookups.look_up(now=AN_HOUR_LATER) == 0

    message.refresh_from_db()
    assert message.state == "unknown"


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    with (
        Endpoint(Answer(body={"items": [], "more": "x" * archives.MOST_BYTES})) as endpoint,
        pytest.raises(DeliveryError, match="too long"),
    ):
        archives.marks("mailgun", {"api_url": endpoint.url}, "s", "ada@example.org", since=NOON)
