"""How fast mail may leave: token buckets in Redis, one per account, per receiving side and one for the house.

A limit of N a minute is a bucket that holds b tokens and gains (N − b + 1) a minute: in no minute, wherever it begins,
do more than N messages leave. Redis takes the tokens of all buckets of a message at once, by its own clock, so that the
limit is exact however many workers there are. A bucket Redis has forgotten begins empty. What somebody set and what was
learned from "slow down" is in the database; a day's number is counted anew from there.

Nothing here ever waits: who gets no token leaves the message where it is.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache as once
from typing import cast

import redis
from django.conf import settings
from django.db import connection
from django.db.models import F, Q, Sum
from django.utils import timezone

from mailings import mx, policy
from mailings.models import GroupLimit, SendingAccount, Tally

MINUTE = 60.0
SLACK = 3.0  # seconds a bucket holds: a worker comes by every second or two
FRESH = 1.0  # seconds for which a process believes what it read about limits
BUNCH = 0.02  # seconds' worth of tokens taken at once where a limit is high
LOWEST = 6.0  # a minute: slower than this nobody is slowed down
LOWER_AGAIN = timedelta(seconds=10)  # a burst of "slow down" counts once
RAISE_AGAIN = timedelta(seconds=60)
RISE = 1.1
OBSERVED_LEAST = 60.0  # a minute, taken as the speed where too little was seen of it

# KEYS: buckets, then perhaps one counter of a day. ARGV: now in whole microseconds or "", how many, whether there is a counter and
# its limit, then per bucket what it gains a second and what it holds. Returns tokens given, seconds until there is
# one, and whether the counter is missing (1), used up (2) or fine (0).
_TAKE = """
local now = tonumber(ARGV[1])
if not now then
  local clock = redis.call('TIME')
  now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
