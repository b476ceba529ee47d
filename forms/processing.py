"""A submission becomes a person on lists: matched, written, acted on. The only place that moves a submission's state.

Somebody we know is never overwritten by what a stranger typed: what differs is proposed, field by field. Every action
leaves an outcome; what is tried again does not do anything twice.
"""

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from consent import privacy_mail
from forms import actions
from forms.definition import Definition
from forms.models import Form, Outcome, Proposal, Submission
from recipients import people
from recipients.models import Change, Company, Person

log = logging.getLogger(__name__)
State = Submission.State
MOVES = {
    State.AWAITING: {State.SUBMITTED},
    State.SUBMITTED: {State.PROCESSED, State.FAILED, State.SPAM},
    State.FAILED: {State.PROCESSED, State.SUBMITTED},
    State.SPAM: {State.SUBMITTED},
    State.PROCESSED: set(),
}
TRIES = 6
FIRST_WAIT = dt.timedelta(minutes=1)  # doubles with every try
LEASE = dt.timedelta(minutes=5)  # how long one attempt at an action outside may take
LIMITS = {"first_name": 100, "last_name": 100, "title": 100, "company": 200, "mobile": 30, "country": 2}


class CannotProcess(Exception):
    """It cannot be processed as asked; the message says why, fit to show a person."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a visitor said about themselves."""

    address: str = ""
    values: dict[str, str] = field(default_factory=dict)  # by kind of field: first_name, …

    @property
    def has_name(self) -> bool:
        return bool(self.values.get("first_name") or self.values.get("last_name"))


def given(submission: Submission) -> Given:
    """Read what the visitor said about themselves."""
    form = Definition.read(submission.version.definition)
    values = {
        one.kind: str(submission.answers[one.id])[: LIMITS[one.kind]]
        for one in form.questions
        if one.kind in LIMITS and submission.answers.get(one.id)
    }
    return Given(submission.address, values)


def confirmed(*, now: dt.datetime) -> int:
    """Move on whoever answered the mail that asked for confirmation; give how many."""
    waiting = Submission.objects.filter(state=State.AWAITING, confirmation__confirmed_at__isnull=False)
    return waiting.update(state=State.SUBMITTED, confirmed_at=now)


def due(*, limit: int = 200) -> list[int]:
    """Number the submissions that are to be processed without anybody's help."""
    asked = Submission.objects.filter(state=State.SUBMITTED, problem="", recorded_at__isnull=False)
    asked = asked.exclude(form__processing=Form.Processing.MANUAL)
    return list(asked.order_by("id").values_list("pk", flat=True)[:limit])


def automatically(number: int, *, now: dt.datetime) -> bool:
    """Process a submission as its form says; when a person must look, say why on it. Gives whether it was processed."""
    submission = _load(number)
    if (
        submission.recorded_at is None
        or submission.state != State.SUBMITTED
        or submission.form.processing == Form.Processing.MANUAL
    ):
        return False
    matches = list(matching(submission)[:2])
    if len(matches) > 1:
        return _leave(submission, _("Several people have this address: choose whom it is about"))
    if not matches and submission.form.processing == Form.Processing.KNOWN:
        return _leave(submission, _("Nobody has this address yet: choose somebody, or make a new person"))
    said = given(submission)
    is_new = not matches and bool(said.address or said.has_name)
    try:
        process(submission, person=matches[0] if matches else None, make_new=is_new, by=None, now=now)
    except CannotProcess as refusal:
        return _leave(submission, str(refusal))
    return True


def process(
    submission: Submission, *, person: Person | None, make_new: bool = False, by: User | None, now: dt.datetime
) -> Submission:
    """Tie the answer to a person, known or made anew, and do what the form asks. Raises CannotProcess.

    Actions in the database are done here, in one transaction with the new state; those outside follow at once after.
    """
    with transaction.atomic():
        locked = Submission.objects.select_for_update(of=("self",)).get(pk=submission.pk)
        if locked.recorded_at is None:
            raise CannotProcess(_("This answer has just come in: it is being recorded. Try again in a moment"))
        if State.PROCESSED not in MOVES[State(locked.state)]:
            raise CannotProcess(_("This answer is processed already, or still waits for its confirmation"))
        said = given(locked)
        if person is None and make_new:
            person, locked.is_new_person = _written(said, locked, now), True
        elif person is not None:
            person = Person.objects.select_for_update(of=("self",)).filter(pk=person.pk).first()
            if person is None:
                raise CannotProcess(_("This person is gone. Choose somebody else"))
            _propose(locked, person, said)
        locked.person, locked.processed_at, locked.processed_by, locked.problem = person, now, by, ""
        locked.state = State.PROCESSED
        locked.save(update_fields=["person", "is_new_person", "processed_at", "processed_by", "problem", "state"])
        for outcome in _outcomes(locked, now):
            if not actions.KINDS[outcome.kind].is_remote:
                _do(outcome, now)
        _tell_failures(locked)
    return locked


