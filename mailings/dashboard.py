"""What the first page tells: on its way, to do, sent, planned, and how healthy the addresses are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, IntegerField, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from consent.models import Suppression
from mailings.library import Row
from mailings.models import Counts, Mailing, Message, Tally
from recipients import paging
from recipients.models import EmailAddress, Import, Person

Status = Mailing.Status
SPEED_OVER = timedelta(seconds=30)  # long enough to stand still, short enough to be true
LOOKED_AT = timedelta(days=30)
MOST_COMPLAINTS = 0.001  # of delivered: Gmail's sender guidelines ask for less than 0.1%


@dataclass(frozen=True)
class Progress:
    """How far a mailing is that is being sent."""

    mailing: Mailing
    held: int = 0
    waiting: int = 0
    sent: int = 0
    deferred: int = 0
    failed: int = 0
    unknown: int = 0
    per_second: float = 0

    @property
    def audience(self) -> int:
        """Everybody who should get it; who was held before the start is not on the way."""
        return self.waiting + self.sent + self.deferred + self.failed + self.unknown

    @property
    def share(self) -> str:
        return f"{100 * self.sent / self.audience:.0f}" if self.audience else "0"

    @property
    def time_left(self) -> str:
        """Minutes and seconds until the last one at this speed; empty when nothing moves."""
        if self.per_second < 0.1:
            return ""
        left = int((self.waiting + self.deferred) / self.per_second)
        return f"{left // 60}:{left % 60:02}"


@dataclass(frozen=True)
class Health:
    """Addresses, and what came back of a month's mail."""

    addresses: int
    blocked: int
    sent: int
    bounced: int
    complained: int

    @property
    def good(self) -> int:
        return max(0, self.addresses - self.blocked)

    @property
    def is_trusted(self) -> bool:
        return self.complained <= MOST_COMPLAINTS * self.sent


@dataclass(frozen=True)
class ToDo:
    drafts: Sequence[Row]
    imports: Sequence[Import]
    doubtful: Sequence[Counts]  # mailings with messages of which nobody knows whether they went

    def __len__(self) -> int:
        return len(self.drafts) + len(self.imports) + len(self.doubtful)


def sending(*, now: datetime) -> list[Progress]:
    """Give the mailings on their way, with their progress: two queries, however large they are."""
    moving = Mailing.objects.filter(status__in=(Status.SENDING, Status.PAUSED))
    found = {row.pk: row for row in _lean(moving).order_by("-started_at")[:3]}
    if not found:
        return []
    lately = Q(at__gt=now - SPEED_OVER)
    states = ("held", "pending", "sent", "deferred", "failed", "unknown")
    sums = {f"in_{state}": Coalesce(Sum(state), 0) for state in states}
    tallies = Tally.objects.filter(mailing__in=found).order_by().values("mailing")
    counted = tallies.annotate(**sums, lately=Coalesce(Sum("sent", filter=lately), 0))
    rows: dict[int, Any] = {row["mailing"]: row for row in counted}
    return [_progress(mailing, rows.get(pk, {})) for pk, mailing in found.items()]


def _progress(mailing: Mailing, row: dict[str, int]) -> Progress:
    return Progress(
        mailing,
        held=row.get("in_held", 0),
        waiting=row.get("in_pending", 0),
        sent=row.get("in_sent", 0),
        deferred=row.get("in_deferred", 0),
        failed=row.get("in_failed", 0),
        unknown=row.get("in_unknown", 0),
        per_second=row.get("lately", 0) / SPEED_OVER.total_seconds(),
    )


def results() -> list[Mailing]:
    """Give the last mailings that ended, with their figures."""
    ended = Mailing.objects.filter(status=Status.SENT, archived_at=None, counts__isnull=False)
    return list(_lean(ended).select_related("counts").order_by("-started_at")[:5])


def planned() -> list[Row]:
    """Give what is scheduled, the next one first."""
    found = _lean(Mailing.objects.filter(status=Status.SCHEDULED, send_at__isnull=False)).order_by("send_at")[:5]
    return [Row(mailing, mailing.send_at, None) for mailing in found if mailing.send_at]


def to_do() -> ToDo:
    """Give what waits for somebody: drafts, files whose columns were not chosen, messages of which nobody knows."""
    drafts = _lean(Mailing.objects.filter(status=Status.DRAFT, archived_at=None)).order_by("-updated_at")[:3]
    imports = Import.objects.filter(state__in=(Import.State.MAPPING, Import.State.FAILED)).order_by("-pk")[:2]
    unknown = Cast(KeyTextTransform(Message.State.UNKNOWN, "states"), IntegerField())
    doubtful = Counts.objects.annotate(unknown=unknown).filter(unknown__gt=0).select_related("mailing")
    return ToDo(
        [Row(mailing, mailing.updated_at, None) for mailing in drafts],
        list(imports),
        list(doubtful.order_by("-pk")[:2]),
    )


def health(*, now: datetime) -> Health:
    """Count addresses (of very many: about) and blocks, and what came back of the last 30 days."""
    month = Counts.objects.filter(mailing__started_at__gt=now - LOOKED_AT)
    sent = Cast(KeyTextTransform(Message.State.SENT, "states"), IntegerField())
    back = month.aggregate(sent=Sum(sent), bounced=Sum("bounced"), complained=Sum("complained"))
    blocked = Suppression.objects.filter(channel="email", subscription_type=None, released_at=None)
    return Health(
        addresses=paging.total(EmailAddress.objects.all(), everything=True).number,
        blocked=blocked.aggregate(n=Count("address", distinct=True))["n"],
        sent=back["sent"] or 0,
        bounced=back["bounced"] or 0,
        complained=back["complained"] or 0,
    )


def is_new_house() -> bool:
    """Say whether nobody has done anything here yet."""
    return not Person.objects.exists() and not Mailing.objects.exists()


def _lean(mailings: QuerySet[Mailing]) -> QuerySet[Mailing]:
    return mailings.select_related("created_by").defer("content", "compiled", "compiled_unseen")