end
local given, wait, buckets = tonumber(ARGV[2]), 0, #KEYS
local has_day, day_limit = ARGV[3] == '1', tonumber(ARGV[4])
if has_day then
  buckets = buckets - 1
  local used = tonumber(redis.call('GET', KEYS[#KEYS]))
  if not used then return {0, '0', 1} end
  if used >= day_limit then return {0, '0', 2} end
  given = math.min(given, day_limit - used)
end
local held, moment = {}, {}
for i = 1, buckets do
  local rate, burst = tonumber(ARGV[3 + 2 * i]), tonumber(ARGV[4 + 2 * i])
  local seen = redis.call('HMGET', KEYS[i], 'tokens', 'at')
  local tokens, at = tonumber(seen[1]) or 0, tonumber(seen[2]) or now
  moment[i] = math.max(now, at)
  held[i] = math.min(burst, tokens + (moment[i] - at) * rate / 1000000)
  if held[i] < 1 then wait = math.max(wait, (1 - held[i]) / rate) end
  given = math.min(given, math.floor(held[i]))
end
for i = 1, buckets do
  local rate, burst = tonumber(ARGV[3 + 2 * i]), tonumber(ARGV[4 + 2 * i])
  redis.call('HSET', KEYS[i], 'tokens', string.format('%.9f', held[i] - given), 'at', string.format('%.0f', moment[i]))
  redis.call('EXPIRE', KEYS[i], math.ceil(burst / rate) + 120)
end
if has_day and given > 0 then redis.call('INCRBY', KEYS[#KEYS], given) end
return {given, string.format('%.6f', wait), 0}
"""


@dataclass(frozen=True)
class Bucket:
    """`key` names it; a minute brings `per_minute` messages at most."""

    key: str
    per_minute: float

    @property
    def burst(self) -> float:
        return max(1.0, self.per_minute * SLACK / MINUTE)

    @property
    def rate(self) -> float:
        """Tokens gained a second."""
        return (self.per_minute - self.burst + 1) / MINUTE


@dataclass(frozen=True)
class Given:
    """Tokens that were taken, and if none, how long until there is one. `day_is_over`: not before midnight."""

    tokens: int
    wait: float = 0.0
    day_is_over: bool = False


@dataclass(frozen=True)
class Limits:
    """All that limits one account just now. Groups hold what was set and what was learned of each receiving side."""

    account: int | None
    house: Bucket | None = None
    own: Bucket | None = None  # of the account
    groups: Mapping[str, Bucket] = field(default_factory=dict)
    learned: frozenset[str] = frozenset()  # groups, "" for the account, that were slowed down
    per_day: int | None = None
    day: date = date.min

    @property
    def is_free(self) -> bool:
        return not (self.house or self.own or self.groups) and self.per_day is None

    def take(self, group: str, *, most: int = 1, now: float | None = None) -> Given:
        """Take tokens for messages to one receiving side, from all of its buckets or from none."""
        buckets = [bucket for bucket in (self.house, self.own, self.groups.get(group)) if bucket]
        wanted = max(1, min([most, *(int(bucket.rate * BUNCH) for bucket in buckets)]))
        keys = [bucket.key for bucket in buckets]
        day_key = _key("day", self.account, self.day.isoformat())
        if self.per_day is not None:
            keys.append(day_key)
        given: list[str | int | float] = [
            "" if now is None else int(now * 1_000_000),
            wanted,
            int(self.per_day is not None),
            self.per_day or 0,
        ]
        given += [number for bucket in buckets for number in (bucket.rate, bucket.burst)]
        tokens, wait, day = cast("tuple[int, bytes, int]", _script()(keys=keys, args=given))
        if day == MISSING:
            _client().set(day_key, sent_on(self.account, self.day), nx=True, ex=2 * 24 * 3600)
            return self.take(group, most=most, now=now)
        return Given(tokens, float(wait), day_is_over=day == USED_UP)

    def used_today(self) -> int:
        """How many of the day's number are gone."""
        try:
            kept = cast("bytes | None", _client().get(_key("day", self.account, self.day.isoformat())))
        except redis.RedisError:
            kept = None
        return int(kept) if kept is not None else sent_on(self.account, self.day)


MISSING, USED_UP = 1, 2


def _key(*parts: object) -> str:
    return ":".join(["throttle", str(connection.settings_dict["NAME"]), *(str(part) for part in parts)])


@once
def _client() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL)


@once
def _script() -> "redis.commands.core.Script":
    return _client().register_script(_TAKE)


# what limits an account --------------------------------------------------------------------------------------------


_known: dict[int | None, tuple[float, Limits]] = {}


def limits_of(account: int | None, *, now: datetime) -> Limits:
    """The limits as they are, read at most once a second by each process."""
    kept = _known.get(account)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    found = read(account, now=now)
    _known[account] = (time.monotonic() + FRESH, found)
    return found


def read(account: int | None, *, now: datetime) -> Limits:
    """Read what limits an account: three small queries."""
    row = SendingAccount.objects.filter(pk=account).first() if account else None
    rules = policy.of_house()
    known = list(GroupLimit.objects.filter(account=account).filter(Q(per_minute__gt=0) | Q(learned__gt=0)))
    own = {limit.group: limit for limit in known}
    account_speed = _least(row.per_minute if row else None, own[""].learned if "" in own else None)
    groups = {
        group: Bucket(_key("group", account, group), speed)
        for group, limit in own.items()
        if group and (speed := _least(limit.per_minute, limit.learned))
    }
    today = timezone.localdate(now)
    return Limits(
        account,
        house=Bucket(_key("house"), rules.per_minute) if rules.per_minute else None,
        own=Bucket(_key("account", account), account_speed) if account_speed else None,
        groups=groups,
        learned=frozenset(group for group, limit in own.items() if limit.learned),
        per_day=warmed_up(row, today) if row else None,
        day=today,
    )


def forget() -> None:
    """Believe nothing that was read before."""
    _known.clear()


def _least(*speeds: float | None) -> float | None:
    return min((speed for speed in speeds if speed), default=None)


def warmed_up(account: SendingAccount, today: date) -> int | None:
    """What the account may take on a day: the warm-up curve, and never more than its number for a day."""
    if account.warm_up_from is None or not account.warm_up_first:
        return account.per_day
    days = (today - account.warm_up_from).days
    if days < 0:
        return min(account.warm_up_first, account.per_day or account.warm_up_first)
    if days > 400:
        return account.per_day
    curve = int(account.warm_up_first * account.warm_up_growth**days)
    return min(curve, account.per_day) if account.per_day else curve


def sent_on(account: int | None, day: date) -> int:
    """How many messages an account took on a day, from the tallies."""
    begins = timezone.make_aware(datetime.combine(day, datetime.min.time()))
    rows = Tally.objects.filter(mailing__account=account, at__gte=begins, at__lt=begins + timedelta(days=1))
    summed = rows.aggregate(sent=Sum("sent"), failed=Sum("failed"), unknown=Sum("unknown"))
    return max(0, sum(number or 0 for number in summed.values()))


# learning ------------------------------------------------------------------------------------------------------------


def is_slow_down(code: int, answer: str) -> bool:
    """Whether an answer asks for less: 421, or an enhanced status of 4.7 (RFC 3463: policy, rate)."""
    return code == 421 or answer.startswith("421") or (400 <= code < 500 and " 4.7." in f" {answer[3:]}")


def lower(account: int | None, group: str, answer: str, *, observed: float, now: datetime) -> float | None:
    """Halve what a receiving side gets. Returns messages a minute; None when that has just been done."""
    limit, _ = GroupLimit.objects.get_or_create(account_id=account, group=group)
    before = limit.learned or limit.per_minute or max(observed, OBSERVED_LEAST)
    after = max(LOWEST, before / 2)
    quiet = Q(lowered_at=None) | Q(lowered_at__lt=now - LOWER_AGAIN)
    lowered = GroupLimit.objects.filter(quiet, pk=limit.pk).update(
        learned=after, ceiling=limit.ceiling or before, lowered_at=now, raised_at=now, answer=answer[:1000]
    )
    _known.pop(account, None)
    return after if lowered else None


def raise_slowly(account: int | None, group: str, *, now: datetime) -> None:
    """It goes well: a tenth more, once a minute, until what it was before."""
    slowed = GroupLimit.objects.filter(account_id=account, group=group, learned__isnull=False)
    slowed = slowed.filter(raised_at__lt=now - RAISE_AGAIN)
    slowed.filter(learned__gte=F("ceiling") / RISE).update(learned=None, ceiling=None, answer="", raised_at=now)
    slowed.update(learned=F("learned") * RISE, raised_at=now)


def lift(account: int | None, group: str) -> bool:
    """Forget what was learned of a receiving side ("": the account): somebody knows better. Says whether there was something."""
    slowed = GroupLimit.objects.filter(account_id=account, group=group, learned__isnull=False)
    lifted = slowed.update(learned=None, ceiling=None, answer="", lowered_at=None)
    _known.pop(account, None)
    return bool(lifted)


# one worker's turn ---------------------------------------------------------------------------------------------------


class Throttle:
    """What one worker's turn at a chunk may hand over. Remembers what was refused, so that Redis is asked once."""

    def __init__(self, account: int | None) -> None:
        self.account = account
        self.limits = Limits(account)
        self.group_of: Mapping[str, str] = {}
        self._credit: dict[str, int] = {}
        self._blocked: dict[str, float] = {}  # group → until, by the monotonic clock
        self.waits = 0.0  # seconds until the first of those that were left out may go; 0 when nobody was
        self.is_account_full = False
        self.is_day_over = False

    def look(self, domains: Collection[str], *, now: datetime) -> None:
        """Read the limits again, and whose servers these domains have where a limit asks for it."""
        self.limits = limits_of(self.account, now=now)
        if self.limits.groups:
            self.group_of = mx.groups_of(domains)

    def is_blocked(self, domain: str) -> bool:
        """Whether this domain was refused a moment ago, so that nobody needs to be asked about it."""
        group = self.group_of.get(domain, domain)
        return bool(self._blocked) and self._blocked.get(group, 0) > time.monotonic()

    def admits(self, domain: str) -> bool:
        """Whether a message to this domain may leave now."""
        if self.limits.is_free:
            return True
        group = self.group_of.get(domain, domain) if self.limits.groups else ""
        if self._credit.get(group):
            self._credit[group] -= 1
            return True
        if self.is_account_full or self._blocked.get(group, 0) > time.monotonic():
            return False
        try:
            given = self.limits.take(group, most=1_000)
        except redis.RedisError:  # without Redis nobody can tell, so nothing leaves
            given = Given(0, wait=5.0)
        if given.tokens:
            self._credit[group] = given.tokens - 1
            return True
        self._refuse(group, given)
        return False

    def _refuse(self, group: str, given: Given) -> None:
        self.waits = min(self.waits or given.wait, given.wait) or 1.0
        self.is_day_over = given.day_is_over
        if given.day_is_over or group not in self.limits.groups:
            self.is_account_full = True
        self._blocked[group] = time.monotonic() + given.wait
