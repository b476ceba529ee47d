import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recipients", "0009_search_apart"),
        ("consent", "0010_rule_versions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportedChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("addresses", models.JSONField(default=list)),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="person",
            trigger=pgtrigger.compiler.Trigger(
                name="nothing_is_left",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    DELETE FROM recipients_emailaddress kept USING gone WHERE kept.person_id = gone.id;\n                    DELETE FROM recipients_selectionmember kept USING gone WHERE kept.person_id = gone.id;\n                    DELETE FROM recipients_personsearch kept USING gone WHERE kept.person_id = gone.id;\n                    DELETE FROM recipients_importedchange kept USING gone WHERE kept.person_id = gone.id;\n                    RETURN NULL;\n                ",
                    hash="7191bb6ce933b5d37f6a79c5a6e533c126c9eba4",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_nothing_is_left_392a4",
                    referencing="REFERENCING OLD TABLE AS gone ",
                    table="recipients_person",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="importedchange",
            name="importing",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="changes",
                to="recipients.import",
            ),
        ),
        migrations.AddField(
            model_name="importedchange",
            name="person",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="recipients.person",
            ),
        ),
        migrations.AddConstraint(
            model_name="importedchange",
            constraint=models.UniqueConstraint(fields=("importing", "person"), name="one_change_per_person"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="person",
            trigger=pgtrigger.compiler.Trigger(
                name="nothing_is_left",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    DELETE FROM recipients_emailaddress kept USING gone WHERE kept.person_id = gone.id;\n                    DELETE FROM recipients_selectionmember kept USING gone WHERE kept.person_id = gone.id;\n                    DELETE FROM recipients_personsearch kept USING gone WHERE kept.person_id = gone.id;\n                    DELETE FROM recipients_importedchange kept USING gone WHERE kept.person_id = gone.id;\n                    RETURN NULL;\n                ",
                    hash="7191bb6ce933b5d37f6a79c5a6e533c126c9eba4",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_nothing_is_left_392a4",
                    referencing="REFERENCING OLD TABLE AS gone ",
                    table="recipients_person",
                    when="AFTER",
                ),
            ),
        ),
    ]
