"""Sending without consent, for what cannot wait: somebody with the right asks and says why, a second one approves.

The gate then passes over consent, never over what is final (`consent.verdict.FINAL`). An approval is for these words to
these sources: whatever is changed afterwards needs a new one.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from mailings import editions
from mailings.delivery import happenings
from mailings.models import Mailing, Message, Override

RIGHT = "mailings.override_consent"
State = Override.State
STANDING = (State.ASKED, State.APPROVED)
SHORTEST = 10  # characters of a reason


class CannotOverride(ValueError):
    """The override is not possible; the message says why, fit to show a person."""


def ask(mailing: Mailing, reason: str, *, by: User | AnonymousUser, now: dt.datetime) -> Override:
    """Ask for an override of this draft. Raises CannotOverride."""
    author = _with_right(by)
    if mailing.status != Mailing.Status.DRAFT:
        raise CannotOverride(_("Only a draft can be sent without consent: take it off the schedule first."))
    if len(reason.strip()) < SHORTEST:
        raise CannotOverride(_("Say why this cannot wait for consent, in a sentence."))
    try:
        with transaction.atomic():
            _close_outdated(mailing, now)
            asked = Override.objects.create(
                mailing=mailing,
                reason=reason.strip(),
                fingerprint=fingerprint(mailing),
                asked_by=author,
                asked_at=now,
            )
            happenings.note(mailing.pk, "override_asked", now=now, by=author, reason=asked.reason)
    except IntegrityError as twice:
        raise CannotOverride(_("Somebody asked for this already.")) from twice
    return asked


def approve(override: Override, *, by: User | AnonymousUser, now: dt.datetime) -> None:
    """Take the responsibility as the second person. Raises CannotOverride."""
    second = _with_right(by)
    if second.pk == override.asked_by_id:
        raise CannotOverride(_("A second person approves this, not who asked for it."))
    if is_outdated(override):
        raise CannotOverride(
            _("The mailing was changed since: what was asked for is not what would be sent. Ask anew.")
        )
    _decide(override, State.APPROVED, by=second, note="", now=now)


def refuse(override: Override, note: str, *, by: User | AnonymousUser, now: dt.datetime) -> None:
    """Say no as the second person. Raises CannotOverride."""
    _decide(override, State.REFUSED, by=_with_right(by), note=note.strip(), now=now)


def withdraw(override: Override, *, by: User | AnonymousUser, now: dt.datetime) -> None:
    """Take it back, asked or approved, while the mailing is a draft. Raises CannotOverride."""
    author = _with_right(by)
    _move(override, State.WITHDRAWN, frm=STANDING, decided_by=author, decided_at=now)
    happenings.note(override.mailing_id, "override_withdrawn", now=now, by=author)


def of(mailing: Mailing) -> Override | None:
    """Give the override that is asked for or approved, outdated or not."""
    found = Override.objects.filter(mailing=mailing, state__in=STANDING)
    return found.select_related("asked_by", "decided_by", "mailing").first()


def stands(mailing: Mailing) -> bool:
    """Say whether the gate passes over consent for this mailing. What was sent was sent as it was approved."""
    found = Override.objects.filter(mailing=mailing, state=State.APPROVED).select_related("mailing").first()
    if found is None:
        return False
    is_begun = mailing.frozen_at is not None and mailing.status != Mailing.Status.DRAFT
    return is_begun or not is_outdated(found)


def is_outdated(override: Override) -> bool:
    """Say whether the mailing is another one than the one that was asked about."""
    return override.fingerprint != fingerprint(override.mailing)


def fingerprint(mailing: Mailing) -> str:
    """Name the words of a mailing and where its people come from."""
    sources = mailing.sources.order_by("pk").values_list("selection", "project", "person", "importing")
    said: list[object] = [
        mailing.subject,
        mailing.preheader,
        mailing.from_address,
        mailing.from_whose,
        mailing.message_class,
        mailing.subscription_type_id,
    ]
    people = [list(row) for row in sources] + list(mailing.guests.order_by("pk").values_list("address", flat=True))
    said += [list(one) for one in mailing.attachments.order_by("pk").values_list("name", "digest")]
    others = [list(one) for one in editions.said(mailing)[1:]]
    whole = json.dumps([said, mailing.content, people, *others], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def _close_outdated(mailing: Mailing, now: dt.datetime) -> None:
    before = of(mailing)
    if before and is_outdated(before):
        _move(before, State.WITHDRAWN, frm=STANDING, decided_at=now)


def _with_right(by: User | AnonymousUser) -> User:
    if isinstance(by, AnonymousUser) or not by.has_perm(RIGHT):
        raise CannotOverride(_("You do not have the right to send without consent."))
    return by


def _decide(override: Override, to: State, *, by: User, note: str, now: dt.datetime) -> None:
    with transaction.atomic():
        _move(override, to, frm=(State.ASKED,), decided_by=by, decided_at=now, note=note)
        happenings.note(override.mailing_id, f"override_{to}", now=now, by=by, reason=note or override.reason)


def _move(override: Override, to: State, *, frm: tuple[State, ...], **fields: object) -> None:
    """The conditional UPDATE: of two decisions at the same moment one counts. A started mailing keeps its override."""
    drafts = Mailing.objects.filter(status=Mailing.Status.DRAFT)
    moved = Override.objects.filter(pk=override.pk, state__in=frm, mailing__in=drafts).update(state=to, **fields)
    override.refresh_from_db()
    if not moved:
        raise CannotOverride(_("This has been decided already, or the mailing is no draft any more."))


@dataclass(frozen=True)
class Report:
    """What a mailing says about its override: who decided, and how many got it in spite of which reason."""

    override: Override
    waived: Mapping[str, int]

    @property
    def people(self) -> int:
        return sum(self.waived.values())


def report(mailing: Mailing) -> Report | None:
    """Give the report of a mailing that was sent by an override; None for every other one."""
    found = Override.objects.filter(mailing=mailing, state=State.APPROVED).select_related("asked_by", "decided_by")
    override = found.first()
    if override is None or mailing.status == Mailing.Status.DRAFT:
        return None
    rows = Message.objects.filter(mailing=mailing).exclude(waived="").values_list("waived")
    return Report(override, dict(rows.annotate(people=Count("pk")).order_by("-people", "waived")))
