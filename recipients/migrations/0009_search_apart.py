import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recipients", "0008_person_search")]

    operations = [
        migrations.RemoveConstraint(
            model_name="emailaddress",
            name="address_once_per_person",
        ),
        migrations.RemoveIndex(
            model_name="emailaddress",
            name="emailaddress_address",
        ),
        migrations.RemoveIndex(
            model_name="import",
            name="import_unfinished",
        ),
        migrations.RemoveIndex(
            model_name="person",
            name="person_search_trgm",
        ),
        migrations.AddField(
            model_name="import",
            name="batches",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="import",
            name="is_indexed",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="import",
            name="makes_selection",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="import",
            name="replace",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="import",
            name="undone",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="import",
            name="undone_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="import",
            name="undone_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AlterField(
            model_name="emailaddress",
            name="person",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="email_addresses",
                to="recipients.person",
            ),
        ),
        migrations.AlterField(
            model_name="import",
            name="state",
            field=models.CharField(
                choices=[
                    ("mapping", "Choose columns"),
                    ("waiting", "Waiting"),
                    ("running", "Running"),
                    ("finished", "Finished"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                    ("undoing", "Being undone"),
                    ("undone", "Undone"),
                ],
                default="mapping",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="selectionmember",
            name="person",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="recipients.person",
            ),
        ),
        migrations.AlterField(
            model_name="selectionmember",
            name="selection",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="recipients.selection",
            ),
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(
                models.F("lease_until"),
                condition=models.Q(("state__in", ["waiting", "running", "undoing"])),
                name="import_unfinished",
            ),
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(models.F("id"), condition=models.Q(("is_indexed", False)), name="import_unindexed"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="emailaddress",
            trigger=pgtrigger.compiler.Trigger(
                name="has_a_person",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF EXISTS (\n                        SELECT FROM fresh WHERE NOT EXISTS (SELECT FROM recipients_person p WHERE p.id = fresh.person_id)\n                    ) THEN\n                        RAISE foreign_key_violation USING MESSAGE = 'an e-mail address needs a person that exists';\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="ffa708f463daafd5e5d3983800104607bd57c806",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_has_a_person_feb9c",
                    referencing="REFERENCING NEW TABLE AS fresh ",
                    table="recipients_emailaddress",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="emailaddress",
            constraint=models.UniqueConstraint(fields=("address", "person"), name="address_once_per_person"),
        ),
        migrations.AddIndex(
            model_name="personsearch",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["text"], name="person_search_trgm", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.RemoveField(
            model_name="person",
            name="search_text",
        ),
    ]
