"""Whether visitors can answer a form, and with which version: the only place that moves a form's status."""

import copy
import datetime as dt
from enum import StrEnum

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from forms.definition import Definition
from forms.models import Form, Submission, Version

MOST_KEPT = 500  # forms and versions that a process keeps read
_found: dict[str, Form] = {}
_shown: dict[tuple[int, dt.datetime], Definition] = {}


class CannotPublish(ValueError):
    """The form must be mended first; `problems` lists the number of each field and a sentence."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(sentence for _field, sentence in problems))
        self.problems = problems


class Changed(Exception):
    """Somebody saved this form in the meantime; `version` is the one that is kept now."""

    def __init__(self, version: int) -> None:
        super().__init__(_("This form was changed in another window. Yours is not saved; nothing is lost."))
        self.version = version


class Door(StrEnum):
    """Whether a visitor finds the form open."""

    OPEN = "open"
    NOT_YET = "not_yet"
    CLOSED = "closed"
    FULL = "full"


def save_draft(form: Form, definition: Definition, *, version: int, now: dt.datetime) -> None:
    """Keep what was built on top of `version`. Raises Changed when that is no longer the newest."""
    kept = definition.to_json()
    mine = Form.objects.filter(pk=form.pk, draft_version=version)
    if not mine.update(draft=kept, draft_version=F("draft_version") + 1, draft_saved_at=now):
        form.refresh_from_db(fields=["draft_version"])
        raise Changed(form.draft_version)
    form.draft, form.draft_version, form.draft_saved_at = kept, version + 1, now


def publish(form: Form, *, by: User | None, now: dt.datetime) -> Version:
    """Freeze the draft as a new version and open the form; a draft that did not change makes no new version.

    Raises CannotPublish with everything that must be mended.
    """
    definition = Definition.read(form.draft)
    if problems := definition.problems():
        raise CannotPublish(problems)
    kept = definition.to_json()
    with transaction.atomic():
        locked = Form.objects.select_for_update(of=("self",)).select_related("published").get(pk=form.pk)
        version = locked.published
        if version is None or version.definition != kept:
            newest = Version.objects.filter(form=form).aggregate(number=Max("number"))["number"] or 0
            version = Version.objects.create(
                form=form, number=newest + 1, definition=kept, published_at=now, published_by=by
            )
        Form.objects.filter(pk=form.pk).update(published=version, status=Form.Status.OPEN)
    form.published, form.status = version, Form.Status.OPEN
    return version


def close(form: Form) -> None:
    """Let nobody answer any more; they find the page for a closed form."""
    if Form.objects.filter(pk=form.pk, status=Form.Status.OPEN).update(status=Form.Status.CLOSED):
        form.status = Form.Status.CLOSED


def has_unpublished_changes(form: Form) -> bool:
    """Say whether the draft differs from what visitors see."""
    return form.published is not None and Definition.read(form.draft).to_json() != form.published.definition


def known(key: str) -> Form | None:
    """Give the open form that this process last found, without asking: whoever writes an answer looks whether it `stands`."""
    kept = _found.get(key)
    if kept is None or kept.most_answers or door(kept, now=timezone.now()) is not Door.OPEN:
        return None
    return copy.copy(kept)


def find(key: str) -> Form | None:
    """Find a form by its public key, with what is published. Its row is read whole only when it changed; do not write it."""
    with connection.cursor() as cursor:
        cursor.execute(STANDS, [key])
        row = cursor.fetchone()
    if row is None:
        return None
    kept = _found.get(key)
    if kept is None or kept.stands != row[0]:
        kept = Form.objects.select_related("published").filter(key=key).first()
        if kept is None:
            return None
        if len(_found) >= MOST_KEPT:
            _found.clear()
        kept.stands = row[0]
        _found[key] = kept
    found = copy.copy(kept)
    found.stands = ""  # it was asked for just now
    return found


# What PostgreSQL changes whenever it writes the row.
STANDS = "SELECT xmin || '/' || ctid FROM webforms_form WHERE key = %s"


def shown(version: Version) -> Definition:
    """Give what visitors of a version see. It is frozen: each process reads it once."""
    mark = (version.pk, version.published_at)
    found = _shown.get(mark)
    if found is None:
        if len(_shown) >= MOST_KEPT:
            _shown.clear()
        found = _shown[mark] = Definition.read(version.definition)
    return found


def door(form: Form, *, now: dt.datetime) -> Door:
    """Say whether a visitor may answer now."""
    if form.status != Form.Status.OPEN or form.published_id is None or form.archived_at:
        return Door.CLOSED
    if form.opens_at and now < form.opens_at:
        return Door.NOT_YET
    if form.closes_at and now >= form.closes_at:
        return Door.CLOSED
    if form.most_answers and answers(form) >= form.most_answers:
        return Door.FULL
    return Door.OPEN


def answers(form: Form) -> int:
    """How many answers count towards the most that the form takes."""
    return Submission.objects.filter(form=form).exclude(state=Submission.State.SPAM).count()
