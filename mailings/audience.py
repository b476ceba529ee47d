"""Who gets a mailing: its sources become candidates, the gate judges each, freezing copies them into messages.

Everything is one set in SQL. A candidate is a person with the address we write to and, where we see one
ourselves, a hurdle (former employee, no address, duplicate); the gate judges those who have none.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from consent import unsubscribe
from mailings import candidates, contacts, editions, guests, medium, merge_data, restraint, trials, unseen
from mailings.delivery import sql
from mailings.letters import addresses as letter_addresses
from mailings.letters import making
from mailings.letters.sheet import Sheet
from mailings.models import Mailing, Message, Source
from recipients import selections
from recipients.models import Selection

# Memory for one sort or hash of a large audience, and no sorting by address where hashing does (see gate.verdicts_sql).
AT_LARGE = "SET LOCAL work_mem = '256MB'; SET LOCAL enable_mergejoin = off"
KEYS = {"_u": "o.key", "_p": "o.preferences"}  # of the links to leave and to choose, copied into each message
A_MOMENT = timedelta(seconds=5)  # in which a count does not evaluate a selection again


class Show(StrEnum):
    """Which part of the audience a list shows."""

    EVERYONE = "everyone"
    GETS = "gets"
    HELD = "held"


@dataclass(frozen=True)
class Counts:
    """How many people the sources hold, and why some of them get nothing: {reason code: people}, most first."""

    total: int
    held_by: Mapping[str, int]
    counted_at: datetime
    seconds: float = 0.0
    empty: Mapping[str, int] = field(default_factory=dict)  # of those who get it, per merge value asked for

    @property
    def held(self) -> int:
        return sum(self.held_by.values())

    @property
    def gets(self) -> int:
        return self.total - self.held


@dataclass(frozen=True)
class Recipient:
    """One person of an audience that is not frozen yet, with the verdict as it would be now."""

    person: int
    name: str
    company: str
    address: str
    verdict: str
    reason: str
    evidence: int | None  # number of the ledger event
    block: int | None  # number of the suppression


@dataclass(frozen=True)
class Page:
    recipients: Sequence[Recipient]
    after: int | None  # give it back to see the next page; None on the last one


def _evaluate(mailing: Mailing, now: datetime, *, fresh: timedelta = timedelta()) -> None:
    """Bring the members of dynamic and combined sources up to date."""
    follow = Selection.objects.evaluated().filter(pk__in=mailing.sources.values("selection"))
    selections.evaluate_all(follow, now=now, fresh=fresh)


# looking --------------------------------------------------------------------------------------------------------------


def counts(mailing: Mailing, *, now: datetime, empty_of: Sequence[str] = ()) -> Counts:
    """Count who would get it now, and by reason who would not; `empty_of` counts merge values that would be empty.

    A frozen audience is counted as it was frozen, whatever became of its sources.
    """
    started = time.perf_counter()
    if mailing.frozen_at:
        rows = _count_frozen(mailing, empty_of)
    else:
        rows = _count_sources(mailing, now, empty_of) + guests.counted(mailing, empty_of, now=now)
    by_reason = Counter[str]()
    for row in rows:
        by_reason[row[0]] += row[1]
    held = {reason: people for reason, people in sorted(by_reason.items(), key=lambda pair: -pair[1]) if reason}
    empty = {key: sum(row[2 + place] for row in rows) for place, key in enumerate(empty_of)}
    return Counts(sum(by_reason.values()), held, now, time.perf_counter() - started, empty)


def _count_sources(mailing: Mailing, now: datetime, empty_of: Sequence[str]) -> list[tuple[Any, ...]]:
    terms = candidates.terms_of(mailing, now=now)
    parameters = terms.parameters
    chosen = candidates.chosen(mailing.sources.all(), parameters)
    data = merge_data.MergeData(tuple(empty_of))
    empties = "".join(f", count(*) FILTER (WHERE reason = '' AND {data.is_empty_sql(key)})" for key in empty_of)
    person = f"JOIN recipients_person p ON p.id = audience.person_id {data.joins}" if empty_of else ""
    sql = f"""{candidates.judged(chosen, terms)}
        SELECT reason, count(*) {empties} FROM judged audience {person} GROUP BY reason"""
    return _large(sql, parameters)


def _count_frozen(mailing: Mailing, empty_of: Sequence[str]) -> list[tuple[Any, ...]]:
    parameters: candidates.Parameters = {"mailing": mailing.pk}
    parameters |= {f"key_{place}": key for place, key in enumerate(empty_of)}
    empties = "".join(f", count(*) FILTER (WHERE data ->> %(key_{place})s = '')" for place in range(len(empty_of)))
    return _rows(
        f"SELECT reason, count(*) {empties} FROM mailings_message WHERE mailing_id = %(mailing)s GROUP BY 1", parameters
    )


@dataclass(frozen=True)
class Asked:
    """What a list of recipients shows: a part, a reason, words to search for, an empty merge value."""

    show: Show = Show.EVERYONE
    reason: str = ""
    words: str = ""
    empty: str = ""

    @property
    def is_narrow(self) -> bool:
        return self != Asked()


# How many people are judged at once until a page is full; after these, all that are left. A page of everybody costs
# a few rows of a million, a page of a rare reason what counting costs.
BATCHES = (200, 5_000)


def people(mailing: Mailing, asked: Asked, *, now: datetime, after: int = 0, limit: int = 50) -> Page:
    """Give one page of the audience as it would be now, in the order of the people's numbers."""
    sources = list(mailing.sources.select_related("selection", "project", "person", "importing"))
    found: list[Recipient] = []
    for size in () if mailing.include_companies else BATCHES:  # companies are found among everybody
        numbers = _next_people(sources, asked.words, after, size)
        found += _judge_few(mailing, sources, numbers, asked, now)
        if len(found) > limit or len(numbers) < size:
            break
        after = numbers[-1]
    else:
        found += _judge_rest(mailing, sources, asked, now, after, limit + 1 - len(found))
    return Page(found[:limit], found[limit - 1].person if len(found) > limit else None)


