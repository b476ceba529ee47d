"""Work on one chunk: claim, read, ask the gate again, render, hand over, write down. In small batches, so that a pause,
a cancellation or a withdrawn consent takes effect within seconds and progress shows."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from datetime import timedelta as delta

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from consent import gate, sealed
from consent.gate import Call, Verdict
from mailings import domains, lifecycle, mx, resting, zones
from mailings.channels import Channel, DeliveryError, Outcome, Outgoing, Receipt
from mailings.channels.dkim import Signer
from mailings.delivery import chunks, happenings, reasons, results, sql, throttle
from mailings.delivery.journal import Journal
from mailings.delivery.letters import Letter, Row, Stamp, Unfit
from mailings.delivery.throttle import Throttle, is_slow_down
from mailings.delivery.writing import letter_of
from mailings.models import Mailing

FIRST_BATCH = 250
SMALLEST, LARGEST = 20, 1000
BATCH_SECONDS = 2.0  # a batch is about as large as two seconds need
LEAST_REST = 1.0  # seconds, so that tokens gather for more than one message
BEAT = 1.0  # seconds between two signs of life
TRIES = 3  # connections that may break under one message before it waits like a refused one

Clock = Callable[[], datetime]

_ROWS = """
SELECT message.id, message.address, message.data, coalesce(nullif(p.country, ''), company.country, ''), message.edition
  FROM mailings_message message
  LEFT JOIN recipients_person p ON p.id = message.person_id
  LEFT JOIN recipients_company company ON company.id = p.company_id
 WHERE message.mailing_id = %(mailing)s AND message.id BETWEEN %(first)s AND %(last)s AND message.state = %(open)s
   AND (message.not_before IS NULL OR message.not_before <= %(due)s)
 ORDER BY message.id LIMIT %(size)s
"""
_MOVED_AWAY = """
SELECT m.id, m.address FROM mailings_message m
 WHERE m.id = ANY(%(numbers)s::bigint[]) AND m.person_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM {addresses} e WHERE e.person_id = m.person_id AND e.address = m.address)
"""
_OF_THEIR_COMPANY = """
SELECT m.id FROM mailings_message m JOIN recipients_person p ON p.id = m.person_id
  JOIN {company_addresses} a ON a.company_id = p.company_id AND a.address = m.address
 WHERE m.id = ANY(%(numbers)s::bigint[])