def matching(submission: Submission) -> QuerySet[Person]:
    """Who has the address of a submission."""
    if not submission.address:
        return Person.objects.none()
    return Person.objects.filter(email_addresses__address=submission.address).distinct().order_by("pk")


def suggestions(submission: Submission) -> list[Person]:
    """Name who it may be about: who has the address, then who has the name."""
    found = list(matching(submission)[:5])
    said = given(submission).values
    words = " ".join(filter(None, [said.get("first_name"), said.get("last_name")]))
    if words:
        known = [one.pk for one in found]
        found += Person.objects.matching(words).exclude(pk__in=known).order_by("pk")[: 5 - len(found)]
    return found


def outside(*, now: dt.datetime, limit: int = 100) -> int:
    """Do what is due outside the database; give how many were tried. Several workers share the work.

    An attempt is written down before it is made. A mail whose attempt was never finished is not sent again by itself.
    """
    tried = 0
    for number in _due_outside(now, limit):
        mine = Outcome.objects.filter(pk=number, state=Outcome.State.WAITING)
        if not mine.filter(not_before__lte=now).update(attempts=F("attempts") + 1, not_before=now + LEASE):
            continue
        outcome = Outcome.objects.select_related("submission__form", "submission__version").get(pk=number)
        if outcome.attempts > 1 and not outcome.said and actions.KINDS[outcome.kind].is_once:
            words = _("It broke off half-way: nobody knows whether it went. Look, and try again if it did not")
            mine.update(state=Outcome.State.FAILED, said=words)
        else:
            _do(outcome, now)
        _tell_failures(outcome.submission)
        tried += 1
    return tried


def again(submission: Submission, *, now: dt.datetime) -> int:
    """Try the failed actions of a submission once more; give how many."""
    failed = Outcome.objects.filter(submission=submission, state=Outcome.State.FAILED)
    count = failed.update(state=Outcome.State.WAITING, said="", attempts=0, not_before=now)
    for outcome in Outcome.objects.filter(submission=submission, state=Outcome.State.WAITING):
        if not actions.KINDS[outcome.kind].is_remote:
            with transaction.atomic():
                _do(outcome, now)
    Submission.objects.filter(pk=submission.pk, state=State.FAILED).update(state=State.PROCESSED, problem="")
    _tell_failures(submission)
    return count


def mark_spam(chosen: QuerySet[Submission]) -> int:
    """Keep answers aside that are nobody's."""
    return chosen.filter(state=State.SUBMITTED).update(state=State.SPAM, problem=_("Put aside by hand"))


def not_spam(chosen: QuerySet[Submission]) -> int:
    """Bring back answers that were taken for a robot's; they wait for somebody to process them."""
    words = _("It was kept aside as spam: look, then process it")
    return chosen.filter(state=State.SPAM).update(state=State.SUBMITTED, problem=words)


def decide(proposal: Proposal, *, take: bool, by: User, now: dt.datetime) -> None:
    """Take a proposed value over, or leave the person as they are. The first decision stands."""
    state = Proposal.State.TAKEN if take else Proposal.State.LEFT
    with transaction.atomic():
        mine = Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.OPEN)
        if not mine.update(state=state, decided_at=now, decided_by=by) or not take:
            return
        person = proposal.submission.person
        if person is None:
            raise CannotProcess(_("This person is gone"))
        _set(person, proposal.field, proposal.new)
        what = {proposal.field: [proposal.old, proposal.new]}
        Change.objects.create(person=person, at=now, by=by, source=Change.Source.FORM, what=what)


def _load(number: int) -> Submission:
    return Submission.objects.select_related("form", "version").get(pk=number)


