"""The gate: may this address get this mailing? One rule book, in plain values and in SQL.

`judge` decides about one candidate (see `consent.verdict`). `verdicts_sql` is the same decision for as many
candidates as a query has, and `recheck` asks it again for a batch just before hand-over.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from consent import pseudonyms, rulebook
from consent.law import COUNTRIES, LACKING, LAXER_FOR_NUMBERS, NORTH_AMERICA, Demand, Law, Regime
from consent.verdict import (
    BLOCKS,
    FINAL,
    REASONS,
    RESPECTED,
    Block,
    Call,
    Candidate,
    Evidence,
    MessageClass,
    Verdict,
    judge,
)

__all__ = [
    "REASONS",
    "Block",
    "Call",
    "Candidate",
    "Evidence",
    "MessageClass",
    "Verdict",
    "judge",
    "parameters",
    "recheck",
]


def parameters(
    channel: str,
    subscription_type_id: int,
    *,
    message_class: MessageClass = MessageClass.MARKETING,
    override: bool = False,
    at: dt.datetime,
    law: Law | None = None,
) -> dict[str, Any]:
    """Give the named parameters of `verdicts_sql`; the purpose follows from the subscription type.

    `override`: two people decided that this mailing goes out without consent; what is final still refuses.
    `law` is for questions about another one than that of the rules as they are now.
    """
    now = rulebook.current()
    law = now.law if law is None else law
    cells = [(source, regime, cell) for (of, source, regime), cell in law.cells.items() if of == channel]
    return {
        "gate_channel": channel,
        "gate_type": subscription_type_id,
        "gate_at": at,
        "gate_zone": timezone.get_default_timezone_name(),
        "gate_roles": sorted(now.roles) if channel == "email" else [],
        "gate_respected": sorted(RESPECTED[message_class]),
        "gate_final": sorted(FINAL & RESPECTED[message_class]),
        "gate_is_marketing": message_class is MessageClass.MARKETING,
        "gate_override": override,
        "gate_law_sources": [source for source, _regime, _cell in cells],
        "gate_law_regimes": [regime.value for _source, regime, _cell in cells],
        "gate_law_demands": [cell.demand.value for _source, _regime, cell in cells],
        "gate_law_months": [cell.months for _source, _regime, cell in cells],
        "gate_confirmed": [regime.value for of, regime in law.confirmed if of == channel],
        "gate_free": [regime.value for of, regime in law.free if of == channel],
        **pseudonyms.parameters(),
    }


def verdicts_sql(candidate: str = "candidate") -> str:
    """Give a SELECT of `candidate.*, verdict, reason, evidence, block, waived`, one row for each row of `candidate`.

    `candidate` names a table or CTE with the columns `address` (normalised text; an empty or null one is refused as
    invalid) and `country` (a code; empty or null is unknown); other columns pass through. Use it as a CTE, with
    `parameters(…)` merged into the query's own:

        WITH candidate AS (SELECT person_id, address, country, … FROM …),
             judged AS ({gate.verdicts_sql()})
        SELECT * FROM judged WHERE verdict = 'allow'

    `verdict` is allow, verify or refuse; `reason` a code of `REASONS`, empty for allow; `evidence` the number of the
    ledger event; `block` the number of the suppression; `waived` the reason that an override passed over. `candidate`
    is read again for suppressions and evidence, so that they are looked up for these candidates only, whichever of the
    two is the larger. Over a large set, spare the planner the merge joins (`SET LOCAL enable_mergejoin = off`): it
    knows nothing about a CTE, and sorting a million addresses costs more than the rest.
    """
    return VERDICTS.replace("{candidate}", candidate)


def recheck(
    channel: str,
    subscription_type_id: int,
    addresses: Sequence[str],
    *,
    countries: Sequence[str] = (),
    message_class: MessageClass = MessageClass.MARKETING,
    override: bool = False,
    at: dt.datetime,
    law: Law | None = None,
) -> dict[str, Verdict]:
    """Ask again just before hand-over; give the verdicts of those that may *not* be mailed now (usually none).

    `countries` stands beside `addresses`; left out, every country is unknown.
    """
    query = (
        "WITH candidate AS (SELECT * FROM unnest(%(gate_addresses)s::text[], %(gate_countries)s::text[])"  # noqa: S608
        " AS asked (address, country)), "
        f"judged AS ({verdicts_sql()}) "
        "SELECT address, verdict, reason, evidence, block FROM judged WHERE verdict <> 'allow'"
    )
    asked = {"gate_addresses": list(addresses), "gate_countries": list(countries)}
    terms = parameters(channel, subscription_type_id, message_class=message_class, override=override, at=at, law=law)
    with connection.cursor() as cursor:
        cursor.execute(query, terms | asked)
        return {
            address: Verdict(Call(verdict), reason, evidence, None, block)
            for address, verdict, reason, evidence, block in cursor.fetchall()
        }


_BLOCKING = """s.released_at IS NULL AND s.channel = %(gate_channel)s AND s.reason = ANY(%(gate_respected)s::text[])
            AND (s.subscription_type_id IS NULL OR s.subscription_type_id = %(gate_type)s)"""
_ORDER = "CASE s.reason " + " ".join(f"WHEN '{code}' THEN {rank}" for rank, (code, _) in enumerate(BLOCKS)) + " END"
_NAMED = "CASE {rank} " + " ".join(f"WHEN {rank} THEN '{reason}'" for rank, (_, reason) in enumerate(BLOCKS)) + " END"
# What an override does not pass over.
_IS_FINAL = "%(gate_override)s AND s.reason = ANY(%(gate_final)s::text[])"
_LEFT_ALL = "%(gate_override)s AND s.reason = 'unsubscribed' AND s.subscription_type_id IS NULL"
_FINAL = ", ".join(f"'{reason}'" for code, reason in BLOCKS if code in FINAL)
_UNSUBSCRIBED = next(rank for rank, (code, _) in enumerate(BLOCKS) if code == "unsubscribed")

_SHAPE = """CASE %(gate_channel)s
        WHEN 'sms' THEN c.address ~ '^\\+[1-9][0-9]{6,14}$'
        WHEN 'letter' THEN btrim(c.address) <> ''
        ELSE c.address LIKE '%%_@_%%._%%' AND c.address NOT LIKE '%%@%%@%%' AND c.address NOT LIKE '%% %%' END"""


def _regime(row: str) -> str:
    """The law that a row's message falls under: `consent.law.regime_at`. Its codes are ASCII, and so is this `upper`."""
    known = " ".join(f"WHEN '{code}' THEN '{regime}'" for code, regime in COUNTRIES.items())
    found = f"CASE upper(btrim({row}.country) COLLATE \"C\") {known} ELSE '{Regime.NL}' END"
    laxer = ", ".join(f"'{regime}'" for regime in LAXER_FOR_NUMBERS)
    return (
        f"CASE WHEN %(gate_channel)s = 'sms' AND {row}.address LIKE '{NORTH_AMERICA}%%' AND {found} IN ({laxer})"
        f" THEN '{Regime.US}' ELSE {found} END"
    )


