"""The web server's way in: clicks and opens are answered first, everything else by Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from tracking import hits  # noqa: E402 - its models need Django set up

application = hits.before(django_application)
