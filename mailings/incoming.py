"""What a provider of text messages tells: what became of one (status), and what somebody answered (reply).

Both come signed with the account's own secret, may come twice, late and in any order, and are told apart by the message's
token, which nobody else can make. A state that is no end changes nothing that an end has said.
"""

import datetime as dt
import itertools
import re
from collections.abc import Mapping
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import sealed, unsubscribe
from consent.models import OptOutKey, Suppression, SuppressionReason
from mailings import texterrors
from mailings.models import Message, SendingAccount, TextReply
from recipients.models import Person
from tracking import journal, tokens
from tracking.models import Kind

Meaning = TextReply.Meaning
LONGEST = 2_000  # characters of an answer that are kept
SHORT_REPLY = 6  # words: in a longer text "stop" may be anything
# Asking to stop, wherever it stands in a short answer. FCC 47 CFR 64.1200(a)(10) names the English ones.
STOPS = frozenset(
    [
        "stop",
        "stopall",
        "stopt",
        "stoppen",
        "unsubscribe",
        "optout",
        "revoke",
        "afmelden",
        "afmeld",
        "meldaf",
        "uitschrijven",
        "uitschrijf",
        "abmelden",
        "abbestellen",
        "arret",
        "arrêt",
        "désabonner",
        "desabonner",
    ]
)
STOPS_OF_TWO = frozenset({"opt out", "meld af", "schrijf uit", "af melden", "uit schrijven"})
# Words that mean it only when nothing else is said.
STOPS_ALONE = frozenset(["cancel", "end", "quit", "annuleer", "einde"])
STARTS = frozenset(["start", "unstop", "aanmelden", "inschrijven"])
HELPS = frozenset(["help", "info", "hulp", "hilfe", "aide"])
_WORDS = re.compile(r"[^\W_]+")
DONE = {"delivered": Kind.DELIVERED, "read": Kind.DELIVERED}
RETURNED = frozenset({"undelivered", "failed"})


def is_genuine(account: SendingAccount, address: str, given: Mapping[str, str], signature: str) -> bool:
    """Say whether Twilio, who knows the account's token, signed this: HMAC-SHA1 of the address and every value."""
    from twilio.request_validator import RequestValidator

    try:
        secret = sealed.unseal(account.secret)
    except sealed.CannotOpen:
        return False
    return bool(secret) and bool(RequestValidator(secret).validate(address, dict(given), signature))


# what became of a message ------------------------------------------------------------------------------------------------


def status(given: Mapping[str, str], token: str, *, now: dt.datetime) -> int:
    """Write down what a provider says became of a message; returns how much of it was new. Raises tokens.BadToken."""
    mailing, message = tokens.read("bounce", token)
    if message == tokens.TEST:
        return 0
    state = given.get("MessageStatus", "") or given.get("SmsStatus", "")
    origin = f"twilio:{given.get('MessageSid', '')[:40]}:{state[:20]}"
    if state in DONE:
        return journal.record([journal.NewEvent(origin, now, DONE[state], mailing, message)])
    if state not in RETURNED:
        return 0
    code = given.get("ErrorCode", "")[:10]
    said = f"Twilio {code or state}: {given.get('ErrorMessage', '')[:200] or state}"
    category = str(texterrors.category(f"550 {said}"))
    event = journal.NewEvent(origin, now, Kind.BOUNCE, mailing, message, category=category, detail=said)
    return journal.record([event])


# what somebody answered --------------------------------------------------------------------------------------------------


def meaning(text: str) -> Meaning:
    """Say what an answer asks for."""
    said = _WORDS.findall(text.casefold()[:LONGEST])
    if not said:
        return Meaning.OTHER
    alone = said[0] if len(said) == 1 else ""
    if alone in STARTS:
        return Meaning.START
    if alone in HELPS:
        return Meaning.HELP
    twos = {f"{first} {second}" for first, second in itertools.pairwise(said)}
    if len(said) <= SHORT_REPLY and (STOPS & set(said) or STOPS_OF_TWO & twos):
        return Meaning.STOP
    return Meaning.STOP if alone in STOPS_ALONE else Meaning.OTHER


class Answer(NamedTuple):
    """What is said back; empty where the provider has answered by itself, or there is nothing to say."""

    meaning: Meaning
    words: str = ""


@transaction.atomic
def reply(account: SendingAccount, given: Mapping[str, str], *, now: dt.datetime) -> Answer:
    """Keep an answer and do what it asks for. Told twice, it is kept and done once, and answered alike."""
    number = given.get("From", "")[:30]
    body = given.get("Body", "").replace("\x00", "")[:LONGEST]
    means = meaning(body)
    if given.get("OptOutType", "") in ("STOP", "START", "HELP"):  # what Twilio itself took it for
        means = Meaning(given["OptOutType"].lower())
    last = _last_to(number)
    rows = TextReply.objects.bulk_create(
        [
            TextReply(
                origin=f"twilio:{given.get('MessageSid', '')[:40]}",
                account=account,
                number=number,
                to=given.get("To", "")[:60],
                body=body,
                meaning=means,
                person=_who(number, last),
                message=last.pk if last else None,
                at=now,
            )
        ],
        ignore_conflicts=True,
    )
    if TextReply.objects.filter(origin=rows[0].origin, at=now).exists():
        _do(means, number, last, now)
    return Answer(means, "" if given.get("OptOutType") else _words(means))


def _do(means: Meaning, number: str, last: Message | None, now: dt.datetime) -> None:
    """STOP holds for everything we send to this number, whichever of our senders it came from; START takes that back."""
    if means not in (Meaning.STOP, Meaning.START) or not number:
        return
    unsubscribe.keep_keys({number}, "sms")
    person = OptOutKey.objects.get(channel="sms", address=number)
    token = tokens.make("click", last.mailing_id, last.pk) if last else ""
    if means == Meaning.STOP:
        unsubscribe.leave(person, None, how="sms", token=token, now=now)
        return
    stopped = Suppression.objects.filter(
        channel="sms", address=number, reason=SuppressionReason.UNSUBSCRIBED, subscription_type=None, released_at=None
    )
    unsubscribe.restore(person, list(stopped.values_list("pk", flat=True)), token=token, now=now)


def _last_to(number: str) -> Message | None:
    sent = Message.objects.filter(channel="sms", address=number, state__in=("sent", "unknown"))
    return sent.defer("data").order_by("-pk").first()


def _who(number: str, last: Message | None) -> Person | None:
    if last is not None and last.person_id is not None:
        return last.person
    return Person.objects.filter(Q(mobile=number) | Q(phone=number)).order_by("pk").first()


def _words(means: Meaning) -> str:
    house = settings.SENDER_NAME
    with override("nl" if settings.HOME_COUNTRY == "NL" else "en"):
        if means == Meaning.STOP:
            return _("%(house)s: you get no more text messages from us. START turns them on again.") % {"house": house}
        if means == Meaning.START:
            return _("%(house)s: you may get text messages from us again. STOP ends them.") % {"house": house}
        if means == Meaning.HELP:
            address = settings.SENDER_ADDRESS
            text = _("%(house)s: questions to %(address)s. STOP ends these text messages.")
            return text % {"house": house, "address": address}
    return ""
