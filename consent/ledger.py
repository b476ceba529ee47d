"""The ledger of consent: who agreed to what, or took it back, with the evidence. Append-only and hash-chained.

An event's hash covers the hash before it and a commitment to its personal side; that side lives in `ConsentDetail`
with its salt, so that erasing a person leaves the chain whole. `BODY` and `DETAIL` are the same texts in SQL as
`_body` and `_commitment` write here; `verify` walks the chain inside the database.
"""

import datetime as dt
import hashlib
import ipaddress
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import rules, standings
from consent.models import ConsentDetail
from consent.verdict import GIVING, Evidence

LOCK = 0x504F5354_00000001  # pg_advisory_xact_lock: one writer at the end of the chain
FIRST_HASH = bytes(32)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
ACTOR = re.compile(r"[a-z]+(:[A-Za-z0-9_.\-]+)?").fullmatch


class NotEvidence(ValueError):
    """The entry cannot count as consent; the message says why, fit to show a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act to be recorded.

    `address` is normalised; `purpose` and `subscription_type` are ids (type None: the purpose as a whole).
    `source` is a code of `rules.SOURCES` for given and confirmed, free for the others ("one_click", "staff").
    `box_ticked`: the person ticked a box that was not ticked beforehand; makes `own_form` and the like explicit.
    `evidence` holds the keys that the source's rule names; text, whole numbers and booleans only.
    `actor` is "self", "user:7", "import:12", "form:3", "system". Only "self" ever beats an earlier opt-out.
    `acted_at` is when it was done, if that was before `now`.
    """

    address: str
    purpose: int
    subscription_type: int | None = None
    channel: str = "email"
    act: str = "given"
    source: str
    box_ticked: bool = False
    evidence_on: dt.date | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    actor: str
    acted_at: dt.datetime | None = None
    subject: int | None = None
    wording: str = ""
    language: str = ""
    ip: str | None = None
    user_agent: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch: new events `first` to `last`, and how many were already known."""

    new: int
    known: int
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """The first link of the chain that does not hold, and what does not fit: previous, hash or detail."""

    event: int
    part: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The chain as it was found: how many events, how many whose personal side was erased, and its last hash."""

    events: int
    erased: int
    head: str
    broken: Broken | None = None

    @property
    def is_whole(self) -> bool:
        return self.broken is None


def record(entries: Sequence[Entry], *, now: dt.datetime) -> Recorded:
    """Append the entries to the ledger and bring the standings up to date, in one transaction.

    Evidence that the ledger already holds is not written again: repeating an import changes nothing. Refuses the
    whole batch with `NotEvidence` when a source never counts, evidence is missing or dated in the future. An own,
    explicit yes also releases the unsubscriptions it answers. Takes the ledger's lock until the transaction ends:
    in a longer transaction call this last, with everything in one call.
    """
    if not entries:
        return Recorded(0, 0)
    zone = timezone.get_default_timezone()
    _refuse_what_cannot_count(entries, today=now.astimezone(zone).date())
    rows = _without_twins([_Row.of(entry, now=now, zone=zone) for entry in entries])
    with transaction.atomic():
        head = _lock_and_read_head()
        known = _known({row.fingerprint for row in rows if row.fingerprint})
        new = [row for row in rows if row.fingerprint not in known]
        if not new:
            return Recorded(0, len(entries))
        first = _reserve_numbers(len(new))
        _append(_chain(new, first, head, recorded_at=now), new, first)
        last = first + len(new) - 1
        standings.fold(first, last)
        if any(row.is_own for row in new):
            _release_unsubscriptions(first, last, now)
    return Recorded(len(new), len(entries) - len(new), first, last)


