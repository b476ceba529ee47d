"""What forms know of somebody's life: their answers, for the time line."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from forms import receipt
from forms.models import Submission
from recipients import timeline
from recipients.models import Person
from recipients.timeline import Beyond, Entry, Who

SHOWN = 5  # questions of one answer
LONGEST = 200


def answered(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """What they filled in, with the first few answers."""
    if not isinstance(who, Person):
        return
    rows = Submission.objects.filter(person=who).exclude(state=Submission.State.SPAM)
    for row in beyond.rows(rows, "submitted_at").select_related("form", "version")[:limit]:
        said = [one for one in receipt.rows(row, get_language() or "") if one.kind != "email"][:SHOWN]
        yield Entry(
            at=row.submitted_at,
            number=row.pk,
            text=_("Filled in %(form)s") % {"form": row.form.name},
            icon="clipboard-list",
            detail=" · ".join(f"{one.label}: {one.answer}" for one in said)[:LONGEST],
            url=reverse("webforms:submission", args=[row.pk]),
        )


def source() -> timeline.Source:
    """Give the source of this app."""
    return timeline.Source("forms", gettext_lazy("Forms"), answered)
