"""The administrator's view of consent. The ledger can be read, never written: that is done by steps, with evidence."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from consent.models import (
    Annulment,
    Confirmation,
    ConsentDetail,
    ConsentEvent,
    EvidenceFile,
    Export,
    Ground,
    LegalBasis,
    OptOutKey,
    PrivacyMail,
    PrivacyNotice,
    Purpose,
    RuleVersion,
    Standing,
    SubjectRequest,
    SubscriptionType,
    Suppression,
)


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


class DetailInline(admin.StackedInline):  # type: ignore[type-arg]
    model = ConsentDetail
    can_delete = False
    exclude = ("salt", "fingerprint")


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnly):
    list_display = ("id", "act", "source", "kind", "channel", "subscription_type", "recorded_at", "actor")
    list_filter = ("act", "source", "kind", "channel")
    list_select_related = ("subscription_type",)
    search_fields = ("=detail__address",)
    exclude = ("commitment", "previous", "hash")
    inlines = (DetailInline,)
    ordering = ("-id",)


@admin.register(ConsentDetail)
class ConsentDetailAdmin(ReadOnly):
    list_display = ("event_id", "address", "language", "ip")
    search_fields = ("=address",)
    exclude = ("salt", "fingerprint")
    ordering = ("-event_id",)


@admin.register(Export)
class ExportAdmin(ReadOnly):
    list_display = ("at", "by", "what", "name", "form", "rows")
    list_filter = ("what", "form")
    list_select_related = ("by",)
    ordering = ("-id",)


@admin.register(Annulment)
class AnnulmentAdmin(ReadOnly):
    list_display = ("event_id", "by")
    ordering = ("-event_id",)


@admin.register(Standing)
class StandingAdmin(ReadOnly):
    list_display = ("address", "purpose", "subscription_type", "explicit_until", "confirmed_until", "withdrawn_at")
    list_select_related = ("purpose", "subscription_type")
    search_fields = ("=address",)
    ordering = ("-id",)


@admin.register(Ground)
class GroundAdmin(ReadOnly):
    list_display = ("address", "source", "is_soft", "until", "purpose", "subscription_type")
    list_filter = ("source",)
    list_select_related = ("purpose", "subscription_type")
    search_fields = ("=address",)
    ordering = ("-id",)


@admin.register(Suppression)
class SuppressionAdmin(ReadOnly):
    list_display = ("address", "reason", "subscription_type", "created_at", "actor", "released_at")
    list_filter = ("reason", "channel")
    list_select_related = ("subscription_type",)
    search_fields = ("address",)
    ordering = ("-id",)


@admin.register(OptOutKey)
class OptOutKeyAdmin(ReadOnly):
    list_display = ("address", "channel")
    search_fields = ("=address",)
    exclude = ("key",)  # who has it may unsubscribe the address
    ordering = ("-id",)


class TypeInline(admin.TabularInline):  # type: ignore[type-arg]
    model = SubscriptionType
    extra = 0
    fields = ("code", "name_en", "name_nl", "is_active")


@admin.register(Purpose)
class PurposeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name_en", "name_nl", "code", "is_active")
    inlines = (TypeInline,)
    ordering = ("id",)


@admin.register(SubscriptionType)
class SubscriptionTypeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name_en", "name_nl", "code", "purpose", "is_active")
    list_select_related = ("purpose",)
    ordering = ("id",)


@admin.register(RuleVersion)
class RuleVersionAdmin(ReadOnly):
    list_display = ("key", "note", "changed_by", "changed_at")
    list_select_related = ("changed_by",)
    ordering = ("-id",)


@admin.register(Confirmation)
class ConfirmationAdmin(ReadOnly):
    list_display = ("address", "source", "language", "actor")
    search_fields = ("=address",)
    exclude = ("key",)  # who has it may confirm for the address
    ordering = ("-id",)


@admin.register(PrivacyMail)
class PrivacyMailAdmin(ReadOnly):
    list_display = ("id", "address", "actor", "asked_at", "sent_at")
    ordering = ("-id",)


@admin.register(SubjectRequest)
class SubjectRequestAdmin(ReadOnly):
    list_display = ("id", "asked_at", "due_on", "actor", "identified_at", "erased_at", "closed_at")
    exclude = ("key",)  # who has it may see and erase the person's data
    ordering = ("-id",)


@admin.register(LegalBasis)
class LegalBasisAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name_en", "name_nl", "code", "is_active")
    readonly_fields = ("code",)  # the ledger keeps it
    ordering = ("id",)


@admin.register(PrivacyNotice)
class PrivacyNoticeAdmin(ReadOnly):
    list_display = ("version", "controller", "created_at", "created_by")
    list_select_related = ("created_by",)
    ordering = ("-id",)


@admin.register(EvidenceFile)
class EvidenceFileAdmin(ReadOnly):
    list_display = ("file_name", "content_type", "size", "created_at")
    exclude = ("file",)
    ordering = ("-id",)