def problems(entry: Entry, *, today: dt.date) -> list[str]:
    """Say why an entry cannot count as consent, in sentences; an empty list means it can."""
    if entry.act not in GIVING:
        return []
    rule = rules.SOURCES.get(entry.source)
    if rule is None:
        return [_("Choose where the address comes from")]
    if not rule.is_recordable:
        return [f"{rule.explanation} {rule.remedy}."]
    found = []
    if entry.box_ticked and not rule.may_be_explicit:
        found.append(_("This source has no box to tick"))
    given = _given_evidence(entry)
    found += [_("Missing: %s") % gap.label for gap in rules.missing(rule, given, entry.evidence_on)]
    if entry.evidence_on and entry.evidence_on > today:
        found.append(_("The date lies in the future"))
    return found


def verify() -> Verified:
    """Walk the chain from its beginning and name the first link that does not hold."""
    with connection.cursor() as cursor:
        cursor.execute(VERIFY, {"first": FIRST_HASH})
        events, erased, broken, part, head = cursor.fetchone()
    return Verified(events, erased, bytes(head or b"").hex(), Broken(broken, part) if broken is not None else None)


def evidence_of(channel: str, address: str) -> list[Evidence]:
    """Give every act of one address, oldest first, as `gate.judge` takes it."""
    details = ConsentDetail.objects.filter(address=address, event__channel=channel).select_related("event")
    return [_as_evidence(detail) for detail in details.order_by("event_id")]


def _as_evidence(detail: ConsentDetail) -> Evidence:
    event = detail.event
    return Evidence(
        event=event.pk,
        act=event.act,
        address=detail.address,
        channel=event.channel,
        purpose=event.purpose_id,
        subscription_type=event.subscription_type_id,
        source=event.source,
        kind=event.kind,
        actor=event.actor,
        acted_at=event.acted_at,
        expires_at=event.expires_at,
    )


@dataclass(slots=True)
class _Row:
    """An entry worked out: everything but its place in the chain."""

    entry: Entry
    kind: str
    acted_at: dt.datetime
    expires_at: dt.datetime | None
    salt: bytes
    evidence: str
    fingerprint: bytes | None
    commitment: bytes

    @classmethod
    def of(cls, entry: Entry, *, now: dt.datetime, zone: dt.tzinfo) -> "_Row":
        rule = rules.SOURCES.get(entry.source)
        acted_at = entry.acted_at or now
        expires_at = rules.expires_at(rule, entry.evidence_on, zone) if rule and entry.evidence_on else None
        kind = _kind(entry, rule)
        evidence = _like_jsonb(entry.evidence)
        salt = os.urandom(16)
        return cls(
            entry=entry,
            kind=kind,
            acted_at=acted_at,
            expires_at=expires_at if entry.act in GIVING else None,
            salt=salt,
            evidence=evidence,
            fingerprint=_fingerprint(entry, kind, evidence, acted_at),
            commitment=_commitment(entry, salt, evidence),
        )

    @property
    def is_own(self) -> bool:
        return self.entry.act in GIVING and self.kind == "explicit" and self.entry.actor == "self"


def _kind(entry: Entry, rule: rules.SourceRule | None) -> str:
    """Explicit, implicit or none. What the person confirmed is explicit, wherever the address came from."""
    if entry.act not in GIVING or rule is None:
        return rules.Kind.NONE.value
    if entry.act == "confirmed" or entry.box_ticked:
        return rules.Kind.EXPLICIT.value
    return rule.kind.value


def _refuse_what_cannot_count(entries: Iterable[Entry], *, today: dt.date) -> None:
    """Check each different declaration once: the rows of an import usually share theirs."""
    checked: set[tuple[object, ...]] = set()
    for entry in entries:
        if not ACTOR(entry.actor):
            raise ValueError(f"not an actor: {entry.actor!r}")
        what = (entry.act, entry.source, entry.evidence_on, entry.box_ticked, id(entry.evidence), bool(entry.wording))
        if what in checked:
            continue
        if found := problems(entry, today=today):
            raise NotEvidence(". ".join(found))
        checked.add(what)


def _given_evidence(entry: Entry) -> dict[str, object]:
    own = {"wording": entry.wording, "url": entry.url, "ip": entry.ip}
    return {key: value for key, value in own.items() if value} | dict(entry.evidence)


