"""A house of a million people with what came of its mailings, made in sets: what lists and selections are measured on.

1,000,000 persons, 1,200,000 addresses, 50,000 companies, 5,000,000 messages of 20 mailings (250,000 each, of the last
two years, one every five weeks), of which a third was opened and a twelfth clicked; `size` scales all of it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from mailings.models import Mailing

CITIES = [
    "Rotterdam",
    "Amsterdam",
    "Utrecht",
    "Eindhoven",
    "Groningen",
    "Antwerpen",
    "Gent",
    "Leuven",
    "Breda",
    "Zwolle",
]
MAILINGS = 20


@dataclass(frozen=True)
class House:
    """What was made: the numbers of the mailings, newest last."""

    people: int
    messages: int
    mailings: tuple[int, ...]


def a_house(size: int) -> House:
    """Fill an empty database."""
    given: dict[str, Any] = {"size": size, "cities": CITIES, "mailings": MAILINGS, "each": size // 4}
    with connection.cursor() as cursor:
        for statement in (COMPANIES, PEOPLE, ADDRESSES, MORE_ADDRESSES, WORDS):
            cursor.execute(statement, given)
        mail(now=timezone.now())
        cursor.execute(MESSAGES, given)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT id FROM mailings_mailing ORDER BY id")
        mailings = tuple(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT count(*) FROM mailings_message")
        return House(size, int(cursor.fetchone()[0]), mailings)


def mail(*, now: dt.datetime) -> None:
    """Make newsletters that went out every 35 days, the last one five days ago."""
    moments = [now - dt.timedelta(days=35 * (MAILINGS - number) + 5) for number in range(1, MAILINGS + 1)]
    Mailing.objects.bulk_create(
        Mailing(
            name=f"Newsletter {number}",
            subject=f"News {number}",
            from_address="news@example.org",
            status=Mailing.Status.SENT,
            started_at=at,
            finished_at=at,
            frozen_at=at,
        )
        for number, at in enumerate(moments, start=1)
    )


COMPANIES = """
INSERT INTO recipients_company (name, country, city, website, created_at)
SELECT 'Company ' || n, (ARRAY['NL', 'NL', 'NL', 'BE'])[1 + n %% 4], (%(cities)s::text[])[1 + n %% 10], '', now()
FROM generate_series(1, greatest(%(size)s / 20, 10)) n
"""
PEOPLE = """
WITH firm AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS all FROM recipients_company)
INSERT INTO recipients_person (first_name, middle_name, last_name, title, company_id, language, country, phone, notes,
    is_former_employee, created_at, updated_at)
SELECT 'First' || n %% 5000, CASE WHEN n %% 7 = 0 THEN 'van der' ELSE '' END, 'Last' || n,
    (ARRAY['Owner', 'Buyer', 'Engineer', ''])[1 + n %% 4], firm.id, (ARRAY['nl', 'nl', 'nl', 'en', 'fr'])[1 + n %% 5],
    (ARRAY['NL', 'NL', 'NL', 'BE', ''])[1 + (n / 3) %% 5], CASE WHEN n %% 3 = 0 THEN '+31612345678' ELSE '' END, '',
    n %% 500 = 0, now() - (n %% 1500) * interval '1 day', now()
FROM generate_series(1, %(size)s) n JOIN firm ON firm.place = (n * 7919::bigint) %% (SELECT max(place) + 1 FROM firm)
"""
ADDRESSES = """
INSERT INTO recipients_emailaddress (person_id, address, rank)
SELECT id, 'person' || id || '@example' || id %% 997 || '.org', 1 FROM recipients_person
"""
MORE_ADDRESSES = """
INSERT INTO recipients_emailaddress (person_id, address, rank)
SELECT id, 'home' || id || '@mail' || id %% 13 || '.example', 2 FROM recipients_person WHERE id %% 5 = 0
"""
WORDS = """
INSERT INTO recipients_personsearch (person_id, text)
SELECT p.id, lower(concat_ws(' ', p.first_name, nullif(p.middle_name, ''), p.last_name,
    'person' || p.id || '@example' || p.id %% 997 || '.org', company.name))
FROM recipients_person p JOIN recipients_company company ON company.id = p.company_id
"""
MESSAGES = """
INSERT INTO mailings_message (mailing_id, person_id, channel, address, copy, state, reason, answer, data, attempts,
    sent_at, delivered_at, opened_at, clicked_at, bounced_at)
SELECT mailing.id, person.id, 'email', 'person' || person.id || '@example' || person.id %% 997 || '.org', 0,
    CASE WHEN roll.n < 5 THEN 'held' ELSE 'sent' END, CASE WHEN roll.n < 5 THEN 'no_consent' ELSE '' END, '',
    jsonb_build_object('customer.firstname', person.first_name, 'customer.name', person.last_name, '_u', md5(person.id::text)),
    1, CASE WHEN roll.n >= 5 THEN mailing.started_at END, CASE WHEN roll.n >= 5 THEN mailing.started_at END,
    CASE WHEN roll.n >= 67 THEN mailing.started_at + roll.n * interval '20 minutes' END,
    CASE WHEN roll.n >= 92 THEN mailing.started_at + roll.n * interval '21 minutes' END,
    CASE WHEN roll.n = 5 THEN mailing.started_at END
FROM (SELECT *, row_number() OVER (ORDER BY id) AS place FROM mailings_mailing) mailing
JOIN recipients_person person ON person.id %% 4 = mailing.place %% 4
CROSS JOIN LATERAL (SELECT abs(hashint8(person.id * 31 + mailing.id)) %% 100 AS n) roll
ORDER BY mailing.id, person.id
"""
