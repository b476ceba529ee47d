import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recipients", "0007_selection_draft_by")]

    operations = [
        migrations.CreateModel(
            name="PersonSearch",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search",
                        serialize=False,
                        to="recipients.person",
                    ),
                ),
                ("text", models.TextField()),
            ],
        ),
        migrations.RunSQL(
            """
            INSERT INTO recipients_personsearch (person_id, text)
            SELECT id, search_text FROM recipients_person WHERE search_text <> ''
            """,
            """
            UPDATE recipients_person p SET search_text = s.text FROM recipients_personsearch s WHERE s.person_id = p.id;
            DELETE FROM recipients_personsearch;
            """,
        ),
    ]
