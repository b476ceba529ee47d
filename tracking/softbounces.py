"""Mail that came back for a reason that may pass, counted per address or number until somebody clicks or a later mail arrives."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from tracking import patience
from tracking.models import SoftBounce
from tracking.patience import Run


def count(bounces: Sequence[SoftBounce]) -> dict[str, Run]:
    """Keep them, each mailing once per address, and give the runs of their addresses."""
    SoftBounce.objects.bulk_create(bounces, ignore_conflicts=True)
    return runs({bounce.address for bounce in bounces})


def runs(addresses: Collection[str]) -> dict[str, Run]:
    """The runs of these addresses; who has none is not in it."""
    moments: dict[str, list[dt.datetime]] = defaultdict(list)
    for address, at in _open(addresses).values_list("address", "at"):
        moments[address].append(at)
    return {address: patience.run(found) for address, found in moments.items()}


def end(addresses: Collection[str], because: str, *, now: dt.datetime, before: dt.datetime | None = None) -> int:
    """End the runs of these addresses, as far as they lie before a moment; give how many bounces were forgiven."""
    rows = _open(addresses)
    if before is not None:
        rows = rows.filter(at__lt=before)
    return rows.update(ended_at=now, ended_because=because)


def _open(addresses: Collection[str]) -> QuerySet[SoftBounce]:
    return SoftBounce.objects.filter(address__in=list(addresses), ended_at=None)


def reopen(address: str, ended_at: dt.datetime) -> int:
    """Take back that a run was cleared at that moment."""
    cleared = SoftBounce.objects.filter(address=address, ended_at=ended_at, ended_because="cleared")
    return cleared.update(ended_at=None, ended_because="")
