"""Every address of the product; each app brings its own."""

from django.contrib import admin
from django.urls import include, path

from config.health import health

urlpatterns = [
    path("health/", health, name="health"),
    path("admin/", admin.site.urls),
    path("account/", include("allauth.urls")),
    path("language/", include("django.conf.urls.i18n")),
    path("", include("consent.urls")),
    path("", include("recipients.urls")),
    path("", include("tracking.urls")),
    path("", include("mailings.urls")),
    path("forms/", include("forms.urls")),
]
