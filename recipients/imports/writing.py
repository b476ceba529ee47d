"""One batch of checked rows becomes people: matched by address, written as sets, in one transaction with its progress.

Every statement works on the temporary table `incoming`, in which an address stands once. Batches of all imports
queue for one lock, so that two files with the same new people or companies make them once.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from recipients import people
from recipients.imports.checks import Incoming

LOCK = 0x504F5354_00000002  # pg_advisory_xact_lock: one writer of imported people at a time


@dataclass(frozen=True)
class Written:
    """What became of a batch. `people` gives the number of the person of each address."""

    created: int
    changed: int
    same: int
    people: dict[str, int]
    repeated: list[int]  # rows whose address an earlier row of this batch has too


def write(rows: Sequence[Incoming], *, selection_id: int | None, overwrite: bool, now: dt.datetime) -> Written:
    """Match or make the people of these rows and put them on the selection. Call inside a transaction.

    Without `overwrite` only what is empty is filled; with it the file's words replace ours. Neither ever empties.
    """
    created = changed = 0
    found: dict[str, int] = {}
    repeated: list[int] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(INCOMING)
        cursor.execute(BY_INDEX)
    for turn, once in enumerate(each_address_once(rows)):
        if turn:
            repeated += [row.row for row in once]
        copy(once)
        created += make_the_new(now)
        changed += change_the_known(now, overwrite=overwrite)
        found |= numbers_of_people()
        if selection_id:
            add_members(selection_id, now)
    with connection.cursor() as cursor:
        cursor.execute(AS_USUAL)
    return Written(created, changed, len(rows) - created - changed, found, repeated)


def each_address_once(rows: Sequence[Incoming]) -> Iterator[Sequence[Incoming]]:
    """Give the rows in turns: an address that comes back is written after its first row was."""
    while rows:
        seen: set[str] = set()
        once: list[Incoming] = []
        later: list[Incoming] = []
        for row in rows:
            (later if row.address in seen else once).append(row)
            seen.add(row.address)
        yield once
        rows = later


def copy(rows: Sequence[Incoming]) -> None:
    """Fill `incoming`. Cells hold no control characters (see `child.clean`), so only a backslash needs escaping."""
    lines = ["\t".join((*row[1:], search_text(row))) for row in rows]
    block = "\n".join(lines).replace("\\", "\\\\")
    if block.count("\t") != len(rows) * TABS or block.count("\n") != len(rows) - 1 or "\r" in block:
        raise ValueError("a cell holds a tab or a line break: it did not come through recipients.imports.rows")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE incoming")
        with cursor.copy(f"COPY incoming ({COLUMNS}) FROM STDIN") as target:
            target.write(block)
        cursor.execute("ANALYZE incoming (address, company)")
        cursor.execute(MATCH)


def search_text(row: Incoming) -> str:
    return people.searchable(row.first_name, row.middle_name, row.last_name, row.address, row.company)


def make_the_new(now: dt.datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(MAKE_COMPANIES, {"now": now})
        cursor.execute(MAKE_PEOPLE, {"now": now})
        made = int(cursor.rowcount)
        if made:
            cursor.execute(MAKE_ADDRESSES)
    return made


def change_the_known(now: dt.datetime, *, overwrite: bool) -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERWRITE if overwrite else FILL, {"now": now})
        changed = [number for (number,) in cursor.fetchall()]
    people.index(changed)
    return len(changed)


def numbers_of_people() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT address, person_id FROM incoming")
        return dict(cursor.fetchall())


def add_members(selection_id: int, now: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ADD_MEMBERS, {"selection": selection_id, "now": now})


COLUMNS = """address, first_name, middle_name, last_name, title, company, phone, language, country, notes,
search_text"""
TABS = COLUMNS.count(",")

# A new person's number is taken when the row comes in; the rows of known people give theirs up for the known one.
INCOMING = """
CREATE TEMPORARY TABLE IF NOT EXISTS incoming (
    address text, first_name text, middle_name text, last_name text, title text, company text, phone text,
    language text, country text, notes text, search_text text,
    person_id bigint DEFAULT nextval(pg_get_serial_sequence('recipients_person', 'id')),
    is_new boolean DEFAULT true
) ON COMMIT DELETE ROWS
"""

# A batch is small and everything has its index: look each row up, and never read a million people for five thousand.
BY_INDEX = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
AS_USUAL = "SET LOCAL enable_hashjoin = DEFAULT; SET LOCAL enable_mergejoin = DEFAULT"

# One address, several people: the one who was there first. (+ 0: the addresses are found by address, never by person)
MATCH = """
UPDATE incoming
SET is_new = false,
    person_id = (SELECT min(e.person_id + 0) FROM recipients_emailaddress e WHERE e.address = incoming.address)
