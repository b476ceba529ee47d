"""One text message of three days ago: an account at the demo's own Twilio, consent of some, reports, clicks and answers."""

import datetime as dt
import os
from collections.abc import Iterable, Sequence
from random import Random

from django.contrib.auth.models import User
from django.utils import timezone

from consent import ledger, sealed
from consent.models import SubscriptionType
from demo.data.people import SEED
from demo.twilio import PORT, SID, TOKEN
from mailings import incoming, library, lifecycle, sources, statistics
from mailings.channels import Outcome, Receipt
from mailings.delivery import results
from mailings.models import Chunk, Mailing, Message, SendingAccount, TextPrice
from recipients.models import Person, Selection
from tracking import journal, tokens
from tracking.models import Link

FROM = "+3197010281000"
TEXT = (
    "Hi [[customer.firstname|friend]], Saturday the Loods is open: coffee, soup and the new lathe. "
    "How to get there: https://www.dewerkbank.example/open-day/route Stop? Answer STOP"
)
PRICES = {"NL": "0.0780", "BE": "0.0890", "DE": "0.0860", "": "0.1200"}
AGREED = 0.7  # of those with a mobile number who were asked
ASKED = 120
ANSWERS = ("Leuk, ik kom met z'n tweeën!", "Is there parking for a van?", "stop aub", "Tot zaterdag", "Afmelden")
ERRORS = ("30003", "30005", "30007")
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"


def send(of_type: SubscriptionType, people: Sequence[Person], by: User, *, now: dt.datetime) -> Mailing:
    """Send it as of three days ago and take in what came back since."""
    chance = Random(SEED)
    at = (now - dt.timedelta(days=3)).replace(hour=9, minute=30)
    account = an_account()
    asked = [one for one in people if one.mobile and not one.is_former_employee][:ASKED]
    readers = Selection.objects.create(name="Reminder by text", description="Left a mobile number on the form.")
    readers.people.add(*asked)
    agree([one.mobile for one in asked if chance.random() < AGREED], of_type, now=at - dt.timedelta(days=30))
    mailing = library.new(name="Open day, reminder by text", kind=Mailing.Type.SMS, by=by)
    mailing.subscription_type, mailing.account, mailing.content = of_type, account, {"text": TEXT}
    mailing.save()
    sources.add(mailing, "selection", readers.pk)
    lifecycle.start(mailing, by=by, now=at)
    hand_over(mailing, now=at + dt.timedelta(seconds=20))
    lifecycle.finish_done(now=at + dt.timedelta(minutes=1))
    Mailing.objects.filter(pk=mailing.pk).update(created_at=at - dt.timedelta(days=2), updated_at=at)
    come_back(mailing, account, chance, now=now)
    return mailing


def an_account() -> SendingAccount:
    for country, price in PRICES.items():
        TextPrice.objects.create(country=country, price=price)
    options = {"user": SID, "sender": FROM, "api_url": os.environ.get("DEMO_TWILIO", f"http://127.0.0.1:{PORT}")}
    return SendingAccount.objects.create(
        name="Texts", kind=SendingAccount.Kind.TWILIO, options=options, secret=sealed.seal(TOKEN)
    )


def agree(numbers: Iterable[str], of_type: SubscriptionType, *, now: dt.datetime) -> None:
    evidence = {"form": "Open day", "wording": "Remind me by text message"}
    entries = [
        ledger.Entry(
            address=number,
            channel="sms",
            purpose=of_type.purpose_id,
            subscription_type=of_type.pk,
            source="newsletter_signup",
            evidence=evidence,
            evidence_on=timezone.localdate(now),
            actor="system",
        )
        for number in sorted(set(numbers))
    ]
    ledger.record(entries, now=now)


def hand_over(mailing: Mailing, *, now: dt.datetime) -> None:
    waiting = list(mailing.messages.filter(state=Message.State.PENDING).order_by("pk").values_list("pk", flat=True))
    for chunk in mailing.chunks.order_by("pk"):
        mine = [number for number in waiting if chunk.first <= number <= chunk.last]
        found = results.Results(asked=mine)
        for number in mine:
            found.take(Receipt(number, Outcome.ACCEPTED, 250))
        results.record(found, mailing.pk, chunk=chunk.pk, open_state="pending", now=now)
    mailing.chunks.update(state=Chunk.State.DONE, attempts=1)


def come_back(mailing: Mailing, account: SendingAccount, chance: Random, *, now: dt.datetime) -> None:
    sent = list(mailing.messages.filter(state=Message.State.SENT).order_by("pk"))
    begun = mailing.started_at or now
    link = Link.objects.filter(mailing=mailing.pk).values_list("number", flat=True).first()
    for place, message in enumerate(sent):
        at = begun + dt.timedelta(seconds=chance.randint(25, 200))
        error = ERRORS[place % len(ERRORS)] if place % 19 == 7 else ""
        told = {"MessageSid": f"SM{message.pk:032x}", "MessageStatus": "undelivered" if error else "delivered"}
        token = tokens.make("bounce", mailing.pk, message.pk)
        incoming.status(told | ({"ErrorCode": error} if error else {}), token, now=at)
        if link and not error and chance.random() < 0.3:
            clicked = at + dt.timedelta(minutes=chance.randint(1, 600))
            journal.record([a_click(mailing.pk, message.pk, link, clicked)])
    for place, words in enumerate(ANSWERS):
        given = {"MessageSid": f"SM{place:032x}", "From": sent[place * 7].address, "To": FROM, "Body": words}
        incoming.reply(account, given, now=begun + dt.timedelta(minutes=4 + 9 * place))
    while statistics.fold(now=begun + dt.timedelta(days=1), mailing=mailing.pk):
        pass
    statistics.refresh(mailing, now=now)


def a_click(mailing: int, message: int, link: int, at: dt.datetime) -> journal.NewEvent:
    return journal.NewEvent(
        f"demo:{message}:{link}", at, "click", mailing, message, link, method="GET", ip="192.0.2.1", user_agent=PHONE
    )