"""


def work(number: int, *, channel: Channel, clock: Clock = timezone.now) -> int:
    """Work on a chunk as long as its turn lasts; return how many messages were handed over. Told twice, it works once."""
    claim = chunks.claim(number, now=clock())
    if claim is None:
        return 0
    try:
        journal = Journal.create(claim.journal)
    except OSError as error:
        happenings.note_trouble(claim.mailing, "no_room", str(error), now=clock())
        chunks.put_back(claim, not_before=clock() + delta(seconds=settings.DELIVERY_SERVER_WAIT))
        return 0
    try:
        shift = Shift(claim, channel, journal, clock)
        shift.run()
        journal.remove()
        return shift.handed_over
    finally:
        journal.close()  # whatever happened: from here on somebody else may take the chunk over


@dataclass
class Shift:
    """One worker's turn at one chunk."""

    claim: chunks.Claim
    channel: Channel
    journal: Journal
    clock: Clock
    handed_over: int = 0
    found: results.Results = field(default_factory=results.Results)
    is_stopped: bool = False  # paused, cancelled, overtaken or the database does not answer: take no more messages
    size: int = FIRST_BATCH
    signer: Signer | None = None
    throttle: Throttle = field(init=False)
    _next: int = 0
    _due: datetime = field(init=False)
    _begun: float = field(default_factory=time.monotonic)
    _slowed: dict[str, str] = field(default_factory=dict)  # domain → the words that ask for less
    _beat_at: float = 0.0
    _broken: dict[int, int] = field(default_factory=dict)
    _refused: dict[str, Verdict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.throttle = Throttle(self.claim.account)
        self._next, self._due = self.claim.first, self.clock()

    def run(self) -> None:
        """Batch after batch, until the chunk is done, its turn is over, or somebody or something stops us."""
        try:
            self.signer = domains.signer_for(letter_of(self.claim.mailing, self.claim.frozen_at).sender)
        except sealed.CannotOpen as error:  # unsigned, it would harm the name of a domain that signs
            self._tell(DeliveryError(f"DKIM: {error}", retry=False))
            chunks.put_back(self.claim)
            return
        ends = time.monotonic() + settings.DELIVERY_TURN
        while rows := self._rows():
            status = chunks.extend(self.claim, batch=[row.number for row in rows])
            if status is None:
                return
            if status != Mailing.Status.SENDING:
                break
            if trouble := self._hand_over(rows):
                self._tell(trouble)
                wait = delta(seconds=settings.DELIVERY_SERVER_WAIT)
                chunks.put_back(self.claim, not_before=self.clock() + wait)
                return
            if self.is_stopped or time.monotonic() > ends:
                break
        else:
            self._end()
            return
        if self.throttle.is_account_full:
            self._rest()
        chunks.put_back(self.claim)

    def _end(self) -> None:
        """Everybody was looked at. Who was left out for want of a token gets a turn later."""
        if self.throttle.waits:
            chunks.put_back_throttled(self.claim, wait=self.throttle.waits, now=self.clock())
        else:
            chunks.finish(self.claim)

    def _rest(self) -> None:
        """The account takes no more: the whole mailing rests, and workers go on with others."""
        now = self.clock()
        if self.throttle.is_day_over:
            midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + delta(days=1)
            resting.rest(self.claim.mailing, until=midnight, because=resting.DAY)
        else:
            wait = max(self.throttle.waits, LEAST_REST)
            resting.rest(self.claim.mailing, until=now + delta(seconds=wait), because=resting.THROTTLE)

    def _rows(self) -> Sequence[Row]:
        claim = self.claim
        values = {
            "mailing": claim.mailing,
            "first": self._next,
            "last": claim.last,
            "open": claim.open_state,
            "due": self._due,
            "size": self.size,
        }
        found = sql.rows(_ROWS, values)
        return [Row(number, address, json.loads(data), *more) for number, address, data, *more in found]

    def _hand_over(self, rows: Sequence[Row]) -> DeliveryError | None:
        """Send one batch and write down what became of it."""
        begun = self._beat_at = time.monotonic()
        letter = letter_of(self.claim.mailing, self.claim.frozen_at)
        self._next = rows[-1].number + 1
        self.found = results.Results(
            asked=[row.number for row in rows], due=self._due, domains={row.number: row.domain for row in rows}
        )
        self.throttle.look({row.domain for row in rows}, now=self.clock())
        rows = [row for row in self._awake(letter, rows) if not self.throttle.is_blocked(row.domain)]
        if not rows:
            return None
        self._refused = self._ask_gate(letter, rows) | self._moved_away(letter, rows)
        trouble = None
        try:
            for receipt in self.channel.send(
                self._letters(letter, rows), on_wire=self.journal.going, meanwhile=self._beat
            ):
                self.journal.note(receipt)
                self._take(receipt)
        except DeliveryError as error:
            trouble = error
        self._write_down()
        pace = len(rows) / max(time.monotonic() - begun, 0.001)
        self.size = min(LARGEST, max(SMALLEST, int(pace * BATCH_SECONDS)))
        return trouble

    def _awake(self, letter: Letter, rows: Sequence[Row]) -> Sequence[Row]:
        """Leave out those whose own clock says that it is not the hour; their turn comes when it is."""
        if letter.window is None:
            return rows
        now, opens = self.clock(), {}
        countries = [letter.country_of(row) for row in rows]
        for country in set(countries):
            opens[country] = letter.window.opening(now, zones.of(country))
        places = list(zip(rows, countries, strict=True))
        for moment in {moment for moment in opens.values() if moment > now}:
            asleep = [row.number for row, country in places if opens[country] == moment]
            results.let_wait(self.claim.mailing, asleep, moment)
        return [row for row, country in places if opens[country] <= now]

    def _ask_gate(self, letter: Letter, rows: Sequence[Row]) -> dict[str, Verdict]:
        addresses, countries = [row.address for row in rows], [row.country for row in rows]
        return gate.recheck(
            letter.medium.channel,
            letter.subscription_type or 0,
            addresses,
            countries=countries,
            message_class=letter.message_class,
            override=letter.override,
            at=self.clock(),
        )

    def _moved_away(self, letter: Letter, rows: Sequence[Row]) -> dict[str, Verdict]:
        """Those whose person has this address no more: consent was bound to the address, and the record says it is gone."""
        asked = _MOVED_AWAY.format(addresses=letter.medium.all_addresses)
        found = dict(sql.rows(asked, {"numbers": [row.number for row in rows]}))
        if found and letter.medium.company_addresses:  # written to a company, beside one of its people
            asked = _OF_THEIR_COMPANY.format(company_addresses=letter.medium.company_addresses)
            for (number,) in sql.rows(asked, {"numbers": list(found)}):
                del found[number]
        return {address: Verdict(Call.REFUSE, reasons.ADDRESS_CHANGED) for address in found.values()}

    def _letters(self, letter: Letter, rows: Sequence[Row]) -> Iterator[Outgoing]:
        """Render each message when a connection is about to need it."""
        stamp = Stamp.at(self.clock(), self.signer)
        for row in rows:
            if self.is_stopped:
                self._next = min(self._next, row.number)
                return
            if verdict := self._refused.get(row.address):
                self.found.hold(row.number, verdict)
                continue
            if not self.throttle.admits(row.domain):
                if self.throttle.is_account_full:
                    self.is_stopped = True
                    self._next = min(self._next, row.number)
                    return
                continue
            try:
                outgoing = letter.write(row, stamp)
            except Unfit as unfit:
                self.found.fail(row.number, unfit.reason, str(unfit))
                continue
            except (ValueError, LookupError) as error:  # one recipient's values; the other 999 do not wait for it
                self.found.fail(row.number, reasons.RENDER_ERROR, str(error) or type(error).__name__)
                continue
            yield outgoing

    def _take(self, receipt: Receipt) -> None:
        if receipt.outcome is Outcome.NOT_HANDED:
            self._broken[receipt.number] = tries = self._broken.get(receipt.number, 0) + 1
            if tries >= TRIES:
                self.found.defer(receipt)
            else:
                self._next = min(self._next, receipt.number)
            return
        self.handed_over += receipt.outcome is Outcome.ACCEPTED
        if receipt.outcome is Outcome.TEMPORARY and is_slow_down(receipt.code, receipt.answer):
            self._slowed[self.found.domains.get(receipt.number, "")] = receipt.answer
        self.found.take(receipt)

    def _beat(self) -> None:
        """A sign of life, at most once a second: keeps the lease, shows progress, hears of a pause."""
        if time.monotonic() < self._beat_at + BEAT:
            return
        self._beat_at = time.monotonic()
        try:
            self.is_stopped = chunks.extend(self.claim) != Mailing.Status.SENDING or self.is_stopped
            self._write_down()
        except DatabaseError:  # the journal has it all; what is on the wire gets its answers, then we stop loudly
            self.is_stopped = True

    def _write_down(self) -> None:
        """Forget what was found only when the database has it; writing it twice changes nothing."""
        claim = self.claim
        results.record(self.found, claim.mailing, chunk=claim.chunk, open_state=claim.open_state, now=self.clock())
        self._learn(self.found.sent)
        self.found = results.Results(asked=self.found.asked, due=self._due, domains=self.found.domains)

    def _learn(self, sent: Sequence[int]) -> None:
        """Slow down for who asked for it; where it goes well, slowly speed up."""
        now, account = self.clock(), self.claim.account
        for group, answer in {mx.groups_of([one])[one]: words for one, words in self._slowed.items()}.items():
            share = sum(1 for one in self.found.domains.values() if one in self._slowed) / max(
                len(self.found.domains), 1
            )
            pace = 60 * self.handed_over * share / max(time.monotonic() - self._begun, 1.0)
            if speed := throttle.lower(account, group, answer, observed=pace, now=now):
                happenings.note(self.claim.mailing, "slowed", now=now, group=group, answer=answer[:1000], speed=speed)
        if self.throttle.limits.learned and not self._slowed and sent:
            reached = {self.throttle.group_of.get(self.found.domains.get(number, ""), "") for number in sent}
            for group in self.throttle.limits.learned & {*reached, ""}:
                throttle.raise_slowly(account, group, now=now)
        self._slowed.clear()

    def _tell(self, trouble: DeliveryError) -> None:
        """A server that is away comes back; one that refuses our login waits for a person, and so do we."""
        if trouble.retry:
            if is_slow_down(0, str(trouble)):
                throttle.lower(self.claim.account, "", str(trouble), observed=0, now=self.clock())
            happenings.note_trouble(self.claim.mailing, "server_away", str(trouble), now=self.clock())
            return
        with suppress(lifecycle.CannotMove):  # another worker was told the same
            mailing = Mailing.objects.get(pk=self.claim.mailing)
            lifecycle.pause(mailing, by=None, now=self.clock(), why=str(trouble))
