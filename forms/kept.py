"""What forms keep about a person, for `consent.dossier`. An erasure leaves how many answered, without who and what."""

import datetime as dt

from django.db.models import Q, QuerySet

from consent import dossier
from consent.dossier import Holding, Subject
from forms.models import File, Outcome, Proposal, Submission

dossier.address_books.append("SELECT address FROM webforms_submission WHERE address <> ''")


def holdings() -> list[Holding]:
    """Give the tables of answers; files first, they are found through the answers."""
    return [
        Holding(name="form_answers", rows=submissions, erase=_empty, hidden=frozenset({"nonce"})),
        Holding(name="form_proposals", rows=_proposals, erase=_remove_proposals),
        Holding(name="form_outcomes", rows=_outcomes, erase=_empty_outcomes),
        Holding(name="form_files", rows=_files, erase=_remove_files, hidden=frozenset({"content"})),
    ]


def submissions(subject: Subject) -> QuerySet[Submission]:
    """Find what somebody answered: by their addresses, by what they are known as, and by their phone among the answers."""
    found = Q(address__in=subject.emails) | Q(person__in=subject.numbers)
    return Submission.objects.filter(found)


def _files(subject: Subject) -> QuerySet[File]:
    return File.objects.filter(submission__in=submissions(subject))


def _proposals(subject: Subject) -> QuerySet[Proposal]:
    return Proposal.objects.filter(submission__in=submissions(subject))


def _outcomes(subject: Subject) -> QuerySet[Outcome]:
    return Outcome.objects.filter(submission__in=submissions(subject))


def _remove_files(subject: Subject, _now: dt.datetime) -> int:
    files = list(_files(subject))
    for one in files:
        one.content.delete(save=False)
    _files(subject).delete()
    return len(files)


def _remove_proposals(subject: Subject, _now: dt.datetime) -> int:
    return _proposals(subject).delete()[0]


def _empty_outcomes(subject: Subject, _now: dt.datetime) -> int:
    """What waits is not done any more; what was done stays, without words."""
    rows = _outcomes(subject)
    rows.filter(state=Outcome.State.WAITING).update(state=Outcome.State.SKIPPED)
    return rows.update(said="")


def _empty(subject: Subject, _now: dt.datetime) -> int:
    """The row stays for the totals; everything that tells who it was goes."""
    rows = submissions(subject)
    rows.filter(state__in=[Submission.State.AWAITING, Submission.State.SUBMITTED]).update(
        state=Submission.State.FAILED, problem=""
    )
    return rows.update(
        address="", answers={}, url="", ip=None, user_agent="", campaign={}, person=None, confirmation=None, problem=""
    )
