"""Where each address stands: the fold of the ledger into one row per address, channel, purpose and type.

Evidence that is not explicit is folded into `Ground`, a row per source, because the law of a country weighs it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from consent.law import SOFT_FLAGS

# Which entries are folded: new ones by their numbers, or all that there are of some addresses.
NUMBERED = "e.id BETWEEN %(first)s AND %(last)s"
ADDRESSED = "d.address = ANY(%(addresses)s::text[])"
# What does not count any more, and what says so.
COUNTS = """e.act NOT IN ('erased', 'annulled')
    AND NOT EXISTS (SELECT FROM consent_annulment a WHERE a.event_id = e.id)"""

# Each column is a greatest value over the ledger, so batches may be folded in any order, and again.
FOLD = """
INSERT INTO consent_standing AS s (channel, address, purpose_id, subscription_type_id,
    explicit_until, explicit_event, confirmed_until, confirmed_event, verify_event, own_event, own_at, own_until,
    own_confirmed_event, own_confirmed_at, own_confirmed_until, withdrawn_event, withdrawn_at, restored_event)
SELECT channel, address, purpose_id, subscription_type_id,
    max(until) FILTER (WHERE given AND kind = 'explicit'),
    (array_agg(id ORDER BY until DESC, id DESC) FILTER (WHERE given AND kind = 'explicit'))[1],
    max(until) FILTER (WHERE confirmed),
    (array_agg(id ORDER BY until DESC, id DESC) FILTER (WHERE confirmed))[1],
    max(id) FILTER (WHERE given AND kind = 'none'),
    max(id) FILTER (WHERE own),
    (array_agg(acted_at ORDER BY id DESC) FILTER (WHERE own))[1],
    (array_agg(until ORDER BY id DESC) FILTER (WHERE own))[1],
    max(id) FILTER (WHERE own AND confirmed),
    (array_agg(acted_at ORDER BY id DESC) FILTER (WHERE own AND confirmed))[1],
    (array_agg(until ORDER BY id DESC) FILTER (WHERE own AND confirmed))[1],
    max(id) FILTER (WHERE act = 'withdrawn'),
    max(acted_at) FILTER (WHERE act = 'withdrawn'),
    max(id) FILTER (WHERE act = 'restored')
FROM (
    SELECT e.id, e.channel, d.address, e.purpose_id, e.subscription_type_id, e.act, e.kind, e.acted_at,
        coalesce(e.expires_at, '9999-12-30 00:00:00+00') AS until,
        e.act IN ('given', 'confirmed') AS given,
        e.act = 'confirmed' AND e.kind = 'explicit' AS confirmed,
        e.act IN ('given', 'confirmed') AND e.kind = 'explicit' AND e.actor = 'self' AS own
    FROM consent_consentevent e JOIN consent_consentdetail d ON d.event_id = e.id
    WHERE {which} AND {counts}
) acts
GROUP BY channel, address, purpose_id, subscription_type_id
ON CONFLICT (address, channel, purpose_id, subscription_type_id) DO UPDATE SET
    explicit_until = greatest(s.explicit_until, excluded.explicit_until),
    explicit_event = CASE WHEN excluded.explicit_event IS NULL
            OR (s.explicit_until, s.explicit_event) > (excluded.explicit_until, excluded.explicit_event)
        THEN s.explicit_event ELSE excluded.explicit_event END,
    confirmed_until = greatest(s.confirmed_until, excluded.confirmed_until),
    confirmed_event = CASE WHEN excluded.confirmed_event IS NULL
            OR (s.confirmed_until, s.confirmed_event) > (excluded.confirmed_until, excluded.confirmed_event)
        THEN s.confirmed_event ELSE excluded.confirmed_event END,
    verify_event = greatest(s.verify_event, excluded.verify_event),
    own_event = greatest(s.own_event, excluded.own_event),
    own_at = CASE WHEN excluded.own_event IS NULL OR s.own_event > excluded.own_event
        THEN s.own_at ELSE excluded.own_at END,
    own_until = CASE WHEN excluded.own_event IS NULL OR s.own_event > excluded.own_event
        THEN s.own_until ELSE excluded.own_until END,
    own_confirmed_event = greatest(s.own_confirmed_event, excluded.own_confirmed_event),
    own_confirmed_at = CASE WHEN excluded.own_confirmed_event IS NULL
            OR s.own_confirmed_event > excluded.own_confirmed_event
        THEN s.own_confirmed_at ELSE excluded.own_confirmed_at END,
    own_confirmed_until = CASE WHEN excluded.own_confirmed_event IS NULL
            OR s.own_confirmed_event > excluded.own_confirmed_event
        THEN s.own_confirmed_until ELSE excluded.own_confirmed_until END,
    withdrawn_event = greatest(s.withdrawn_event, excluded.withdrawn_event),
    withdrawn_at = greatest(s.withdrawn_at, excluded.withdrawn_at),
    restored_event = greatest(s.restored_event, excluded.restored_event)
