"""Addresses of recipients."""

from django.urls import path

from recipients.views import blocklists, companies, criteria, imports, people, projects, search, selections

app_name = "recipients"
urlpatterns = [
    path("search/", search.search, name="search"),
    path("people/", people.index, name="people"),
    path("people/new/", people.new, name="person_new"),
    path("people/add/", people.add_to, name="people_add"),
    path("people/companies/", people.company_names, name="company_names"),
    path("consent/suppressions/import/", blocklists.take_over, name="block_list"),
    path("people/import/", imports.new, name="import_new"),
    path("people/import/<int:pk>/", imports.detail, name="import"),
    path("people/import/<int:pk>/look/", imports.look, name="import_look"),
    path("people/import/<int:pk>/sheet/", imports.sheet, name="import_sheet"),
    path("people/import/<int:pk>/discard/", imports.discard, name="import_discard"),
    path("people/import/<int:pk>/live/", imports.live, name="import_live"),
    path("people/import/<int:pk>/cancel/", imports.cancel, name="import_cancel"),
    path("people/import/<int:pk>/rejected/", imports.rejected, name="import_rejected"),
    path("people/<int:pk>/", people.card, name="person"),
    path("people/<int:pk>/edit/", people.edit, name="person_edit"),
    path("companies/", companies.index, name="companies"),
    path("companies/new/", companies.new, name="company_new"),
    path("companies/<int:pk>/", companies.card, name="company"),
    path("companies/<int:pk>/edit/", companies.edit, name="company_edit"),
    path("selections/", selections.index, name="selections"),
    path("selections/new/", selections.new, name="selection_new"),
    path("selections/<int:pk>/", selections.card, name="selection"),
    path("selections/<int:pk>/edit/", selections.edit, name="selection_edit"),
    path("selections/<int:pk>/criteria/", criteria.build, name="selection_criteria"),
    path("selections/<int:pk>/criteria/count/", criteria.count, name="selection_count"),
    path("selections/<int:pk>/criteria/discard/", criteria.discard, name="selection_discard"),
    path("selections/<int:pk>/evaluate/", criteria.evaluate, name="selection_evaluate"),
    path("selections/<int:pk>/why/", criteria.why, name="selection_why"),
    path("selections/<int:pk>/offer/", selections.offer, name="selection_offer"),
    path("selections/<int:pk>/add/", selections.add, name="selection_add"),
    path("selections/<int:pk>/remove/", selections.remove, name="selection_remove"),
    path("projects/", projects.index, name="projects"),
    path("projects/new/", projects.new, name="project_new"),
    path("projects/<int:pk>/", projects.card, name="project"),
    path("projects/<int:pk>/edit/", projects.edit, name="project_edit"),
    path("projects/<int:pk>/offer/", projects.offer, name="project_offer"),
    path("projects/<int:pk>/add/", projects.add, name="project_add"),
    path("projects/<int:pk>/remove/", projects.remove, name="project_remove"),
]
