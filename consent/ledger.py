"""The ledger of consent: who agreed to what, or took it back, with the evidence. Append-only and hash-chained.

`consent.chain` holds what is hashed. The personal side of an event lives in `ConsentDetail` with its salt, so that
erasing a person leaves the chain whole.
"""

import datetime as dt
import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import bases, chain, rulebook, rules, standings, walking
from consent.law import is_soft
from consent.models import Act, ConsentDetail, PrivacyNotice
from consent.verdict import GIVING, Evidence
from consent.walking import Verified

LOCK = 0x504F5354_00000001  # pg_advisory_xact_lock: one writer at the end of the chain
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
    `acted_at` is when it was done, if that was before `now`. `basis` is the code of a `LegalBasis`; left out, it
    follows from the source. `country` (ISO 3166-1) as far as it is known.
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
    basis: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch: new events `first` to `last`, and how many were already known."""

    new: int
    known: int
    first: int = 0
    last: int = 0


def record(entries: Sequence[Entry], *, now: dt.datetime) -> Recorded:
    """Append the entries to the ledger and bring the standings up to date, in one transaction.

    Evidence that the ledger already holds is not written again: repeating an import changes nothing. Refuses the
    whole batch with `NotEvidence` when a source never counts, evidence is missing or dated in the future. An own,
    explicit yes also releases the unsubscriptions it answers. Takes the ledger's lock until the transaction ends:
    in a longer transaction call this last, with everything in one call.
    """
    if not entries:
        return Recorded(0, 0)
    rows = _work_out(entries, now=now)
    with transaction.atomic():
        head = _lock_and_read_head()
        known = _known(rows)
        new = [row for row in rows if row.fingerprint not in known]
        if not new:
            return Recorded(0, len(entries))
        first = _reserve_numbers(len(new))
        _append(new, first, head, recorded_at=now, notice=_notice())
        last = first + len(new) - 1
        standings.fold(first, last)
        if any(row.is_own for row in new):
            _release_unsubscriptions(first, last, now)
    return Recorded(len(new), len(entries) - len(new), first, last)


def lock() -> None:
    """Take the chain's end until the transaction is over; only for who must hold it before rows of other tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def problems(entry: Entry, *, today: dt.date, sources: Mapping[str, rules.SourceRule] = rules.SOURCES) -> list[str]:
    """Say why an entry cannot count as consent, in sentences; an empty list means it can."""
    if entry.act not in GIVING:
        return []
    rule = sources.get(entry.source)
    if rule is None:
        return [_("Choose where the address comes from")]
    if not rule.is_recordable:
        return [f"{rule.explanation} {rule.remedy}."]
    found = []
    if entry.box_ticked and not rule.may_be_explicit:
        found.append(_("This source has no box to tick"))
    given = {"wording": entry.wording, "url": entry.url, "ip": entry.ip} | dict(entry.evidence)
    found += [_("Missing: %s") % gap.label for gap in rules.missing(rule, given, entry.evidence_on)]
    if entry.evidence_on and entry.evidence_on > today:
        found.append(_("The date lies in the future"))
    return found


def annul(declared_by: str, numbered: Iterable[tuple[int, int]], *, actor: str, now: dt.datetime) -> int:
    """Take back what `declared_by` declared by mistake in entries of these numbers; give how many entries.

    Nothing is removed: each gets an entry that says so, and counts no longer; declared anew, it counts again.
    What the people did themselves stays. Takes the ledger's lock until the transaction ends, like `record`.
    """
    annulled = 0
    with transaction.atomic():
        lock()
        for first, last in numbered:
            mistaken = _mistaken(declared_by, first, last)
            if not mistaken:
                continue
            entries = [
                Entry(
                    address=address,
                    channel=channel,
                    purpose=purpose,
                    subscription_type=subscription_type,
                    act="annulled",
                    source="undone",
                    evidence={"entry": event},
                    actor=actor,
                    subject=subject,
                )
                for event, address, channel, purpose, subscription_type, subject in mistaken
            ]
            recorded = record(entries, now=now)
            standings.annul(recorded.first, recorded.last)
            standings.derive_anew(sorted({entry.address for entry in entries}))
            annulled += len(entries)
    return annulled


def _mistaken(declared_by: str, first: int, last: int) -> list[tuple[int, str, str, int, int | None, int | None]]:
    with connection.cursor() as cursor:
        cursor.execute(MISTAKEN, [first, last, declared_by])
        return list(cursor.fetchall())


MISTAKEN = """
SELECT e.id, d.address, e.channel, e.purpose_id, e.subscription_type_id, d.subject
FROM consent_consentevent e JOIN consent_consentdetail d ON d.event_id = e.id
WHERE e.id BETWEEN %s AND %s AND e.actor = %s AND e.act IN ('given', 'confirmed')
    AND NOT EXISTS (SELECT FROM consent_annulment a WHERE a.event_id = e.id)
ORDER BY e.id
"""


def verify() -> Verified:
    """Walk the chain from its beginning and name the first link that does not hold."""
    return walking.verify()


