"""Evidence that is not explicit gets a row per source; confirmed evidence stands apart. Derived from the ledger."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0006_preferences"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ground",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(choices=[("email", "E-mail"), ("sms", "SMS"), ("letter", "Letter")], max_length=6),
                ),
                ("address", models.CharField(max_length=320)),
                (
                    "purpose",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.purpose",
                    ),
                ),
                (
                    "subscription_type",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.subscriptiontype",
                    ),
                ),
                ("source", models.CharField(max_length=30)),
                ("is_soft", models.BooleanField()),
                ("until", models.DateTimeField()),
                ("evidence_on", models.DateField()),
                ("event", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["address", "channel", "purpose", "subscription_type", "source", "is_soft"],
                        name="one_ground_per_source",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        *(
            migrations.AddField("standing", f"{of}_{what}", field)
            for of in ("confirmed", "own_confirmed")
            for what, field in (
                ("until", models.DateTimeField(null=True)),
                ("event", models.BigIntegerField(null=True)),
            )
        ),
        migrations.AddField("standing", "own_confirmed_at", models.DateTimeField(null=True)),
        migrations.RemoveField("standing", "implicit_until"),
        migrations.RemoveField("standing", "implicit_event"),
    ]
