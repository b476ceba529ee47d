"""One batch of checked rows becomes people: matched by address, written as sets, in one transaction with its progress.

Every statement works on the temporary table `incoming`, in which an address stands once. Batches of all imports
queue for one lock, so that two files with the same new people or companies make them once. What is changed on
people who were known is written down (`ImportedChange`), so that the import can be undone.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection

from recipients.imports import rowchecks
from recipients.imports.checks import Incoming

LOCK = 0x504F5354_00000002  # pg_advisory_xact_lock: one writer of imported people at a time


@dataclass(frozen=True)
class Aim:
    """What the rows of one import have in common.

    `replace` names the fields in which the file's words replace ours; in the others only what is empty is filled.
    `moments` are those of the batches before this one: whom they made or changed nobody has touched since.
    """

    importing_id: int
    selection_id: int | None = None
    replace: Collection[str] = ()
    moments: Sequence[dt.datetime] = ()


@dataclass(frozen=True)
class Made:
    """How many people a statement made; `first` and `last` are the smallest and the greatest of their numbers."""

    people: int = 0
    first: int = 0
    last: int = 0

    def __add__(self, other: "Made") -> "Made":
        if not (self.people and other.people):
            return self if self.people else other
        return Made(self.people + other.people, min(self.first, other.first), max(self.last, other.last))


@dataclass(frozen=True)
class Written:
    """What became of a batch. `people` gives the number of the person of each address."""

    made: Made
    changed: int
    same: int
    people: dict[str, int]
    repeated: list[int]  # rows whose address an earlier row of this batch has too


def write(rows: Sequence[Incoming], aim: Aim, *, now: dt.datetime) -> Written:
    """Match or make the people of these rows and put them on the selection. Call inside a transaction. Never empties."""
    made, changed = Made(), 0
    found: dict[str, int] = {}
    repeated: list[int] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    prepare()
    for turn, once in enumerate(each_address_once(rows)):
        if turn:
            repeated += [row.row for row in once]
        with_others = any(row.others for row in once)
        copy(once, with_others=with_others)
        made += make_the_new(now)
        changed += change_the_known(aim, now, with_others=with_others)
        found |= numbers_of_people()
        if aim.selection_id:
            add_members(aim.selection_id, now)
    with connection.cursor() as cursor:
        cursor.execute(AS_USUAL)
    return Written(made, changed, len(rows) - made.people - changed, found, repeated)


def prepare() -> None:
    """Make the table of a batch ready, and have its rows looked up one by one."""
    with connection.cursor() as cursor:
        cursor.execute(INCOMING)
        cursor.execute(BY_INDEX)


def each_address_once(rows: Sequence[Incoming]) -> Iterator[Sequence[Incoming]]:
    """Give the rows in turns: an address that comes back is written after its first row was."""
    while rows:
        seen: set[str] = set()
        once: list[Incoming] = []
        later: list[Incoming] = []
        for row in rows:
            if row.others:
                own = {row.address, *row.others.split()}
                (once if seen.isdisjoint(own) else later).append(row)
                seen |= own
            else:
                (later if row.address in seen else once).append(row)
                seen.add(row.address)
        yield once
        rows = later


def copy(rows: Sequence[Incoming], *, with_others: bool) -> None:
    """Fill `incoming`. Cells hold no control characters (see `child.clean`), so only a backslash needs escaping."""
    block = "\n".join(["\t".join(row[1:]) for row in rows]).replace("\\", "\\\\")
    if block.count("\t") != len(rows) * TABS or block.count("\n") != len(rows) - 1 or "\r" in block:
        raise ValueError("a cell holds a tab or a line break: it did not come through recipients.imports.rows")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE incoming")
        with cursor.copy(f"COPY incoming ({COLUMNS}) FROM STDIN") as target:
            target.write(block)
        cursor.execute("ANALYZE incoming (address, company)")
        cursor.execute(MATCH)
        if with_others:
            cursor.execute(MATCH_OTHERS)


def make_the_new(now: dt.datetime) -> Made:
    with connection.cursor() as cursor:
        cursor.execute(MAKE_COMPANIES, {"now": now})
        with rowchecks.left_out():  # the companies are held by the statement itself, and the people are ours
            cursor.execute(MAKE_PEOPLE, {"now": now})
            if not cursor.rowcount:
                return Made()
            cursor.execute(MAKE_ADDRESSES)
        cursor.execute("SELECT count(*), min(person_id), max(person_id) FROM incoming WHERE is_new")
        return Made(*cursor.fetchone())


def change_the_known(aim: Aim, now: dt.datetime, *, with_others: bool) -> int:
    """Write what differs, and down what stood there before; tell on how many people."""
    given: dict[str, Any] = {"now": now, "importing": aim.importing_id, "moments": [*aim.moments, now]}
    changed: set[int] = set()
    with connection.cursor() as cursor:
        cursor.execute(updating(frozenset(aim.replace)), given)
        changed.update(number for (number,) in cursor.fetchall())
        if with_others:
            cursor.execute(ADD_ADDRESSES, given)
            given["people"] = [number for (number,) in cursor.fetchall()]
            cursor.execute(TOUCH, given)
            changed.update(given["people"])
    return len(changed)


def numbers_of_people() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT address, person_id FROM incoming")
        return dict(cursor.fetchall())


def add_members(selection_id: int, now: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ADD_NEW_MEMBERS, {"selection": selection_id, "now": now})
        cursor.execute(ADD_KNOWN_MEMBERS, {"selection": selection_id, "now": now})


COLUMNS = ", ".join(Incoming._fields[1:])
TABS = COLUMNS.count(",")

# A new person's number is taken when the row comes in; the rows of known people give theirs up for the known one.
INCOMING = f"""
CREATE TEMPORARY TABLE IF NOT EXISTS incoming (
    {" text, ".join(Incoming._fields[1:])} text,
    person_id bigint DEFAULT nextval('recipients_person_id_seq'),
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

# Whose first address nobody has is still known by another one.
MATCH_OTHERS = """
UPDATE incoming SET is_new = false, person_id = known.person_id
FROM (
    SELECT i.address, min(e.person_id + 0) AS person_id
    FROM incoming i
    CROSS JOIN LATERAL unnest(string_to_array(i.others, ' ')) AS other(address)
    JOIN recipients_emailaddress e ON e.address = other.address
    WHERE i.is_new AND i.others <> ''
    GROUP BY i.address
) known
WHERE incoming.address = known.address
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

# For whoever names the company: it cannot go before they are done.
COMPANY_HELD = COMPANY.replace("LIMIT 1", "LIMIT 1 FOR KEY SHARE OF k")
MAKE_PEOPLE = f"""
INSERT INTO recipients_person (id, first_name, middle_name, last_name, title, company_id, phone, mobile, street,
    postcode, city, region, language, country, notes, custom, is_former_employee, created_at, updated_at)
SELECT i.person_id, i.first_name, i.middle_name, i.last_name, i.title, employer.id, i.phone, i.mobile, i.street,
    i.postcode, i.city, i.region, i.language, i.country, i.notes, i.custom::jsonb, false, %(now)s, %(now)s
FROM incoming i {COMPANY_HELD}
WHERE i.is_new
"""  # noqa: S608 - our own text

MAKE_ADDRESSES = """
INSERT INTO recipients_emailaddress (person_id, address, rank)
SELECT person_id, address, 1 FROM incoming WHERE is_new
"""

PLAIN = ("title", "phone", "mobile", "language", "country", "notes")
# An address is filled as a whole: a street of one place and a city of another would be nowhere.
POSTAL = ("street", "postcode", "city", "region")
NOWHERE = "(p.street = '' AND p.postcode = '' AND p.city = '')"
# Two people may share an address; a first name never goes to somebody with another last name.
SAME_PERSON = "(p.last_name = '' OR i.last_name = '' OR lower(p.last_name) = lower(i.last_name))"
NAME = ("first_name", "middle_name", "last_name")

FILLED = {
    **{name: f"CASE WHEN p.{name} = '' THEN i.{name} ELSE p.{name} END" for name in PLAIN},
    **{name: f"CASE WHEN p.{name} = '' AND {SAME_PERSON} THEN i.{name} ELSE p.{name} END" for name in NAME},
    **{name: f"CASE WHEN p.{name} = '' AND {NOWHERE} THEN i.{name} ELSE p.{name} END" for name in POSTAL},
    "company": "coalesce(p.company_id, employer.id)",
    "custom": "CASE WHEN i.custom = '{}' THEN p.custom ELSE i.custom::jsonb || p.custom END",
}
REPLACED = {
    **{
        name: f"CASE WHEN i.{name} = '' THEN p.{name} ELSE i.{name} END"
        for name in (*PLAIN, *POSTAL, "first_name", "last_name")
    },
    # "Ada van Dam" who becomes "Ada Lovelace" loses her "van"
    "middle_name": """CASE WHEN i.middle_name = '' AND (i.last_name = '' OR i.last_name = p.last_name)
        THEN p.middle_name ELSE i.middle_name END""",
    "company": "coalesce(employer.id, p.company_id)",
    "custom": "CASE WHEN i.custom = '{}' THEN p.custom ELSE p.custom || i.custom::jsonb END",
}
ATTRIBUTES = {name: "company_id" if name == "company" else name for name in FILLED}


@cache
def differing(replace: frozenset[str]) -> str:
    """Give the SELECT of the known people on whom something would change, as they are and as they would be.

    Of two addresses of one person the first tells, so that repeating changes nothing.
    """
    values = {name: REPLACED[name] if name in replace else FILLED[name] for name in FILLED}
    columns = ", ".join(f"p.{column}" for column in ATTRIBUTES.values())
    asked = ", ".join(f"{value} AS {ATTRIBUTES[name]}" for name, value in values.items())
    had = ", ".join(f"p.{column} AS had_{column}" for column in ATTRIBUTES.values())
    return f"""
SELECT p.id, p.updated_at, {had}, {asked}
FROM (SELECT DISTINCT ON (person_id) * FROM incoming WHERE NOT is_new ORDER BY person_id, address) i
JOIN recipients_person p ON p.id = i.person_id {COMPANY}
WHERE ({columns}) IS DISTINCT FROM ({", ".join(values.values())})
"""  # noqa: S608 - our own names


@cache
def updating(replace: frozenset[str]) -> str:
    """Give the statement that writes what differs, and what stood there before."""
    own = list(ATTRIBUTES.values())
    before = ", ".join(f"'{column}', had_{column}" for column in own)
    after = ", ".join(f"'{column}', {column}" for column in own)
    return f"""
WITH wanted AS MATERIALIZED ({differing(replace)} FOR NO KEY UPDATE OF p),
changed AS (
    UPDATE recipients_person p
    SET {", ".join(f"{column} = wanted.{column}" for column in own)},
        updated_at = CASE WHEN p.updated_at = ANY(%(moments)s::timestamptz[]) THEN p.updated_at ELSE %(now)s END
    FROM wanted WHERE p.id = wanted.id
)
INSERT INTO recipients_importedchange AS known (importing_id, person_id, before, after, addresses)
SELECT %(importing)s, wanted.id, differs.before, differs.after, '[]'
FROM wanted CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(was.key, was.value) AS before, jsonb_object_agg(was.key, new.is -> was.key) AS after
    FROM jsonb_each(jsonb_build_object({before})) was CROSS JOIN (SELECT jsonb_build_object({after}) AS is) new
    WHERE was.value IS DISTINCT FROM new.is -> was.key
) differs
ON CONFLICT (importing_id, person_id) DO UPDATE
SET before = excluded.before || known.before, after = known.after || excluded.after
RETURNING person_id
"""  # noqa: S608 - our own names


# An address that somebody has stays theirs alone: a second one of a row is no reason to share it.
ADD_ADDRESSES = """
WITH extra AS MATERIALIZED (
    SELECT DISTINCT ON (other.address) i.person_id, i.is_new, other.address, other.place
    FROM incoming i
    CROSS JOIN LATERAL unnest(string_to_array(i.address || ' ' || i.others, ' ')) WITH ORDINALITY AS other(address, place)
    WHERE i.others <> '' AND NOT EXISTS (SELECT FROM recipients_emailaddress e WHERE e.address = other.address)
    ORDER BY other.address, i.person_id
),
people AS MATERIALIZED (
    SELECT p.id FROM recipients_person p WHERE p.id IN (SELECT person_id FROM extra) FOR NO KEY UPDATE
),
added AS (
    INSERT INTO recipients_emailaddress (person_id, address, rank)
    SELECT person_id, address,
        (SELECT coalesce(max(rank), 0) FROM recipients_emailaddress e WHERE e.person_id = extra.person_id)
            + row_number() OVER (PARTITION BY person_id ORDER BY place)
    FROM extra JOIN people ON people.id = extra.person_id
)
INSERT INTO recipients_importedchange AS known (importing_id, person_id, before, after, addresses)
SELECT %(importing)s, person_id, '{}', '{}', jsonb_agg(address ORDER BY place) FROM extra WHERE NOT is_new
GROUP BY person_id
ON CONFLICT (importing_id, person_id) DO UPDATE SET addresses = known.addresses || excluded.addresses
RETURNING person_id
"""

TOUCH = """
UPDATE recipients_person p SET updated_at = %(now)s
WHERE p.id = ANY(%(people)s::bigint[]) AND NOT p.updated_at = ANY(%(moments)s::timestamptz[])
"""

# Who is new is on no list yet.
ADD_NEW_MEMBERS = """
INSERT INTO recipients_selectionmember (selection_id, person_id, added_at)
SELECT %(selection)s, person_id, %(now)s FROM incoming WHERE is_new
"""
ADD_KNOWN_MEMBERS = """
INSERT INTO recipients_selectionmember (selection_id, person_id, added_at)
SELECT %(selection)s, person_id, %(now)s FROM incoming WHERE NOT is_new ON CONFLICT DO NOTHING
"""
