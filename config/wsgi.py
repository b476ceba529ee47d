"""The web server's way in: clicks and opens are answered first, everything else by Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402 - what follows needs Django set up

from tracking import hits  # noqa: E402

_ = get_resolver().url_patterns  # reads the modules of all pages now, not while the first visitor waits

application = hits.before(django_application)