"""


IS_SOFT = " AND ".join(f"coalesce(d.evidence->>'{flag}' IN ('yes', 'true'), false)" for flag in SOFT_FLAGS)

# Of the acts of one source the one that counts longest.
GROUNDS = f"""
INSERT INTO consent_ground AS g (channel, address, purpose_id, subscription_type_id, source, is_soft, until,
    evidence_on, event)
SELECT DISTINCT ON (channel, address, purpose_id, subscription_type_id, source, is_soft)
    channel, address, purpose_id, subscription_type_id, source, is_soft, until, evidence_on, id
FROM (
    SELECT e.id, e.channel, d.address, e.purpose_id, e.subscription_type_id, e.source, {IS_SOFT} AS is_soft,
        coalesce(e.expires_at, '9999-12-30 00:00:00+00') AS until,
        coalesce(e.evidence_on, e.acted_at::date) AS evidence_on
    FROM consent_consentevent e JOIN consent_consentdetail d ON d.event_id = e.id
    WHERE {{which}} AND {{counts}} AND e.act IN ('given', 'confirmed') AND e.kind = 'implicit'
) acts
ORDER BY channel, address, purpose_id, subscription_type_id, source, is_soft, until DESC, evidence_on DESC, id DESC
ON CONFLICT (address, channel, purpose_id, subscription_type_id, source, is_soft) DO UPDATE SET
    until = excluded.until, evidence_on = excluded.evidence_on, event = excluded.event
WHERE (g.until, g.evidence_on, g.event) < (excluded.until, excluded.evidence_on, excluded.event)
"""  # noqa: S608 - our own text


def fold(first: int, last: int) -> None:
    """Bring the events `first` to `last` into the standings; doing it twice changes nothing."""
    _fold(NUMBERED, {"first": first, "last": last})


def _fold(which: str, given: Mapping[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FOLD.format(which=which, counts=COUNTS), given)
        cursor.execute(GROUNDS.format(which=which, counts=COUNTS), given)


def derive_anew(addresses: Sequence[str]) -> None:
    """Forget where these addresses stood and read the ledger again, after entries were annulled. In a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM consent_standing WHERE address = ANY(%s)", [list(addresses)])
        cursor.execute("DELETE FROM consent_ground WHERE address = ANY(%s)", [list(addresses)])
    _fold(ADDRESSED, {"addresses": list(addresses)})


def rebuild() -> None:
    """Throw the standings away and derive them from the ledger anew. Call inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM consent_standing")
        cursor.execute("DELETE FROM consent_ground")
        cursor.execute("DELETE FROM consent_annulment")
        cursor.execute(ANNULMENTS, {"first": 0, "last": 2**63 - 1})
    fold(0, 2**63 - 1)


def annul(first: int, last: int) -> None:
    """Bring the entries `first` to `last` that annul others into effect; `derive_anew` has to follow."""
    with connection.cursor() as cursor:
        cursor.execute(ANNULMENTS, {"first": first, "last": last})


ANNULMENTS = """
INSERT INTO consent_annulment (event_id, by)
SELECT (d.evidence->>'entry')::bigint, e.id
FROM consent_consentevent e JOIN consent_consentdetail d ON d.event_id = e.id
WHERE e.id BETWEEN %(first)s AND %(last)s AND e.act = 'annulled'
ON CONFLICT DO NOTHING
"""
