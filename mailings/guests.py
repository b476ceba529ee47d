"""The one-off list: people who get one mailing and stay out of the database of people; only their name and address.

The gate judges them by address like everybody else, so that evidence in the ledger counts and unknown is no. Somebody
of the mailing's own sources goes before a guest with the same address.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import connection, transaction
from django.utils.translation import gettext as _

from consent import gate, unsubscribe
from mailings import candidates, medium, merge_data
from mailings.models import Guest, Mailing
from recipients.imports import checks, columns, rows
from recipients.imports.checks import Incoming, Refused
from recipients.imports.columns import Field, Target

MOST = 10_000  # of one mailing; more people belong in an import, where they are kept, corrected and counted
SHOWN = 50  # refused rows that the page names
NAMES = (Field.EMAIL, Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME, Field.FULL_NAME)

_NAME = "concat_ws(' ', nullif(g.first_name, ''), nullif(g.last_name, ''))"
# What variables say about a guest; every other one is empty.
EXPRESSIONS: Mapping[str, str] = {
    "customer.firstname": "g.first_name",
    "customer.lastname": "g.last_name",
    "customer.name": _NAME,
    "customer.salutation": f"coalesce(nullif({_NAME}, ''), g.address)",
    "customer.email": "g.address",
}


class NotTaken(Exception):
    """The list cannot be taken as it is; the message says why, fit to show."""


@dataclass(frozen=True)
class Taken:
    """What became of a file: people who are new to the list, people it had already, rows that were refused."""

    new: int
    known: int
    refused: Sequence[Refused]


@dataclass(frozen=True)
class Judged:
    """A guest with the verdict as it would be now."""

    pk: int
    name: str
    address: str
    verdict: str
    reason: str
    evidence: int | None
    block: int | None
    person: int = 0  # nobody in the database


def may_have(mailing: Mailing) -> bool:
    """Whether mailings of this type can go to a list of addresses."""
    return medium.of(mailing).channel == "email"


def take(mailing: Mailing, file: "File[bytes]") -> Taken:
    """Read a workbook or text file into the list; taking it again changes nothing.

    Raises `rows.Unreadable` for a file that is no list, `NotTaken` for one without addresses or with too many rows.
    """
    if (file.size or 0) > rows.Limits().file:
        raise rows.Unreadable("too_large")
    with tempfile.NamedTemporaryFile(suffix=Path(file.name or "").suffix[:8]) as copy:
        for block in file.chunks():
            copy.write(block)
        copy.flush()
        people, refused = _read(Path(copy.name))
    guests = [
        Guest(
            mailing=mailing,
            address=one.address,
            first_name=one.first_name,
            last_name=f"{one.middle_name} {one.last_name}".strip(),
        )
        for one in _first_of_each(people)
    ]
    with transaction.atomic():
        Mailing.objects.select_for_update().only("pk").get(pk=mailing.pk)
        before = mailing.guests.count()
        Guest.objects.bulk_create(guests, ignore_conflicts=True)
        if (after := mailing.guests.count()) > MOST:
            raise NotTaken(_too_many())
    return Taken(after - before, len(people) - (after - before), refused)


def _read(path: Path) -> tuple[list[Incoming], list[Refused]]:
    survey = rows.survey(path)
    guess = columns.guess(survey.head.rows)
    mapping: dict[int, Target] = {at: target for at, target in guess.mapping.items() if target in NAMES}
    if Field.EMAIL not in mapping.values():
        raise NotTaken(_("No column of e-mail addresses was found. Put “E-mail” above it and choose the file again."))
    if survey.total > MOST + 1:
        raise NotTaken(_too_many())
    people: list[Incoming] = []
    refused: list[Refused] = []
    header = survey.head.numbers[guess.header_row] if guess.header_row >= 0 else 0
    for batch in rows.read(path):
        below = [place for place, number in enumerate(batch.numbers) if number > header]
        part = rows.Batch([batch.numbers[place] for place in below], [batch.rows[place] for place in below])
        checked = checks.check(part, mapping)
        people += checked.people
        refused += checked.refused
    return people, refused


def _first_of_each(people: Iterable[Incoming]) -> Iterable[Incoming]:
    found: dict[str, Incoming] = {}
    for one in people:
        found.setdefault(one.address, one)
    return found.values()


def _too_many() -> str:
    return _(
        "A one-off list holds at most %(most)s people. Import them instead: there they are kept, corrected and counted."
    ) % {"most": f"{MOST:,}".replace(",", "\u202f")}


def remove(mailing: Mailing, numbers: Iterable[int] | None = None) -> int:
    """Take these guests off the list, or all of them; give how many went."""
    wanted = mailing.guests.all() if numbers is None else mailing.guests.filter(pk__in=numbers)
    return wanted.delete()[0]


def judged(mailing: Mailing, *, now: datetime) -> list[Judged]:
    """Give the whole list in its order, with what the gate says now."""
    terms = candidates.terms_of(mailing, now=now)
    taken = _of_the_sources(mailing, terms)
    query = (
        f"""{_judged_sql(taken)} SELECT id, name, address, verdict, reason, evidence, block FROM judged ORDER BY id"""
    )
    with connection.cursor() as cursor:
        cursor.execute(query, terms.parameters | {"of": mailing.pk})
        return [Judged(*row) for row in cursor.fetchall()]


def counted(mailing: Mailing, empty_of: Sequence[str], *, now: datetime) -> list[tuple[Any, ...]]:
    """Count them by reason, and how many would have no value for each of these keys: rows of (reason, people, …)."""
    if not mailing.guests.exists():
        return []
    terms = candidates.terms_of(mailing, now=now)
    taken = _of_the_sources(mailing, terms)
    empties = "".join(f", count(*) FILTER (WHERE reason = '' AND {_value(key)} = '')" for key in empty_of)
    query = f"""{_judged_sql(taken)} SELECT reason, count(*) {empties} FROM judged
                JOIN mailings_guest g ON g.id = judged.id GROUP BY reason"""
    with connection.cursor() as cursor:
        cursor.execute(query, terms.parameters | {"of": mailing.pk})
        return list(cursor.fetchall())


def freeze(mailing: Mailing, terms: candidates.Terms) -> None:
    """Copy the list into messages, after the people of the sources; the caller holds the mailing's row."""
    if not mailing.guests.exists():
        return
    data = merge_data.of(mailing)
    values = {key: _value(key) for key in data.keys} | {"_name": _NAME, "_u": "o.key", "_p": "o.preferences"}
    written = ", ".join(f"'{key}', {value}" for key, value in values.items())
    taken = "SELECT m.address FROM mailings_message m WHERE m.mailing_id = %(of)s AND m.channel = %(channel)s"
    parameters = terms.parameters | {"of": mailing.pk, "channel": terms.medium.channel}
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE guests ON COMMIT DROP AS {_judged_sql(taken)} SELECT * FROM judged", parameters
        )
        unsubscribe.make_keys("(SELECT address FROM guests WHERE reason = '')", channel=terms.medium.channel)
        cursor.execute(
            f"""INSERT INTO mailings_message
                   (mailing_id, channel, address, copy, state, reason, evidence, waived, answer, data, attempts)
            SELECT %(of)s, %(channel)s, CASE WHEN one.reason = 'duplicate' THEN '' ELSE one.address END, 0,
                   CASE WHEN one.reason = '' THEN 'pending' ELSE 'held' END, one.reason, one.evidence, one.waived, '',
                   CASE WHEN one.reason = '' THEN jsonb_build_object({written}) ELSE '{{}}'::jsonb END, 0
              FROM guests one JOIN mailings_guest g ON g.id = one.id
              LEFT JOIN consent_optoutkey o ON o.address = one.address AND o.channel = %(channel)s
             ORDER BY one.id""",
            parameters,
        )
        cursor.execute("DROP TABLE guests")


