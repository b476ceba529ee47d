"""The purpose and the subscription types that every installation starts with."""

from django.db import migrations

PURPOSE = (
    "e-marketing",
    "E-marketing",
    "E-marketing",
    "News and offers that we send to many people at once.",
    "Nieuws en aanbiedingen die we aan veel mensen tegelijk sturen.",
)
TYPES = [
    ("newsletter", "Newsletter", "Nieuwsbrief", "What is new with us.", "Wat er bij ons gebeurt."),
    ("events", "Events", "Evenementen", "Open days, courses and meetings.", "Open dagen, cursussen en bijeenkomsten."),
    ("product-news", "Product news", "Productnieuws", "New and changed products.", "Nieuwe en veranderde producten."),
]


def add(apps, schema_editor):
    purposes, types = apps.get_model("consent", "Purpose"), apps.get_model("consent", "SubscriptionType")
    purpose, _created = purposes.objects.get_or_create(code=PURPOSE[0], defaults=words(PURPOSE))
    for row in TYPES:
        types.objects.get_or_create(code=row[0], defaults={"purpose": purpose, **words(row)})


def words(row):
    return dict(zip(("name_en", "name_nl", "description_en", "description_nl"), row[1:], strict=True))


class Migration(migrations.Migration):
    dependencies = [("consent", "0003_standing_per_scope")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
