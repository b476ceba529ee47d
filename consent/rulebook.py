"""The rules as they are now: what was shipped, with what administrators made of it, each change with its reason.

A change counts for what is recorded from then on. For what was recorded before it can only make things stricter: a
shorter window closes earlier and a source that must be confirmed counts no more, but nothing expired comes back.
What people agreed to explicitly stays.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import addresses, law, rules
from consent.models import RuleVersion

ROLES = "roles"
KEPT = "consent:rulebook"  # in the cache, so that asking costs no query
A_MINUTE = 60
LONGEST_WINDOW = 120  # months
MOST_ROLES = 1000

STATUSES: Mapping[rules.Status, str | Promise] = {
    rules.Status.ALLOWED: gettext_lazy("May be mailed, with evidence"),
    rules.Status.VERIFY: gettext_lazy("Must confirm first"),
    rules.Status.REFUSED: gettext_lazy("Never counts"),
}

# What a status may become: the policy can be made stricter, never laxer than it was shipped.
STRICTER: Mapping[rules.Status, tuple[rules.Status, ...]] = {
    rules.Status.ALLOWED: (rules.Status.ALLOWED, rules.Status.VERIFY, rules.Status.REFUSED),
    rules.Status.VERIFY: (rules.Status.VERIFY, rules.Status.REFUSED),
    rules.Status.REFUSED: (rules.Status.REFUSED,),
}


class CannotChange(ValueError):
    """The change is none the policy allows; the message says why, fit to show a person."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules by which is judged now. `version` is the number of the latest change, 0 as shipped."""

    sources: Mapping[str, rules.SourceRule]
    law: law.Law
    roles: frozenset[str]
    version: int = 0


SHIPPED = Rulebook(rules.SOURCES, law.SHIPPED, addresses.ROLES)


def current() -> Rulebook:
    """Give the rules as they are now; a change is known everywhere within a minute, at once where it was made."""
    changes = cache.get(KEPT)
    if changes is None:
        changes = _latest()
        cache.set(KEPT, changes, A_MINUTE)
    return _made_of(changes)


def history(key: str) -> QuerySet[RuleVersion]:
    """List what became of one row, newest first."""
    return RuleVersion.objects.filter(key=key).select_related("changed_by").order_by("-pk")


def change_source(
    code: str, *, status: str, months: int, remedy: str, note: str, by: int | None, now: dt.datetime
) -> RuleVersion:
    """Change a row of the rule table from now on. Raises `CannotChange` when it would be laxer than the policy."""
    shipped = rules.SOURCES[code]
    if status not in STRICTER[shipped.status]:
        raise CannotChange(_("The policy can be made stricter, never laxer"))
    if not 0 <= months <= LONGEST_WINDOW:
        raise CannotChange(_("Choose between 0 and %(most)s months") % {"most": LONGEST_WINDOW})
    if shipped.months and not 0 < months <= shipped.months:
        raise CannotChange(_("The policy counts %(months)s months; it can be fewer") % {"months": shipped.months})
    return _write(code, {"status": status, "months": months, "remedy": remedy.strip()}, note, by, now)


def change_roles(names: str, *, note: str, by: int | None, now: dt.datetime) -> RuleVersion:
    """Change the list of function names ("info", "sales"): one word each, compared with what stands before the @."""
    wanted = sorted({name.lower() for name in names.replace(",", " ").split()})
    if not wanted:
        raise CannotChange(_("The list is empty"))
    if len(wanted) > MOST_ROLES:
        raise CannotChange(_("Give at most %(most)s names") % {"most": MOST_ROLES})
    for name in wanted:
        if "@" in name or "+" in name or len(name) > addresses.LONGEST_LOCAL:
            raise CannotChange(_("“%(name)s” cannot stand before an @") % {"name": name[:80]})
    return _write(ROLES, {"roles": wanted}, note, by, now)


def _write(key: str, values: dict[str, Any], note: str, by: int | None, now: dt.datetime) -> RuleVersion:
    if not note.strip():
        raise CannotChange(_("Say why"))
    with transaction.atomic():
        made = RuleVersion.objects.create(key=key, values=values, note=note.strip(), changed_by_id=by, changed_at=now)
        transaction.on_commit(lambda: cache.delete(KEPT))
    return made


def _latest() -> list[tuple[int, str, dict[str, Any]]]:
    latest = RuleVersion.objects.order_by("key", "-pk").distinct("key")
    return [(row.pk, row.key, row.values) for row in latest]


def _made_of(changes: list[tuple[int, str, dict[str, Any]]]) -> Rulebook:
    if not changes:
        return SHIPPED
    sources, roles = dict(rules.SOURCES), addresses.ROLES
    changed = []
    for _number, key, values in changes:
        if key == ROLES:
            roles = frozenset(values["roles"])
        elif key in sources:
            status = rules.Status(values["status"])
            sources[key] = replace(
                sources[key],
                status=status,
                kind=sources[key].kind if status is rules.Status.ALLOWED else rules.Kind.NONE,
                months=values["months"],
                remedy=values["remedy"] or sources[key].remedy,
            )
            changed.append(sources[key])
    return Rulebook(sources, _tightened(changed), roles, max(number for number, _key, _values in changes))


def _tightened(changed: list[rules.SourceRule]) -> law.Law:
    """Let the gate hold earlier evidence to what became stricter, as if the law of every country asked for it."""
    cells = dict(law.SHIPPED.cells)
    for rule in changed:
        for channel in ("email", "sms"):
            for regime in law.Regime:
                cell = law.SHIPPED.cell(channel, rule.code, regime)
                demand = cell.demand if rule.status is rules.Status.ALLOWED else law.Demand.CONFIRMED
                months = min(filter(None, (cell.months, rule.months)), default=0)
                cells[channel, rule.code, regime] = law.Cell(demand, months)
    return replace(law.SHIPPED, cells=cells)
