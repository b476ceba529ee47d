"""What a person wants to get: each type of mailing on or off, in which language, or nothing for a while.

The page is /p/<key>/. Its key is random and kept per address beside the unsubscribe key, which opens nothing here. The
key was mailed to nobody but that address, so a yes said here is as good as a confirmed one: it counts as such.
Every change is an act of the person in the ledger, with the words they saw.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from consent import gate, ledger, overview, suppressions, unsubscribe
from consent.models import OptOutKey, Purpose, SubscriptionType, Suppression, SuppressionReason
from consent.seen import NOTHING, Seen
from consent.verdict import Call

FORM = "Preferences, version 1"  # the evidence of a yes: what the page asked, and how
PAUSES = (30, 90)  # days
SPACES = (0, 7, 30)  # at most one mail in so many days; 0: whatever comes
PASSING = ("paused", "resting")  # blocks that end by themselves and say nothing about consent
# What the person alone takes back, by saying yes to something again.
TAKEN_BACK = (SuppressionReason.COMPLAINED, SuppressionReason.OBJECTION)

# Apps above may listen for the language that somebody chose: address and code.
type LanguageListener = Callable[[str, str], None]
language_listeners: list[LanguageListener] = []


@dataclass(frozen=True, slots=True)
class Choice:
    """One type of mailing, and whether this address gets it."""

    subscription_type: SubscriptionType
    is_on: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """What a person just changed: types now on, and the unsubscriptions that turned others off."""

    on: Collection[int] = ()
    left: Collection[int] = ()  # numbers of suppressions

    def __bool__(self) -> bool:
        return bool(self.on or self.left)


def path(key: str) -> str:
    """Give the path of the preferences page for a key."""
    return reverse("consent:preferences", args=[key])


def keys_of(addresses: Iterable[str], channel: str = "email") -> dict[str, str]:
    """Give the key of each address's preferences page; makes the keys that are missing."""
    wanted = set(addresses)
    unsubscribe.keep_keys(wanted, channel)
    rows = OptOutKey.objects.filter(channel=channel, address__in=wanted)
    return dict(rows.values_list("address", "preferences"))


def who(key: str) -> OptOutKey | None:
    """Find whose preferences these are."""
    return OptOutKey.objects.filter(preferences=key).first() if unsubscribe.SHAPE(key) else None


def choices(person: OptOutKey, *, at: dt.datetime) -> list[Choice]:
    """List the types in use with what the gate would say today, were there no pause."""
    evidence = ledger.evidence_of(person.channel, person.address)
    blocks = [one for one in suppressions.blocks_of(person.channel, person.address) if one.reason not in PASSING]
    candidate = gate.Candidate(person.address, overview.country_of(person.address))
    found = []
    for one in SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk"):
        verdict = gate.judge(
            candidate,
            evidence,
            blocks,
            purpose=one.purpose_id,
            subscription_type=one.pk,
            channel=person.channel,
            zone=timezone.get_default_timezone(),
            at=at,
        )
        found.append(Choice(one, verdict.verdict is Call.ALLOW))
    return found


def paused_until(person: OptOutKey, *, at: dt.datetime) -> dt.datetime | None:
    """Say until when the person wants nothing."""
    return _pauses(person).filter(until__gt=at).values_list("until", flat=True).first()


def change(
    person: OptOutKey,
    wanted: Mapping[SubscriptionType, bool],
    *,
    seen: Seen = NOTHING,
    token: str = "",
    now: dt.datetime,
) -> Changed:
    """Turn types on and off, by the person's own act. Give what is different now, for `undo`.

    Types that are not named stay as they are. A yes also takes back a complaint or an objection that stands in its
    way; the other types stay withdrawn in the ledger.
    """
    on = [one for one, is_wanted in wanted.items() if is_wanted]
    off = [one for one, is_wanted in wanted.items() if not is_wanted]
    with transaction.atomic():
        ledger.lock()  # before rows of other tables, as everybody does
        left = [number for one in off for number in _left(person, one, seen=_about(seen, one), token=token, now=now)]
        if on:
            _take_back(person, on, now)
            ledger.record([_yes(person, one, _about(seen, one), now) for one in on], now=now)
    return Changed([one.pk for one in on], left)


def leave_all(person: OptOutKey, *, seen: Seen = NOTHING, token: str = "", now: dt.datetime) -> Changed:
    """Turn everything off, what there is and what will come."""
    return Changed(left=_left(person, None, seen=seen, token=token, now=now))


def undo(person: OptOutKey, changed: Changed, *, seen: Seen = NOTHING, token: str = "", now: dt.datetime) -> None:
    """Take a change back, whatever is still as it left it; only this person's."""
    with transaction.atomic():
        ledger.lock()
        unsubscribe.restore(person, changed.left, seen=seen, token=token, now=now)
        for one in SubscriptionType.objects.filter(pk__in=list(changed.on)):
            unsubscribe.leave(person, one, how="preferences", token=token, seen=_about(seen, one), now=now)