def knows(head: str) -> bool:
    """Say whether a hash that was kept elsewhere still stands in the chain: whoever cuts off its end takes it along."""
    with connection.cursor() as cursor:
        cursor.execute(chain.KNOWS, [bytes.fromhex(head)])
        return bool(cursor.fetchone()[0])


def evidence_of(channel: str, address: str) -> list[Evidence]:
    """Give every act of one address, oldest first, as `gate.judge` takes it."""
    details = ConsentDetail.objects.filter(address=address, event__channel=channel, event__annulment=None)
    details = details.exclude(event__act=Act.ANNULLED).select_related("event")
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
        evidence_on=event.evidence_on or event.acted_at.date(),
        is_soft=is_soft(detail.evidence),
    )


@dataclass(frozen=True, slots=True)
class _Declared:
    """What the rows of one import share: worked out once for all of them."""

    kind: str
    expires_at: dt.datetime | None
    evidence: str
    basis: str
    shown: str  # the evidence as `repr` writes it, for the fingerprint


@dataclass(slots=True)
class _Row:
    """An entry worked out: everything but its place in the chain."""

    entry: Entry
    declared: _Declared
    acted_at: dt.datetime
    salt: bytes
    fingerprint: bytes | None
    detail: tuple[object, ...]
    commitment: bytes

    @property
    def is_own(self) -> bool:
        return self.entry.act in GIVING and self.declared.kind == rules.Kind.EXPLICIT and self.entry.actor == "self"


def _work_out(entries: Sequence[Entry], *, now: dt.datetime) -> list[_Row]:
    """Check the entries and work out everything that needs no lock; twins are dropped."""
    zone = timezone.get_default_timezone()
    today = now.astimezone(zone).date()
    sources = rulebook.current().sources
    known: dict[tuple[object, ...], _Declared] = {}
    seen: set[bytes] = set()
    rows = []
    salts = os.urandom(16 * len(entries))
    for number, entry in enumerate(entries):
        what = (
            *(entry.act, entry.source, entry.evidence_on, entry.box_ticked, repr(entry.evidence), entry.actor),
            *(bool(entry.wording), bool(entry.url), bool(entry.ip), entry.basis),
        )
        declared = known.get(what)
        if declared is None:
            known[what] = declared = _declare(entry, today, zone, sources)
        row = _row(entry, declared, entry.acted_at or now, salts[16 * number : 16 * number + 16])
        if row.fingerprint is None or row.fingerprint not in seen:
            rows.append(row)
            seen.add(row.fingerprint or b"")
    return rows


def _declare(entry: Entry, today: dt.date, zone: dt.tzinfo, sources: Mapping[str, rules.SourceRule]) -> _Declared:
    if not ACTOR(entry.actor):
        raise ValueError(f"not an actor: {entry.actor!r}")
    if found := problems(entry, today=today, sources=sources):
        raise NotEvidence(". ".join(found))
    if entry.act not in GIVING:
        return _Declared(rules.Kind.NONE.value, None, chain.jsonb(entry.evidence), entry.basis, "")
    rule = sources[entry.source]
    # what the person confirmed is explicit, wherever the address came from
    is_explicit = entry.act == "confirmed" or entry.box_ticked
    kind = rules.Kind.EXPLICIT if is_explicit else rule.kind
    # the window of a source is that of its own kind: a purchase counts two years, the box ticked at it until withdrawn
    expires_at = rules.expires_at(rule, entry.evidence_on, zone) if kind is rule.kind and entry.evidence_on else None
    basis, evidence = entry.basis or bases.of(entry.source, kind), chain.jsonb(entry.evidence)
    return _Declared(kind.value, expires_at, evidence, basis, repr(evidence))


def _row(entry: Entry, declared: _Declared, acted_at: dt.datetime, salt: bytes) -> _Row:
    detail = (
        entry.address,
        entry.subject,
        chain.storable(entry.wording),
        entry.language,
        chain.ip(entry.ip),
        chain.storable(entry.user_agent),
        chain.storable(entry.url),
    )
    fingerprint = _fingerprint(entry, declared, acted_at) if entry.act in GIVING else None
    return _Row(entry, declared, acted_at, salt, fingerprint, detail, chain.commitment(salt, detail, declared.evidence))


def _fingerprint(entry: Entry, declared: _Declared, acted_at: dt.datetime) -> bytes:
    """What makes two pieces of evidence one. A person's own acts are told apart by their moment."""
    moment = acted_at if entry.actor == "self" else None
    what = (
        f"({entry.address!r}, {entry.channel!r}, {entry.purpose}, {entry.subscription_type}, {entry.act!r}, "
        f"{entry.source!r}, {declared.kind!r}, '{entry.evidence_on}', '{moment}', {entry.wording!r}, {declared.shown})"
    )
    return hashlib.blake2b(what.encode(errors="replace"), digest_size=16).digest()


def _lock_and_read_head() -> bytes:
    lock()
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM consent_consentevent ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
    return bytes(row[0]) if row else chain.FIRST_HASH


