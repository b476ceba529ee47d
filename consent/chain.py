"""The links of the ledger's chain: what is hashed, written the same way in Python and in SQL.

An event's hash covers the hash before it, its own columns and a commitment to its personal side; the commitment is
salted, so that neither the hash tells the address nor its erasure breaks the chain.
"""

import datetime as dt
import hashlib
import ipaddress
import json
from collections.abc import Mapping
from typing import Any

FIRST_HASH = bytes(32)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)

_json = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode


def link(previous: bytes, body: str) -> bytes:
    """Give the hash of an event from the hash before it and its body."""
    return hashlib.sha256(previous + body.encode()).digest()


def commitment(salt: bytes, detail: tuple[object, ...], evidence: str) -> bytes:
    """Commit to the personal side without telling it; `evidence` is text of `jsonb`."""
    return hashlib.sha256(salt + personal(detail, evidence).encode()).digest()


def personal(detail: tuple[object, ...], evidence: str) -> str:
    """Write the personal side as it is hashed."""
    return f"{_json(detail)[:-1]}, {evidence}]"


def microseconds(moment: dt.datetime) -> int:
    """Give a moment as whole microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def jsonb(value: Mapping[str, Any]) -> str:
    """Write JSON as PostgreSQL's jsonb prints it: keys by length, then by bytes. No floats: they print differently."""
    return _json(_sorted(value))


def storable(text: str) -> str:
    """Leave out what PostgreSQL cannot keep: NUL and halves of surrogate pairs."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode(errors="ignore").decode()


def ip(address: str | None) -> str | None:
    """Write an IP address as PostgreSQL's host() prints it."""
    return str(ipaddress.ip_address(address)) if address else None


def _sorted(value: object) -> object:
    if isinstance(value, Mapping):
        plain = {storable(str(key)): _sorted(inner) for key, inner in value.items()}
        return dict(sorted(plain.items(), key=lambda item: (len(item[0].encode()), item[0].encode())))
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    if isinstance(value, str):
        return storable(value)
    if value is None or isinstance(value, bool | int):
        return value
    raise TypeError(f"evidence holds text, whole numbers and booleans, not {value!r}")


def tail(basis: str, country: str, notice: int | None) -> str:
    """Give the last parts of a body. Entries of before they existed have none: their hashes stay what they were."""
    parts = (f"|basis={basis}" if basis else "", f"|country={country}" if country else "")
    return "".join(parts) + (f"|notice={notice}" if notice else "")


def _microseconds_sql(column: str) -> str:
    """The same number as `microseconds`, from the eight octets that PostgreSQL keeps: exact, and quicker than epochs."""
    return f"(('x' || encode(timestamptz_send({column}), 'hex'))::bit(64)::bigint + {SINCE_1970})"


SINCE_1970 = 946_684_800_000_000  # PostgreSQL counts microseconds from the year 2000

BODY = f"""concat_ws('|', e.id, {_microseconds_sql("e.recorded_at")}, {_microseconds_sql("e.acted_at")}, e.act, e.channel,
    e.purpose_id, coalesce(e.subscription_type_id::text, ''), e.source, e.kind, coalesce(e.evidence_on::text, ''),
    coalesce({_microseconds_sql("e.expires_at")}::text, ''), e.actor, encode(e.commitment, 'hex'),
    'basis=' || nullif(e.basis, ''), 'country=' || nullif(e.country, ''), 'notice=' || e.notice_id)"""
# As jsonb prints an array of these, put together by hand: building and printing one costs four times as much.
DETAIL = (
    "concat('[', "
    + ", ', ', ".join(
        (
            *("to_json(d.address)", "coalesce(d.subject::text, 'null')", "to_json(d.wording)", "to_json(d.language)"),
            *("coalesce('\"' || host(d.ip) || '\"', 'null')", "to_json(d.user_agent)", "to_json(d.url)", "d.evidence"),
        )
    )
    + ", ']')"
)

# Three walks over the chain, each in the database and each in a form that several processors can share. What an entry
# says, and what its personal side says:
CONTENTS = f"""
SELECT count(*), count(*) FILTER (WHERE d.event_id IS NULL),
    min(e.id) FILTER (WHERE e.hash <> sha256(e.previous || convert_to({BODY}, 'UTF8'))),
    min(e.id) FILTER (WHERE e.commitment <> sha256(d.salt || convert_to({DETAIL}, 'UTF8')))
FROM consent_consentevent e LEFT JOIN consent_consentdetail d ON d.event_id = e.id
"""  # noqa: S608 - our own text
# Whether each entry follows the one before:
ORDER = """
SELECT min(id) FROM (
    SELECT id, previous <> lag(hash, 1, %(first)s) OVER (ORDER BY id) AS is_broken FROM consent_consentevent
) link WHERE is_broken
"""
# A personal side may only be gone when an erasure, itself an entry, names it:
MISSING = """
SELECT min(e.id) FROM consent_consentevent e
WHERE NOT EXISTS (SELECT FROM consent_consentdetail d WHERE d.event_id = e.id)
    AND NOT e.id IN (
        SELECT jsonb_array_elements_text(d.evidence->'entries')::bigint
        FROM consent_consentevent erasing JOIN consent_consentdetail d ON d.event_id = erasing.id
        WHERE erasing.act = 'erased')
"""
HEAD = "SELECT hash FROM consent_consentevent ORDER BY id DESC LIMIT 1"
KNOWS = "SELECT EXISTS (SELECT FROM consent_consentevent WHERE hash = %s)"