def _later(kind: str) -> str:
    """The event of that kind which counts longest, of the type or of the purpose as a whole."""
    return (
        f"CASE WHEN (t.{kind}_until, t.{kind}_event) > (w.{kind}_until, w.{kind}_event)"
        f" OR w.{kind}_event IS NULL THEN t.{kind}_event ELSE w.{kind}_event END"
    )


_ALLOWING = "'own', 'own_confirmed', 'explicit', 'implicit', 'free'"
_VERIFYING = "'unconfirmed', 'own_unconfirmed', 'confirm_needed', 'soft_opt_in', 'explicit_needed', 'verify_first'"
_REASON = (
    f"CASE WHEN found.step IN ({_ALLOWING}) THEN ''"
    " WHEN found.step IN ('unconfirmed', 'own_unconfirmed') THEN 'confirm_needed'"
    " WHEN found.step = 'left_all' THEN 'unsubscribed' ELSE found.step END"
)
_MINE = "coalesce(t.own_confirmed_event, 0) > coalesce(w.own_confirmed_event, 0)"
_LACKING = "CASE o.demand " + " ".join(f"WHEN '{demand}' THEN '{why}'" for demand, why in LACKING.items()) + " END"

# w: standing of the purpose as a whole, t: of the type. Each step of consent.verdict has its own lateral select.
# i: the best evidence that is not explicit, as the law of the candidate's country weighs it: 3 accepted, 2 not
# enough for the law, 1 run out.
VERDICTS = f"""
SELECT c.*, decided.verdict, decided.reason, decided.evidence, decided.block, decided.waived
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
        min(s.id) FILTER (WHERE s.reason = 'unsubscribed') AS left_id,
        min({_ORDER}) FILTER (WHERE {_IS_FINAL}) AS final,
        (array_agg(s.id ORDER BY {_ORDER}, s.id) FILTER (WHERE {_IS_FINAL}))[1] AS final_id,
        max(s.created_at) FILTER (WHERE {_LEFT_ALL}) AS left_all_at,
        min(s.id) FILTER (WHERE {_LEFT_ALL}) AS left_all_id
    FROM (
        SELECT s.id, s.address, s.reason, s.created_at, s.subscription_type_id
        FROM {{candidate}} q JOIN consent_suppression s ON s.address = q.address
        WHERE {_BLOCKING}
        UNION ALL  -- those whose address was erased are known by their pseudonym
        SELECT s.id, named.address, s.reason, s.created_at, s.subscription_type_id
        FROM ({pseudonyms.NAMED}) named JOIN consent_suppression s ON s.address = named.pseudonym
        WHERE {_BLOCKING}
    ) s
    GROUP BY s.address
) b ON b.address = c.address
LEFT JOIN (
    SELECT DISTINCT ON (weighed.address COLLATE "C", weighed.country COLLATE "C") weighed.*,
        CASE WHEN weighed.until <= %(gate_at)s THEN 1 WHEN weighed.lacking <> '' THEN 2 ELSE 3 END AS worth
    FROM (
        SELECT q.address, coalesce(q.country, '') AS country, g.event,
            CASE WHEN o.demand IS NULL OR o.demand = '{Demand.NOTHING}' OR o.demand = '{Demand.SOFT}' AND g.is_soft
                THEN '' ELSE {_LACKING} END AS lacking,
            CASE WHEN o.months > 0 THEN least(g.until,
                (g.evidence_on + make_interval(months => o.months))::timestamp AT TIME ZONE %(gate_zone)s)
                ELSE g.until END AS until
        FROM {{candidate}} q
        JOIN consent_ground g ON g.address = q.address AND g.channel = %(gate_channel)s
            AND g.purpose_id = (SELECT purpose_id FROM consent_subscriptiontype WHERE id = %(gate_type)s)
            AND (g.subscription_type_id IS NULL OR g.subscription_type_id = %(gate_type)s)
        LEFT JOIN unnest(%(gate_law_sources)s::text[], %(gate_law_regimes)s::text[], %(gate_law_demands)s::text[],
            %(gate_law_months)s::int[]) AS o (source, regime, demand, months)
            ON o.source = g.source AND o.regime = {_regime("q")}
    ) weighed
    ORDER BY weighed.address COLLATE "C", weighed.country COLLATE "C",
        CASE WHEN weighed.until <= %(gate_at)s THEN 1 WHEN weighed.lacking <> '' THEN 2 ELSE 3 END DESC,
        weighed.until DESC, weighed.event DESC
) i ON i.address = c.address AND i.country = coalesce(c.country, '')
CROSS JOIN LATERAL (
    SELECT {_regime("c")} = ANY(%(gate_confirmed)s::text[]) AS must_be_confirmed
) law
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN coalesce(t.own_event, 0) > coalesce(w.own_event, 0) THEN t.own_event ELSE w.own_event END AS event,
        CASE WHEN coalesce(t.own_event, 0) > coalesce(w.own_event, 0) THEN t.own_at ELSE w.own_at END AS at,
        CASE WHEN coalesce(t.own_event, 0) > coalesce(w.own_event, 0) THEN t.own_until ELSE w.own_until END AS until
) own
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN {_MINE} THEN t.own_confirmed_event ELSE w.own_confirmed_event END AS event,
        CASE WHEN {_MINE} THEN t.own_confirmed_at ELSE w.own_confirmed_at END AS at,
        CASE WHEN {_MINE} THEN t.own_confirmed_until ELSE w.own_confirmed_until END AS until
) sure
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
        WHEN b.final < {_UNSUBSCRIBED} THEN {_NAMED.replace("{rank}", "b.final", 1)}
        WHEN b.left_all_at IS NOT NULL AND (own.at > b.left_all_at AND own.until > %(gate_at)s) IS NOT TRUE
            THEN 'left_all'
        WHEN b.final IS NOT NULL THEN {_NAMED.replace("{rank}", "b.final", 1)}
        WHEN b.first < {_UNSUBSCRIBED} THEN {_NAMED.replace("{rank}", "b.first", 1)}
        WHEN b.left_at IS NOT NULL AND (own.at > b.left_at AND own.until > %(gate_at)s) IS NOT TRUE THEN 'unsubscribed'
        WHEN b.first IS NOT NULL THEN {_NAMED.replace("{rank}", "b.first", 1)}
        WHEN ({_SHAPE}) IS NOT TRUE THEN 'invalid_address'
        WHEN NOT %(gate_is_marketing)s THEN 'free'
        WHEN %(gate_channel)s = 'email' AND (split_part(split_part(c.address, '@', 1), '+', 1) = ANY (%(gate_roles)s)
            OR split_part(split_part(c.address, '@', 1), '+', 1) LIKE '%%-request') THEN 'role_address'
        WHEN no.event IS NOT NULL THEN CASE
            WHEN (own.event > no.event AND own.at > no.at AND own.until > %(gate_at)s) IS NOT TRUE THEN 'withdrawn'
            WHEN NOT law.must_be_confirmed THEN 'own'
            WHEN sure.event > no.event AND sure.at > no.at AND sure.until > %(gate_at)s THEN 'own_confirmed'
            ELSE 'own_unconfirmed' END
        WHEN {_regime("c")} = ANY(%(gate_free)s::text[]) THEN 'free'
        WHEN CASE WHEN law.must_be_confirmed THEN greatest(w.confirmed_until, t.confirmed_until)
            ELSE greatest(w.explicit_until, t.explicit_until) END > %(gate_at)s THEN 'explicit'
        WHEN i.worth = 3 THEN 'implicit'
        WHEN greatest(w.explicit_until, t.explicit_until) > %(gate_at)s THEN 'unconfirmed'
        WHEN i.worth = 2 THEN i.lacking
        WHEN w.verify_event IS NOT NULL OR t.verify_event IS NOT NULL THEN 'verify_first'
        WHEN coalesce(w.explicit_event, t.explicit_event, i.event) IS NOT NULL THEN 'expired'
        ELSE 'no_consent' END AS step
    OFFSET 0  -- work each step out once, not once for each column below
) found
CROSS JOIN LATERAL (
    SELECT %(gate_override)s AND found.step NOT IN ('left_all', 'invalid_address', {_FINAL}) AS waives
) overriding
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN found.step IN ({_ALLOWING}) OR overriding.waives THEN 'allow'
            WHEN found.step IN ({_VERIFYING}) THEN 'verify' ELSE 'refuse' END AS verdict,
        CASE WHEN overriding.waives THEN '' ELSE {_REASON} END AS reason,
        CASE WHEN overriding.waives THEN {_REASON} ELSE '' END AS waived,
        CASE found.step
            WHEN 'own' THEN own.event
            WHEN 'own_unconfirmed' THEN own.event
            WHEN 'own_confirmed' THEN sure.event
            WHEN 'withdrawn' THEN no.event
            WHEN 'explicit' THEN CASE WHEN law.must_be_confirmed
                THEN {_later("confirmed")} ELSE {_later("explicit")} END
            WHEN 'unconfirmed' THEN {_later("explicit")}
            WHEN 'implicit' THEN i.event
            WHEN 'soft_opt_in' THEN i.event
            WHEN 'explicit_needed' THEN i.event
            WHEN 'confirm_needed' THEN i.event
            WHEN 'verify_first' THEN greatest(w.verify_event, t.verify_event)
            WHEN 'expired' THEN (
                SELECT ran.event FROM (VALUES
                    (w.explicit_until, w.explicit_event), (t.explicit_until, t.explicit_event), (i.until, i.event)
                ) AS ran (until, event)
                WHERE ran.event IS NOT NULL ORDER BY ran.until DESC, ran.event DESC LIMIT 1)
        END AS evidence,
        CASE WHEN found.step = 'left_all' THEN b.left_all_id
            WHEN b.final IS NOT NULL AND found.step IN ({_FINAL}) THEN b.final_id
            WHEN found.step = 'unsubscribed' THEN b.left_id
            WHEN b.first IS NOT NULL AND found.step NOT IN ({_ALLOWING}) THEN b.first_id
        END AS block
) decided
"""  # noqa: S608 - our own text
