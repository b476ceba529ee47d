"""Short lists to choose from: languages and countries, named in the reader's language."""

from django.utils.translation import gettext_lazy as _

LANGUAGES = [
    ("", _("Unknown")),
    ("nl", _("Dutch")),
    ("en", _("English")),
    ("de", _("German")),
    ("fr", _("French")),
    ("es", _("Spanish")),
    ("it", _("Italian")),
    ("pl", _("Polish")),
    ("tr", _("Turkish")),
    ("ar", _("Arabic")),
    ("uk", _("Ukrainian")),
]
COUNTRIES = [
    ("", _("Unknown")),
    ("NL", _("Netherlands")),
    ("BE", _("Belgium")),
    ("DE", _("Germany")),
    ("FR", _("France")),
    ("LU", _("Luxembourg")),
    ("GB", _("United Kingdom")),
    ("IE", _("Ireland")),
    ("DK", _("Denmark")),
    ("SE", _("Sweden")),
    ("NO", _("Norway")),
    ("FI", _("Finland")),
    ("ES", _("Spain")),
    ("PT", _("Portugal")),
    ("IT", _("Italy")),
    ("AT", _("Austria")),
    ("CH", _("Switzerland")),
    ("PL", _("Poland")),
    ("CZ", _("Czechia")),
    ("US", _("United States")),
    ("CA", _("Canada")),
]
