"""What visitors agreed to becomes evidence: many answers at once, within a second of their arrival.

The row of an answer holds all of it - the words they saw, the version of the form, the page, language, address of the
network and browser - so that a visitor waits for one row only, and a ledger that is busy keeps nobody waiting. The moment
of the act is that of the answer: whoever left in between has left. See docs/decisions/0107.
"""

import datetime as dt
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from consent import double_opt_in, ledger, suppressions
from consent.models import Confirmation, SubscriptionType
from forms import counting, publishing
from forms.definition import Definition
from forms.models import Form, Submission

log = logging.getLogger(__name__)
State = Submission.State
FAULTS = (DatabaseError, ValueError)  # of one answer; ledger.NotEvidence is one
AT_ONCE = 500  # answers in one transaction


def record(*, now: dt.datetime) -> int:
    """Record every answer that has come in; give how many. Whoever else does it too, each is recorded once.

    An answer that cannot be recorded, such as one of a form whose source never counts, waits for one of us, and keeps no
    other waiting.
    """
    done = 0
    fresh = Submission.objects.filter(recorded_at=None).order_by("id").values_list("pk", flat=True)
    while numbers := list(fresh[:AT_ONCE]):
        try:
            done += _record(numbers, now)
        except FAULTS:
            done += sum(_record_alone(number, now) for number in numbers)
    return done


def _record_alone(number: int, now: dt.datetime) -> int:
    try:
        return _record([number], now)
    except FAULTS as fault:
        log.warning("answer %s could not be recorded: %s", number, type(fault).__name__)
        problem = str(fault) if isinstance(fault, ledger.NotEvidence) else _("What was agreed to could not be recorded")
        return Submission.objects.filter(pk=number, recorded_at=None).update(recorded_at=now, problem=problem)


def _record(numbers: Sequence[int], now: dt.datetime) -> int:
    with transaction.atomic():
        ledger.lock()  # before the rows, as an erasure does
        fresh = Submission.objects.filter(pk__in=numbers, recorded_at=None).select_related("form", "version")
        taken = list(fresh.select_for_update(of=("self",)).order_by("id"))
        Submission.objects.filter(pk__in=[one.pk for one in taken]).update(recorded_at=now)
        counting.completed(Counter(map(_place, taken)))
        if agreed := [one for one in taken if one.types and one.address]:
            _agree(agreed, now)
    return len(taken)


def _place(one: Submission) -> counting.Place:
    where = counting.Where(one.embed, one.campaign.get("source", ""))
    return one.form_id, timezone.localdate(one.submitted_at), where


def _agree(agreed: Sequence[Submission], now: dt.datetime) -> None:
    """Ask by mail whoever must be asked, and write the others into the ledger.

    Anybody may type the address of somebody who was erased: it is asked too. The page did not tell.
    """
    known = {one.pk: one for one in SubscriptionType.objects.filter(is_active=True).order_by("pk")}
    erased = suppressions.erased_among("email", [one.address for one in agreed])

    @cache
    def words(version: int, types: tuple[int, ...], language: str) -> str:
        return wording(shown[version], [known[number] for number in types if number in known], language)

    shown = {one.version_id: publishing.shown(one.version) for one in agreed}
    entries: list[ledger.Entry] = []
    for one in agreed:
        types = [known[number] for number in sorted(one.types) if number in known]
        said = words(one.version_id, tuple(sorted(one.types)), one.language)
        if one.state == State.AWAITING or one.address in erased:
            _ask(one, types, said, now)
        else:
            entries += [_entry(one, of, said) for of in types]
    ledger.record(entries, now=now)


def _ask(one: Submission, types: Sequence[SubscriptionType], words: str, now: dt.datetime) -> None:
    request = double_opt_in.Request(
        address=one.address,
        subscription_types=types,
        source=one.form.source,
        evidence=evidence(one.form, one, words),
        wording=words,
        language=one.language,
        ip=one.ip,
    )
    double_opt_in.ask(request, now=now)
    one.confirmation = Confirmation.objects.filter(channel="email", address=one.address, closed_at=None).first()
    one.state = State.AWAITING
    if one.confirmation is None:  # nobody asks this address: what was filled in waits for one of us
        one.state, one.problem = State.SUBMITTED, _("This address may not be asked to confirm")
    one.save(update_fields=["confirmation", "state", "problem"])


def wording(definition: Definition, types: Sequence[SubscriptionType], language: str) -> str:
    """Give the words beside every box that was ticked, as they stood on the page."""
    said: list[str] = []
    chosen = {one.pk: one for one in types}
    with translation.override(language):
        for one in definition.fields:
            if one.kind == "consent" and set(one.types) & set(chosen):
                said.append(
                    " ".join(filter(None, [definition.say(one.label, language), definition.say(one.help, language)]))
                )
            elif one.kind == "subscriptions":
                ticked = [chosen[number] for number in one.types if number in chosen]
                said.append(": ".join([definition.say(one.label, language), ", ".join(map(_described, ticked))]))
    return " / ".join(said)


def _described(one: SubscriptionType) -> str:
    """Give a subscription as the page shows it."""
    return f"{one.name} ({one.description})" if one.description else one.name


def evidence(form: Form, kept: Submission, words: str) -> Mapping[str, Any]:
    """Give what the form's source needs as evidence: consent.rules."""
    proof: dict[str, Any] = {
        "form": _("%(form)s, version %(number)s") % {"form": form.name, "number": kept.version.number},
        "submission": kept.pk,
        "wording": words,
        "url": kept.url,
    }
    named = form.source_detail or form.name
    if form.source == "event_own_contact":
        proof |= {"event": named, "record": proof["form"]}
    if form.source == "ad_response":
        proof |= {"campaign": named, "answer": kept.address}
    return proof


def _entry(kept: Submission, one: SubscriptionType, words: str) -> ledger.Entry:
    return ledger.Entry(
        address=kept.address,
        purpose=one.purpose_id,
        subscription_type=one.pk,
        source=kept.form.source,
        box_ticked=True,
        evidence_on=timezone.localdate(kept.submitted_at),
        evidence=evidence(kept.form, kept, words),
        actor="self",
        acted_at=kept.submitted_at,
        wording=words,
        language=kept.language,
        ip=kept.ip,
        user_agent=kept.user_agent,
        url=kept.url,
    )
