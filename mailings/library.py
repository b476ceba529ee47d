"""The mailings we keep: making, duplicating, archiving, and the list of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, Count, F, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from mailings import attachments, editions
from mailings.letters import making
from mailings.models import Counts, Mailing, Source
from mailings.rendering.writing import readable

Status = Mailing.Status

# the tabs of the Mailings page, in order, and what each holds
TABS = {
    "all": (gettext_lazy("All"), tuple(Status.values)),
    "draft": (gettext_lazy("Draft"), (Status.DRAFT,)),
    "planned": (gettext_lazy("Planned"), (Status.SCHEDULED, Status.APPROVAL)),
    "sending": (pgettext_lazy("mailing", "Sending"), (Status.SENDING, Status.PAUSED)),
    "sent": (gettext_lazy("Sent"), (Status.SENT,)),
    "cancelled": (gettext_lazy("Cancelled"), (Status.CANCELLED,)),
}
BUSY = (Status.APPROVAL, Status.SCHEDULED, Status.SENDING, Status.PAUSED)
COPIED = (
    "type",
    "message_class",
    "folder",
    "subject",
    "preheader",
    "from_name",
    "from_address",
    "reply_to",
    "from_whose",
    "reply_whose",
    "subscription_type",
    "selection",
    "project",
    "track_opens",
    "track_clicks",
    *Mailing.CAMPAIGN,
    "content",
    "letter",
    "one_per_address",
    "refresh_at_start",
    "both_links",
    "include_companies",
    "prefer_company",
    "evergreen",
    "window",
    "account",
)


class CannotArchive(Exception):
    """The mailing is on its way; fit to show."""


@dataclass(frozen=True)
class Tab:
    code: str
    label: str
    count: int


@dataclass(frozen=True)
class Row:
    """A mailing as a list shows it. Figures are None until there are any."""

    mailing: Mailing
    at: datetime  # when it was or will be sent; of a draft, when it was last edited
    counts: Counts | None

    @property
    def subject(self) -> str:
        has_none = self.mailing.is_text or self.mailing.type == Mailing.Type.DOCUMENT
        return str(self.mailing.get_type_display()) if has_none else readable(self.mailing.subject)

    @property
    def total(self) -> int | None:
        return sum(self.counts.states.values()) if self.counts and self.counts.states else None

    @property
    def base(self) -> int:
        """What shares are shares of: delivered, or sent as long as nothing else is known."""
        return (self.counts.delivered or self.counts.states.get("sent", 0)) if self.counts else 0


@dataclass(frozen=True)
class Page:
    rows: Sequence[Row]
    after: str  # give it back to see the next page; empty on the last one


@transaction.atomic
def new(
    *, name: str, by: User, kind: str = Mailing.Type.EMAIL, selection: int | None = None, project: int | None = None
) -> Mailing:
    """Make a draft from the house's own sender; the people of a selection or project become its recipients."""
    mailing = Mailing.objects.create(
        type=kind,
        message_class="form_response" if kind == Mailing.Type.RESPONSE else "marketing",
        one_per_address=kind != Mailing.Type.DOCUMENT,
        letter=making.frame_of_house() if kind == Mailing.Type.DOCUMENT else {},
        name=name,
        from_name=settings.SENDER_NAME,
        from_address=settings.SENDER_ADDRESS,
        selection_id=selection,
        project_id=project,
        created_by=by,
    )
    if selection:
        Source.objects.create(mailing=mailing, selection_id=selection)
    elif project:
        Source.objects.create(mailing=mailing, project_id=project)
    return mailing


@transaction.atomic
def duplicate(mailing: Mailing, *, by: User) -> Mailing:
    """Make a draft with the same settings, content and sources."""
    kept = {field: getattr(mailing, field) for field in COPIED}
    name = _("Copy of %(name)s") % {"name": mailing.name}
    copy = Mailing.objects.create(name=name[: Mailing._meta.get_field("name").max_length], created_by=by, **kept)
    sources = mailing.sources.values("selection", "project", "person", "importing").order_by("pk")
    Source.objects.bulk_create(
        Source(mailing=copy, **{f"{column}_id": number for column, number in row.items()}) for row in sources
    )
    editions.copy(mailing, copy)
    attachments.copy(mailing, copy)
    return copy


def archive(mailing: Mailing, *, now: datetime) -> None:
    """Put a mailing out of sight. Raises CannotArchive while it is planned or being sent."""
    moved = Mailing.objects.filter(pk=mailing.pk).exclude(status__in=BUSY).update(archived_at=now)
    if not moved:
        text = _("“%(name)s” is planned or being sent. Cancel it first.")
        raise CannotArchive(text % {"name": mailing.name})


def restore(mailing: Mailing) -> None:
    """Take a mailing back out of the archive."""
    Mailing.objects.filter(pk=mailing.pk).update(archived_at=None)


def folders() -> list[str]:
    """Name the folders that something is in."""
    return list(Mailing.objects.exclude(folder="").order_by("folder").values_list("folder", flat=True).distinct())


def tabs(kept: QuerySet[Mailing]) -> list[Tab]:
    """Count the mailings under each tab, in one query."""
    here = Q(archived_at=None)
    counted = kept.aggregate(
        archived=Count("pk", filter=~here),
        **{code: Count("pk", filter=here & Q(status__in=states)) for code, (_label, states) in TABS.items()},
    )
    shown = [Tab(code, str(label), counted[code]) for code, (label, _states) in TABS.items()]
    return [*shown, Tab("archived", _("Archived"), counted["archived"])]


def under(tab: str, kept: QuerySet[Mailing]) -> QuerySet[Mailing]:
    """Give the mailings under a tab."""
    if tab == "archived":
        return kept.exclude(archived_at=None)
    _label, states = TABS.get(tab, TABS["all"])
    return kept.filter(archived_at=None, status__in=states)


def matching(words: str) -> QuerySet[Mailing]:
    """Give the mailings with these words in name, subject or sender."""
    found = Q()
    for word in words.split():
        found &= (
            Q(name__icontains=word)
            | Q(subject__icontains=word)
            | Q(from_name__icontains=word)
            | Q(from_address__icontains=word)
        )
    return Mailing.objects.filter(found)


def page(kept: QuerySet[Mailing], *, after: str = "", limit: int = 50) -> Page:
    """Give one page of mailings, the one that matters last on top; drafts count from their last edit."""
    rows = kept.annotate(
        at=Case(
            When(status=Status.DRAFT, then=F("updated_at")),
            default=Coalesce("started_at", "send_at", "updated_at"),
        )
    )
    if place := _read(after):
        moment, number = place
        rows = rows.filter(Q(at__lt=moment) | Q(at=moment, pk__lt=number))
    found = list(
        rows.select_related("counts", "created_by")
        .defer("content", "compiled", "compiled_unseen")
        .order_by("-at", "-pk")[: limit + 1]
    )
    listed = [Row(mailing, mailing.at, getattr(mailing, "counts", None)) for mailing in found]
    last = listed[limit - 1] if len(found) > limit else None
    return Page(listed[:limit], f"{last.at.isoformat()}_{last.mailing.pk}" if last else "")


def _read(after: str) -> tuple[datetime, int] | None:
    moment, _separator, number = after.rpartition("_")
    try:
        return datetime.fromisoformat(moment), int(number)
    except ValueError:
        return None