def _like_jsonb(value: object) -> str:
    """Write JSON as PostgreSQL's jsonb prints it: keys by length, then by bytes. No floats: they print differently."""
    return json.dumps(_sorted(value), ensure_ascii=False, separators=(", ", ": "))


def _sorted(value: object) -> object:
    if isinstance(value, Mapping):
        plain = {_storable(str(key)): _sorted(inner) for key, inner in value.items()}
        return dict(sorted(plain.items(), key=lambda item: (len(item[0].encode()), item[0].encode())))
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    if isinstance(value, str):
        return _storable(value)
    if value is None or isinstance(value, bool | int):
        return value
    raise TypeError(f"evidence holds text, whole numbers and booleans, not {value!r}")


def _storable(text: str) -> str:
    """Leave out what PostgreSQL cannot keep: NUL and halves of surrogate pairs."""
    return text.replace("\x00", "").encode(errors="ignore").decode()


def _detail(entry: Entry) -> tuple[object, ...]:
    """The personal values in the order in which they are committed to and stored."""
    return (
        entry.address,
        entry.subject,
        _storable(entry.wording),
        entry.language,
        str(ipaddress.ip_address(entry.ip)) if entry.ip else None,
        _storable(entry.user_agent),
        _storable(entry.url),
    )


def _commitment(entry: Entry, salt: bytes, evidence: str) -> bytes:
    plain = json.dumps(_detail(entry), ensure_ascii=False)
    return hashlib.sha256(salt + f"{plain[:-1]}, {evidence}]".encode()).digest()


def _fingerprint(entry: Entry, kind: str, evidence: str, acted_at: dt.datetime) -> bytes | None:
    """What makes two pieces of evidence one. A person's own acts are told apart by their moment."""
    if entry.act not in GIVING:
        return None
    moment = acted_at if entry.actor == "self" else None
    scope = (entry.address, entry.channel, entry.purpose, entry.subscription_type)
    what = (entry.act, entry.source, kind, entry.evidence_on, moment, entry.wording, evidence)
    return hashlib.blake2b(repr((scope, what)).encode(), digest_size=16).digest()


def _without_twins(rows: list[_Row]) -> list[_Row]:
    seen: set[bytes] = set()
    return [
        row for row in rows if row.fingerprint is None or not (row.fingerprint in seen or seen.add(row.fingerprint))
    ]


def _lock_and_read_head() -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("SELECT hash FROM consent_consentevent ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
    return bytes(row[0]) if row else FIRST_HASH


def _known(fingerprints: set[bytes]) -> set[bytes]:
    if not fingerprints:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fingerprint FROM consent_consentdetail WHERE fingerprint = ANY(%s)", [list(fingerprints)]
        )
        return {bytes(row[0]) for row in cursor.fetchall()}


def _reserve_numbers(count: int) -> int:
    """Take `count` numbers in a row; only the holder of the lock does, so they follow the chain's end."""
    sequence = "pg_get_serial_sequence('consent_consentevent', 'id')"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval({sequence})")
        (first,) = cursor.fetchone()
        cursor.execute(f"SELECT setval({sequence}, %s)", [first + count - 1])
    return int(first)


def _chain(
    rows: Sequence[_Row], first: int, head: bytes, *, recorded_at: dt.datetime
) -> Iterable[tuple[_Row, int, dt.datetime, bytes, bytes]]:
    """Give each row its number, the hash before it and its own."""
    recorded = _microseconds(recorded_at)
    for number, row in enumerate(rows, first):
        digest = hashlib.sha256(head + _body(row, number, recorded)).digest()
        yield row, number, recorded_at, head, digest
        head = digest


def _body(row: _Row, number: int, recorded: int) -> bytes:
    entry = row.entry
    expires = "" if row.expires_at is None else _microseconds(row.expires_at)
    return (
        f"{number}|{recorded}|{_microseconds(row.acted_at)}|{entry.act}|{entry.channel}|{entry.purpose}|"
        f"{entry.subscription_type or ''}|{entry.source}|{row.kind}|{entry.evidence_on or ''}|{expires}|"
        f"{entry.actor}|{row.commitment.hex()}"
    ).encode()


