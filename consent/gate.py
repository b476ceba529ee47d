"""The gate: may this address get this mailing? One rule book, in plain values and in SQL.

`judge` decides about one candidate (see `consent.verdict`). `verdicts_sql` is the same decision for as many
candidates as a query has, and `recheck` asks it again for a batch just before hand-over.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection

from consent.addresses import ROLES
from consent.verdict import BLOCKS, REASONS, Block, Call, Candidate, Evidence, Verdict, judge

__all__ = ["REASONS", "Block", "Call", "Candidate", "Evidence", "Verdict", "judge", "parameters", "recheck"]


def parameters(channel: str, subscription_type_id: int, *, at: dt.datetime) -> dict[str, Any]:
    """Give the named parameters of `verdicts_sql`; the purpose follows from the subscription type."""
    return {
        "gate_channel": channel,
        "gate_type": subscription_type_id,
        "gate_at": at,
        "gate_roles": sorted(ROLES),
    }


def verdicts_sql(candidate: str = "candidate") -> str:
    """Give a SELECT of `candidate.*, verdict, reason, evidence, block`, one row for each row of `candidate`.

    `candidate` names a table or CTE with a column `address` (normalised text; other columns pass through; an empty
    or null address is refused as invalid). Use it as a CTE, with `parameters(…)` merged into the query's own:

        WITH candidate AS (SELECT person_id, address, … FROM …),
             judged AS ({gate.verdicts_sql()})
        SELECT * FROM judged WHERE verdict = 'allow'

    `verdict` is allow, verify or refuse; `reason` a code of `REASONS`, empty for allow; `evidence` the number of the
    ledger event; `block` the number of the suppression. `candidate` is read twice, so that the suppressions are
    looked up for these candidates only, whichever of the two is the larger.
    """
    return VERDICTS.replace("{candidate}", candidate)


def recheck(
    channel: str, subscription_type_id: int, addresses: Sequence[str], *, at: dt.datetime
) -> dict[str, Verdict]:
    """Ask again just before hand-over; give the verdicts of those that may *not* be mailed now (usually none)."""
    query = (
        "WITH candidate AS (SELECT unnest(%(gate_addresses)s::text[]) AS address), "  # noqa: S608 - our own text
        f"judged AS ({verdicts_sql()}) "
        "SELECT address, verdict, reason, evidence, block FROM judged WHERE verdict <> 'allow'"
    )
    values = parameters(channel, subscription_type_id, at=at) | {"gate_addresses": list(addresses)}
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return {
            address: Verdict(Call(verdict), reason, evidence, None, block)
            for address, verdict, reason, evidence, block in cursor.fetchall()
        }


_ORDER = "CASE s.reason " + " ".join(f"WHEN '{code}' THEN {rank}" for rank, (code, _) in enumerate(BLOCKS)) + " END"
_NAMED = "CASE {rank} " + " ".join(f"WHEN {rank} THEN '{reason}'" for rank, (_, reason) in enumerate(BLOCKS)) + " END"
_UNSUBSCRIBED = next(rank for rank, (code, _) in enumerate(BLOCKS) if code == "unsubscribed")

# w: standing of the purpose as a whole, t: of the type. Each step of consent.verdict has its own lateral select.
VERDICTS = f"""
SELECT c.*, decided.verdict, decided.reason, decided.evidence, decided.block
FROM {{candidate}} c
LEFT JOIN consent_standing w ON w.address = c.address AND w.channel = %(gate_channel)s
    AND w.purpose_id = (SELECT purpose_id FROM consent_subscriptiontype WHERE id = %(gate_type)s)
    AND w.subscription_type_id IS NULL
LEFT JOIN consent_standing t ON t.address = c.address AND t.channel = %(gate_channel)s
    AND t.purpose_id = (SELECT purpose_id FROM consent_subscriptiontype WHERE id = %(gate_type)s)
    AND t.subscription_type_id = %(gate_type)s
