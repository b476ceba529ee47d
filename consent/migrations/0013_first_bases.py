"""The legal bases that every installation starts with: those of GDPR Art. 6 as HubSpot names them."""

from django.db import migrations

BASES = [
    ("consent", "Consent", "Toestemming", "They were asked, and agreed by an act of their own.", "Er is gevraagd, en zij zeiden zelf ja."),
    ("legitimate-interest-customer", "Legitimate interest: customer", "Gerechtvaardigd belang: klant", "They bought from you, or signed an agreement.", "Zij kochten bij je, of tekenden een overeenkomst."),
    ("legitimate-interest-prospect", "Legitimate interest: prospect", "Gerechtvaardigd belang: geïnteresseerde", "They asked or answered something, and may become a customer.", "Zij vroegen of antwoordden iets, en worden misschien klant."),
    ("legitimate-interest-other", "Legitimate interest: other", "Gerechtvaardigd belang: anders", "Another interest that you weighed and wrote down.", "Een ander belang dat je hebt afgewogen en opgeschreven."),
    ("contract", "Performance of a contract", "Uitvoering van een overeenkomst", "What is needed for something they ordered.", "Wat nodig is voor iets wat zij bestelden."),
    ("legal-obligation", "Legal obligation", "Wettelijke plicht", "The law asks for it.", "De wet vraagt erom."),
    ("not-gdpr", "The GDPR does not apply", "De AVG geldt niet", "They live outside its reach.", "Zij wonen buiten het bereik ervan."),
]  # fmt: skip


def add(apps, schema_editor):
    bases = apps.get_model("consent", "LegalBasis")
    names = ("name_en", "name_nl", "description_en", "description_nl")
    for code, *words in BASES:
        bases.objects.get_or_create(code=code, defaults=dict(zip(names, words, strict=True)))


class Migration(migrations.Migration):
    dependencies = [("consent", "0012_notices_and_bases")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
