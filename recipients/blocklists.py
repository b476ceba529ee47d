"""Another system's list of blocked addresses, taken over: who left there, complained or bounced is blocked here too.

The file may be any that an import reads. One column holds the address, perhaps one says why in that system's words, perhaps
one when. A word we know becomes our reason; for all others the one counts that was chosen for the list.
"""

import datetime as dt
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from consent import addresses, suppressions
from consent.models import SuppressionReason as Why
from recipients.imports import columns, rows
from recipients.imports.columns import Field

MOST = 200_000  # rows in one go
SIZE = 5_000
SHOWN = 100  # of the rows that were not taken over

REASON_HEADERS = frozenset(
    [
        "reason",
        "reden",
        "status",
        "state",
        "type",
        "kind",
        "soort",
        "bouncetype",
        "unsubscribereason",
        "suppressionreason",
        "suppressiontype",
        "cause",
        "oorzaak",
        "classification",
        "category",
        "categorie",
    ]
)
DATE_HEADERS = frozenset(
    [
        "date",
        "datum",
        "created",
        "createdat",
        "added",
        "addedat",
        "timestamp",
        "time",
        "unsubscribedat",
        "unsubscribetime",
        "bouncedat",
        "optouttime",
        "optoutdate",
        "suppressedat",
        "blockedat",
        "lastupdated",
    ]
)
# Part of the word, our reason; the first that fits counts. Words of Mailchimp, SendGrid, Brevo, Postmark, HubSpot, listmonk.
WORDS: tuple[tuple[str, str], ...] = (
    (r"soft|transient|temporar|tijdelijk|deferred|mailbox ?full", ""),  # passes by itself: blocks nobody
    (r"not ?spam", ""),
    (r"complain|spam|abuse|klacht|junk|feedback ?loop", Why.COMPLAINED),
    (r"object|bezwaar|gdpr|avg\b|do ?not ?contact|niet ?benaderen|erasure|forget", Why.OBJECTION),
    (
        r"hard|bounce|invalid|cleaned|dropped|undeliver|dead|does ?not ?exist|bestaat ?niet|ongeldig|onbestelbaar",
        Why.HARD_BOUNCE,
    ),
    (r"unsub|opt(ed)?[ -_]?out|afgemeld|uitgeschreven|afmelding|left|withdraw|ingetrokken", Why.UNSUBSCRIBED),
    (r"block|suppress|manual|handmatig|geblok|admin", Why.MANUAL),
)
CHOICES = (Why.UNSUBSCRIBED, Why.COMPLAINED, Why.HARD_BOUNCE, Why.OBJECTION, Why.MANUAL)


@dataclass(frozen=True)
class Skipped:
    """A row that blocks nobody, and why."""

    row: int
    cell: str
    reason: str


@dataclass
class Taken:
    """What became of a list."""

    new: int = 0
    known: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)  # of all good rows
    skipped: int = 0
    examples: list[Skipped] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.new + self.known + self.skipped


@dataclass(frozen=True)
class Columns:
    """Where what stands; -1: nowhere."""

    address: int
    reason: int = -1
    date: int = -1
    header_row: int = 0  # as the spreadsheet numbers it; 0: none


def take_over(path: Path, *, name: str, otherwise: str, note: str, actor: str, now: dt.datetime) -> Taken:
    """Block everybody on the list; taking it over again changes nothing. Raises `rows.Unreadable`, before anything is written."""
    survey = rows.survey(path)
    if survey.total > MOST:
        raise rows.Unreadable("too_many_rows", most=MOST)
    found = layout(survey.head)
    if found.address < 0:
        raise NoAddresses(_("There is no column with e-mail addresses in this file"))
    taken = Taken()
    evidence = {"list": name[-200:], "note": note}
    for some in itertools.batched(_lines(path, found), SIZE, strict=False):
        blocks = [block for line in some if (block := _block(line, otherwise, evidence, taken))]
        new = suppressions.add_many(blocks, actor=actor, now=now)
        taken.new += new
        taken.known += len(blocks) - new
    return taken


class NoAddresses(ValueError):
    """The file names nobody; the message is fit to show a person."""


def layout(head: rows.Batch) -> Columns:
    """Find the columns by their names, the address also by what stands in it."""
    guess = columns.guess(head.rows)
    address = next((column for column, of in guess.mapping.items() if of is Field.EMAIL), -1)
    headers = head.rows[guess.header_row] if guess.header_row >= 0 else []
    plain = [re.sub(r"[^a-z0-9]", "", header.lower()) for header in headers]
    reason = next((at for at, header in enumerate(plain) if header in REASON_HEADERS and at != address), -1)
    date = next((at for at, header in enumerate(plain) if header in DATE_HEADERS and at != address), -1)
    return Columns(address, reason, date, head.numbers[guess.header_row] if guess.header_row >= 0 else 0)


def reason_of(words: str, otherwise: str) -> str:
    """Give our reason for another system's words; "" when they block nobody."""
    said = words.strip().lower().replace("_", " ")
    return next((str(reason) for part, reason in WORDS if said and re.search(part, said)), otherwise)


@dataclass(frozen=True)
class _Line:
    row: int
    address: str
    words: str
    date: str


def _lines(path: Path, found: Columns) -> Iterator[_Line]:
    for batch in rows.read(path):
        for number, cells in zip(batch.numbers, batch.rows, strict=True):
            if number > found.header_row:
                yield _Line(number, _cell(cells, found.address), _cell(cells, found.reason), _cell(cells, found.date))


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at].strip() if 0 <= at < len(cells) else ""


def _block(line: _Line, otherwise: str, evidence: dict[str, str], taken: Taken) -> suppressions.Block | None:
    try:
        address = addresses.normalise(line.address)
    except addresses.InvalidAddress as mistake:
        _skip(line, str(mistake), taken)
        return None
    reason = reason_of(line.words, otherwise)
    if not reason:
        _skip(line, _("“%s” passes by itself and blocks nobody") % line.words[:60], taken)
        return None
    taken.by_reason[reason] += 1
    more = {"said": line.words[:200], "date": line.date[:40]}
    kept = evidence | {key: value for key, value in more.items() if value}
    return suppressions.Block(address=address, reason=reason, evidence=kept)


def _skip(line: _Line, why: str, taken: Taken) -> None:
    taken.skipped += 1
    if len(taken.examples) < SHOWN:
        taken.examples.append(Skipped(line.row, line.address[:100], why))
