"""Leaving: the link that never expires, the one click of RFC 8058, and taking it back.

The link is /u/<key>/<type>/. The key is random and kept per address, not signed: it works after the mailing is
gone, the person merged and the secret key changed. Apps above may listen for who left through which message.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import QuerySet
from django.urls import reverse

from consent import chain, ledger, suppressions
from consent.models import OptOutKey, Purpose, SubscriptionType, Suppression, SuppressionReason, new_key
from consent.seen import NOTHING, Seen

SHAPE = re.compile(r"[A-Za-z0-9_\-]{22}").fullmatch

# Why people leave; the codes are kept in the suppression's evidence under "why".
type Listener = Callable[["Left"], None]
listeners: list[Listener] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Somebody left, or came back, through a message. `token` is the tracking token that the link carried."""

    address: str
    channel: str
    subscription_type_id: int | None  # None: from everything
    token: str
    at: dt.datetime
    is_undone: bool = False


def links(
    addresses: Iterable[str], subscription_type: SubscriptionType | int, channel: str = "email"
) -> dict[str, str]:
    """Give the path of the unsubscribe page for each address; makes the keys that are missing."""
    of_type = subscription_type if isinstance(subscription_type, int) else subscription_type.pk
    return {address: path(key, of_type) for address, key in keep_keys(set(addresses), channel).items()}


def keep_keys(addresses: set[str], channel: str = "email") -> dict[str, str]:
    """Give the key of each address; makes those that are missing."""
    known = _keys(addresses, channel)
    fresh = [OptOutKey(channel=channel, address=address, key=new_key()) for address in addresses - known.keys()]
    if fresh:
        OptOutKey.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=5000)
        known |= _keys({row.address for row in fresh}, channel)
    return known


def path(key: str, subscription_type_id: int) -> str:
    """Give the path of the unsubscribe page for a key; `make_keys_sql` fills the keys of a frozen audience."""
    return reverse("consent:unsubscribe", args=[key, subscription_type_id])


def make_keys_sql(candidate: str = "candidate") -> str:
    """Give an INSERT that makes a key for every address of `candidate` that has none. Parameter: `gate_channel`.

    `candidate` names a table or CTE with a column `address`. Keys hold 132 random bits from PostgreSQL's own
    generator. Read them afterwards from `consent_optoutkey (channel, address, key)`.
    """
    return MAKE_KEYS.replace("{candidate}", candidate)


def make_keys(candidate: str, *, channel: str = "email") -> None:
    """Run `make_keys_sql` over a table."""
    with connection.cursor() as cursor:
        cursor.execute(make_keys_sql(candidate), {"gate_channel": channel})


def who(key: str) -> OptOutKey | None:
    """Find whose link this is."""
    return OptOutKey.objects.filter(key=key).first() if SHAPE(key) else None


def has_left(person: OptOutKey, subscription_type: SubscriptionType) -> bool:
    """Say whether the address is unsubscribed from this type, or from everything."""
    return standing(person).filter(subscription_type_id__in=[subscription_type.pk]).exists() or has_left_all(person)


def has_left_all(person: OptOutKey) -> bool:
    """Say whether the address is unsubscribed from everything."""
    return standing(person).filter(subscription_type=None).exists()


def leave(
    person: OptOutKey,
    subscription_type: SubscriptionType | None,
    *,
    how: str,
    token: str = "",
    seen: Seen = NOTHING,
    now: dt.datetime,
) -> bool:
    """Unsubscribe from one type, or (None) from everything; doing it again changes nothing. True: it was new.

    Writes the suppression and the withdrawal together. `how` is "one_click", "page", "preferences" or "mail".
    """
    was_new = suppressions.add(
        person.channel,
        person.address,
        SuppressionReason.UNSUBSCRIBED,
        subscription_type=subscription_type,
        evidence={"how": how},
        actor="self",
        seen=seen,
        now=now,
    )
    _tell(person, subscription_type, token, now=now, is_undone=False)
    return was_new


def come_back(
    person: OptOutKey,
    subscription_type: SubscriptionType,
    *,
    token: str = "",
    seen: Seen = NOTHING,
    now: dt.datetime,
) -> None:
    """Undo leaving: lift the unsubscriptions of this type and of everything, by the person's own act."""
    both = standing(person).filter(subscription_type=None) | standing(person).filter(
        subscription_type=subscription_type
    )
    if restore(person, list(both.values_list("pk", flat=True)), seen=seen, now=now):
        _tell(person, subscription_type, token, now=now, is_undone=True)


def restore(
    person: OptOutKey, numbers: Collection[int], *, seen: Seen = NOTHING, token: str = "", now: dt.datetime
) -> bool:
    """Lift those of the person's unsubscriptions that still stand. False: there were none."""
    with transaction.atomic():
        ledger.lock()  # before the rows, as an own yes that releases them would take them
        left = list(standing(person).filter(pk__in=numbers).select_related("subscription_type"))
        for suppression in left:
            suppression.released_at, suppression.released_because = now, "undone"
        Suppression.objects.bulk_update(left, ["released_at", "released_because"])
        ledger.record(list(_restorations(left, seen)), now=now)
    for suppression in left:
        _tell(person, suppression.subscription_type, token, now=now, is_undone=True)
    return bool(left)


def say_why(person: OptOutKey, why: str, words: str) -> None:
    """Keep why somebody left, as far as they care to tell, with their unsubscriptions."""
    for suppression in standing(person):
        suppression.evidence |= {"why": why, "words": chain.storable(words[:1000])}
        suppression.save(update_fields=["evidence"])


def standing(person: OptOutKey) -> QuerySet[Suppression]:
    """Give the unsubscriptions of an address that stand."""
    return Suppression.objects.filter(
        channel=person.channel, address=person.address, reason=SuppressionReason.UNSUBSCRIBED, released_at=None
    )


def _restorations(left: Iterable[Suppression], seen: Seen) -> Iterable[ledger.Entry]:
    every = list(Purpose.objects.order_by("pk").values_list("pk", flat=True))
    for suppression in left:
        of_type = suppression.subscription_type
        for purpose in [of_type.purpose_id] if of_type else every:
            yield ledger.Entry(
                address=suppression.address,
                channel=suppression.channel,
                purpose=purpose,
                subscription_type=of_type.pk if of_type else None,
                act="restored",
                source="undo",
                actor="self",
                wording=seen.wording,
                language=seen.language,
                url=seen.url,
                ip=seen.ip,
                user_agent=seen.user_agent,
            )


def _keys(addresses: set[str], channel: str) -> dict[str, str]:
    return dict(OptOutKey.objects.filter(channel=channel, address__in=addresses).values_list("address", "key"))


def _tell(
    person: OptOutKey,
    subscription_type: SubscriptionType | None,
    token: str,
    *,
    now: dt.datetime,
    is_undone: bool,
) -> None:
    if not token:
        return
    left = Left(
        address=person.address,
        channel=person.channel,
        subscription_type_id=subscription_type.pk if subscription_type else None,
        token=token,
        at=now,
        is_undone=is_undone,
    )
    for listener in listeners:
        listener(left)


MAKE_KEYS = """
INSERT INTO consent_optoutkey (channel, address, key)
SELECT %(gate_channel)s, address, left(translate(encode(
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64'), '+/', '-_'), 22)
FROM (SELECT DISTINCT c.address FROM {candidate} c
    WHERE c.address <> '' AND NOT EXISTS (
        SELECT FROM consent_optoutkey k WHERE k.address = c.address AND k.channel = %(gate_channel)s)) AS without
ON CONFLICT DO NOTHING
"""
