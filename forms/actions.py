"""What a form does with an answer once it is processed: lists, interests, tasks, a note to a team, a web hook.

An action is a row of `Form.actions`: `{"kind": "selection", "id": 5}`. Each becomes one outcome per submission, done once.
Adding a kind is one class here and its words in `forms.views.settings`.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forms import notes, receipt
from forms.models import Outcome, Submission
from mailings import reasons, responses
from mailings.models import Message
from recipients import members
from recipients.models import Interest, Person, PersonInterest, Project, ProjectMember, Selection, Task
from tracking import callbacks

type Action = Mapping[str, Any]
LONGEST_TITLE = 200
ONCE_IN = dt.timedelta(days=7)


class CannotDo(Exception):
    """The action cannot be done, and trying again will not help; the message says why and what to do."""


class LeaveOut(Exception):
    """There is nothing to do this time; the message says why."""


class NotNow(Exception):
    """Somebody outside did not answer; it is tried again later."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing a form can do.

    `is_remote`: it reaches outside the database, so it is done after the answer is processed. `is_once`: nothing there
    would notice a second one, so an attempt that broke off is not repeated by itself.
    """

    code: str
    label: str | Promise
    icon: str
    run: Callable[[Submission, Action, dt.datetime], str]
    is_remote: bool = False
    needs_person: bool = True
    is_once: bool = False


def _selection(submission: Submission, action: Action, now: dt.datetime) -> str:
    selection = Selection.objects.filter(pk=action.get("id", 0)).first()
    if selection is None:
        raise CannotDo(_("The selection is gone. Choose another one in the form's settings"))
    try:
        members.add(selection, _people(submission))
    except members.NotByHand as refusal:
        raise CannotDo(str(refusal)) from refusal
    return _("Added to the selection “%(name)s”") % {"name": selection}


def _project(submission: Submission, action: Action, now: dt.datetime) -> str:
    project = Project.objects.filter(pk=action.get("id", 0)).first()
    if project is None:
        raise CannotDo(_("The project is gone. Choose another one in the form's settings"))
    members.add(project, _people(submission))
    if role := str(action.get("role", ""))[:60]:
        ProjectMember.objects.filter(project=project, person__in=_people(submission), role="").update(role=role)
    return _("Added to the project “%(name)s”") % {"name": project}


def _interest(submission: Submission, action: Action, now: dt.datetime) -> str:
    interest = Interest.objects.filter(pk=action.get("id", 0)).first()
    if interest is None:
        raise CannotDo(_("The interest is gone. Choose another one in the form's settings"))
    PersonInterest.objects.get_or_create(person=submission.person, interest=interest)
    return _("Given the interest “%(name)s”") % {"name": interest}


def _task(submission: Submission, action: Action, now: dt.datetime) -> str:
    assignee = User.objects.filter(pk=action.get("assignee", 0), is_active=True).first()
    if assignee is None:
        raise CannotDo(_("Whoever was to do the task is no longer here. Choose somebody else in the form's settings"))
    title = str(action.get("title") or submission.form.name)[:LONGEST_TITLE]
    due = timezone.localdate(now) + dt.timedelta(days=int(action.get("days", 1)))
    Task.objects.create(title=title, assignee=assignee, due_on=due, person_id=submission.person_id)
    return _("Task for %(name)s") % {"name": assignee.get_full_name() or assignee.email}


def _people(submission: Submission) -> QuerySet[Person]:
    return Person.objects.filter(pk__in=[submission.person_id] if submission.person_id else [])


def _response(submission: Submission, action: Action, now: dt.datetime) -> str:
    if not submission.address or submission.person is None:
        raise LeaveOut(_("There is no address to answer to"))
    if _was_answered(submission, now):
        raise LeaveOut(_("The same answers were answered within seven days"))
    said = [f"{row.label}: {row.answer}" for row in receipt.rows(submission)]
    try:
        made = responses.answer(
            action.get("id", 0),
            submission.person,
            submission.address,
            form=submission.form.name,
            answers=said,
            now=now,
        )
    except responses.NotAnswering as refusal:
        raise CannotDo(str(refusal)) from refusal
    if made.state == Message.State.HELD:
        raise LeaveOut(_("Nobody writes to this address: %(reason)s") % {"reason": reasons.words(made.reason)})
    return _("Answered by mail")


def _was_answered(submission: Submission, now: dt.datetime) -> bool:
    """Whether the same answers of this address were answered lately: two machines never write to each other for ever."""
    earlier = Submission.objects.filter(
        form=submission.form_id,
        address=submission.address,
        submitted_at__gt=now - ONCE_IN,
        answers=submission.answers,
        outcomes__kind="response",
        outcomes__state=Outcome.State.DONE,
    )
    return earlier.exclude(pk=submission.pk).exists()


def _note(submission: Submission, action: Action, now: dt.datetime) -> str:
    to = str(action.get("to", ""))
    if not to:
        raise CannotDo(_("There is no address to write to. Fill one in in the form's settings"))
    try:
        notes.send(submission, to)
    except OSError as failure:
        raise NotNow(str(failure)) from failure
    return _("Mail to %(address)s") % {"address": to}


def _webhook(submission: Submission, action: Action, now: dt.datetime) -> str:
    """Tell another system, signed; the answer's number tells it what it heard before."""
    url = str(action.get("url", ""))
    told = {
        "id": f"{submission.pk}",
        "event": "form.submitted",
        "form": {"id": submission.form_id, "name": submission.form.name},
        "submitted_at": submission.submitted_at.isoformat(),
        "language": submission.language,
        "address": submission.address,
        "person": {"id": submission.person_id} if submission.person_id else None,
        "answers": [
            {"field": row.number, "label": row.label, "answer": row.answer} for row in receipt.rows(submission)
        ],
    }
    try:
        callbacks.post(url, told, key=str(action.get("key", "")))
    except callbacks.NoAnswer as failure:
        raise NotNow(str(failure)) from failure
    return _("Told to %(host)s") % {"host": urlsplit(url).hostname or ""}


_ROWS = (
    Kind("selection", gettext_lazy("Add to a selection"), "layers", _selection),
    Kind("project", gettext_lazy("Add to a project"), "calendar-days", _project),
    Kind("interest", gettext_lazy("Give an interest"), "heart", _interest),
    Kind("response", gettext_lazy("Answer by mail"), "reply", _response),
    Kind("task", gettext_lazy("Make a task"), "list-checks", _task, needs_person=False),
    Kind(
        "note",
        gettext_lazy("Mail a colleague or team"),
        "mail",
        _note,
        is_remote=True,
        needs_person=False,
        is_once=True,
    ),
    Kind(
        "webhook",
        gettext_lazy("Tell another system"),
        "webhook",
        _webhook,
        is_remote=True,
        needs_person=False,
    ),
)
KINDS: dict[str, Kind] = {row.code: row for row in _ROWS}