def _microseconds(moment: dt.datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def _append(chained: Iterable[tuple[_Row, int, dt.datetime, bytes, bytes]], rows: Sequence[_Row], first: int) -> None:
    with connection.cursor() as cursor:
        with cursor.copy(COPY_EVENTS) as copy:
            for row, number, recorded_at, previous, digest in chained:
                entry = row.entry
                copy.write_row(
                    (
                        number, recorded_at, row.acted_at, entry.act, entry.channel, entry.purpose,
                        entry.subscription_type, entry.source, row.kind, entry.evidence_on, row.expires_at,
                        entry.actor, row.commitment, previous, digest,
                    )
                )  # fmt: skip
        with cursor.copy(COPY_DETAILS) as copy:
            for number, row in enumerate(rows, first):
                copy.write_row((number, row.salt, row.fingerprint, *_detail(row.entry), row.evidence))


def _release_unsubscriptions(first: int, last: int, now: dt.datetime) -> None:
    """An own yes answers the unsubscriptions before it: for a type that type's, for the purpose every one."""
    with connection.cursor() as cursor:
        cursor.execute(RELEASE, {"first": first, "last": last, "now": now})


COPY_EVENTS = """COPY consent_consentevent (id, recorded_at, acted_at, act, channel, purpose_id, subscription_type_id,
source, kind, evidence_on, expires_at, actor, commitment, previous, hash) FROM STDIN"""
COPY_DETAILS = """COPY consent_consentdetail (event_id, salt, fingerprint, address, subject, wording, language, ip,
user_agent, url, evidence) FROM STDIN"""

BODY = """concat_ws('|', e.id, (extract(epoch FROM e.recorded_at) * 1000000)::bigint,
    (extract(epoch FROM e.acted_at) * 1000000)::bigint, e.act, e.channel, e.purpose_id,
    coalesce(e.subscription_type_id::text, ''), e.source, e.kind, coalesce(e.evidence_on::text, ''),
    coalesce(((extract(epoch FROM e.expires_at) * 1000000)::bigint)::text, ''), e.actor, encode(e.commitment, 'hex'))"""
DETAIL = """jsonb_build_array(d.address, d.subject, d.wording, d.language, host(d.ip), d.user_agent, d.url,
    d.evidence)::text"""

VERIFY = f"""
WITH link AS (
    SELECT e.id, e.hash, d.event_id IS NULL AS is_erased,
        CASE
            WHEN e.previous <> lag(e.hash, 1, %(first)s) OVER (ORDER BY e.id) THEN 'previous'
            WHEN e.hash <> sha256(e.previous || convert_to({BODY}, 'UTF8')) THEN 'hash'
            WHEN e.commitment <> sha256(d.salt || convert_to({DETAIL}, 'UTF8')) THEN 'detail'
        END AS broken
    FROM consent_consentevent e LEFT JOIN consent_consentdetail d ON d.event_id = e.id
)
SELECT count(*), count(*) FILTER (WHERE is_erased), min(id) FILTER (WHERE broken IS NOT NULL),
    (array_agg(broken ORDER BY id) FILTER (WHERE broken IS NOT NULL))[1],
    (SELECT hash FROM consent_consentevent ORDER BY id DESC LIMIT 1)
FROM link
"""  # noqa: S608 - our own text

RELEASE = """
UPDATE consent_suppression s
SET released_at = %(now)s, released_because = 'ledger:' || e.id
FROM consent_consentevent e JOIN consent_consentdetail d ON d.event_id = e.id
WHERE e.id BETWEEN %(first)s AND %(last)s AND e.actor = 'self' AND e.kind = 'explicit'
    AND s.released_at IS NULL AND s.reason = 'unsubscribed' AND s.channel = e.channel AND s.address = d.address
    AND s.created_at < e.acted_at
    AND (e.subscription_type_id IS NULL OR e.subscription_type_id = s.subscription_type_id)
"""
