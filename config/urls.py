"""Every address of the product; each app brings its own."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from config import shell
from config.health import health
from mailings.views import home

urlpatterns = [
    path("health/", health, name="health"),
    path("admin/", admin.site.urls),
    path("account/", include("allauth.urls")),
    path("language/", login_not_required(set_language), name="set_language"),
    path("theme/", shell.theme, name="theme"),
    path("settings/", shell.settings, name="settings"),
    path("favicon.ico", login_not_required(RedirectView.as_view(url=static("dist/mark.svg")))),
    path("", home.home, name="home"),
    path("", include("forms.urls")),
    path("", include("consent.urls")),
    path("", include("recipients.urls")),
    path("", include("tracking.urls")),
    path("", include("mailings.urls")),
]