def _leave(submission: Submission, problem: str) -> bool:
    Submission.objects.filter(pk=submission.pk, state=State.SUBMITTED).update(problem=problem)
    return False


def _written(said: Given, submission: Submission, now: dt.datetime) -> Person:
    if not said.address and not said.has_name:
        raise CannotProcess(_("There is neither an address nor a name to make a person of"))
    own = {name: said.values.get(name, "") for name in ("first_name", "last_name", "title", "country", "mobile")}
    person = people.write(Person(**own, language=submission.language), [said.address] if said.address else [])
    Change.objects.create(person=person, at=now, source=Change.Source.FORM, what={"created": ["", str(person)]})
    if said.address:
        privacy_mail.welcome(said.address, language=submission.language, actor="system", now=now)
    if company := said.values.get("company"):  # a stranger puts nobody into a company
        Proposal.objects.create(submission=submission, field="company", new=company)
    return person


def _propose(submission: Submission, person: Person, said: Given) -> None:
    for name, new in said.values.items():
        old = _known(person, name)
        if new.casefold() != old.casefold():
            Proposal.objects.get_or_create(submission=submission, field=name, defaults={"old": old, "new": new})


def _known(person: Person, name: str) -> str:
    if name == "company":
        return person.company.name if person.company else ""
    return str(getattr(person, name))


def _set(person: Person, name: str, value: str) -> None:
    if name == "company":
        known = Company.objects.filter(name__iexact=value).order_by("pk").first()
        person.company = known or Company.objects.create(name=value)
    else:
        setattr(person, name, value)
    people.write(person, list(person.email_addresses.order_by("rank").values_list("address", flat=True)))


def _outcomes(submission: Submission, now: dt.datetime) -> Iterator[Outcome]:
    for number, action in enumerate(submission.form.actions):
        kind = actions.KINDS.get(str(action.get("kind")))
        if kind is None:
            continue
        outcome, is_new = Outcome.objects.get_or_create(
            submission=submission,
            number=number,
            defaults={"kind": kind.code, "action": action, "not_before": now},
        )
        outcome.submission = submission
        if is_new and kind.needs_person and submission.person_id is None:
            outcome.state, outcome.said = Outcome.State.SKIPPED, _("There is no person to do it for")
            outcome.save(update_fields=["state", "said"])
        if outcome.state == Outcome.State.WAITING:
            yield outcome


def _do(outcome: Outcome, now: dt.datetime) -> None:
    kind = actions.KINDS[outcome.kind]
    values: dict[str, Any]
    try:
        with transaction.atomic():
            said = kind.run(outcome.submission, outcome.action, now)
    except actions.CannotDo as refusal:
        values = {"state": Outcome.State.FAILED, "said": str(refusal)}
    except actions.LeaveOut as reason:
        values = {"state": Outcome.State.SKIPPED, "said": str(reason), "done_at": now}
    except DatabaseError as failure:
        log.warning(
            "action %s of submission %s failed: %s", outcome.kind, outcome.submission_id, type(failure).__name__
        )
        values = {"state": Outcome.State.FAILED, "said": _("It could not be written; try it again")}
    except actions.NotNow as failure:
        is_last = outcome.attempts >= TRIES
        values = {
            "state": Outcome.State.FAILED if is_last else Outcome.State.WAITING,
            "said": str(failure)[:500],
            "not_before": now + FIRST_WAIT * 2**outcome.attempts,
        }
    else:
        values = {"state": Outcome.State.DONE, "said": said, "done_at": now}
    Outcome.objects.filter(pk=outcome.pk, state=Outcome.State.WAITING).update(**values)


def _due_outside(now: dt.datetime, limit: int) -> Sequence[int]:
    remote = [code for code, kind in actions.KINDS.items() if kind.is_remote]
    waiting = Outcome.objects.filter(state=Outcome.State.WAITING, kind__in=remote, not_before__lte=now)
    return list(waiting.order_by("not_before", "id").values_list("pk", flat=True)[:limit])


def _tell_failures(submission: Submission) -> None:
    failed = Outcome.objects.filter(submission=submission, state=Outcome.State.FAILED).order_by("number")
    if words := "; ".join(failed.values_list("said", flat=True)):
        mine = Submission.objects.filter(pk=submission.pk, state__in=[State.PROCESSED, State.FAILED])
        mine.update(state=State.FAILED, problem=words)
        submission.state, submission.problem = State.FAILED, words
