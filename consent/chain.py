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


BODY = """concat_ws('|', e.id, (extract(epoch FROM e.recorded_at) * 1000000)::bigint,
    (extract(epoch FROM e.acted_at) * 1000000)::bigint, e.act, e.channel, e.purpose_id,
    coalesce(e.subscription_type_id::text, ''), e.source, e.kind, coalesce(e.evidence_on::text, ''),
    coalesce(((extract(epoch FROM e.expires_at) * 1000000)::bigint)::text, ''), e.actor, encode(e.commitment, 'hex'),
    'basis=' || nullif(e.basis, ''), 'country=' || nullif(e.country, ''), 'notice=' || e.notice_id)"""
DETAIL = """jsonb_build_array(d.address, d.subject, d.wording, d.language, host(d.ip), d.user_agent, d.url,
    d.evidence)::text"""

# Walks the whole chain in the database, in one pass over the primary key. A personal side may only be gone when an
# erasure, itself an entry, names it.
VERIFY = f"""
WITH erased AS MATERIALIZED (
    SELECT jsonb_array_elements_text(d.evidence->'entries')::bigint AS id
    FROM consent_consentevent e JOIN consent_consentdetail d ON d.event_id = e.id WHERE e.act = 'erased'
), link AS (
    SELECT e.id, d.event_id IS NULL AS is_erased,
        CASE
            WHEN e.previous <> lag(e.hash, 1, %(first)s) OVER (ORDER BY e.id) THEN 'previous'
            WHEN e.hash <> sha256(e.previous || convert_to({BODY}, 'UTF8')) THEN 'hash'
            WHEN e.commitment <> sha256(d.salt || convert_to({DETAIL}, 'UTF8')) THEN 'detail'
            WHEN d.event_id IS NULL AND NOT e.id IN (SELECT id FROM erased) THEN 'detail'
        END AS broken
    FROM consent_consentevent e LEFT JOIN consent_consentdetail d ON d.event_id = e.id
)
SELECT count(*), count(*) FILTER (WHERE is_erased), min(id) FILTER (WHERE broken IS NOT NULL),
    (array_agg(broken ORDER BY id) FILTER (WHERE broken IS NOT NULL))[1],
    (SELECT hash FROM consent_consentevent ORDER BY id DESC LIMIT 1)
FROM link
"""  # noqa: S608 - our own text
