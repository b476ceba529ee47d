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


def _like_the_first(row: str, columns: str, name: str, text: str) -> str:
    """Give SQL for `text`, taken over from the first row of the stretch where these columns are the same."""
    first = "(SELECT {} FROM example)".format
    alike = " AND ".join(f"{row}.{column} IS NOT DISTINCT FROM {first(column)}" for column in columns.split())
    return f"CASE WHEN {alike} THEN {first(name)} ELSE {text} END"


WHEN_AND_WHAT = f"""concat_ws('|', {_microseconds_sql("e.recorded_at")}, {_microseconds_sql("e.acted_at")}, e.act,
    e.channel, e.purpose_id, coalesce(e.subscription_type_id::text, ''), e.source, e.kind)"""
UNTIL_AND_WHO = f"concat_ws('|', coalesce({_microseconds_sql('e.expires_at')}::text, ''), e.actor)"
TAIL = "concat('|basis=' || nullif(e.basis, ''), '|country=' || nullif(e.country, ''), '|notice=' || e.notice_id)"
# As jsonb prints an array of these, put together by hand: building and printing one costs four times as much.
CIRCUMSTANCES = """concat_ws(', ', coalesce(d.subject::text, 'null'), to_json(d.wording), to_json(d.language),
    coalesce('"' || host(d.ip) || '"', 'null'), to_json(d.user_agent), to_json(d.url))"""


def _body(when_and_what: str, until_and_who: str, tail: str) -> str:
    return f"""concat_ws('|', e.id, {when_and_what}, coalesce(e.evidence_on::text, ''), {until_and_who},
    encode(e.commitment, 'hex')) || {tail}"""


def _detail(circumstances: str, evidence: str) -> str:
    return f"'[' || to_json(d.address) || ', ' || {circumstances} || ', ' || {evidence} || ']'"


BODY = _body(WHEN_AND_WHAT, UNTIL_AND_WHO, TAIL)
DETAIL = _detail(CIRCUMSTANCES, "d.evidence::text")

# Up to %(most)s events from %(first)s to %(last)s: the number of the last, what they hold of hashes, and what is
# hashed, between separators. Neighbours were mostly recorded together: what they share is written once.
STRETCH = f"""
WITH example AS MATERIALIZED (
    SELECT e.*, {WHEN_AND_WHAT} AS when_and_what, {UNTIL_AND_WHO} AS until_and_who, {TAIL} AS tail
    FROM consent_consentevent e WHERE id >= %(first)s ORDER BY id LIMIT 1
)
SELECT max(id), string_agg(previous, ''), string_agg(hash, ''), string_agg(commitment, ''),
    string_agg(previous || textsend(body), %(separator)s)
FROM (
    SELECT e.id, e.previous, e.hash, e.commitment, {
    _body(
        _like_the_first(
            "e",
            "recorded_at acted_at act channel purpose_id subscription_type_id source kind",
            "when_and_what",
            WHEN_AND_WHAT,
        ),
        _like_the_first("e", "expires_at actor", "until_and_who", UNTIL_AND_WHO),
        _like_the_first("e", "basis country notice_id", "tail", TAIL),
    )
} AS body
    FROM consent_consentevent e WHERE e.id BETWEEN %(first)s AND %(last)s ORDER BY e.id LIMIT %(most)s
) event
"""  # noqa: S608 - our own text
# The personal sides of such a stretch, as they are hashed.
SIDES = f"""
WITH example AS MATERIALIZED (
    SELECT d.*, {CIRCUMSTANCES} AS circumstances
    FROM consent_consentdetail d WHERE event_id >= %(first)s ORDER BY event_id LIMIT 1
)
SELECT string_agg(salt || textsend(side), %(separator)s)
FROM (
    SELECT d.salt, {
    _detail(
        _like_the_first("d", "subject wording language ip user_agent url", "circumstances", CIRCUMSTANCES),
        "d.evidence::text",  # compared as jsonb, 1 and 1.0 would be the same
    )
} AS side
    FROM consent_consentdetail d WHERE d.event_id BETWEEN %(first)s AND %(last)s ORDER BY d.event_id
) detail
"""  # noqa: S608 - our own text
# One stretch link by link: what an entry says, and what its personal side says.
CONTENTS = f"""
SELECT count(*) FILTER (WHERE d.event_id IS NULL),
    min(e.id) FILTER (WHERE e.hash <> sha256(e.previous || convert_to({BODY}, 'UTF8'))),
    min(e.id) FILTER (WHERE e.commitment <> sha256(d.salt || convert_to({DETAIL}, 'UTF8')))
FROM consent_consentevent e LEFT JOIN consent_consentdetail d ON d.event_id = e.id
WHERE e.id BETWEEN %(first)s AND %(last)s
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
BOUNDS = "SELECT min(id), max(id) FROM consent_consentevent"
KNOWS = "SELECT EXISTS (SELECT FROM consent_consentevent WHERE hash = %s)"
