"""Printing a frozen audience: a worker claims a chunk, prints runs of it, and keeps each run with its letters' states.

A run and what it says about its letters are one transaction under the claim's fence. Whoever is killed leaves letters that are
still pending, and nothing half done: the next worker prints exactly those.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent import gate
from consent.gate import Call, MessageClass, Verdict
from mailings import lifecycle, medium, overriding
from mailings.delivery import chunks, happenings, reasons, results, sql
from mailings.delivery.journal import Journal
from mailings.letters import making
from mailings.letters.models import PrintRun
from mailings.letters.press import RUN, RUN_SIZE, CannotPrint, Printed, Prints, runs
from mailings.letters.writing import Filled
from mailings.models import Chunk, Mailing
from tracking import tokens

TOO_LARGE, UNPRINTABLE, TOO_LONG = "too_large", "unprintable", "too_long"
MANY_PAGES = 20  # of one letter, that somebody should look at
WARNINGS: dict[str, str | Promise] = {
    TOO_LARGE: _("The address does not fit into the window"),
    UNPRINTABLE: _("Signs that no typeface here has"),
    TOO_LONG: _("An uncommonly long letter: so many pages"),
}
_ROWS = """
SELECT m.id, m.address, m.data, coalesce(nullif(p.country, ''), company.country, '')
  FROM mailings_message m LEFT JOIN recipients_person p ON p.id = m.person_id
  LEFT JOIN recipients_company company ON company.id = p.company_id
 WHERE m.mailing_id = %(mailing)s AND m.id BETWEEN %(next)s AND %(last)s AND m.state = 'pending' ORDER BY m.id LIMIT %(most)s
"""
_MOVED = """
SELECT m.id FROM mailings_message m
 WHERE m.id = ANY(%(numbers)s::bigint[]) AND m.person_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM {people} e WHERE e.person_id = m.person_id AND e.address = m.address)
   AND NOT EXISTS (SELECT FROM {companies} e JOIN recipients_person p ON p.company_id = e.company_id
                    WHERE p.id = m.person_id AND e.address = m.address)
