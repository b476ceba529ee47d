"""What clicks do: put on selections, fill in fields, create tasks, call other systems. Only people's clicks, once each.

The fold notes a click that looks like a person's (`note`). A scanner shows itself within seconds, by following every link;
so an action waits until that is over (`SETTLED`), and is dropped when the click turns out to be a machine's. What changes consent
is never done by a click alone: it is asked on a page (`tracking.library.ASKED`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from recipients import members
from recipients.models import Person, Selection
from tracking.deeds import DOERS, CannotAct, list_of
from tracking.library import ASKED
from tracking.models import Act, Event, Kind, LinkAction

Does = LinkAction.Does
SETTLED = dt.timedelta(seconds=20)  # the judge looks ten seconds around a click; the rest is for lines on their way
AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Click:
    """A person's click, as the fold sees it."""

    mailing: int
    message: int
    link: int
    person: int | None
    at: dt.datetime


NOTE = """
    INSERT INTO tracking_act (action_id, message, mailing, link, person_id, clicked_at, state, attempts, not_before, problem)
    SELECT action, message, mailing, link, person, at, 'waiting', 0, not_before, '' FROM unnest(
        %s::bigint[], %s::bigint[], %s::bigint[], %s::smallint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[]
    ) AS noted (action, message, mailing, link, person, at, not_before)
    ON CONFLICT (action_id, message) DO UPDATE SET state = 'waiting', not_before = excluded.not_before
    WHERE tracking_act.state = 'dropped'
"""


def note(clicks: Sequence[Click], *, now: dt.datetime) -> int:
    """Write down what these clicks ask for; noting one again changes nothing. Returns how many are new."""
    if not clicks or not (armed := _armed({click.mailing for click in clicks})):
        return 0
    rows = [
        (action, click.message, click.mailing, click.link, click.person, click.at, now + SETTLED)
        for click in clicks
        for action in armed.get((click.mailing, click.link), ())
    ]
    unique = list({(row[0], row[1]): row for row in rows}.values())
    if not unique:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [list(column) for column in zip(*unique, strict=True)])
        return int(cursor.rowcount)


def _armed(mailings: Collection[int]) -> Mapping[tuple[int, int], list[int]]:
    """The actions of the links of these mailings, those left out that ask first."""
    unasked = LinkAction.objects.filter(link__uses__mailing__in=mailings).exclude(does__in=ASKED)
    rows = unasked.values_list("link__uses__mailing", "link__uses__number", "pk")
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for mailing, number, action in rows:
        if mailing in mailings:
            found[mailing, number].append(action)
    return found


# doing ----------------------------------------------------------------------------------------------------------------


def act_due(*, now: dt.datetime) -> int:
    """Do what is due; returns how many clicks had their effect. Several workers share the work."""
    done = 0
    while taken := _act_some(now):
        done += taken
    return done


@transaction.atomic
def _act_some(now: dt.datetime) -> int:
    due = Act.objects.filter(state=Act.State.WAITING, not_before__lte=now).order_by("not_before", "pk")
    rows = list(due.select_for_update(skip_locked=True, of=("self",)).select_related("action__link")[:AT_ONCE])
    if not rows:
        return 0
    human = _still_human(rows)
    machines = [row.pk for row in rows if (row.message, row.link) not in human]
    Act.objects.filter(pk__in=machines).update(state=Act.State.DROPPED, done_at=now)
    by_action: dict[int, list[Act]] = defaultdict(list)
    for row in rows:
        if (row.message, row.link) in human:
            by_action[row.action.pk].append(row)
    for acts in by_action.values():
        _do(acts[0].action, acts, now)
    return len(rows)


def _still_human(rows: Sequence[Act]) -> set[tuple[int, int]]:
    events = Event.objects.filter(message__in={row.message for row in rows}, kind=Kind.CLICK, is_machine=False)
    return {(message, link) for message, link in events.values_list("message", "link") if link is not None}


def _do(action: LinkAction, acts: Sequence[Act], now: dt.datetime) -> None:
    """One action for all who clicked, as a set. What it needs may be gone: that is written on the rows."""
    numbers = [act.pk for act in acts]
    if action.does == Does.CALL:
        Act.objects.filter(pk__in=numbers).update(state=Act.State.CALLING, not_before=now)
        return
    people = Person.objects.filter(pk__in=[act.person_id for act in acts if act.person_id])
    try:
        with transaction.atomic():
            DOERS[Does(action.does)].do(action, people, now)
    except (CannotAct, members.NotByHand) as refusal:
        Act.objects.filter(pk__in=numbers).update(state=Act.State.FAILED, done_at=now, problem=str(refusal)[:300])
    except DatabaseError as error:
        Act.objects.filter(pk__in=numbers).update(state=Act.State.FAILED, done_at=now, problem=type(error).__name__)
    else:
        Act.objects.filter(pk__in=numbers).update(state=Act.State.DONE, done_at=now)


# telling --------------------------------------------------------------------------------------------------------------


def describe(action: LinkAction) -> str:
    """The name of what an action changes, or a sentence that it is gone."""
    try:
        return DOERS[Does(action.does)].name(action)
    except CannotAct as gone:
        return str(gone)


def foresee(actions: Collection[LinkAction], person: Person) -> list[tuple[LinkAction, str]]:
    """A dry run: what a click would do for this person, in words. Changes nothing."""
    found = []
    for action in actions:
        try:
            if isinstance(selection := _by_criteria(action), Selection):
                raise members.NotByHand(selection)
            found.append((action, DOERS[Does(action.does)].foresee(action, person)))
        except (CannotAct, members.NotByHand) as refusal:
            found.append((action, str(refusal)))
    return found


def _by_criteria(action: LinkAction) -> Selection | None:
    """The selection that this action would change, when it follows from criteria."""
    if action.does not in (Does.ADD_TO_SELECTION, Does.TAKE_OFF_SELECTION):
        return None
    selection = list_of(action)
    return selection if isinstance(selection, Selection) and not selection.is_by_hand else None


OPPOSITES = {
    (Does.ADD_TO_SELECTION, Does.TAKE_OFF_SELECTION): "selection",
    (Does.ADD_TO_PROJECT, Does.TAKE_OFF_PROJECT): "project",
    (Does.ADD_INTEREST, Does.REMOVE_INTEREST): "interest",
    (Does.SUBSCRIBE, Does.UNSUBSCRIBE): "subscription_type",
}


def conflicts(actions: Collection[LinkAction]) -> list[str]:
    """What cannot all be meant: one action undoes another, a field gets two values, a list follows from criteria."""
    found: list[str] = []
    by_kind: dict[str, list[LinkAction]] = defaultdict(list)
    for action in actions:
        by_kind[action.does].append(action)
    for (one, other), key in OPPOSITES.items():
        both = {a.detail.get(key) for a in by_kind[one]} & {a.detail.get(key) for a in by_kind[other]}
        if both:
            found.append(_("“%(one)s” and “%(other)s” undo each other.") % {"one": one.label, "other": other.label})
    values: dict[Any, set[Any]] = defaultdict(set)
    for action in by_kind[Does.SET_FIELD]:
        values[action.detail.get("field")].add(str(action.detail.get("value")))
    found += [_("One field would get two values.") for given in values.values() if len(given) > 1]
    for action in actions:
        try:
            if selection := _by_criteria(action):
                found.append(str(members.NotByHand(selection)))
        except CannotAct as gone:
            found.append(str(gone))
    return found
