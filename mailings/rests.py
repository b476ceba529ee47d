"""Less mail for who asked for it: after one marketing mail they rest for as many days as they chose.

The rest is a block that ends by itself, so the gate, the lists and the reasons know it like any other. It is worked out every
minute from what was sent, as one set; a mailing that is already under way meets it at hand-over.
"""

import datetime as dt

from django.db import connection

from consent import suppressions
from consent.models import SuppressionReason


def note(*, now: dt.datetime) -> int:
    """Begin and prolong the rests that follow from what was sent, and end those that are over; give how many began."""
    suppressions.end_due(SuppressionReason.RESTING, now=now)
    with connection.cursor() as cursor:
        cursor.execute(REST, {"now": now})
        return int(cursor.rowcount)


REST = """
INSERT INTO consent_suppression (channel, address, reason, evidence, created_at, actor, until, released_because)
SELECT k.channel, k.address, 'resting', jsonb_build_object('days', k.every_days), %(now)s, 'system', latest.until, ''
FROM consent_optoutkey k CROSS JOIN LATERAL (
    SELECT max(m.sent_at) + make_interval(days => k.every_days) AS until
    FROM recipients_emailaddress a
    JOIN mailings_message m ON m.person_id = a.person_id AND m.address = k.address AND m.channel = k.channel
    JOIN mailings_mailing mailing ON mailing.id = m.mailing_id AND mailing.message_class = 'marketing'
    WHERE a.address = k.address AND m.sent_at > %(now)s - make_interval(days => k.every_days)
) latest
WHERE k.every_days > 0 AND k.channel = 'email' AND latest.until > %(now)s
ON CONFLICT (address, channel, subscription_type_id, reason) WHERE released_at IS NULL
DO UPDATE SET until = excluded.until WHERE consent_suppression.until < excluded.until
"""