def _next_people(sources: Sequence[Source], words: str, after: int, size: int) -> list[int]:
    """Give the next people of the sources by number, only those with these words where there are any."""
    parameters: candidates.Parameters = {"after": after, "size": size}
    if words:
        said = " AND ".join(_saying(words, parameters))
        sql = f"""SELECT p.id FROM ({candidates.chosen(sources, parameters)}) chosen
                    JOIN recipients_person p ON p.id = chosen.person_id
                   WHERE {said} AND p.id > %(after)s ORDER BY p.id LIMIT %(size)s"""
    else:
        cut = "WHERE person_id > %(after)s ORDER BY person_id LIMIT %(size)s"
        chosen = candidates.chosen(sources, parameters, slice_sql=cut)
        sql = f"SELECT person_id FROM ({chosen}) chosen ORDER BY person_id LIMIT %(size)s"
    return [row[0] for row in _rows(sql, parameters)]


def _saying(words: str, parameters: candidates.Parameters) -> list[str]:
    """Give the conditions that a person's search text holds each of these words."""
    conditions = []
    for place, word in enumerate(words.casefold().split()[:8]):
        parameters[f"word_{place}"] = f"%{_escaped(word)}%"
        conditions.append(f"p.id IN (SELECT person_id FROM recipients_personsearch WHERE text LIKE %(word_{place})s)")
    return conditions


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _judge_few(
    mailing: Mailing, sources: Sequence[Source], numbers: Sequence[int], asked: Asked, now: datetime
) -> list[Recipient]:
    """Judge these people, looking behind each address for others of the mailing that have it."""
    if not numbers:
        return []
    terms = candidates.terms_of(mailing, now=now)
    parameters = terms.parameters | {"numbers": list(numbers)}
    judged = candidates.judged(
        "SELECT unnest(%(numbers)s::bigint[]) AS person_id",
        terms,
        numbered=candidates.NUMBERED_FEW.format(member=candidates.among(sources, parameters)),
    )
    return [Recipient(*row) for row in _rows(f"{judged} {_listed(asked, parameters)}", parameters)]


def _judge_rest(
    mailing: Mailing, sources: Sequence[Source], asked: Asked, now: datetime, after: int, limit: int
) -> list[Recipient]:
    """Judge everybody as one set, and give those behind a place."""
    terms = candidates.terms_of(mailing, now=now)
    parameters = terms.parameters | {"after": after, "limit": limit}
    judged = candidates.judged(candidates.chosen(sources, parameters), terms)
    listed = _listed(asked, parameters, also=("p.id > %(after)s", *_saying(asked.words, parameters)))
    return [Recipient(*row) for row in _large(f"{judged} {listed} LIMIT %(limit)s", parameters)]


