"""Addresses of forms: `/f/…` for visitors, `/forms/…` for colleagues."""

from django.urls import path

from forms.views import builder, form, library, public, submissions

app_name = "webforms"
urlpatterns = [
    path("f/embed.js", public.script, name="script"),
    path("f/<str:key>/", public.page, name="page"),
    path("f/<str:key>/style.css", public.style, name="style"),
    path("f/<str:key>/sum/", public.challenge, name="challenge"),
    path("f/<str:key>/noted/", public.noted, name="noted"),
    path("f/<str:key>/api/", public.api, name="api"),
    path("forms/", library.index, name="list"),
    path("forms/new/", library.new, name="new"),
    path("forms/<int:pk>/", form.summary, name="form"),
    path("forms/<int:pk>/copy/", library.copy, name="copy"),
    path("forms/<int:pk>/away/", library.put_away, name="put_away"),
    path("forms/<int:pk>/fields/", builder.build, name="build"),
    path("forms/<int:pk>/fields/preview/", builder.preview, name="preview"),
    path("forms/<int:pk>/fields/languages/", builder.languages, name="languages"),
    path("forms/<int:pk>/open/", builder.publish, name="publish_now"),
    path("forms/<int:pk>/close/", builder.close, name="close"),
    path("forms/<int:pk>/publish/", form.publish, name="publish"),
    path("forms/<int:pk>/statistics/", form.figures, name="statistics"),
    path("forms/<int:pk>/settings/", form.settings, name="settings"),
    path("forms/<int:pk>/settings/actions/", form.act, name="act"),
    path("forms/<int:pk>/answers/", submissions.of_form, name="submissions"),
    path("forms/<int:pk>/answers/export/", submissions.export, name="answers_export"),
    path("forms/of/project/<int:pk>/", library.of_project, name="of_project"),
    path("forms/<int:pk>/answers/bulk/", submissions.bulk, name="bulk"),
    path("forms/answers/<int:pk>/", submissions.one, name="submission"),
    path("forms/answers/<int:pk>/process/", submissions.process, name="process"),
    path("forms/proposals/<int:pk>/", submissions.decide, name="decide"),
    path("forms/files/<int:pk>/", submissions.file, name="file"),
]
