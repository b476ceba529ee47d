"""Asking a provider what became of text messages of which the answer was never seen.

Found there, a message was sent. Not there an hour later, it never arrived: it has failed, and a person may send it again.
Nothing here sends, so nothing is doubled.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from mailings import accounts, texts
from mailings.channels import DeliveryError
from mailings.delivery import domains, evidence, happenings, reasons, sql
from mailings.models import Mailing, Message, SendingAccount, Tally
from mailings.rendering.escaping import RenderError
from mailings.rendering.texting import Compiled

AT_ONCE = 50  # look-ups in one go
SETTLED = dt.timedelta(hours=1)  # after which what a provider does not know never reached it
OLDEST = dt.timedelta(days=2)
SLACK = dt.timedelta(minutes=10)  # clocks differ

_LOST = """
UPDATE mailings_message SET state = 'failed', reason = %(reason)s, answer = ''
 WHERE id = ANY(%(numbers)s) AND state = 'unknown' RETURNING mailing_id
"""


def look_up(*, now: dt.datetime, limit: int = AT_ONCE) -> int:
    """Ask about some of the unknown; returns how many are known now."""
    waiting = Message.objects.filter(
        mailing__type=Mailing.Type.SMS,
        mailing__started_at__gte=now - OLDEST,
        reason__in=(reasons.NO_ANSWER, reasons.NODE_LOST),
        state="unknown",
    )
    found = waiting.select_related("mailing", "mailing__account").defer("mailing__content").order_by("?")[:limit]
    return _settle(list(found), now)


def _settle(messages: Iterable[Message], now: dt.datetime) -> int:
    arrived, lost = [], []
    for message in messages:
        account = message.mailing.account
        if account is None or account.kind not in accounts.TEXT_POSTS:
            continue
        try:
            is_there = _is_there(account, message)
        except (DeliveryError, RenderError, ValueError, accounts.Unusable):
            continue  # nobody can tell now
        if is_there:
            arrived.append((message.pk, now))
        elif _is_settled(message, now):
            lost.append(message.pk)
    known = evidence.arrived(arrived, now=now)
    return known + _never_arrived(lost, now)


def _is_settled(message: Message, now: dt.datetime) -> bool:
    """Whether it was handed over so long ago that the provider would know it: no worker may still be at it."""
    started = message.mailing.started_at
    last = Tally.objects.filter(mailing=message.mailing_id, unknown__gt=0).order_by("-at").values_list("at", flat=True)
    since = last.first() or started
    return since is not None and now - since > SETTLED


def _is_there(account: SendingAccount, message: Message) -> bool:
    mailing = message.mailing
    text = texts.as_sent(Compiled.from_json(mailing.compiled or {}), mailing, message.data, message.pk)
    since = (mailing.started_at or mailing.created_at) - SLACK
    return accounts.text_post(account).find(message.address, text, since=since)


def _never_arrived(numbers: list[int], now: dt.datetime) -> int:
    if not numbers:
        return 0
    moved: dict[int, int] = {}
    for (mailing,) in sql.rows(_LOST, {"numbers": numbers, "reason": reasons.NEVER_ARRIVED}):
        moved[mailing] = moved.get(mailing, 0) + 1
    for mailing, people in sorted(moved.items()):
        Tally.objects.create(
            mailing_id=mailing, at=now, unknown=-people, failed=people, reasons={reasons.NEVER_ARRIVED: people}
        )
        domains.add(mailing, {"": Counter(failed=people, other=-people)})
        happenings.note(mailing, "never_arrived", now=now, people=people)
    return sum(moved.values())
