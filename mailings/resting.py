"""A mailing that is being sent and rests: nothing is handed over before a moment, and everybody can see why."""

from datetime import datetime

from django.db.models import Q

from mailings import zones
from mailings.models import Mailing
from mailings.windows import OURS, Window

UNDO, WINDOW, THROTTLE, DAY = "undo", "window", "throttle", "day"


def opening(mailing: Mailing, at: datetime) -> datetime:
    """The first moment from `at` on at which this mailing's window by our own clock is open."""
    window = Window.read(mailing.window)
    return window.opening(at, zones.ours()) if window and window.whose == OURS else at


def rest(mailing: int, *, until: datetime, because: str) -> bool:
    """Let it rest until then. A longer rest stays; returns whether this one counts."""
    shorter = Q(rests_until=None) | Q(rests_until__lt=until)
    moving = Mailing.objects.filter(shorter, pk=mailing, status=Mailing.Status.SENDING)
    return bool(moving.update(rests_until=until, rests_because=because))


def keep_windows(*, now: datetime) -> int:
    """Let every mailing rest whose window has closed. Returns how many."""
    moving = Mailing.objects.filter(status=Mailing.Status.SENDING).exclude(window={})
    rested = 0
    for mailing in moving.only("pk", "window"):
        if (opens := opening(mailing, now)) > now:
            rested += rest(mailing.pk, until=opens, because=WINDOW)
    return rested
