"""Text messages: a mailing through Twilio's own client library into a Twilio of ours that answers after a tenth of a second."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.utils import timezone

from benchmarks.frame import Figure, Scale
from consent import ledger, sealed
from consent.models import SubscriptionType
from demo.twilio import TOKEN, Twilio
from mailings import accounts, lifecycle
from mailings.channels.twilio import AT_ONCE
from mailings.delivery import worker
from mailings.models import Chunk, Mailing, SendingAccount, SendingPolicy, Source
from recipients.models import Person, Selection

LATENCY = 0.1  # seconds that pass before each answer
ROUNDS = 3
SERVER = """
import sys
from demo.twilio import Twilio
with Twilio(latency=float(sys.argv[1]), tells=False) as twilio:
    print(twilio.port, flush=True)
    sys.stdin.read()
"""


def figures(scale: Scale) -> Iterator[Figure]:
    size = scale.pick(3_000, 600)
    readers = a_crowd(size)
    SendingPolicy.objects.create(pk=1, texts_from="00:00", texts_until="00:00")
    with twilio() as url:
        account = an_account(url)
        speeds = [send(a_mailing(readers, account, number), account, size) for number in range(ROUNDS)]
    yield Figure(
        "sms.send", statistics.median(speeds), "msg/s", AT_ONCE / LATENCY, f"{AT_ONCE} in flight ÷ {LATENCY:g} s"
    )


def send(mailing: Mailing, account: SendingAccount, size: int) -> float:
    """Hand a mailing over and give the messages a second; everything from claiming a chunk to its last row counts."""
    lifecycle.start(mailing, by=None, now=timezone.now())
    channel = accounts.channel(account)
    started = time.perf_counter()
    while chunks := list(Chunk.objects.filter(mailing=mailing).exclude(state=Chunk.State.DONE).order_by("pk")):
        for chunk in chunks:
            worker.work(chunk.pk, channel=channel)
    took = time.perf_counter() - started
    channel.close()
    if mailing.messages.filter(state="sent").count() != size:
        raise SystemExit("somebody was not sent their text")
    return size / took


@contextmanager
def twilio() -> Iterator[str]:
    """A Twilio in a process of its own, so that it takes no time from ours."""
    command = [sys.executable, "-c", SERVER, str(LATENCY)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def an_account(url: str) -> SendingAccount:
    options = Twilio().options() | {"api_url": url}
    return SendingAccount.objects.create(name="Texts", kind="twilio", options=options, secret=sealed.seal(TOKEN))


def a_crowd(size: int) -> Selection:
    """So many people with a mobile number, all of whom agreed."""
    readers = Selection.objects.create(name="Readers")
    of_type = SubscriptionType.objects.order_by("pk")[0]
    numbers = [f"+316{12050000 + place}" for place in range(size)]
    Person.objects.bulk_create(Person(first_name=f"Ada {one[-4:]}", mobile=one) for one in numbers)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO recipients_selectionmember (selection_id, person_id, added_at) SELECT %s, id, now() FROM recipients_person",
            [readers.pk],
        )
    evidence = {"form": "Sign-up", "wording": "Yes, text me"}
    entries = [
        ledger.Entry(
            address=one,
            channel="sms",
            purpose=of_type.purpose_id,
            subscription_type=of_type.pk,
            source="newsletter_signup",
            evidence_on=timezone.localdate(),
            actor="import:1",
            evidence=evidence,
        )
        for one in numbers
    ]
    ledger.record(entries, now=timezone.now())
    return readers


def a_mailing(readers: Selection, account: SendingAccount, number: int) -> Mailing:
    text = "Hi [[customer.firstname|friend]], see the workshop: https://example.org/open-day Stop? [[link.unsubscribe]]"
    mailing = Mailing.objects.create(
        type=Mailing.Type.SMS,
        name=f"Text {number}",
        content={"text": text},
        account=account,
        subscription_type=SubscriptionType.objects.order_by("pk")[0],
    )
    Source.objects.create(mailing=mailing, selection=readers)
    return mailing
