"""Addresses of tracking: clicks and opens are answered in tracking.hits; what arrives here is not one of ours."""

from django.urls import re_path

from tracking import views

app_name = "tracking"
urlpatterns = [
    re_path(r"^[co]/(?P<rest>.*)$", views.no_such_page, name="no_such_page"),
]
