"""Addresses of tracking: clicks and opens are answered in tracking.hits; what arrives here is not one of ours."""

from django.urls import path

from tracking import views

app_name = "tracking"
urlpatterns = [
    path("c/<path:rest>", views.no_such_page, name="click"),
    path("o/<path:rest>", views.no_such_page, name="open"),
]