def _listed(asked: Asked, parameters: candidates.Parameters, *, also: Sequence[str] = ()) -> str:
    """Give the SELECT of recipients over `judged`, filtered as asked."""
    data = merge_data.MergeData((asked.empty,) if merge_data.is_known(asked.empty) else ())
    wanted = [_SHOWN[asked.show], *(data.is_empty_sql(key) for key in data.keys), *also]
    if asked.reason:
        parameters["reason"] = asked.reason
        wanted.append("reason = %(reason)s")
    company = "" if merge_data.COMPANY in data.joins else merge_data.COMPANY
    return f"""
        SELECT p.id, CASE WHEN audience.is_company THEN company.name ELSE {merge_data.FULL_NAME} END,
               CASE WHEN audience.is_company THEN '' ELSE coalesce(company.name, '') END, audience.address, verdict, reason, evidence, block
          FROM judged audience JOIN recipients_person p ON p.id = audience.person_id {data.joins} {company}
         WHERE {" AND ".join(wanted)} ORDER BY p.id, audience.is_company"""


_SHOWN = {Show.EVERYONE: "true", Show.GETS: "reason = ''", Show.HELD: "reason <> ''"}


def origins(mailing: Mailing, numbers: Sequence[int]) -> dict[int, str]:
    """Say for a few people which source brought them: the first one that has them."""
    found: dict[int, str] = {}
    for source in mailing.sources.select_related("selection", "project", "importing").order_by("pk"):
        parameters: candidates.Parameters = {"numbers": list(numbers)}
        sql = f"SELECT person_id FROM ({candidates.chosen([source], parameters)}) one WHERE person_id = ANY(%(numbers)s::bigint[])"
        name = str(source.selection or source.project or source.importing or _("Chosen by hand"))
        for (number,) in _rows(sql, parameters):
            found.setdefault(number, name)
    return found


