"""Asking a provider what became of messages of which the answer was never seen: texts, and mail where it keeps our marks.

Found there, a message was sent. Not there an hour later, it never arrived: it has failed, and a person may send it again.
Nothing here sends, so nothing is doubled.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from mailings import accounts, texts
from mailings.channels import DeliveryError, archives
from mailings.delivery import domains, evidence, happenings, reasons, sql
from mailings.models import Message, SendingAccount, Tally
from mailings.rendering.escaping import RenderError
from mailings.rendering.texting import Compiled
from tracking import tokens

AT_ONCE = 50  # look-ups in one go
SETTLED = dt.timedelta(hours=1)  # after which what a provider does not know never reached it
OLDEST = dt.timedelta(days=2)
SLACK = dt.timedelta(minutes=10)  # clocks differ

_LOST = """
UPDATE mailings_message SET state = 'failed', reason = %(reason)s, answer = ''
 WHERE id = ANY(%(numbers)s) AND state = 'unknown' RETURNING mailing_id, split_part(address, '@', 2)
"""


def look_up(*, now: dt.datetime, limit: int = AT_ONCE) -> int:
    """Ask about some of the unknown; returns how many are known now."""
    waiting = Message.objects.filter(
        mailing__account__kind__in=[*accounts.TEXT_POSTS, *archives.ARCHIVES],
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
        if account is None:
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
    since = (mailing.started_at or mailing.created_at) - SLACK
    if account.kind in archives.ARCHIVES:
        return any(_names(mark, message) for mark in accounts.marks(account, message.address, since=since))
    text = texts.as_sent(Compiled.from_json(mailing.compiled or {}), mailing, message.data, message.pk)
    return accounts.text_post(account).find(message.address, text, since=since)


def _names(mark: str, message: Message) -> bool:
    try:
        return tokens.read("bounce", mark) == (message.mailing_id, message.pk)
    except tokens.BadToken:
        return False


def _never_arrived(numbers: list[int], now: dt.datetime) -> int:
    if not numbers:
        return 0
    moved: dict[int, Counter[str]] = {}
    for mailing, domain in sql.rows(_LOST, {"numbers": numbers, "reason": reasons.NEVER_ARRIVED}):
        moved.setdefault(mailing, Counter())[domain] += 1
    for mailing, per_domain in sorted(moved.items()):
        people = per_domain.total()
        Tally.objects.create(
            mailing_id=mailing, at=now, unknown=-people, failed=people, reasons={reasons.NEVER_ARRIVED: people}
        )
        domains.add(mailing, {domain: Counter(failed=some, other=-some) for domain, some in per_domain.items()})
        happenings.note(mailing, "never_arrived", now=now, people=people)
    return sum(per_domain.total() for per_domain in moved.values())
