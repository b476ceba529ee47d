"""The gate: freezing an audience with verdict, reason and evidence per person, beside the bare INSERT … SELECT."""

from collections.abc import Iterator

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.frame import Figure, Scale, interleaved, seconds
from consent.models import SubscriptionType
from mailings import audience, merge_data
from mailings.models import Mailing, Source
from recipients.models import Selection


def figures(scale: Scale) -> Iterator[Figure]:
    size = scale.pick(1_000_000, 20_000)
    mailing = a_mailing(a_crowd(size))
    frozen(mailing)  # warm: an address keeps its unsubscribe key, so the keys of the crowd are made once
    medians = interleaved({"freeze": lambda: frozen(mailing), "bare": lambda: bare(mailing)})
    yield Figure("gate.freeze", medians["freeze"], "s", medians["bare"], "INSERT … SELECT without a gate")


def frozen(mailing: Mailing) -> float:
    """Freeze: gate, duplicates, reasons, evidence, merge data, unsubscribe keys. The rows are gone afterwards."""
    taken = seconds(lambda: audience.freeze(mailing, now=timezone.now()))
    made = mailing.messages.filter(state="pending").count()
    if not made:
        raise SystemExit("nobody may be mailed: this run says nothing about speed")
    _forget(mailing)
    return taken


def bare(mailing: Mailing) -> float:
    """The same rows with the same merge data into the same table, and nobody asked whether they may be mailed."""
    data = merge_data.of(mailing)
    values = data.object_sql({"_name": merge_data.FULL_NAME, **audience.KEYS})
    sql = f"""
        INSERT INTO mailings_message
               (mailing_id, person_id, channel, address, copy, state, reason, evidence, answer, data, attempts)
        SELECT %s, p.id, 'email', audience.address, p.id %% 2, 'pending', '', NULL, '', {values}, 0
          FROM recipients_selectionmember member
          JOIN recipients_person p ON p.id = member.person_id {data.joins}
          JOIN recipients_emailaddress audience ON audience.person_id = p.id AND audience.rank = 1
          LEFT JOIN consent_optoutkey o ON o.address = audience.address AND o.channel = 'email'
         WHERE member.selection_id = %s
         ORDER BY p.id
    """  # noqa: S608 - our own text
    source = mailing.sources.get()

    def insert() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '256MB'")
            cursor.execute(sql, [mailing.pk, source.selection_id])

    taken = seconds(insert)
    _forget(mailing)
    return taken


def _forget(mailing: Mailing) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE mailings_message CASCADE")
        cursor.execute("CHECKPOINT")
    Mailing.objects.filter(pk=mailing.pk).update(frozen_at=None)
    mailing.refresh_from_db()


def a_mailing(crowd: Selection) -> Mailing:
    mailing = Mailing.objects.create(
        name="Open day",
        subject="[[customer.firstname|friend]], see the workshop",
        preheader="Bring [[company.name|your team]], [[customer.name]]",
        from_address="hello@example.org",
        subscription_type=SubscriptionType.objects.order_by("pk").first(),
    )
    Source.objects.create(mailing=mailing, selection=crowd)
    return mailing


def a_crowd(size: int) -> Selection:
    """People as a house has them, in six countries: most agreed, a third by buying; some took it back, bounced, left,
    share an address or have none.

    Standings are written straight, as the ledger would have left them: what is measured is the gate, not the ledger.
    """
    crowd = Selection.objects.create(name="Everybody")
    purpose = SubscriptionType.objects.order_by("pk")[0].purpose_id
    given = {"size": size, "crowd": crowd.pk, "purpose": purpose}
    with connection.cursor() as cursor:
        cursor.execute(CROWD, given)
        cursor.execute("VACUUM ANALYZE")
    return crowd


CROWD = """
INSERT INTO recipients_company (name, country, city, website, created_at)
SELECT 'Company ' || n, 'NL', 'Rotterdam', '', now() FROM generate_series(1, %(size)s / 20) n;

CREATE TEMPORARY TABLE firm AS SELECT id, row_number() OVER () - 1 AS place FROM recipients_company;
INSERT INTO recipients_person (first_name, middle_name, last_name, title, company_id, language, country, phone,
    notes, is_former_employee, created_at, updated_at)
SELECT 'First' || n, '', 'Last' || n, '', firm.id, 'nl',
    (ARRAY['NL', 'NL', 'NL', 'DE', 'FR', 'GB', 'CA', 'US', '', ''])[1 + n %% 10], '', '', n %% 500 = 0, now(), now()
FROM generate_series(1, %(size)s) n JOIN firm ON firm.place = n %% (%(size)s / 20);

INSERT INTO recipients_emailaddress (person_id, address, rank)
SELECT p.id, lower(named.first_name) || '@company' || (named.id %% 40000) || '.example', 1
FROM recipients_person p
JOIN recipients_person named ON named.id = CASE WHEN p.id %% 200 = 0 THEN p.id - 1 ELSE p.id END
WHERE p.id %% 100 <> 7;

INSERT INTO recipients_selectionmember (selection_id, person_id, added_at)
SELECT %(crowd)s, id, now() FROM recipients_person;

INSERT INTO consent_standing (channel, address, purpose_id, explicit_until, explicit_event, withdrawn_at,
    withdrawn_event)
SELECT DISTINCT ON (address) 'email', address, %(purpose)s,
    CASE WHEN id %% 3 > 0 THEN timestamptz '9999-12-30' END, CASE WHEN id %% 3 > 0 THEN id END,
    CASE WHEN id %% 40 = 1 THEN now() END, CASE WHEN id %% 40 = 1 THEN id END
FROM recipients_emailaddress WHERE id %% 25 <> 3;

INSERT INTO consent_ground (channel, address, purpose_id, source, is_soft, until, evidence_on, event)
SELECT DISTINCT ON (address) 'email', address, %(purpose)s, 'purchase', id %% 9 > 0,
    now() + (id %% 700 - 60) * interval '1 day', current_date - 670 + (id %% 700)::int, id
FROM recipients_emailaddress WHERE id %% 25 <> 3 AND id %% 3 = 0;

INSERT INTO consent_suppression (channel, address, reason, evidence, created_at, actor, released_because)
SELECT DISTINCT ON (address) 'email', address,
    (ARRAY['unsubscribed', 'hard_bounce', 'complained'])[1 + id %% 3], '{}', now(), 'system', ''
FROM recipients_emailaddress WHERE id %% 50 = 9
"""