def _rows(sql: str, parameters: candidates.Parameters) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _large(sql: str, parameters: candidates.Parameters) -> list[tuple[Any, ...]]:
    """Ask about everybody at once, with memory to sort and hash a million people."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(AT_LARGE)
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


# freezing -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Frozen:
    """What freezing made: one message per person."""

    gets: int
    held: int

    @property
    def total(self) -> int:
        return self.gets + self.held


@transaction.atomic
def freeze(mailing: Mailing, *, now: datetime) -> Frozen:
    """Copy the audience into messages, once and for good: address, verdict, merge data. Twice does no harm.

    Who may be mailed is `pending`; everybody else is `held`, with the reason and its evidence. The unique
    constraint on mailing, channel and address is the judge of last resort.
    """
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if locked.frozen_at is None:
        _evaluate(locked, now)
        terms = candidates.terms_of(locked, now=now)
        _prepare(candidates.chosen(locked.sources.all(), terms.parameters), terms)
        _insert(locked, is_tested=trials.split(locked, is_first=True))
        guests.freeze(locked, terms)
        trials.split_guests(locked)
        locked.frozen_at = now
        locked.save(update_fields=["frozen_at"])
    mailing.frozen_at = locked.frozen_at
    pending = Count("pk", filter=~Q(state=Message.State.HELD))
    made = locked.messages.aggregate(gets=pending, all=Count("pk"))
    return Frozen(gets=made["gets"], held=made["all"] - made["gets"])


@transaction.atomic
def thaw(mailing: Mailing) -> None:
    """Forget the messages of a mailing of which nothing has been handed over, so that it can be frozen anew."""
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if locked.frozen_at and not locked.messages.exclude(state__in=("held", "pending")).exists():
        locked.messages.all()._raw_delete(locked.messages.db)
        locked.frozen_at = mailing.frozen_at = None
        locked.save(update_fields=["frozen_at"])
        trials.forget_start(locked)


@dataclass(frozen=True)
class Added:
    """What adding to a frozen audience did. `retired` counts older rows of the same people by the state they left."""

    gets: int
    held: int
    retired: Mapping[str, int]


# Rows that have reached somebody, or still may: who has one of these does not get another.
_LIVE = "(m.state IN ('pending', 'deferred', 'unknown') OR m.state = 'sent' AND m.bounced_at IS NULL)"
_LIVE_IF_ASKED = "(m.state IN ('pending', 'deferred') OR m.state = 'sent' AND m.bounced_at IS NULL)"


@transaction.atomic
def add_unreached(mailing: Mailing, *, now: datetime) -> Added:
    """Read the sources again and add everybody whom the mailing has not reached, with addresses as they are now."""
    _evaluate(mailing, now)
    terms = _terms(mailing, now)
    chosen = candidates.chosen(mailing.sources.all(), terms.parameters)
    return _add(mailing, f"{_without_row(chosen)} AND {_LIVE})", terms)


@transaction.atomic
def add_joiners(mailing: Mailing, *, now: datetime) -> Added:
    """Add everybody who has come into the sources since and has no message yet."""
    _evaluate(mailing, now)
    terms = _terms(mailing, now)
    chosen = candidates.chosen(mailing.sources.all(), terms.parameters)
    return _add(mailing, f"{_without_row(chosen)})", terms)


@transaction.atomic
def add_people(mailing: Mailing, numbers: Sequence[int], *, now: datetime) -> Added:
    """Add these people once more, whom somebody chose; who has it already is left out."""
    terms = _terms(mailing, now)
    terms.parameters["numbers"] = list(numbers)
    chosen = "SELECT unnest(%(numbers)s::bigint[]) AS person_id"
    return _add(mailing, f"{_without_row(chosen)} AND {_LIVE_IF_ASKED})", terms)


def _without_row(chosen: str) -> str:
    return f"""SELECT person_id FROM ({chosen}) everybody WHERE NOT EXISTS (
        SELECT FROM mailings_message m WHERE m.mailing_id = %(mailing)s AND m.person_id = everybody.person_id"""


def _terms(mailing: Mailing, now: datetime) -> candidates.Terms:
    terms = candidates.terms_of(mailing, now=now)
    terms.parameters["mailing"] = mailing.pk
    return terms


def _add(mailing: Mailing, chosen: str, terms: candidates.Terms) -> Added:
    """Judge and copy them like a freeze. Older rows of who gets it now are retired: a hold is taken away, a failure kept."""
    Mailing.objects.select_for_update().only("pk").get(pk=mailing.pk)
    _prepare(chosen, terms)
    values = {"mailing": mailing.pk, "channel": terms.medium.channel, "one": mailing.one_per_address}
    for statement in (_MARK_DUPLICATES, _ONLY_NEWS):
        sql.run(statement, values)
    gets, held = sql.rows(_COUNT_ADDED, {})[0]
    retired = dict(sql.rows(_RETIRE, values))
    sql.run(_NUMBER_COPIES, values)
    _insert(mailing, is_tested=trials.split(mailing, is_first=False))
    return Added(gets, held, retired)


_MARK_DUPLICATES = f"""
UPDATE audience SET reason = 'duplicate', evidence = NULL
 WHERE %(one)s AND reason = '' AND EXISTS (
       SELECT FROM mailings_message m
        WHERE m.mailing_id = %(mailing)s AND m.channel = %(channel)s AND m.address = audience.address
          AND m.person_id IS DISTINCT FROM audience.person_id AND {_LIVE})
"""
# Somebody who is still held has a row that says so already.
_ONLY_NEWS = """
DELETE FROM audience WHERE reason <> '' AND EXISTS (
       SELECT FROM mailings_message m WHERE m.mailing_id = %(mailing)s AND m.person_id = audience.person_id)
"""
_COUNT_ADDED = "SELECT count(*) FILTER (WHERE reason = ''), count(*) FILTER (WHERE reason <> '') FROM audience"
_RETIRE = """
WITH older AS (
    SELECT m.id, m.state FROM mailings_message m JOIN audience a ON a.person_id = m.person_id AND a.reason = ''
     WHERE m.mailing_id = %(mailing)s AND m.state IN ('held', 'failed') FOR UPDATE OF m
), gone AS (
    DELETE FROM mailings_message m USING older WHERE m.id = older.id AND older.state = 'held' RETURNING m.id
), kept AS (
    UPDATE mailings_message m SET state = 'cancelled', reason = 'resent'
      FROM older WHERE m.id = older.id AND older.state = 'failed' RETURNING m.id
)
SELECT state, count(*) FROM older GROUP BY state
"""
_NUMBER_COPIES = """
UPDATE audience SET copy = taken.next
  FROM (SELECT m.address, max(m.copy) + 1 AS next FROM mailings_message m JOIN audience a USING (address)
         WHERE m.mailing_id = %(mailing)s AND m.channel = %(channel)s AND m.address <> '' GROUP BY m.address) taken
 WHERE taken.address = audience.address
"""


def _prepare(chosen: str, terms: candidates.Terms) -> None:
    """Judge everybody into a temporary table, and make the unsubscribe keys of those who get it."""
    if terms.restraint.most is not None:
        restraint.wait_for_others()
    with connection.cursor() as cursor:
        cursor.execute(AT_LARGE)
        cursor.execute(
            f"""CREATE TEMPORARY TABLE audience ON COMMIT DROP AS
                {candidates.judged(chosen, terms)} SELECT * FROM judged""",
            terms.parameters,
        )
        cursor.execute("ANALYZE audience")
    unsubscribe.make_keys("(SELECT address FROM audience WHERE reason = '')", channel=terms.medium.channel)


NAMES = ("firstname", "middlename", "lastname", "name", "title", "phone", "cellphone", "id")  # of a person


def _as_company(data: merge_data.MergeData) -> str:
    """Give the SQL that makes a company of the person beside it: no name of theirs, its own where one is shown."""
    blank = "".join(f", 'customer.{name}', ''" for name in NAMES if f"customer.{name}" in data.keys)
    company = "(SELECT c.name FROM recipients_company c WHERE c.id = p.company_id)"
    hello = f", 'customer.salutation', {company}" if "customer.salutation" in data.keys else ""
    return f"""|| CASE WHEN audience.is_company AND audience.reason = ''
                    THEN jsonb_build_object('_name', {company}{blank}{hello}) ELSE '{{}}'::jsonb END"""


def _insert(mailing: Mailing, *, is_tested: bool = False) -> None:
    data, kept = merge_data.of(mailing), {"_name": merge_data.FULL_NAME, **KEYS}
    channel, order = medium.of(mailing).channel, "audience.person_id"
    if channel == "letter":
        kept |= {making.DATA: letter_addresses.window(merge_data.FULL_NAME)}
        order = f"{letter_addresses.ORDERS[Sheet.read(mailing.letter).sort]}, audience.person_id"
    parameters: candidates.Parameters = {
        "mailing": mailing.pk,
        "channel": channel,
        "hurdles": list(candidates.HURDLES),
        "waits": trials.WAITS,
        "later": trials.LATER,
    }
    kept |= contacts.kept_sql(mailing, parameters)
    edition = "audience.edition" if is_tested else editions.number_sql(mailing, parameters)
    sql = f"""
        INSERT INTO mailings_message
               (mailing_id, person_id, channel, address, copy, state, reason, evidence, waived, answer, data, edition,
                not_before, attempts)
        SELECT %(mailing)s, audience.person_id, %(channel)s,
               CASE WHEN audience.reason = ANY(%(hurdles)s::text[]) THEN '' ELSE audience.address END,
               audience.copy,
               CASE WHEN audience.reason = '' THEN 'pending' ELSE 'held' END,
               audience.reason, audience.evidence, audience.waived, '',
               CASE WHEN audience.reason <> '' THEN '{{}}'::jsonb
                    WHEN {unseen.of_audience_sql(mailing)} THEN {data.object_sql(kept | {unseen.KEY: "true"})}
                    ELSE {data.object_sql(kept)} END {_as_company(data) if mailing.include_companies else ""},
               {edition}, CASE WHEN {edition} = %(waits)s THEN %(later)s::timestamptz END, 0
          FROM audience
          JOIN recipients_person p ON p.id = audience.person_id {data.joins}
          LEFT JOIN consent_optoutkey o ON o.address = audience.address AND o.channel = %(channel)s
          LEFT JOIN recipients_company firm ON firm.id = p.company_id
         ORDER BY {order}, audience.is_company
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        cursor.execute("DROP TABLE audience")


# the last count, remembered ---------------------------------------------------------------------------------------------


def last_counts(mailing: Mailing) -> Counts | None:
    """Give the latest count of these very sources, if somebody looked in the last minutes."""
    return cast("Counts | None", cache.get(_count_key(mailing)))


def recount(mailing: Mailing, *, now: datetime, empty_of: Sequence[str] = ()) -> Counts:
    """Evaluate what follows from criteria, count, and remember it for the step bar."""
    if not mailing.frozen_at:
        _evaluate(mailing, now, fresh=A_MOMENT)
    counted = counts(mailing, now=now, empty_of=empty_of)
    cache.set(_count_key(mailing), counted, 600)
    return counted


def _count_key(mailing: Mailing) -> str:
    sources = ",".join(str(pk) for pk in sorted(source.pk for source in mailing.sources.all()))
    options = f"{mailing.subscription_type_id}:{mailing.one_per_address:d}:{mailing.message_class}"
    options += f":{mailing.both_links}:{mailing.include_companies:d}{mailing.prefer_company:d}"
    return f"audience:{mailing.pk}:{options}:{sources}:{mailing.guests.count()}"