def pause(person: OptOutKey, days: int, *, seen: Seen = NOTHING, now: dt.datetime) -> dt.datetime:
    """Send nothing for a while. Consent stays as it is, and counts again when the pause is over."""
    until = now + dt.timedelta(days=days)
    with transaction.atomic():
        ledger.lock()
        if not _pauses(person).update(until=until):
            Suppression.objects.create(
                channel=person.channel,
                address=person.address,
                reason=SuppressionReason.PAUSED,
                evidence={"how": "preferences", "days": days},
                created_at=now,
                until=until,
                actor="self",
            )
        ledger.record(list(_pausing(person, "paused", {"until": until.isoformat()}, seen)), now=now)
    return until


def resume(person: OptOutKey, *, seen: Seen = NOTHING, now: dt.datetime) -> None:
    """End a pause at once."""
    with transaction.atomic():
        ledger.lock()
        if _pauses(person).update(released_at=now, released_because="resumed"):
            ledger.record(list(_pausing(person, "resumed", {"how": "preferences"}, seen)), now=now)


def end_pauses(*, now: dt.datetime) -> int:
    """Lift the pauses that are over; give how many. Run every minute or so."""
    over = Suppression.objects.filter(reason=SuppressionReason.PAUSED, released_at=None, until__lte=now)
    return over.update(released_at=now, released_because="over")


def space(person: OptOutKey, days: int, *, now: dt.datetime) -> None:
    """Keep how often the person wants mail at most; who wants all of it again rests no longer."""
    if person.every_days == days:
        return
    person.every_days = days
    person.save(update_fields=["every_days"])
    resting = Suppression.objects.filter(
        channel=person.channel, address=person.address, reason=SuppressionReason.RESTING, released_at=None
    )
    resting.update(released_at=now, released_because="preferences")


def speak(person: OptOutKey, language: str) -> None:
    """Keep the language in which the person wants their mail, and tell whoever listens."""
    if person.language == language:
        return
    person.language = language
    person.save(update_fields=["language"])
    for listener in language_listeners:
        listener(person.address, language)


def _left(
    person: OptOutKey, subscription_type: SubscriptionType | None, *, seen: Seen, token: str, now: dt.datetime
) -> list[int]:
    """Unsubscribe; give the number of the suppression, if it is a new one."""
    if not unsubscribe.leave(person, subscription_type, how="preferences", token=token, seen=seen, now=now):
        return []
    mine = unsubscribe.standing(person).filter(subscription_type=subscription_type)
    return list(mine.values_list("pk", flat=True))


def _take_back(person: OptOutKey, on: Collection[SubscriptionType], now: dt.datetime) -> None:
    mine = Suppression.objects.filter(
        channel=person.channel, address=person.address, reason__in=TAKEN_BACK, released_at=None
    )
    reached = mine.filter(subscription_type=None) | mine.filter(subscription_type__in=on)
    reached.update(released_at=now, released_because="preferences")


def _yes(person: OptOutKey, subscription_type: SubscriptionType, seen: Seen, now: dt.datetime) -> ledger.Entry:
    return ledger.Entry(
        address=person.address,
        channel=person.channel,
        purpose=subscription_type.purpose_id,
        subscription_type=subscription_type.pk,
        act="confirmed",
        source="own_form",
        box_ticked=True,
        evidence_on=timezone.localdate(now),
        evidence={"form": FORM, "how": "preferences"},
        actor="self",
        country=overview.country_of(person.address),
        wording=seen.wording or subscription_type.name,
        language=seen.language,
        url=seen.url or path("…"),
        ip=seen.ip,
        user_agent=seen.user_agent,
    )


def _pausing(person: OptOutKey, act: str, evidence: Mapping[str, str], seen: Seen) -> Iterable[ledger.Entry]:
    for purpose in Purpose.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True):
        yield ledger.Entry(
            address=person.address,
            channel=person.channel,
            purpose=purpose,
            act=act,
            source="preferences",
            evidence=evidence,
            actor="self",
            wording=seen.wording,
            language=seen.language,
            url=seen.url,
            ip=seen.ip,
            user_agent=seen.user_agent,
        )


def _about(seen: Seen, subscription_type: SubscriptionType) -> Seen:
    """The words of the page together with those of the one choice on it."""
    words = [seen.wording, subscription_type.name, subscription_type.description]
    return replace(seen, wording=" / ".join(word for word in words if word))


def _pauses(person: OptOutKey) -> QuerySet[Suppression]:
    return Suppression.objects.filter(
        channel=person.channel, address=person.address, reason=SuppressionReason.PAUSED, released_at=None
    )
