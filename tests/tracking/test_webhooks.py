"""What providers tell: only with the right key, each thing once, and the same end whatever the order."""

import base64
import datetime as dt
import hashlib
import hmac
import itertools
import json
import time
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from consent import sealed
from tracking import tokens
from tracking.models import Event, Hook
from tracking.webhooks import sns
from tracking.webhooks.providers import PROVIDERS

pytestmark = pytest.mark.django_db
PASSWORD = "open sesame"
TOPIC = "arn:aws:sns:eu-west-1:123:bounces"


def a_hook(provider: str, key: str = "", **more: Any) -> Hook:
    return Hook.objects.create(
        provider=provider, name=provider, password=sealed.seal(PASSWORD), signing_key=sealed.seal(key), **more
    )


def basic(password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"postduif:{password}".encode()).decode()


def post(client: Client, hook: Hook, said: Any, *, password: str = PASSWORD, **headers: str) -> int:
    body = said if isinstance(said, (str, bytes)) else json.dumps(said)
    answer = client.post(
        f"/hooks/{hook.provider}/{hook.pk}/",
        body,
        content_type="application/json",
        headers={"Authorization": basic(password), **headers},
    )
    return answer.status_code


def token(message: int = 4711) -> str:
    return tokens.make("bounce", 7, message)


def events() -> list[tuple[object, ...]]:
    return list(Event.objects.order_by("pk").values_list("kind", "mailing", "message", "category"))


def postmark(kind: str = "HardBounce", number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "Type": kind,
        "ID": number,
        "MessageID": "0a1b",
        "Email": "ada@example.org",
        "BouncedAt": "2026-11-23T12:00:00Z",
        "Details": "smtp;550 5.1.1 user unknown",
        "Metadata": {"postduif": token()},
    } | more


def brevo(event: str, reason: str) -> dict[str, Any]:
    return {
        "event": event,
        "email": "ada@example.org",
        "reason": reason,
        "ts_epoch": 1795435200000,
        "message-id": f"<{token()[2:]}@bounce.example.com>",
    }


def sendgrid(kind: str, reason: str, number: str = "one") -> list[dict[str, Any]]:
    return [
        {
            "event": "bounce",
            "type": kind,
            "reason": reason,
            "sg_event_id": number,
            "email": "ada@example.org",
            "timestamp": 1795435200,
            "postduif": token(),
        }
    ]


def sparkpost(kind: str, bounce_class: str) -> list[dict[str, Any]]:
    event = {
        "type": kind,
        "bounce_class": bounce_class,
        "event_id": "92356927693813856",
        "timestamp": "1795435200",
        "raw_reason": "refused",
        "rcpt_meta": {"postduif": token()},
        "rcpt_to": "ada@example.org",
    }
    return [{"msys": {"message_event": event}}]


def amazon(kind: str, *, topic: str = TOPIC, said: str = "") -> dict[str, Any]:
    bounce = {
        "bounceType": kind,
        "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": "ada@example.org", "action": "failed", "diagnosticCode": said}],
        "timestamp": "2026-11-23T12:00:00.000Z",
        "feedbackId": "f1",
    }
    mail = {
        "timestamp": "2026-11-23T11:59:00.000Z",
        "source": f"{token()}@bounce.example.com",
        "messageId": "0001",
        "destination": ["ada@example.org"],
        "headers": [],
        "tags": {},
    }
    said_ = {"eventType": "Bounce", "mail": mail, "bounce": bounce}
    return {
        "Type": "Notification",
        "MessageId": "n1",
        "TopicArn": topic,
        "Message": json.dumps(said_),
        "Timestamp": "2026-11-23T12:00:00.000Z",
    }


CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abc.pem"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def by_amazon(said: dict[str, Any], *, version: str = "2", url: str = CERTIFICATE) -> dict[str, Any]:
    """The same with a signature, its certificate at hand."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, KEY.public_key(), 1, begins, begins + dt.timedelta(days=3650))
    sns.keep(url, made.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    signature = KEY.sign(sns.what_is_signed(said), padding.PKCS1v15(), sns.DIGESTS[version])
    written = base64.b64encode(signature).decode()
    return said | {"SignatureVersion": version, "Signature": written, "SigningCertURL": url}


SNS = {"x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": "n1"}
RIGHT = "550 5.1.1 user unknown"


@pytest.mark.parametrize(
    ("provider", "said", "category"),
    [
        ("postmark", postmark(), "dead_address"),
        ("postmark", postmark("SoftBounce", Details="smtp;552 5.2.2 mailbox full"), "full"),
        ("postmark", postmark("HardBounce", Details=""), "dead_address"),
        ("brevo", brevo("hard_bounce", RIGHT), "dead_address"),
        ("brevo", brevo("soft_bounce", RIGHT), "unknown"),  # its words say dead, the provider does not: nobody is
        ("brevo", brevo("soft_bounce", ""), "transient"),
        ("brevo", brevo("blocked", "blacklisted"), "block_sender"),
        ("sendgrid", sendgrid("bounce", RIGHT), "dead_address"),
        ("sendgrid", sendgrid("blocked", "550 5.7.1 blocked using spamhaus"), "block_sender"),
        ("sendgrid", sendgrid("blocked", ""), "transient"),
        ("sparkpost", sparkpost("bounce", "10"), "dead_address"),
        ("sparkpost", sparkpost("bounce", "22"), "transient"),
    ],
)
def test_hard_and_soft_are_told_apart_by_the_words_and_the_providers_own_fields(client, provider, said, category):
    assert post(client, a_hook(provider), said) == 200

    assert events() == [("bounce", 7, 4711, category)]


@pytest.mark.parametrize(
    ("kind", "said", "category"),
    [("Permanent", "", "dead_address"), ("Transient", "", "transient"), ("Permanent", "552 mailbox full", "full")],
)
def test_amazon_tells_by_its_own_topic_alone(client, kind, said, category):
    hook = a_hook("amazon_ses", topic=TOPIC)

    foreign = amazon(kind, said=said, topic="arn:aws:sns:eu-west-1:666:bounces")
    assert post(client, hook, by_amazon(foreign), **SNS) == 400
    assert events() == []
    assert post(client, hook, by_amazon(amazon(kind, said=said)), **SNS) == 200
    assert events() == [("bounce", 7, 4711, category)]


@pytest.mark.parametrize("version", ["1", "2"])
def test_amazon_signs_with_either_version(client, version):
    said = by_amazon(amazon("Permanent") | {"Subject": "Bounce"}, version=version)

    assert post(client, a_hook("amazon_ses", topic=TOPIC), said, **SNS) == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"Signature": ""},
        {"Signature": "AAAA"},
        {"SignatureVersion": "3"},
        {"Message": json.dumps({"eventType": "Bounce"})},
        {"Timestamp": "2026-11-24T12:00:00.000Z"},
        {"Subject": "more"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0123abc.pem"},
        {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abc.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/../evil.pem"},
        {"SigningCertURL": "file:///etc/passwd"},
    ],
)
def test_what_amazon_did_not_sign_is_refused_and_leaves_nothing(client, changed):
    said = by_amazon(amazon("Permanent")) | changed

    assert post(client, a_hook("amazon_ses", topic=TOPIC), said, **SNS) == 400
    assert events() == []


def test_amazons_question_to_confirm_is_kept_for_a_person_and_never_followed(client):
    hook = a_hook("amazon_ses", topic=TOPIC)
    link = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    said = {"Type": "SubscriptionConfirmation", "MessageId": "n1", "TopicArn": TOPIC, "SubscribeURL": link}
    said |= {"Message": "You have chosen", "Token": "1", "Timestamp": "2026-11-23T12:00:00.000Z"}
    headers = SNS | {"x-amz-sns-message-type": "SubscriptionConfirmation"}

    assert post(client, hook, by_amazon(said | {"SubscribeURL": "https://evil.example/"}), **headers) == 400
    assert post(client, hook, by_amazon(said), **headers) == 200

    hook.refresh_from_db()
    assert hook.confirm_url == link


def signed(provider: str, body: str, url: str = "", at: int = 0) -> dict[str, str]:
    """The headers with which a provider signs, made with the key "key"."""
    if provider == "mailersend":
        return {"Signature": hmac.new(b"key", body.encode(), hashlib.sha256).hexdigest()}
    if provider == "mailtrap":
        return {"Mailtrap-Signature": hmac.new(b"key", body.encode(), hashlib.sha256).hexdigest()}
    written = str(at or int(time.time()))
    mac = hmac.digest(b"key", f"e1.{written}.{body}".encode(), "sha256")
    return {"svix-id": "e1", "svix-timestamp": written, "svix-signature": "v1," + base64.b64encode(mac).decode()}


MAILERSEND = json.dumps(
    {
        "type": "activity.hard_bounced",
        "data": {
            "type": "hard_bounced",
            "id": "m1",
            "created_at": "2026-11-23T12:00:00Z",
            "email": {"message": {"id": "x"}, "recipient": {"email": "ada@example.org"}, "tags": [f"{token()}@"]},
            "morph": {"object": "recipient_bounce", "reason": RIGHT},
        },
    }
)
MAILTRAP = json.dumps(
    {
        "events": [
            {
                "event": "bounce",
                "timestamp": 1795435200,
                "message_id": "x",
                "event_id": "t1",
                "email": "ada@example.org",
                "response": RIGHT,
                "custom_variables": {"postduif": token()},
            }
        ]
    }
)
RESEND = json.dumps(
    {
        "type": "email.bounced",
        "created_at": "2026-11-23T12:00:00Z",
        "data": {
            "email_id": "r1",
            "to": ["ada@example.org"],
            "created_at": "2026-11-23T12:00:00Z",
            "bounce": {"type": "Permanent", "subType": "General", "message": RIGHT},
            "headers": [{"name": "X-Metadata", "value": json.dumps({"postduif": token()})}],
            "from": f"us <{token()}@bounce.example.com>",
            "subject": "Weekly",
        },
    }
)


@pytest.mark.parametrize(
    ("provider", "key", "body"),
    [
        ("mailersend", "key", MAILERSEND),
        ("mailtrap", "key", MAILTRAP),
        ("resend", "whsec_" + base64.b64encode(b"key").decode(), RESEND),
    ],
)
def test_a_signature_is_checked_over_the_whole_body(client, provider, key, body):
    hook = a_hook(provider, key)
    headers = signed(provider, body)

    assert post(client, hook, body) == 400
    assert post(client, hook, body.replace("ada@", "bob@"), **headers) == 400
    assert events() == []
    assert post(client, hook, body, **headers) == 200
    assert events() == [("bounce", 7, 4711, "dead_address")]


def test_what_svix_signed_long_ago_is_a_replay(client):
    hook = a_hook("resend", "whsec_" + base64.b64encode(b"key").decode())

    assert post(client, hook, RESEND, **signed("resend", RESEND, at=int(time.time()) - 3600)) == 400
    assert events() == []


def mailgun(severity: str, code: int, said: str) -> dict[str, Any]:
    at, once = "1795435200", "n" * 50
    signature = hmac.new(b"key", f"{at}{once}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": at, "token": once, "signature": signature},
        "event-data": {
            "event": "failed",
            "severity": severity,
            "reason": "bounce",
            "id": "g1",
            "timestamp": 1795435200.5,
            "recipient": "ada@example.org",
            "delivery-status": {"code": code, "message": said},
            "message": {"headers": {"message-id": "x"}},
            "user-variables": {"postduif": token()},
        },
    }


@pytest.mark.parametrize(
    ("severity", "said", "expected"),
    [("permanent", RIGHT, [("bounce", 7, 4711, "dead_address")]), ("temporary", "451 try later", [])],
)
def test_mailgun_signs_inside_its_body(client, severity, said, expected):
    hook = a_hook("mailgun", "key")
    right = mailgun(severity, 550, said)
    wrong = right | {"signature": right["signature"] | {"signature": "0" * 64}}

    assert post(client, hook, wrong) == 400
    assert post(client, hook, right) == 200
    assert events() == expected


def test_mandrill_signs_the_address_with_the_form(client, settings):
    settings.BASE_URL = "https://post.example.org"
    hook = a_hook("mandrill", "key")
    message = {
        "event": "hard_bounce",
        "_id": "x",
        "ts": 1795435200,
        "msg": {"_id": "x", "email": "ada@example.org", "diag": RIGHT, "metadata": {"postduif": token()}},
    }
    said = json.dumps([message])
    url = f"https://postduif:{PASSWORD}@post.example.org/hooks/mandrill/{hook.pk}/"
    mac = hmac.digest(b"key", f"{url}mandrill_events{said}".encode(), "sha1")
    where, form = f"/hooks/mandrill/{hook.pk}/", {"mandrill_events": said}
    headers = {"Authorization": basic(), "X-Mandrill-Signature": base64.b64encode(mac).decode()}

    assert client.post(where, form, headers={**headers, "X-Mandrill-Signature": "no"}).status_code == 400
    assert client.post(where, form, headers=headers).status_code == 200
    assert events() == [("bounce", 7, 4711, "dead_address")]


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_every_provider_has_a_door_that_stays_shut_without_its_password(client, provider):
    hook = a_hook(provider, "key" if PROVIDERS[provider].needs_key else "")

    assert client.head(f"/hooks/{provider}/{hook.pk}/").status_code == 200
    assert client.post(f"/hooks/{provider}/{hook.pk}/", b"{}", content_type="application/json").status_code == 401
    assert post(client, hook, postmark(), password="guess") == 400
    assert events() == []


@pytest.mark.parametrize("provider", list(PROVIDERS))
@pytest.mark.parametrize("said", ["", "{}", "[]", "[1]", "null", '{"event": 1}', "\xff", "[" * 3000])
def test_what_no_provider_would_send_is_refused_or_means_nothing(client, provider, said):
    hook = a_hook(provider, "key" if PROVIDERS[provider].needs_key else "", topic=TOPIC)

    assert post(client, hook, said) in (200, 400)
    assert events() == []


def test_a_signing_provider_without_its_key_is_refused(client):
    assert post(client, a_hook("mailgun"), mailgun("permanent", 550, RIGHT)) == 400
    assert events() == []


def test_told_twice_is_one_event_and_a_foreign_or_forged_token_is_none(client):
    hook = a_hook("postmark")
    forged = token()[:-4] + "0000"

    for said in (postmark(), postmark(), postmark(2, Metadata={"postduif": forged}), postmark(3, Metadata={})):
        assert post(client, hook, said) == 200

    assert events() == [("bounce", 7, 4711, "dead_address")]
    hook.refresh_from_db()
    assert hook.taken == 1


def test_a_door_that_is_not_in_use_is_no_door(client):
    assert post(client, a_hook("postmark", is_active=False), postmark()) == 404


TOLD = [
    postmark("HardBounce", 1),
    postmark("SoftBounce", 2, Details="552 mailbox full"),
    {
        "RecordType": "Delivery",
        "MessageID": "0a1b",
        "DeliveredAt": "2026-11-23T11:59:00Z",
        "Details": "250 OK",
        "Metadata": {"postduif": token()},
    },
    {
        "RecordType": "SpamComplaint",
        "Type": "SpamComplaint",
        "ID": 9,
        "MessageID": "0a1b",
        "BouncedAt": "2026-11-23T13:00:00Z",
        "Metadata": {"postduif": token()},
    },
]


@effort(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.lists(st.sampled_from(range(4)), min_size=4, max_size=9).filter(lambda order: set(order) == {0, 1, 2, 3})
)
def test_whatever_the_order_and_the_repetitions_the_journal_ends_the_same(client, order):
    Event.objects.all().delete()
    Hook.objects.all().delete()
    hook = a_hook("postmark")

    for number in order:
        assert post(client, hook, TOLD[number]) == 200

    told = set(Event.objects.values_list("kind", "category", "at"))
    assert len(told) == Event.objects.count() == 4
    assert {(kind, category) for kind, category, _at in told} == {
        ("bounce", "dead_address"),
        ("bounce", "full"),
        ("delivered", ""),
        ("complaint", ""),
    }


def test_all_providers_that_anymail_knows_are_here():
    from anymail import urls

    known = {pattern.name.removesuffix("_tracking_webhook") for pattern in urls.urlpatterns}
    known = {name.removesuffix("_webhook") for name in known if "inbound" not in name}

    assert {name.replace("sendinblue", "brevo") for name in known} == set(PROVIDERS)
    assert len(list(itertools.chain(PROVIDERS))) == 13
