"""The administrator's view of people, companies, lists and imports: fast also with a million rows."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from recipients import people
from recipients.models import (
    Change,
    Company,
    CompanyAddress,
    CompanyInterest,
    CompanyPhone,
    CustomField,
    EmailAddress,
    Import,
    ImportedChange,
    Interest,
    Merge,
    Person,
    PersonInterest,
    PersonPhone,
    PersonSearch,
    Project,
    ProjectMember,
    RejectedRow,
    Selection,
    SelectionMember,
    Task,
)


class Large(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when running
    """A table that may be large: no count of everything, no list of all people to choose from."""

    show_full_result_count = False
    list_per_page = 50


class EmailAddressInline(admin.TabularInline):  # type: ignore[type-arg]
    model = EmailAddress
    extra = 0


class PhoneInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PersonPhone
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
    raw_id_fields = ("our_contact", "support_contact")
    inlines = (EmailAddressInline, PhoneInline)
    ordering = ("sort_name", "id")

    def save_related(self, request: HttpRequest, form: object, formsets: object, change: bool) -> None:  # noqa: FBT001
        super().save_related(request, form, formsets, change)
        people.index([form.instance.pk])  # type: ignore[attr-defined]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Person], search_term: str
    ) -> tuple[QuerySet[Person], bool]:
        return queryset & Person.objects.matching(search_term), False


@admin.register(PersonPhone)
class PersonPhoneAdmin(Large):
    list_display = ("number", "kind", "person", "rank")
    list_select_related = ("person",)
    raw_id_fields = ("person",)
    search_fields = ("number__startswith",)


@admin.register(CompanyAddress)
class CompanyAddressAdmin(Large):
    list_display = ("address", "company", "rank")
    list_select_related = ("company",)
    raw_id_fields = ("company",)
    search_fields = ("address__startswith",)


@admin.register(CompanyPhone)
class CompanyPhoneAdmin(Large):
    list_display = ("number", "kind", "company", "rank")
    list_select_related = ("company",)
    raw_id_fields = ("company",)


@admin.register(Interest)
class InterestAdmin(Large):
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(PersonInterest)
class PersonInterestAdmin(Large):
    list_display = ("interest", "person", "added_at")
    list_select_related = ("interest", "person")
    raw_id_fields = ("person",)


@admin.register(CompanyInterest)
class CompanyInterestAdmin(Large):
    list_display = ("interest", "company", "added_at")
    list_select_related = ("interest", "company")
    raw_id_fields = ("company",)


@admin.register(CustomField)
class CustomFieldAdmin(Large):
    list_display = ("name", "of", "kind", "key")
    list_filter = ("of",)
    ordering = ("of", "position", "id")

    def get_readonly_fields(self, request: HttpRequest, obj: CustomField | None = None) -> tuple[str, ...]:
        return ("of", "kind", "key") if obj else ()  # values are kept by them


@admin.register(Task)
class TaskAdmin(Large):
    list_display = ("title", "kind", "due_on", "assignee", "done_at")
    list_select_related = ("assignee",)
    list_filter = ("kind",)
    raw_id_fields = ("assignee", "person", "company", "project", "done_by", "created_by")
    search_fields = ("title",)


class History(Large):
    """What happened is read, never written."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Change)
class ChangeAdmin(History):
    list_display = ("at", "source", "person", "company", "by")
    list_select_related = ("person", "company", "by")
    ordering = ("-id",)


@admin.register(Merge)
class MergeAdmin(History):
    list_display = ("at", "name", "kept", "by")
    list_select_related = ("kept", "by")
    ordering = ("-id",)


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
