"""The journal in the Django admin: to look at, never to change."""

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tracking import bounces
from tracking.models import (
    Act,
    Event,
    Hook,
    InboundMail,
    LibraryLink,
    Link,
    LinkAction,
    LookedAt,
    Mailbox,
    Position,
    SoftBounce,
)


class UpToTenThousand(Paginator):  # type: ignore[type-arg]  # not subscriptable when running
    """Counting millions of rows for a page number takes seconds, and nobody goes to page 20,000."""

    @cached_property
    def count(self) -> int:
        return int(self.object_list.order_by()[:10_000].count())  # type: ignore[attr-defined]


class OnlyLook(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that no hand changes."""

    paginator = UpToTenThousand
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(OnlyLook):
    list_display = ["at", "kind", "mailing", "message", "link", "is_machine", "category"]
    list_filter = ["kind", "is_machine"]
    search_fields = ["=message", "=mailing"]
    ordering = ["-id"]


@admin.register(Link)
class LinkAdmin(OnlyLook):
    list_display = ["mailing", "number", "name", "url"]
    search_fields = ["name", "url"]
    ordering = ["-mailing", "number"]


@admin.register(InboundMail)
class InboundMailAdmin(OnlyLook):
    list_display = ["received_at", "kind", "rcpt_to", "message", "problem"]
    list_filter = ["kind"]
    search_fields = ["=message"]
    exclude = ["raw"]
    readonly_fields = ["readable"]
    ordering = ["-id"]

    @admin.display(description=_("the mail"))
    def readable(self, mail: InboundMail) -> SafeString:
        return format_html("<pre>{}</pre>", bounces.readable(bytes(mail.raw)))


@admin.register(Position)
class PositionAdmin(OnlyLook):
    list_display = ["file", "bytes"]
    ordering = ["file"]


@admin.register(SoftBounce)
class SoftBounceAdmin(OnlyLook):
    list_display = ("__str__",)
    ordering = ("-id",)


@admin.register(Hook)
class HookAdmin(OnlyLook):
    list_display = ["name", "provider", "is_active", "taken", "last_at", "problem"]
    exclude = ["password", "signing_key"]
    ordering = ["pk"]


@admin.register(Mailbox)
class MailboxAdmin(OnlyLook):
    list_display = ["name", "protocol", "host", "is_active", "taken", "last_at", "problem"]
    exclude = ["password"]
    ordering = ["pk"]


@admin.register(LookedAt)
class LookedAtAdmin(OnlyLook):
    list_display = ["mailbox", "uid"]
    ordering = ["-id"]


@admin.register(LibraryLink)
class LibraryLinkAdmin(OnlyLook):
    list_display = ["name", "response", "url", "archived_at"]
    search_fields = ["name", "url"]
    ordering = ["name"]


@admin.register(LinkAction)
class LinkActionAdmin(OnlyLook):
    list_display = ["link", "does", "detail"]
    ordering = ["-id"]


@admin.register(Act)
class ActAdmin(OnlyLook):
    list_display = ["clicked_at", "action", "person", "state", "problem"]
    list_filter = ["state"]
    raw_id_fields = ["person"]
    ordering = ["-id"]
