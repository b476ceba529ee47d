"""Addresses of forms: `/f/…` for visitors, `/forms/…` for colleagues."""

from django.urls import include, path

from forms.views import builder, form, library, public, submissions

app_name = "webforms"
of_visitors = [
    path("embed.js", public.script, name="script"),
    path("<str:key>/", public.page, name="page"),
    path("<str:key>/style.css", public.style, name="style"),
    path("<str:key>/sum/", public.challenge, name="challenge"),
    path("<str:key>/noted/", public.noted, name="noted"),
    path("<str:key>/api/", public.api, name="api"),
]
of_colleagues = [
    path("", library.index, name="list"),
    path("new/", library.new, name="new"),
    path("<int:pk>/", form.summary, name="form"),
    path("<int:pk>/copy/", library.copy, name="copy"),
    path("<int:pk>/away/", library.put_away, name="put_away"),
    path("<int:pk>/fields/", builder.build, name="build"),
    path("<int:pk>/fields/preview/", builder.preview, name="preview"),
    path("<int:pk>/fields/languages/", builder.languages, name="languages"),
    path("<int:pk>/open/", builder.publish, name="publish_now"),
    path("<int:pk>/close/", builder.close, name="close"),
    path("<int:pk>/publish/", form.publish, name="publish"),
    path("<int:pk>/statistics/", form.figures, name="statistics"),
    path("<int:pk>/settings/", form.settings, name="settings"),
    path("<int:pk>/settings/actions/", form.act, name="act"),
    path("<int:pk>/answers/", submissions.of_form, name="submissions"),
    path("<int:pk>/answers/export/", submissions.export, name="answers_export"),
    path("of/project/<int:pk>/", library.of_project, name="of_project"),
    path("<int:pk>/answers/bulk/", submissions.bulk, name="bulk"),
    path("answers/<int:pk>/", submissions.one, name="submission"),
    path("answers/<int:pk>/process/", submissions.process, name="process"),
    path("proposals/<int:pk>/", submissions.decide, name="decide"),
    path("files/<int:pk>/", submissions.file, name="file"),
]
urlpatterns = [path("f/", include(of_visitors)), path("forms/", include(of_colleagues))]
