"""Addresses of consent."""

from django.urls import path

from consent.views import (
    addresses,
    confirm,
    join,
    overview,
    preferences,
    public,
    rulebook,
    suppressions,
    types,
    verify,
    whatif,
)

app_name = "consent"
urlpatterns = [
    path("u/<str:key>/<int:type_id>/", public.unsubscribe, name="unsubscribe"),
    path("u/<str:key>/<int:type_id>", public.unsubscribe),  # whoever drops the last character: no redirect either
    path("u/<path:rest>", public.not_a_link),
    path("p/<str:key>/", preferences.preferences, name="preferences"),
    path("p/<str:key>", preferences.preferences),
    path("p/<path:rest>", public.not_a_link),
    path("p/", public.not_a_link),
    path("join/", join.join, name="join"),
    path("confirm/<str:key>/", confirm.confirm, name="confirm"),
    path("confirm/<str:key>", confirm.confirm),
    path("confirm/<path:rest>", public.not_a_link),
    path("consent/", overview.index, name="overview"),
    path("consent/addresses/", overview.addresses, name="addresses"),
    path("consent/sources/", overview.sources, name="sources"),
    path("consent/sources/<slug:code>/", rulebook.source, name="rule"),
    path("consent/roles/", rulebook.roles, name="roles"),
    path("consent/what-if/", whatif.ask, name="whatif"),
    path("consent/ledger/", overview.entries, name="entries"),
    path("consent/ledger/check/", overview.check, name="check"),
    path("consent/ledger/<int:pk>/", overview.entry, name="entry"),
    path("consent/address/", addresses.panel, name="address"),
    path("consent/record/", addresses.record, name="record"),
    path("consent/verify/", verify.index, name="verify"),
    path("consent/verify/letter/", verify.letter, name="letter"),
    path("consent/poster/", join.poster, name="poster"),
    path("consent/poster.svg", join.code, name="poster_code"),
    path("consent/confirmations/", verify.confirmations, name="confirmations"),
    path("consent/confirmations/<int:pk>/resend/", verify.resend, name="resend"),
    path("consent/suppressions/", suppressions.index, name="suppressions"),
    path("consent/suppressions/new/", suppressions.block, name="block"),
    path("consent/suppressions/<int:pk>/release/", suppressions.release, name="release"),
    path("consent/types/", types.index, name="types"),
    path("consent/types/new/", types.edit_type, name="type_new"),
    path("consent/types/<int:pk>/", types.edit_type, name="type"),
    path("consent/purposes/new/", types.edit_purpose, name="purpose_new"),
    path("consent/purposes/<int:pk>/", types.edit_purpose, name="purpose"),
]
