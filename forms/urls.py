"""Addresses of forms."""

from django.urls import path

from forms import views

app_name = "webforms"
urlpatterns = [path("", views.index, name="list")]
