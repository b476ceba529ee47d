"""Addresses of tracking: clicks and opens are answered in tracking.hits; what arrives here is not one of ours."""

from django.urls import path, re_path

from tracking.views import public, returns

app_name = "tracking"
urlpatterns = [
    re_path(r"^[co]/(?P<rest>.*)$", public.no_such_page, name="no_such_page"),
    path("l/<int:pk>/", public.library_link, name="library_link"),
    path("hooks/<slug:provider>/<int:pk>/", public.hook, name="hook"),
    path("settings/returns/", returns.index, name="returns"),
    path("settings/returns/provider/new/", returns.edit_hook, name="hook_new"),
    path("settings/returns/provider/<int:pk>/", returns.edit_hook, name="hook_edit"),
    path("settings/returns/provider/<int:pk>/remove/", returns.delete_hook, name="hook_delete"),
    path("settings/returns/mailbox/new/", returns.edit_mailbox, name="mailbox_new"),
    path("settings/returns/mailbox/<int:pk>/", returns.edit_mailbox, name="mailbox_edit"),
    path("settings/returns/mailbox/<int:pk>/remove/", returns.delete_mailbox, name="mailbox_delete"),
    path("settings/returns/mailbox/<int:pk>/look/", returns.look, name="mailbox_look"),
]
