from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def are_recorded(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """What came in before was recorded at once."""
    apps.get_model("webforms", "Submission").objects.update(recorded_at=models.F("submitted_at"))


class Migration(migrations.Migration):
    dependencies = [("webforms", "0003_who_comes_is_filled_in")]

    operations = [
        migrations.AddField("submission", "recorded_at", models.DateTimeField(null=True)),
        migrations.RunPython(are_recorded, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            "submission",
            models.Index("id", condition=models.Q(recorded_at=None), name="submission_to_record"),
        ),
    ]
