"""The administrator's view of people, companies, lists and imports: fast also with a million rows."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from recipients import people
from recipients.models import (
    Company,
    EmailAddress,
    Import,
    ImportedChange,
    Person,
    PersonSearch,
    Project,
    ProjectMember,
    RejectedRow,
    Selection,
    SelectionMember,
)


class Large(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when running
    """A table that may be large: no count of everything, no list of all people to choose from."""

    show_full_result_count = False
    list_per_page = 50


class EmailAddressInline(admin.TabularInline):  # type: ignore[type-arg]
    model = EmailAddress
    extra = 0


@admin.register(Company)
class CompanyAdmin(Large):
    list_display = ("name", "city", "country")
    search_fields = ("name",)
    ordering = ("name",)

    def save_model(self, request: HttpRequest, obj: Company, form: object, change: bool) -> None:  # noqa: FBT001 (Django's own)
        people.rename_company(obj)


@admin.register(Person)
class PersonAdmin(Large):
    list_display = ("__str__", "company", "title", "language", "country", "created_at")
    list_select_related = ("company",)
    list_filter = ("is_former_employee", "language")
    search_fields = ("search__text",)
    autocomplete_fields = ("company",)
    raw_id_fields = ("our_contact",)
    inlines = (EmailAddressInline,)
    ordering = ("last_name", "first_name", "id")

    def save_related(self, request: HttpRequest, form: object, formsets: object, change: bool) -> None:  # noqa: FBT001
        super().save_related(request, form, formsets, change)
        people.index([form.instance.pk])  # type: ignore[attr-defined]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Person], search_term: str
    ) -> tuple[QuerySet[Person], bool]:
        return queryset & Person.objects.matching(search_term), False


@admin.register(EmailAddress)
class EmailAddressAdmin(Large):
    list_display = ("address", "person", "rank")
    list_select_related = ("person",)
    raw_id_fields = ("person",)
    search_fields = ("address__startswith",)
    ordering = ("address", "id")


@admin.register(Selection)
class SelectionAdmin(Large):
    list_display = ("name", "kind", "created_at", "created_by")
    list_select_related = ("created_by",)
    raw_id_fields = ("created_by",)
    search_fields = ("name",)


@admin.register(Project)
class ProjectAdmin(Large):
    list_display = ("name", "status", "starts_on", "ends_on", "created_by")
    list_select_related = ("created_by",)
    list_filter = ("status",)
    raw_id_fields = ("created_by",)
    search_fields = ("name",)


@admin.register(SelectionMember)
class SelectionMemberAdmin(Large):
    list_display = ("selection", "person", "added_at")
    list_select_related = ("selection", "person")
    autocomplete_fields: ClassVar = ("selection",)
    raw_id_fields = ("person",)


@admin.register(ProjectMember)
class ProjectMemberAdmin(Large):
    list_display = ("project", "person", "added_at")
    list_select_related = ("project", "person")
    autocomplete_fields: ClassVar = ("project",)
    raw_id_fields = ("person",)


@admin.register(Import)
class ImportAdmin(Large):
    list_display = ("file_name", "state", "source", "total", "created", "rejected", "created_at", "created_by")
    list_select_related = ("created_by",)
    list_filter = ("state",)
    raw_id_fields = ("created_by", "selection")
    search_fields = ("file_name",)


@admin.register(ImportedChange)
class ImportedChangeAdmin(Large):
    list_display = ("importing", "person", "before", "after", "addresses")
    list_select_related = ("importing", "person")
    raw_id_fields = ("importing", "person")


@admin.register(PersonSearch)
class PersonSearchAdmin(Large):
    list_display = ("person", "text")
    list_select_related = ("person",)
    raw_id_fields = ("person",)


@admin.register(RejectedRow)
class RejectedRowAdmin(Large):
    list_display = ("importing", "row", "reason")
    list_select_related = ("importing",)
    raw_id_fields = ("importing",)


admin.site.site_header = "Postduif"
admin.site.site_title = "Postduif"
admin.site.index_title = _("Administration")
