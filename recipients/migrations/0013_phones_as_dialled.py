"""Each person's one number becomes E.164 where it can be read, else it stays as it was; a mobile one moves to its place."""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from recipients import phones

BATCH = 5_000


def tidy(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    people = apps.get_model("recipients", "Person").objects
    last = 0
    while rows := list(people.filter(pk__gt=last).exclude(phone="").order_by("pk").select_related("company")[:BATCH]):
        last = rows[-1].pk
        for person in rows:
            home = person.country or (person.company.country if person.company else "") or settings.HOME_COUNTRY
            try:
                person.phone = phones.normalise(person.phone, home)
            except phones.InvalidPhone:
                continue
            if phones.kind(person.phone) == phones.MOBILE:
                person.phone, person.mobile = "", person.phone
        people.bulk_update(rows, ["phone", "mobile"])


def one_number(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("UPDATE recipients_person SET phone = mobile WHERE phone = '' AND mobile <> ''")


class Migration(migrations.Migration):
    dependencies = [
        ("recipients", "0012_sort_name"),
    ]

    operations = [migrations.RunPython(tidy, one_number)]
