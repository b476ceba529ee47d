"""The reasons of figures that were counted before are put by state, and what came back is counted by reason."""

from django.db import migrations

COUNT = """
    UPDATE mailings_counts counts SET
        reasons = coalesce((
            SELECT jsonb_object_agg(state, found) FROM (
                SELECT state, jsonb_object_agg(reason, number) AS found FROM (
                    SELECT state, reason, count(*) AS number FROM mailings_message
                    WHERE mailing_id = counts.mailing_id AND reason <> '' GROUP BY 1, 2
                ) one GROUP BY state
            ) by_state
        ), '{}'),
        returned = coalesce((
            SELECT jsonb_object_agg(reason, number) FROM (
                SELECT reason, count(*) AS number FROM mailings_message
                WHERE mailing_id = counts.mailing_id AND bounced_at IS NOT NULL GROUP BY 1
            ) one
        ), '{}')
"""
FLATTEN = """
    UPDATE mailings_counts counts SET reasons = coalesce((
        SELECT jsonb_object_agg(reason, number) FROM (
            SELECT one.key AS reason, sum(one.value::int) AS number
            FROM jsonb_each(counts.reasons - 'sent') state, jsonb_each_text(state.value) one GROUP BY 1
        ) flat
    ), '{}')
"""


class Migration(migrations.Migration):
    dependencies = [("mailings", "0026_returned")]
    operations = [migrations.RunSQL(COUNT, FLATTEN)]