"""

type Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Row:
    number: int
    address: str
    data: dict[str, object]
    country: str


@lru_cache(maxsize=2)
def _setting(mailing: int, frozen_at: datetime | None) -> tuple[Mailing, Prints]:
    """What is the same for all letters of a frozen mailing, made ready once per process."""
    row = Mailing.objects.get(pk=mailing, frozen_at=frozen_at)
    return row, making.press_of(row)


def is_printed(chunk: int) -> bool:
    """Whether this chunk is of letters."""
    return Chunk.objects.filter(pk=chunk, mailing__type=Mailing.Type.DOCUMENT).exists()


def work(number: int, *, clock: Clock = timezone.now) -> int:
    """Print what is left of a chunk; return the letters printed. Told twice, it works once."""
    claim = chunks.claim(number, now=clock())
    if claim is None:
        return 0
    journal = Journal.create(claim.journal)  # stays empty: as long as it is held, this worker lives
    try:
        done = _print(claim, clock)
        journal.remove()
        return done
    finally:
        journal.close()


def _print(claim: chunks.Claim, clock: Clock) -> int:
    mailing, press = _setting(claim.mailing, claim.frozen_at)
    following, done = claim.first, 0
    while rows := _rows(claim, following):
        status = chunks.extend(claim)
        if status is None:
            return done
        if status != Mailing.Status.SENDING:
            chunks.put_back(claim)
            return done
        found = results.Results(asked=[row.number for row in rows], domains=dict.fromkeys((r.number for r in rows), ""))
        letters = list(_filled(mailing, press, rows, found, clock()))
        try:
            for run in runs(letters):
                if not _keep(claim, mailing, press.run(run), run, clock()):
                    return done
                done += len(run)
        except CannotPrint as trouble:
            chunks.put_back(claim, not_before=clock() + timedelta(seconds=settings.DELIVERY_SERVER_WAIT))
            lifecycle.pause(mailing, by=None, now=clock(), why=str(trouble))
            return done
        results.record(found, claim.mailing, chunk=claim.chunk, open_state=claim.open_state, now=clock())
        following = rows[-1].number + 1
    chunks.finish(claim)
    return done


def _rows(claim: chunks.Claim, following: int) -> Sequence[Row]:
    values = {"mailing": claim.mailing, "next": following, "last": claim.last, "most": RUN}
    return [
        Row(number, address, json.loads(data), country) for number, address, data, country in sql.rows(_ROWS, values)
    ]


def _filled(
    mailing: Mailing, press: Prints, rows: Sequence[Row], found: results.Results, now: datetime
) -> Sequence[Filled]:
    """Fill in the letters of all whom the gate still lets through; what is wrong with the others goes into `found`."""
    refused = gate.recheck(
        "letter",
        mailing.subscription_type_id or 0,
        [row.address for row in rows],
        countries=[row.country for row in rows],
        message_class=MessageClass(mailing.message_class),
        override=overriding.stands(mailing),
        at=now,
    )
    of_type = medium.of(mailing)
    asked = _MOVED.format(people=of_type.all_addresses, companies=of_type.company_addresses)
    moved = {number for (number,) in sql.rows(asked, {"numbers": [row.number for row in rows]})}
    click = tokens.maker("click")
    date = dated(mailing, now)
    letters = []
    for row in rows:
        if verdict := refused.get(row.address) or (
            row.number in moved and Verdict(Call.REFUSE, reasons.ADDRESS_CHANGED)
        ):
            found.hold(row.number, verdict)
            continue
        data = {**row.data, "_token": click(mailing.pk, row.number)}
        try:
            letter = press.fill(row.number, making.address_in(row.data), data, date=date)
            if letter.size > RUN_SIZE:
                raise ValueError(gettext("This letter is too long to be printed."))
            letters.append(letter)
        except (ValueError, LookupError) as error:
            found.fail(row.number, reasons.RENDER_ERROR, str(error) or type(error).__name__)
    return letters


def dated(mailing: Mailing, now: datetime) -> str:
    """Write the date of the letter in its own language."""
    with translation.override(str(mailing.content.get("language") or "en")):
        return date_format(timezone.localdate(now), "j F Y")


def _keep(claim: chunks.Claim, mailing: Mailing, printed: Printed, letters: Sequence[Filled], now: datetime) -> bool:
    """Keep a run together with the states of its letters. False: somebody has overtaken us, and nothing is kept."""
    warnings = [[one.number, TOO_LARGE, ", ".join(one.lines)[:200]] for one in letters if one.is_too_large]
    warnings += [[number, UNPRINTABLE, signs] for number, signs in printed.unprintable.items()]
    warnings += [[one.number, TOO_LONG, str(one.count)] for one in printed.pages if one.count > MANY_PAGES]
    found = results.Results(
        sent=[one.number for one in letters], domains=dict.fromkeys((o.number for o in letters), "")
    )
    with transaction.atomic():
        ours = Chunk.objects.select_for_update().filter(
            pk=claim.chunk, attempts=claim.attempt, state=Chunk.State.WORKING
        )
        if not ours.exists():
            return False
        PrintRun.objects.create(
            mailing=mailing,
            first=letters[0].number,
            letters=len(letters),
            pages=printed.sheets,
            ranges=[[one.number, one.first, one.count] for one in printed.pages],
            warnings=warnings,
            pdf=printed.pdf,
            at=now,
        )
        results.record(found, claim.mailing, chunk=claim.chunk, open_state=claim.open_state, now=now)
    return True


def forget(mailing: Mailing) -> None:
    """Throw away what was printed: it is made anew."""
    mailing.print_runs.all().delete()


def note_posted(mailing: Mailing, *, by: lifecycle.Author, now: datetime) -> bool:
    """Say that the letters went into the post. False when somebody said so before."""
    printed = Mailing.objects.filter(pk=mailing.pk, posted_at=None, status=Mailing.Status.SENT)
    with transaction.atomic():
        is_first = bool(printed.update(posted_at=now))
        if is_first:
            happenings.note(mailing.pk, "posted", now=now, by=by)
    mailing.refresh_from_db()
    return is_first