WHERE EXISTS (SELECT FROM recipients_emailaddress e WHERE e.address = incoming.address)
"""

MAKE_COMPANIES = """
INSERT INTO recipients_company (name, country, city, website, created_at)
SELECT DISTINCT ON (lower(i.company)) i.company, '', '', '', %(now)s
FROM incoming i
WHERE i.company <> ''
    AND NOT EXISTS (SELECT FROM recipients_company k WHERE lower(k.name) = lower(i.company))
ORDER BY lower(i.company), i.company
"""

COMPANY = """
LEFT JOIN LATERAL (
    SELECT k.id FROM recipients_company k WHERE lower(k.name) = lower(i.company) AND i.company <> ''
    ORDER BY k.id LIMIT 1
) employer ON true
"""

MAKE_PEOPLE = f"""
INSERT INTO recipients_person (id, first_name, middle_name, last_name, title, company_id, phone, language, country,
    notes, is_former_employee, created_at, updated_at, search_text)
SELECT i.person_id, i.first_name, i.middle_name, i.last_name, i.title, employer.id, i.phone, i.language, i.country,
    i.notes, false, %(now)s, %(now)s, i.search_text
FROM incoming i {COMPANY}
WHERE i.is_new
"""  # noqa: S608 - our own text

MAKE_ADDRESSES = """
INSERT INTO recipients_emailaddress (person_id, address, rank)
SELECT person_id, address, 1 FROM incoming WHERE is_new
"""

PLAIN = ("title", "phone", "language", "country", "notes")
NAME = ("first_name", "middle_name", "last_name")
# Two people may share an address; a first name never goes to somebody with another last name.
SAME_PERSON = "(p.last_name = '' OR i.last_name = '' OR lower(p.last_name) = lower(i.last_name))"

FILLED = {
    **{name: f"CASE WHEN p.{name} = '' THEN i.{name} ELSE p.{name} END" for name in PLAIN},
    **{name: f"CASE WHEN p.{name} = '' AND {SAME_PERSON} THEN i.{name} ELSE p.{name} END" for name in NAME},
    "company_id": "coalesce(p.company_id, employer.id)",
}
OVERWRITTEN = {
    **{name: f"CASE WHEN i.{name} = '' THEN p.{name} ELSE i.{name} END" for name in PLAIN},
    "first_name": "CASE WHEN i.first_name = '' THEN p.first_name ELSE i.first_name END",
    "last_name": "CASE WHEN i.last_name = '' THEN p.last_name ELSE i.last_name END",
    # "Ada van Dam" who becomes "Ada Lovelace" loses her "van"
    "middle_name": """CASE WHEN i.middle_name = '' AND (i.last_name = '' OR i.last_name = p.last_name)
        THEN p.middle_name ELSE i.middle_name END""",
    "company_id": "coalesce(employer.id, p.company_id)",
}


def updating(values: dict[str, str]) -> str:
    """Write what differs. Of two addresses of one person the first tells, so that repeating changes nothing."""
    names = ", ".join(f"p.{name}" for name in values)
    return f"""
UPDATE recipients_person p SET updated_at = %(now)s, {", ".join(f"{name} = {value}" for name, value in values.items())}
FROM (SELECT DISTINCT ON (person_id) * FROM incoming WHERE NOT is_new ORDER BY person_id, address) i {COMPANY}
WHERE p.id = i.person_id AND ({names}) IS DISTINCT FROM ({", ".join(values.values())})
RETURNING p.id
"""  # noqa: S608 - our own names


FILL = updating(FILLED)
OVERWRITE = updating(OVERWRITTEN)

ADD_MEMBERS = """
INSERT INTO recipients_selectionmember (selection_id, person_id, added_at)
SELECT %(selection)s, person_id, %(now)s FROM incoming ON CONFLICT DO NOTHING
"""