LEFT JOIN (
    SELECT s.address,
        min({_ORDER}) FILTER (WHERE s.reason <> 'unsubscribed') AS first,
        max(s.created_at) FILTER (WHERE s.reason = 'unsubscribed') AS left_at,
        (array_agg(s.id ORDER BY {_ORDER}, s.id) FILTER (WHERE s.reason <> 'unsubscribed'))[1] AS first_id,
        min(s.id) FILTER (WHERE s.reason = 'unsubscribed') AS left_id
    FROM consent_suppression s
    WHERE s.released_at IS NULL AND s.channel = %(gate_channel)s
        AND (s.subscription_type_id IS NULL OR s.subscription_type_id = %(gate_type)s)
        AND s.address IN (SELECT address FROM {{candidate}})
    GROUP BY s.address
) b ON b.address = c.address
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN coalesce(t.own_event, 0) > coalesce(w.own_event, 0) THEN t.own_event ELSE w.own_event END AS event,
        CASE WHEN coalesce(t.own_event, 0) > coalesce(w.own_event, 0) THEN t.own_at ELSE w.own_at END AS at,
        CASE WHEN coalesce(t.own_event, 0) > coalesce(w.own_event, 0) THEN t.own_until ELSE w.own_until END AS until
) own
CROSS JOIN LATERAL (
    SELECT
        greatest(
            CASE WHEN w.withdrawn_event > coalesce(w.restored_event, 0) THEN w.withdrawn_event END,
            CASE WHEN t.withdrawn_event > coalesce(t.restored_event, 0) THEN t.withdrawn_event END
        ) AS event,
        greatest(
            CASE WHEN w.withdrawn_event > coalesce(w.restored_event, 0) THEN w.withdrawn_at END,
            CASE WHEN t.withdrawn_event > coalesce(t.restored_event, 0) THEN t.withdrawn_at END
        ) AS at
) no
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN b.first < {_UNSUBSCRIBED} THEN {_NAMED.replace("{rank}", "b.first", 1)}
        WHEN b.left_at IS NOT NULL AND (own.at > b.left_at AND own.until > %(gate_at)s) IS NOT TRUE THEN 'unsubscribed'
        WHEN b.first IS NOT NULL THEN {_NAMED.replace("{rank}", "b.first", 1)}
        WHEN (c.address LIKE '%%_@_%%._%%' AND c.address NOT LIKE '%%@%%@%%' AND c.address NOT LIKE '%% %%')
            IS NOT TRUE THEN 'invalid_address'
        WHEN split_part(split_part(c.address, '@', 1), '+', 1) = ANY (%(gate_roles)s)
            OR split_part(split_part(c.address, '@', 1), '+', 1) LIKE '%%-request' THEN 'role_address'
        WHEN no.event IS NOT NULL THEN CASE
            WHEN own.event > no.event AND own.at > no.at AND own.until > %(gate_at)s THEN 'own'
            ELSE 'withdrawn' END
        WHEN greatest(w.explicit_until, t.explicit_until) > %(gate_at)s THEN 'explicit'
        WHEN greatest(w.implicit_until, t.implicit_until) > %(gate_at)s THEN 'implicit'
        WHEN w.verify_event IS NOT NULL OR t.verify_event IS NOT NULL THEN 'verify_first'
        WHEN coalesce(w.explicit_event, t.explicit_event, w.implicit_event, t.implicit_event) IS NOT NULL
            THEN 'expired'
        ELSE 'no_consent' END AS step
    OFFSET 0  -- work each step out once, not once for each column below
) found
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN found.step IN ('own', 'explicit', 'implicit') THEN 'allow'
            WHEN found.step = 'verify_first' THEN 'verify' ELSE 'refuse' END AS verdict,
        CASE WHEN found.step IN ('own', 'explicit', 'implicit') THEN '' ELSE found.step END AS reason,
        CASE found.step
            WHEN 'own' THEN own.event
            WHEN 'withdrawn' THEN no.event
            WHEN 'explicit' THEN CASE
                WHEN (t.explicit_until, t.explicit_event) > (w.explicit_until, w.explicit_event)
                    OR w.explicit_event IS NULL THEN t.explicit_event ELSE w.explicit_event END
            WHEN 'implicit' THEN CASE
                WHEN (t.implicit_until, t.implicit_event) > (w.implicit_until, w.implicit_event)
                    OR w.implicit_event IS NULL THEN t.implicit_event ELSE w.implicit_event END
            WHEN 'verify_first' THEN greatest(w.verify_event, t.verify_event)
            WHEN 'expired' THEN (
                SELECT ran.event FROM (VALUES
                    (w.explicit_until, w.explicit_event), (t.explicit_until, t.explicit_event),
                    (w.implicit_until, w.implicit_event), (t.implicit_until, t.implicit_event)
                ) AS ran (until, event)
                WHERE ran.event IS NOT NULL ORDER BY ran.until DESC, ran.event DESC LIMIT 1)
        END AS evidence,
        CASE WHEN found.step = 'unsubscribed' THEN b.left_id
            WHEN b.first IS NOT NULL AND found.step NOT IN ('own', 'explicit', 'implicit') THEN b.first_id
        END AS block
) decided
"""  # noqa: S608 - our own text