def _known(rows: Sequence[_Row]) -> set[bytes]:
    """Give the fingerprints that the ledger holds. Evidence that was annulled is new again, under one of its own."""
    asked = {row.fingerprint: row for row in rows if row.fingerprint}
    known: set[bytes] = set()
    while asked:
        found = _found(list(asked))
        known |= {fingerprint for fingerprint, annulled_by in found if annulled_by is None}
        again: dict[bytes, _Row] = {}
        for fingerprint, annulled_by in found:
            if annulled_by is not None:
                row = asked[fingerprint]
                row.fingerprint = hashlib.blake2b(b"%b|%d" % (fingerprint, annulled_by), digest_size=16).digest()
                again[row.fingerprint] = row
        asked = again
    return known


def _found(fingerprints: Sequence[bytes]) -> list[tuple[bytes, int | None]]:
    with connection.cursor() as cursor:
        cursor.execute(FOUND, [list(fingerprints)])
        return [(bytes(fingerprint), by) for fingerprint, by in cursor.fetchall()]


def _reserve_numbers(count: int) -> int:
    """Take `count` numbers in a row; only the holder of the lock does, so they follow the chain's end."""
    sequence = "pg_get_serial_sequence('consent_consentevent', 'id')"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval({sequence})")
        (first,) = cursor.fetchone()
        cursor.execute(f"SELECT setval({sequence}, %s)", [first + count - 1])
    return int(first)


def _notice() -> int | None:
    """The privacy notice that holds now."""
    return PrivacyNotice.objects.order_by("-pk").values_list("pk", flat=True).first()


def _append(rows: Sequence[_Row], first: int, previous: bytes, *, recorded_at: dt.datetime, notice: int | None) -> None:
    """Write the rows behind the chain's last hash `previous`, numbered from `first`."""
    recorded = chain.microseconds(recorded_at)
    with connection.cursor() as cursor:
        with cursor.copy(COPY_EVENTS) as copy:
            for number, row in enumerate(rows, first):
                digest = chain.link(previous, _body(row, number, recorded, notice))
                copy.write_row((number, recorded_at, *_columns(row), notice, row.commitment, previous, digest))
                previous = digest
        with cursor.copy(COPY_DETAILS) as copy:
            for number, row in enumerate(rows, first):
                copy.write_row((number, row.salt, row.fingerprint, *row.detail, row.declared.evidence))


def _columns(row: _Row) -> tuple[object, ...]:
    entry, declared = row.entry, row.declared
    return (
        *(row.acted_at, entry.act, entry.channel, entry.purpose, entry.subscription_type, entry.source),
        *(declared.kind, entry.evidence_on, declared.expires_at, entry.actor, declared.basis, entry.country),
    )


def _body(row: _Row, number: int, recorded: int, notice: int | None) -> str:
    entry, expires_at = row.entry, row.declared.expires_at
    expires = "" if expires_at is None else chain.microseconds(expires_at)
    return (
        f"{number}|{recorded}|{chain.microseconds(row.acted_at)}|{entry.act}|{entry.channel}|{entry.purpose}|"
        f"{entry.subscription_type or ''}|{entry.source}|{row.declared.kind}|{entry.evidence_on or ''}|{expires}|"
        f"{entry.actor}|{row.commitment.hex()}{chain.tail(row.declared.basis, entry.country, notice)}"
    )


def _release_unsubscriptions(first: int, last: int, now: dt.datetime) -> None:
    """An own yes answers the unsubscriptions before it: for a type that type's, for the purpose every one."""
    with connection.cursor() as cursor:
        cursor.execute(RELEASE, {"first": first, "last": last, "now": now})


# The addresses for which anybody but %(actor)s has an entry; for whoever decides whether a person was heard of.
SPOKEN_BY_OTHERS = """
SELECT d.address FROM consent_consentdetail d JOIN consent_consentevent e ON e.id = d.event_id
WHERE e.actor <> %(actor)s AND e.act <> 'annulled'
    AND NOT EXISTS (SELECT FROM consent_annulment a WHERE a.event_id = e.id)
"""

FOUND = """
SELECT d.fingerprint, a.by FROM consent_consentdetail d LEFT JOIN consent_annulment a ON a.event_id = d.event_id
WHERE d.fingerprint = ANY(%s)
"""

COPY_EVENTS = """COPY consent_consentevent (id, recorded_at, acted_at, act, channel, purpose_id, subscription_type_id,
source, kind, evidence_on, expires_at, actor, basis, country, notice_id, commitment, previous, hash) FROM STDIN"""
COPY_DETAILS = """COPY consent_consentdetail (event_id, salt, fingerprint, address, subject, wording, language, ip,
user_agent, url, evidence) FROM STDIN"""

RELEASE = """
UPDATE consent_suppression s
SET released_at = %(now)s, released_because = 'ledger:' || e.id
FROM consent_consentevent e JOIN consent_consentdetail d ON d.event_id = e.id
WHERE e.id BETWEEN %(first)s AND %(last)s AND e.actor = 'self' AND e.kind = 'explicit'
    AND s.released_at IS NULL AND s.reason = 'unsubscribed' AND s.channel = e.channel AND s.address = d.address
    AND s.created_at < e.acted_at
    AND (e.subscription_type_id IS NULL OR e.subscription_type_id = s.subscription_type_id)
"""
