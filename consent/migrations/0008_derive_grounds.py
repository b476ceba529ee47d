"""Derive the grounds and what was confirmed from the ledger, for houses that have one already."""

from django.db import migrations

GROUNDS = """
INSERT INTO consent_ground (channel, address, purpose_id, subscription_type_id, source, is_soft, until, evidence_on,
    event)
SELECT DISTINCT ON (e.channel, d.address, e.purpose_id, e.subscription_type_id, e.source)
    e.channel, d.address, e.purpose_id, e.subscription_type_id, e.source, false,
    coalesce(e.expires_at, '9999-12-30 00:00:00+00'), coalesce(e.evidence_on, e.acted_at::date), e.id
FROM consent_consentevent e JOIN consent_consentdetail d ON d.event_id = e.id
WHERE e.act IN ('given', 'confirmed') AND e.kind = 'implicit'
ORDER BY e.channel, d.address, e.purpose_id, e.subscription_type_id, e.source,
    coalesce(e.expires_at, '9999-12-30 00:00:00+00') DESC, e.id DESC
"""
CONFIRMED = """
UPDATE consent_standing s SET confirmed_until = found.until, confirmed_event = found.event,
    own_confirmed_at = found.own_at, own_confirmed_until = found.own_until, own_confirmed_event = found.own_event
FROM (
    SELECT e.channel, d.address, e.purpose_id, e.subscription_type_id,
        max(coalesce(e.expires_at, '9999-12-30 00:00:00+00')) AS until,
        (array_agg(e.id ORDER BY coalesce(e.expires_at, '9999-12-30 00:00:00+00') DESC, e.id DESC))[1] AS event,
        (array_agg(e.acted_at ORDER BY e.id DESC) FILTER (WHERE e.actor = 'self'))[1] AS own_at,
        (array_agg(coalesce(e.expires_at, '9999-12-30 00:00:00+00') ORDER BY e.id DESC)
            FILTER (WHERE e.actor = 'self'))[1] AS own_until,
        max(e.id) FILTER (WHERE e.actor = 'self') AS own_event
    FROM consent_consentevent e JOIN consent_consentdetail d ON d.event_id = e.id
    WHERE e.act = 'confirmed' GROUP BY 1, 2, 3, 4
) found
WHERE (s.channel, s.address, s.purpose_id) = (found.channel, found.address, found.purpose_id)
    AND s.subscription_type_id IS NOT DISTINCT FROM found.subscription_type_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0007_grounds"),
    ]

    operations = [
        migrations.RunSQL(GROUNDS, migrations.RunSQL.noop),
        migrations.RunSQL(CONFIRMED, migrations.RunSQL.noop),
    ]
