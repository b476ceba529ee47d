"""The administrator's view of mailings and what hangs on them. To look, not to tinker: states move in their own modules."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from mailings.letters.models import LetterFile, PrintRun
from mailings.material.models import Brand, Picture, SavedBlock, Template
from mailings.models import (
    Attachment,
    Breakdown,
    Chunk,
    ContentVersion,
    Counts,
    DkimKey,
    DomainTally,
    GroupLimit,
    Guest,
    Handling,
    Happening,
    HourCount,
    LinkCount,
    MailDomain,
    Mailing,
    Message,
    Override,
    PersonalMail,
    Restraint,
    SendingAccount,
    SendingDomain,
    SendingPolicy,
    Source,
    Tally,
    TextError,
    TextPrice,
    TextReply,
    Trial,
    Unengaged,
)
from mailings.texterrors import Meaning


class Estimate(Paginator):  # type: ignore[type-arg]  # not subscriptable when running
    """Pages over a table too large to count: an unfiltered list takes PostgreSQL's own estimate."""

    COUNTED = 10_000

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Model]", self.object_list)
        if not rows.query.where:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [rows.model._meta.db_table]
                )
                estimate = int(cursor.fetchone()[0])
            if estimate > self.COUNTED:
                return estimate
        return rows.count()


class Large(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when running
    """A table of up to millions of rows that the product itself writes."""

    show_full_result_count = False
    paginator = Estimate
    list_per_page = 50
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class SourceInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Source
    extra = 0
    raw_id_fields = ("selection", "project", "person", "importing")


@admin.register(Mailing)
class MailingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "type", "status", "subject", "started_at", "created_by")
    list_filter = ("status", "type", "subscription_type")
    list_select_related = ("created_by",)
    search_fields = ("name", "subject", "from_address")
    raw_id_fields = ("selection", "project", "created_by")
    readonly_fields = (
        "status",
        "content_version",
        "aside",
        "compiled",
        "frozen_at",
        "started_at",
        "finished_at",
        "rests_until",
        "rests_because",
        "asked_by",
        "approved_by",
        "approved_at",
        "tripped",
    )
    inlines = (SourceInline,)
    actions = None  # deleting many at once would not ask has_delete_permission for each
    show_full_result_count = False
    ordering = ("-pk",)

    def has_delete_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        """What was sent is history: it is archived, not deleted."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.frozen_at is None)


@admin.register(ContentVersion)
class ContentVersionAdmin(Large):
    list_display = ("at", "mailing", "by", "subject")
    list_select_related = ("mailing", "by")


@admin.register(Picture)
class PictureAdmin(Large):
    list_display = ("title", "alt", "width", "height", "size", "added_at", "by", "archived_at")
    list_select_related = ("by",)


@admin.register(SavedBlock, Template)
class NamedAdmin(Large):
    list_display = ("name", "at", "by")
    list_select_related = ("by",)


@admin.register(Brand)
class BrandAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("accent", "font", "logo", "website")
    list_select_related = ("logo",)


@admin.register(Source)
class SourceAdmin(Large):
    list_display = ("mailing", "selection", "project", "person", "importing")
    list_select_related = ("mailing", "selection", "project", "person", "importing")


@admin.register(Trial)
class TrialAdmin(Large):
    list_display = ("mailing", "about", "share", "hours", "judge", "otherwise", "ends_at", "decided_at", "winner")
    list_select_related = ("mailing",)


@admin.register(Attachment)
class AttachmentAdmin(Large):
    list_display = ("name", "mailing", "kind", "size", "scanned_at", "added_at", "added_by")
    list_select_related = ("mailing", "added_by")


@admin.register(Guest)
class GuestAdmin(Large):
    list_display = ("mailing", "address", "first_name", "last_name")
    list_select_related = ("mailing",)
    search_fields = ("=address",)


@admin.register(Message)
class MessageAdmin(Large):
    list_display = ("pk", "mailing", "address", "state", "reason", "sent_at", "opened_at", "clicked_at", "bounced_at")
    list_select_related = ("mailing",)
    search_fields = ("=address", "=pk")
    search_help_text = _("A whole address, or the number of a message")


@admin.register(Chunk)
class ChunkAdmin(Large):
    list_display = ("pk", "mailing", "first", "last", "state", "owner", "lease_until", "attempts")
    list_select_related = ("mailing",)
    list_filter = ("state",)


@admin.register(Tally)
class TallyAdmin(Large):
    list_display = ("mailing", "at", "held", "pending", "sent", "deferred", "failed", "unknown", "cancelled")
    list_select_related = ("mailing",)


@admin.register(Happening)
class HappeningAdmin(Large):
    list_display = ("at", "mailing", "kind", "by")
    list_select_related = ("mailing", "by")


@admin.register(Counts)
class CountsAdmin(Large):
    list_display = (
        "mailing",
        "delivered",
        "opened",
        "clicked",
        "bounced",
        "complained",
        "unsubscribed",
        "refreshed_at",
    )
    list_select_related = ("mailing",)


@admin.register(LinkCount)
class LinkCountAdmin(Large):
    list_display = ("mailing", "number", "human", "machine", "people")
    list_select_related = ("mailing",)


@admin.register(HourCount)
class HourCountAdmin(Large):
    list_display = ("mailing", "kind", "hour", "human", "machine")
    list_select_related = ("mailing",)


@admin.register(Handling)
class HandlingAdmin(Large):
    list_display = ("at", "act", "address", "new_address", "by", "undone_at")
    list_select_related = ("by",)
    search_fields = ("=address",)


@admin.register(DomainTally)
class DomainTallyAdmin(Large):
    list_display = ("mailing", "domain", "people", "sent", "deferred", "failed", "refused")
    list_select_related = ("mailing",)


@admin.register(SendingAccount)
class SendingAccountAdmin(Large):
    """To look: an account is made and changed on its own page, where its secret is sealed."""

    list_display = ("name", "kind", "is_default", "is_active", "per_minute", "per_day")
    exclude = ("secret",)


@admin.register(GroupLimit)
class GroupLimitAdmin(Large):
    list_display = ("account", "group", "per_minute", "learned", "lowered_at")
    list_select_related = ("account",)


@admin.register(MailDomain)
class MailDomainAdmin(Large):
    list_display = ("domain", "group", "looked_up_at")
    search_fields = ("=domain",)
    ordering = ("domain",)


@admin.register(SendingPolicy)
class SendingPolicyAdmin(Large):
    list_display = ("undo_seconds", "approval_from", "per_minute", "bounce_percent", "complaint_percent")


@admin.register(SendingDomain)
class SendingDomainAdmin(Large):
    """To look; keys are made and used under Settings."""

    list_display = ("name", "created_at", "checked_at")
    search_fields = ("name",)


@admin.register(DkimKey)
class DkimKeyAdmin(Large):
    list_display = ("selector", "domain", "algorithm", "status", "made_at", "signs_since", "retired_at")
    list_filter = ("status", "algorithm")
    exclude = ("private",)


@admin.register(Breakdown)
class BreakdownAdmin(Large):
    """To look; the beat counts them."""

    list_display = ("mailing", "counted_at", "is_old")


@admin.register(Override)
class OverrideAdmin(Large):
    list_display = ("mailing", "state", "reason", "asked_by", "asked_at", "decided_by", "decided_at")
    list_filter = ("state",)


@admin.register(Restraint)
class RestraintAdmin(Large):
    list_display = ("most", "days", "sunset", "never", "since", "note", "changed_by", "changed_at")


@admin.register(Unengaged)
class UnengagedAdmin(Large):
    list_display = ("person",)


@admin.register(PersonalMail)
class PersonalMailAdmin(Large):
    list_display = ("address", "subject", "state", "by", "created_at", "sent_at")
    list_filter = ("state",)


@admin.register(PrintRun)
class PrintRunAdmin(Large):
    list_display = ("mailing", "first", "letters", "pages", "at")
    list_select_related = ("mailing",)
    exclude = ("pdf",)


@admin.register(LetterFile)
class LetterFileAdmin(Large):
    list_display = ("digest", "at")
    exclude = ("docx",)


@admin.register(TextError)
class TextErrorAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("code", "meaning")
    fields = ("code", "meaning")

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        if db_field.name == "meaning":
            return forms.ChoiceField(label=db_field.verbose_name, choices=Meaning.choices)
        return super().formfield_for_dbfield(db_field, request, **options)


@admin.register(TextPrice)
class TextPriceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("country", "price")


@admin.register(TextReply)
class TextReplyAdmin(Large):
    list_display = ("number", "to", "meaning", "at", "account")
    list_filter = ("meaning",)
