"""The administrator's view of forms. Versions and submissions can be read, never written."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from forms.models import Count, File, Form, Outcome, Proposal, Reach, Submission, Version


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when running
    """A table that may be looked at; it may be large, so nothing is counted."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Form)
class FormAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "folder", "status", "processing", "source")
    list_filter = ("status", "processing", "source")
    search_fields = ("name", "key")
    readonly_fields = (
        "key",
        "status",
        "published",
        "draft",
        "draft_version",
        "draft_saved_at",
        "created_by",
        "actions",
    )
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Version)
class VersionAdmin(ReadOnly):
    list_display = ("form", "number", "published_at", "published_by")
    list_select_related = ("form", "published_by")


@admin.register(Submission)
class SubmissionAdmin(ReadOnly):
    list_display = ("id", "form", "address", "state", "submitted_at")
    list_filter = ("state",)
    list_select_related = ("form",)
    search_fields = ("=address",)
    exclude = ("nonce",)


@admin.register(File)
class FileAdmin(ReadOnly):
    list_display = ("submission_id", "name", "size")


@admin.register(Proposal)
class ProposalAdmin(ReadOnly):
    list_display = ("submission_id", "field", "state", "decided_at")
    list_filter = ("state",)


@admin.register(Outcome)
class OutcomeAdmin(ReadOnly):
    list_display = ("submission_id", "number", "kind", "state", "said")
    list_filter = ("state", "kind")


@admin.register(Count)
class CountAdmin(ReadOnly):
    list_display = ("form_id", "day", "embed", "source", "views", "starts", "completions")


@admin.register(Reach)
class ReachAdmin(ReadOnly):
    list_display = ("form_id", "field", "visitors")
