from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Reasons are kept by state now, and what came back by reason: within seconds every mailing is counted anew."""
    apps.get_model("mailings", "Counts").objects.update(refreshed_at=None, reasons={})


class Migration(migrations.Migration):
    dependencies = [("mailings", "0030_text_errors")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop, elidable=True)]