def _of_the_sources(mailing: Mailing, terms: candidates.Terms) -> str:
    """Give the SQL of the addresses that people of the sources get it at, and their companies; a hurdle takes no place."""
    chosen = candidates.chosen(mailing.sources.all(), terms.parameters)
    here = f"({chosen}) chosen JOIN recipients_person p ON p.id = chosen.person_id AND NOT p.is_former_employee"
    own = f"SELECT own.address FROM {here} JOIN {terms.medium.addresses} own ON own.person_id = p.id"
    if not terms.include_companies:
        return own
    firms = terms.medium.company_addresses
    return f"{own} UNION ALL SELECT firm.address FROM {here} JOIN {firms} firm ON firm.company_id = p.company_id"


def _judged_sql(taken: str) -> str:
    """Give the SQL (a WITH list) that ends in `judged`; `taken` gives the addresses of people who go first."""
    return f"""
        WITH taken AS ({taken}),
        candidate AS MATERIALIZED (
            SELECT g.id, {_NAME} AS name, g.address, '' AS country, g.address IN (SELECT address FROM taken) AS is_taken
              FROM mailings_guest g WHERE g.mailing_id = %(of)s
        ),
        judged_by_gate AS ({gate.verdicts_sql("candidate")}),
        judged AS (
            SELECT id, name, address, CASE WHEN is_taken THEN 'refuse' ELSE verdict END AS verdict,
                   CASE WHEN is_taken THEN 'duplicate' ELSE reason END AS reason,
                   CASE WHEN NOT is_taken THEN evidence END AS evidence, CASE WHEN NOT is_taken THEN block END AS block,
                   CASE WHEN is_taken THEN '' ELSE waived END AS waived
              FROM judged_by_gate
        )"""


def _value(key: str) -> str:
    return EXPRESSIONS.get(key, "''::text")
